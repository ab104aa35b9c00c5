package monitoring

import (
	"net/http"
	"slices"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/simcloud/admin"
)

// State is everything as it is now.
type State struct {
	Series   []SeriesState  `json:"series"`
	Alerts   []AlertState   `json:"alerts"`
	Silences []SilenceState `json:"silences"`
	Pages    []PageState    `json:"pages"`
}

// SeriesState is one series.
type SeriesState struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// AlertState is one alert.
type AlertState struct {
	Labels map[string]string `json:"labels"`
	Firing bool              `json:"firing"`
	Since  time.Time         `json:"since,omitzero"` // zero: it does not fire
	// SilencedBy are the ids of the silences that keep it quiet.
	SilencedBy []string `json:"silencedBy,omitempty"`
}

// SilenceState is one silence.
type SilenceState struct {
	ID       string    `json:"id"`
	State    string    `json:"state"` // pending, active or expired
	Matchers string    `json:"matchers"`
	Comment  string    `json:"comment"`
	StartsAt time.Time `json:"startsAt"`
	EndsAt   time.Time `json:"endsAt"`
}

// PageState is one page.
type PageState struct {
	Path   string `json:"path"`
	Status string `json:"status"`
}

// State shows everything as it is now.
func (s *Servers) State() State {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.Now()
	out := State{Series: []SeriesState{}, Alerts: []AlertState{}, Silences: []SilenceState{}, Pages: []PageState{}}
	for _, one := range s.series {
		out.Series = append(out.Series, SeriesState{one.Name, valueAt(s.script(one).spells(s.Happened), now)})
	}
	for _, one := range s.alerts {
		shown, fires := s.alert(one, now)
		state := AlertState{Labels: one.Labels, Firing: fires, SilencedBy: shown.Status.SilencedBy}
		if fires {
			state.Since = shown.StartsAt
		}
		out.Alerts = append(out.Alerts, state)
	}
	for _, one := range s.silences {
		out.Silences = append(out.Silences, SilenceState{
			one.id, one.state(now), one.matchers.String(), one.comment, one.startsAt, one.endsAt,
		})
	}
	for _, one := range s.pages {
		spells := script{s.start, one.Value, one.Changes}.spells(s.Happened)
		out.Pages = append(out.Pages, PageState{one.Path, valueAt(spells, now)})
	}
	return out
}

// Silenced are the silences that are pending or active.
func (s *Servers) Silenced() []SilenceState {
	return slices.DeleteFunc(s.State().Silences, func(one SilenceState) bool { return one.State == silenceExpired })
}

// AdminHandler is the simulator's own side of the servers, unsigned:
//
//	POST /values {"name": "orders-errors", "value": "0.4"}            a series, or a page by its path
//	POST /alerts {"labels": {"alertname": "Slow"}, "value": "firing"} those that have the labels
//	POST /delay  {"delay": "3s"}                                      of every answer
//
// A change is answered with the state.
func (s *Servers) AdminHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /values", changes(s, func(in struct{ Name, Value string }) error {
		return s.Set(in.Name, in.Value)
	}))
	mux.HandleFunc("POST /alerts", changes(s, func(in struct {
		Labels map[string]string
		Value  string
	},
	) error {
		return s.SetAlert(in.Labels, in.Value)
	}))
	mux.HandleFunc("POST /delay", changes(s, func(in struct{ Delay time.Duration }) error {
		s.SetDelay(in.Delay)
		return nil
	}))
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		admin.Fail(w, http.StatusNotFound,
			maintenance.Invalid("path", r.Method+" "+r.URL.Path, "POST /values, /alerts or /delay"))
	})
	return mux
}

// changes is a change that a request's body describes.
func changes[T any](s *Servers, act func(T) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		in, err := admin.Read[T](r)
		if err == nil {
			err = act(in)
		}
		if err != nil {
			admin.Fail(w, http.StatusBadRequest, err)
			return
		}
		admin.Reply(w, http.StatusOK, s.State())
	}
}
