package wire

import (
	"embed"
	"encoding/xml"
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
func notSimulated(service, name string) *Error {
	names, err := known.ReadFile("known/" + service + ".txt")
	if err != nil {
		return Plain(http.StatusInternalServerError, "InternalError", err.Error())
	}
	if !slices.Contains(strings.Fields(string(names)), name) {
		return nil
	}
	return Plain(http.StatusNotImplemented, "NotSimulated", fmt.Sprintf("%s:%s is an operation of AWS that this simulator does not serve.", service, name))
}

// NotSimulated is the answer to what AWS has and the simulator does not. No AWS service answers so.
func NotSimulated(what string) *Error {
	return Plain(http.StatusNotImplemented, "NotSimulated", "AWS has "+what+", which this simulator does not serve.")
}

// otherService is the answer to a request that is signed for a service of AWS that is
// not simulated at all, in the form that the request's client reads.
func otherService(call *Call, service string) *Error {
	form := call.HTTP.Header.Get("Content-Type")
	switch {
	case call.HTTP.Header.Get("X-Amz-Target") != "" || strings.Contains(form, "json"):
		call.protocol = jsonProtocol{}
		_, call.Operation, _ = strings.Cut(call.HTTP.Header.Get("X-Amz-Target"), ".")
	case strings.HasPrefix(form, formEncoded):
		call.protocol = stsProtocol{}
		call.Operation = call.Form.Get("Action")
	case service == "s3":
		call.protocol = s3Protocol{}
	}
	call.Service = service
	if call.Operation == "" {
		call.Operation = call.HTTP.Method + " " + call.HTTP.URL.Path
	}
	return Plain(http.StatusNotImplemented, "NotSimulated", fmt.Sprintf(
		"%s:%s: this simulator does not serve the service %s of AWS, only storagegateway, cloudwatch (alarms), ec2 (snapshots) and sts.",
		service, call.Operation, service))
}

// s3Protocol is S3's, whose errors have a root of their own.
type s3Protocol struct{ queryProtocol }

type s3Fault struct {
	Code      string
	Message   string
	RequestID string `xml:"RequestId"`
}

func (s3Protocol) encode(w http.ResponseWriter, call *Call, _ any, err *Error) {
	writeXML(w, call, err.status, xml.StartElement{Name: xml.Name{Local: "Error"}},
		s3Fault{Code: err.code, Message: err.Message, RequestID: call.ID})
}
