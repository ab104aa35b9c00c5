package aws

import (
	"embed"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// known are the names of all operations of the services, a line each, as AWS's SDK for
// Go has them: one that is not simulated is told from one that is misspelt.
//
//go:embed known/*.txt
var known embed.FS

// notSimulated is the answer to an operation that AWS has and the simulator does not; nil
// for a name that is no operation of the service. No AWS service answers so.
func notSimulated(service, name string) *apiError {
	names, err := known.ReadFile("known/" + service + ".txt")
	if err != nil {
		return plain(http.StatusInternalServerError, "InternalError", err.Error())
	}
	if !slices.Contains(strings.Fields(string(names)), name) {
		return nil
	}
	return plain(http.StatusNotImplemented, "NotSimulated", fmt.Sprintf("%s:%s is an operation of AWS that this simulator does not serve.", service, name))
}
