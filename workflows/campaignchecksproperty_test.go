package workflows_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/health"
	"github.com/tidegate/tidegate/workflows/api"
)

// silences are the mutes of a fleet, and what was wrong with them.
type silences struct {
	now func() time.Time

	mu    sync.Mutex
	until map[string]time.Time // of those in force, by gateway
	begun map[string]int
	fault string
}

func (s *silences) Mute(_ context.Context, mark health.MuteMark, _ health.Question, until time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if mark.Number != 1 {
		s.fault = fmt.Sprintf("%s has mute %d", mark.GatewayID, mark.Number)
	}
	s.until[mark.GatewayID] = until
	s.begun[mark.GatewayID]++
	return nil
}

func (s *silences) Unmute(_ context.Context, mark health.MuteMark, _ health.Question) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.until, mark.GatewayID)
	return nil
}

// answered is one answer of an endpoint.
type answered struct {
	at time.Time
	ok bool
}

// history keeps what was answered, by path: each is down in some spans of the timeline.
type history struct {
	now   func() time.Time
	spans map[string][][2]time.Time

	mu  sync.Mutex
	all map[string][]answered
}

func (h *history) Ask(_ context.Context, _ time.Time, questions []health.Question) []health.Reading {
	h.mu.Lock()
	defer h.mu.Unlock()
	var readings []health.Reading
	for _, q := range questions {
		at, ok := h.now(), true
		for _, span := range h.spans[q.HTTP.Path] {
			ok = ok && (at.Before(span[0]) || !at.Before(span[1]))
		}
		h.all[q.HTTP.Path] = append(h.all[q.HTTP.Path], answered{at, ok})
		status := 200
		if !ok {
			status = 503
		}
		readings = append(readings, health.Reading{At: at, Status: status})
	}
	return readings
}

// lastBefore is the last answer of a path that was given by then.
func (h *history) lastBefore(path string, by time.Time) (last answered) {
	for _, a := range h.all[path] {
		if !a.at.After(by) {
			last = a
		}
	}
	return last
}

// failedBefore is true if so many answers in a row were failures by then, since a time.
func (h *history) failedBefore(path string, since, by time.Time, most int) bool {
	row := 0
	for _, a := range h.all[path] {
		switch {
		case a.at.Before(since) || a.at.After(by):
		case a.ok:
			row = 0
		default:
			if row++; row >= most {
				return true
			}
		}
	}
	return false
}

// TestRandomFleetsStartNothingThatAHealthCheckForbids: no target is triggered while its check before fails, no wave
// opens while a check at bake has failed that nobody has waived, and each mute is ended.
func TestRandomFleetsStartNothingThatAHealthCheckForbids(t *testing.T) {
	t.Parallel()
	for range 10 {
		seed := rand.Uint64()
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			t.Parallel()
			randomChecks(t, rand.New(rand.NewPCG(seed, 0)))
		})
	}
}

func randomChecks(t *testing.T, r *rand.Rand) {
	t.Helper()
	n := 2 + r.IntN(4)
	s := newSky(n)
	for _, c := range s.gateways {
		c.schedule.Hour = new(12 + r.IntN(3))
	}
	h := &history{spans: map[string][][2]time.Time{}, all: map[string][]answered{}}
	muter := &silences{until: map[string]time.Time{}, begun: map[string]int{}}
	s.asker, s.muter = h, muter
	env := under(t, noon.Add(-time.Hour), s)
	h.now, muter.now = env.Now, env.Now
	check := func(m health.Moment, path health.Template) health.Check {
		c := health.Check{Name: string(m), HTTP: &health.HTTPCheck{Server: "orders", Path: path}, At: []health.Moment{m}}
		if m == health.AtBefore {
			c.Within = maintenance.Duration(r.IntN(3)) * maintenance.Duration(20*time.Minute)
		}
		if m == health.AtCampaign { // it may be asked for a week
			c.Every = maintenance.Duration(5 * time.Minute)
		}
		return c.WithDefaults()
	}
	p := s.plan()
	p.Policy.WindowLength = maintenance.Duration(3 * time.Hour)
	p.Rollout.Waves = []maintenance.Share{share(t, "1"), share(t, "50%")}
	p.Rollout.Bake = maintenance.Duration(time.Duration(5+r.IntN(40)) * time.Minute)
	p.Rollout.MaxFailures = share(t, "100%")
	p.Checks = []health.Check{
		check(health.AtBefore, "/before/{{name}}"), check(health.AtAfter, "/after/{{name}}"),
		check(health.AtBake, "/bake/{{name}}"), check(health.AtCampaign, "/campaign"),
	}
	p.Mutes = []health.Mute{{Alertmanager: &health.AlertSelector{Server: "prod", Matchers: []health.Template{`gateway="{{gateway}}"`}}}}
	draw := func(path string) {
		for range r.IntN(3) {
			from := noon.Add(time.Duration(r.IntN(5*60)-60) * time.Minute)
			h.spans[path] = append(h.spans[path], [2]time.Time{from, from.Add(time.Duration(1+r.IntN(60)) * time.Minute)})
		}
	}
	draw("/campaign")
	for i := range n {
		for _, m := range []string{"before", "after", "bake"} {
			draw("/" + m + "/" + nameOf(i))
		}
	}
	waivedAt, end := noon.Add(2*time.Hour), 8*time.Hour
	if r.IntN(6) == 0 { // what has spilled starts in the next week
		waivedAt, end = noon.AddDate(0, 0, 3), 8*24*time.Hour
	}
	env.action(waivedAt.Sub(env.Now()), api.WaiveUpdate, api.CampaignAction{Check: "bake"})
	env.action(end, api.AbortUpdate, api.CampaignAction{})
	result, err := campaign(t, env, api.CampaignInput{Plan: p})
	if err != nil {
		require.NotEmpty(t, result.State, "%v", err)
	}
	requireForbidden(t, s, h, p.Rollout.WaveOf(n), waivedAt)
	require.Empty(t, muter.fault)
	require.Empty(t, muter.until, "each mute was ended")
	for i := range s.triggered() {
		require.Positive(t, muter.begun[s.gateways[i].gateway.ID], "%s was muted", nameOf(i))
	}
}

// requireForbidden looks at each trigger.
func requireForbidden(t *testing.T, s *sky, h *history, waves []int, waivedAt time.Time) {
	t.Helper()
	triggered := s.triggered()
	for i, at := range triggered {
		last := h.lastBefore("/before/"+nameOf(i), at)
		require.True(t, last.ok, "%s was triggered at %s while its check before failed", nameOf(i), at)
		require.LessOrEqual(t, at.Sub(last.at), health.MaxAge, "%s", nameOf(i))
		require.NotEmpty(t, h.all["/campaign"])
		for j, before := range triggered {
			path := "/bake/" + nameOf(j)
			if waves[j] >= waves[i] || !at.Before(waivedAt) {
				continue
			}
			require.False(t, h.failedBefore(path, before, at, 3), "%s was triggered at %s after the bake of %s had failed",
				nameOf(i), at, nameOf(j))
			if len(h.all["/after/"+nameOf(j)]) > 0 && h.lastBefore("/after/"+nameOf(j), at).ok {
				require.False(t, h.lastBefore(path, at).at.IsZero(), "%s was triggered, and nobody had asked the checks of %s",
					nameOf(i), nameOf(j))
			}
		}
	}
}
