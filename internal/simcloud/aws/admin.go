package aws

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/tidegate/tidegate/internal/simcloud/aws/wire"
	"github.com/tidegate/tidegate/internal/strict"
)

// AdminHandler is the simulator's own side of this cloud, unsigned:
//
//	GET  /state                          everything, as State gives it
//	POST /gateways                       Gateway: one more gateway
//	POST /gateways/{id}/window           Window: move the window
//	POST /gateways/{id}/versions         {"version": "1.3.0"}: publish a version
//	POST /gateways/{id}/version          {"version": "1.1.0"}: what it runs now, or none
//	POST /gateways/{id}/state            {"state": "DISCONNECTED"}
//	POST /gateways/{id}/outcome             Outcome
//	POST /gateways/{id}/tags             {"owner": "storage", "old": null}: set tags, and take them off
//	POST /gateways/{id}/update           AWS installs the available version now
//	POST /gateways/{id}/volumes/{volume} VolumeChange
//	POST /gateways/{id}/volumes/{volume}/snapshot {"description": "..."}: one that the caller did not ask for
//	POST /snapshots/{id}                 {"outcome": "stuck"}
//
// Bodies are JSON with the scenario file's field names. A change is answered
// with the gateway's new state, a mistake with a 4xx that names the field and
// what would be right.
func (c *Cloud) AdminHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /state", func(w http.ResponseWriter, _ *http.Request) { reply(w, http.StatusOK, c.State()) })
	mux.HandleFunc("POST /gateways", func(w http.ResponseWriter, r *http.Request) {
		conf, err := body[Gateway](r)
		if err == nil {
			err = c.AddGateway(conf)
		}
		c.replyChanged(w, conf.ID, err)
	})
	c.handle(mux, "window", func(r *http.Request, id string) error {
		w, err := body[Window](r)
		if err != nil {
			return err
		}
		return c.MoveWindow(id, w)
	})
	c.handle(mux, "versions", versionChange(c.Publish))
	c.handle(mux, "version", versionChange(c.SetVersion))
	c.handle(mux, "state", func(r *http.Request, id string) error {
		in, err := body[struct{ State string }](r)
		if err != nil {
			return err
		}
		return c.SetState(id, in.State)
	})
	c.handle(mux, "outcome", func(r *http.Request, id string) error {
		in, err := body[Outcome](r)
		if err != nil {
			return err
		}
		return c.SetOutcome(id, in)
	})
	c.handle(mux, "tags", func(r *http.Request, id string) error {
		in, err := body[map[string]*string](r)
		if err != nil {
			return err
		}
		return c.SetTags(id, in)
	})
	c.handle(mux, "update", func(_ *http.Request, id string) error { return c.UpdateByAWS(id) })
	c.handleVolumes(mux)
	mux.HandleFunc("POST /snapshots/{id}", c.adminSnapshot)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		replyError(w, http.StatusNotFound, FieldError{Path: "path", Value: r.Method + " " + r.URL.Path, Want: "one of the paths of docs/reference/simcloud.md, such as GET /state or POST /gateways/{id}/window"})
	})
	return mux
}

// versionChange is a change whose body is a version.
func versionChange(act func(id, version string) error) func(*http.Request, string) error {
	return func(r *http.Request, id string) error {
		in, err := body[struct{ Version string }](r)
		if err != nil {
			return err
		}
		return act(id, in.Version)
	}
}

// handleVolumes mounts the changes of one volume.
func (c *Cloud) handleVolumes(mux *http.ServeMux) {
	c.handle(mux, "volumes/{volume}", func(r *http.Request, id string) error {
		in, err := body[VolumeChange](r)
		if err != nil {
			return err
		}
		return c.SetVolume(id, r.PathValue("volume"), in)
	})
	c.handle(mux, "volumes/{volume}/snapshot", func(r *http.Request, id string) error {
		in, err := body[struct{ Description string }](r)
		if err != nil {
			return err
		}
		return c.TakeScheduled(id, r.PathValue("volume"), in.Description)
	})
}

// handle mounts a change of one gateway.
func (c *Cloud) handle(mux *http.ServeMux, what string, change func(r *http.Request, id string) error) {
	mux.HandleFunc("POST /gateways/{id}/"+what, func(w http.ResponseWriter, r *http.Request) {
		id := r.PathValue("id")
		c.replyChanged(w, id, change(r, id))
	})
}

func (c *Cloud) adminSnapshot(w http.ResponseWriter, r *http.Request) {
	in, err := body[struct{ Outcome string }](r)
	if err == nil {
		err = c.SetSnapshot(r.PathValue("id"), in.Outcome)
	}
	if err != nil {
		replyError(w, statusOf(err), err)
		return
	}
	reply(w, http.StatusOK, map[string]string{"snapshot": r.PathValue("id"), "outcome": in.Outcome})
}

// body decodes a request strictly. JSON is YAML, so that one decoder and one
// set of field names serve the scenario file and the admin side.
func body[T any](r *http.Request) (T, error) {
	var in T
	raw, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, wire.MaxBody))
	if err != nil {
		return in, fmt.Errorf("read the request's body: %w", err)
	}
	if err := strict.Read("body", raw, &in).Err(); err != nil {
		return in, fmt.Errorf("the request cannot be used: %w", err)
	}
	return in, nil
}

// replyChanged sends the gateway as it now is.
func (c *Cloud) replyChanged(w http.ResponseWriter, id string, err error) {
	if err != nil {
		replyError(w, statusOf(err), err)
		return
	}
	for _, g := range c.State().Gateways {
		if g.ID == id {
			reply(w, http.StatusOK, g)
			return
		}
	}
}

func statusOf(err error) int {
	if errors.Is(err, ErrUnknown) {
		return http.StatusNotFound
	}
	return http.StatusBadRequest
}

// replyError names the first fault's parts for programs and all faults for people.
func replyError(w http.ResponseWriter, status int, err error) {
	body := map[string]string{"error": err.Error()}
	var fault FieldError
	if faults, ok := errors.AsType[FieldErrors](err); ok {
		fault = faults[0]
	}
	if fault.Path != "" || errors.As(err, &fault) {
		body["field"], body["value"], body["want"] = fault.Path, fault.Value, fault.Want
	}
	reply(w, status, body)
}

// reply sends indented JSON, since people read it too.
func reply(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	_ = enc.Encode(value) // a client that has gone away
}
