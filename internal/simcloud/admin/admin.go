// Package admin is what the admin sides of the simulated clouds and of their faults have in common:
// JSON comes in by the names of the scenario file, and goes out indented, since people read it too.
// What each of them changes is not here. Start at Read and Fail.
package admin

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/strict"
)

const maxBody = 1 << 20 // of a request, in bytes

// Read decodes a request strictly. JSON is YAML, so that one decoder and one
// set of field names serve the scenario file and the admin side.
func Read[T any](r *http.Request) (in T, err error) {
	text, err := Text(r)
	if err != nil {
		return in, err
	}
	if err := strict.Read("body", text, &in).Err(); err != nil {
		return in, fmt.Errorf("the request cannot be used: %w", err)
	}
	return in, nil
}

// Text is a request's body, without the spaces around it.
func Text(r *http.Request) ([]byte, error) {
	text, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxBody))
	if err != nil {
		return nil, fmt.Errorf("read the request's body: %w", err)
	}
	return bytes.TrimSpace(text), nil
}

// Reply sends indented JSON.
func Reply(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	_ = encoder.Encode(value) // a client that has gone away
}

// Fail sends all that is wrong for people, and the first field at fault for programs.
func Fail(w http.ResponseWriter, status int, err error) {
	body := map[string]string{"error": err.Error()}
	if fault, ok := errors.AsType[*maintenance.FieldError](err); ok {
		body["field"], body["value"], body["want"] = fault.Field, fault.Value, fault.Want
	}
	Reply(w, status, body)
}

// Faults are the fields at fault in an error of one or of several.
func Faults(err error) (faults []*maintenance.FieldError) {
	var joined interface{ Unwrap() []error }
	if errors.As(err, &joined) {
		for _, one := range joined.Unwrap() {
			faults = append(faults, Faults(one)...)
		}
		return faults
	}
	if fault, ok := errors.AsType[*maintenance.FieldError](err); ok {
		faults = append(faults, fault)
	}
	return faults
}
