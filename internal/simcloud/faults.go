package simcloud

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/tidegate/tidegate/internal/simcloud/fault"
	"github.com/tidegate/tidegate/internal/strict"
)

const maxFaults = 1 << 20 // of a request's body, in bytes

// handleFaults mounts the admin side of the faults. Each change is answered
// with the rules as they then are.
func (s *Simulation) handleFaults(mux *http.ServeMux) {
	mux.HandleFunc("GET /_sim/faults", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, s.Faults())
	})
	mux.HandleFunc("GET /_sim/faults/kinds", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, fault.Kinds())
	})
	mux.HandleFunc("DELETE /_sim/faults", func(w http.ResponseWriter, _ *http.Request) {
		s.ClearFaults()
		writeJSON(w, http.StatusOK, s.Faults())
	})
	mux.HandleFunc("POST /_sim/faults", func(w http.ResponseWriter, r *http.Request) {
		rules, err := readFaults(r)
		if err == nil {
			err = s.Inject(rules...)
		}
		if err != nil {
			writeJSON(w, http.StatusBadRequest, fieldAtFault(err))
			return
		}
		writeJSON(w, http.StatusOK, s.Faults())
	})
}

// readFaults takes one rule or a list of them, with the scenario file's names.
func readFaults(r *http.Request) ([]fault.Rule, error) {
	text, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxFaults))
	if err != nil {
		return nil, fmt.Errorf("read the request's body: %w", err)
	}
	if bytes.HasPrefix(bytes.TrimSpace(text), []byte("[")) {
		var rules []fault.Rule
		return rules, strict.Read("body", text, &rules).Err()
	}
	var rule fault.Rule
	err = strict.Read("body", text, &rule).Err()
	return []fault.Rule{rule}, err
}

// fieldAtFault says all that is wrong for people, and the first field for programs.
func fieldAtFault(err error) map[string]string {
	body := map[string]string{"error": err.Error()}
	if wrong, ok := errors.AsType[*fault.FieldError](err); ok {
		body["field"], body["value"], body["want"] = wrong.Field, wrong.Value, wrong.Want
	}
	return body
}
