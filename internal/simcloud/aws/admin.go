package aws

import (
	"errors"
	"net/http"
	"slices"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/simcloud/admin"
	"github.com/tidegate/tidegate/internal/simcloud/aws/cloudwatch"
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
//	POST /gateways/{id}/cache            Load: dirty data in the cache
//	POST /gateways/{id}/uploadBuffer     Load: what is in the upload buffer
//	POST /snapshots/{id}                 {"outcome": "stuck"}
//	POST /alarms                         cloudwatch.Alarm: one more alarm
//	POST /alarms/{name}                  cloudwatch.StateChange
//
// Bodies are JSON with the scenario file's field names. A change is answered
// with the gateway's new state, a mistake with a 4xx that names the field and
// what would be right.
func (c *Cloud) AdminHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /state", func(w http.ResponseWriter, _ *http.Request) { admin.Reply(w, http.StatusOK, c.State()) })
	mux.HandleFunc("POST /gateways", func(w http.ResponseWriter, r *http.Request) {
		conf, err := admin.Read[Gateway](r)
		if err == nil {
			err = c.AddGateway(conf)
		}
		c.replyChanged(w, conf.ID, err)
	})
	c.handle(mux, "window", change(c.MoveWindow))
	c.handle(mux, "versions", versionChange(c.Publish))
	c.handle(mux, "version", versionChange(c.SetVersion))
	c.handle(mux, "state", change(func(id string, in struct{ State string }) error { return c.SetState(id, in.State) }))
	c.handle(mux, "outcome", change(c.SetOutcome))
	c.handle(mux, "tags", change(c.SetTags))
	c.handle(mux, "cache", change(c.SetCache))
	c.handle(mux, "uploadBuffer", change(c.SetUploadBuffer))
	c.handle(mux, "update", func(_ *http.Request, id string) error { return c.UpdateByAWS(id) })
	c.handleVolumes(mux)
	mux.HandleFunc("POST /snapshots/{id}", c.adminSnapshot)
	c.handleAlarms(mux)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		admin.Fail(w, http.StatusNotFound, &maintenance.FieldError{Field: "path", Value: r.Method + " " + r.URL.Path, Want: "one of the paths of docs/reference/simcloud.md, such as GET /state or POST /gateways/{id}/window"})
	})
	return mux
}

// change is one of a gateway whose body is what it is to have.
func change[T any](act func(id string, in T) error) func(*http.Request, string) error {
	return func(r *http.Request, id string) error {
		in, err := admin.Read[T](r)
		if err != nil {
			return err
		}
		return act(id, in)
	}
}

// versionChange is a change whose body is a version.
func versionChange(act func(id, version string) error) func(*http.Request, string) error {
	return change(func(id string, in struct{ Version string }) error { return act(id, in.Version) })
}

// handleVolumes mounts the changes of one volume.
func (c *Cloud) handleVolumes(mux *http.ServeMux) {
	c.handle(mux, "volumes/{volume}", func(r *http.Request, id string) error {
		in, err := admin.Read[VolumeChange](r)
		if err != nil {
			return err
		}
		return c.SetVolume(id, r.PathValue("volume"), in)
	})
	c.handle(mux, "volumes/{volume}/snapshot", func(r *http.Request, id string) error {
		in, err := admin.Read[struct{ Description string }](r)
		if err != nil {
			return err
		}
		return c.TakeScheduled(id, r.PathValue("volume"), in.Description)
	})
}

// handleAlarms mounts the changes of alarms, which are answered with all alarms of the name.
func (c *Cloud) handleAlarms(mux *http.ServeMux) {
	mux.HandleFunc("POST /alarms", func(w http.ResponseWriter, r *http.Request) {
		conf, err := admin.Read[cloudwatch.Alarm](r)
		if err == nil {
			err = c.AddAlarm(conf)
		}
		c.replyAlarm(w, conf.Name, err)
	})
	mux.HandleFunc("POST /alarms/{name}", func(w http.ResponseWriter, r *http.Request) {
		in, err := admin.Read[cloudwatch.StateChange](r)
		if err == nil {
			err = c.SetAlarm(r.PathValue("name"), in)
		}
		c.replyAlarm(w, r.PathValue("name"), err)
	})
}

func (c *Cloud) replyAlarm(w http.ResponseWriter, name string, err error) {
	if err != nil {
		admin.Fail(w, statusOf(err), err)
		return
	}
	admin.Reply(w, http.StatusOK, slices.DeleteFunc(c.State().Alarms, func(a cloudwatch.AlarmState) bool {
		return a.Name != name
	}))
}

// handle mounts a change of one gateway.
func (c *Cloud) handle(mux *http.ServeMux, what string, change func(r *http.Request, id string) error) {
	mux.HandleFunc("POST /gateways/{id}/"+what, func(w http.ResponseWriter, r *http.Request) {
		id := r.PathValue("id")
		c.replyChanged(w, id, change(r, id))
	})
}

func (c *Cloud) adminSnapshot(w http.ResponseWriter, r *http.Request) {
	in, err := admin.Read[struct{ Outcome string }](r)
	if err == nil {
		err = c.SetSnapshot(r.PathValue("id"), in.Outcome)
	}
	if err != nil {
		admin.Fail(w, statusOf(err), err)
		return
	}
	admin.Reply(w, http.StatusOK, map[string]string{"snapshot": r.PathValue("id"), "outcome": in.Outcome})
}

// replyChanged sends the gateway as it now is.
func (c *Cloud) replyChanged(w http.ResponseWriter, id string, err error) {
	if err != nil {
		admin.Fail(w, statusOf(err), err)
		return
	}
	for _, g := range c.State().Gateways {
		if g.ID == id {
			admin.Reply(w, http.StatusOK, g)
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
