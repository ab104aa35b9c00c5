package simcloud

import (
	"bytes"
	"net/http"

	"github.com/tidegate/tidegate/internal/simcloud/admin"
	"github.com/tidegate/tidegate/internal/simcloud/fault"
	"github.com/tidegate/tidegate/internal/strict"
)

// handleFaults mounts the admin side of the faults. Each change is answered
// with the rules as they then are.
func (s *Simulation) handleFaults(mux *http.ServeMux) {
	mux.HandleFunc("GET /_sim/faults", func(w http.ResponseWriter, _ *http.Request) {
		admin.Reply(w, http.StatusOK, s.Faults())
	})
	mux.HandleFunc("GET /_sim/faults/kinds", func(w http.ResponseWriter, _ *http.Request) {
		admin.Reply(w, http.StatusOK, fault.Kinds())
	})
	mux.HandleFunc("DELETE /_sim/faults", func(w http.ResponseWriter, _ *http.Request) {
		s.ClearFaults()
		admin.Reply(w, http.StatusOK, s.Faults())
	})
	mux.HandleFunc("POST /_sim/faults", func(w http.ResponseWriter, r *http.Request) {
		rules, err := readFaults(r)
		if err == nil {
			err = s.Inject(rules...)
		}
		if err != nil {
			admin.Fail(w, http.StatusBadRequest, err)
			return
		}
		admin.Reply(w, http.StatusOK, s.Faults())
	})
}

// readFaults takes one rule or a list of them, with the scenario file's names.
func readFaults(r *http.Request) ([]fault.Rule, error) {
	text, err := admin.Text(r)
	if err != nil {
		return nil, err
	}
	if bytes.HasPrefix(text, []byte("[")) {
		var rules []fault.Rule
		return rules, strict.Read("body", text, &rules).Err()
	}
	var rule fault.Rule
	err = strict.Read("body", text, &rule).Err()
	return []fault.Rule{rule}, err
}
