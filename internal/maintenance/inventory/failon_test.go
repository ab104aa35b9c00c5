package inventory_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/inventory"
)

func TestConditionsAreRead(t *testing.T) {
	t.Parallel()
	for text, wrong := range map[string]string{
		"":             "",
		"disconnected": "",
		"support-ends=90d, update-waiting=30d,disconnected,unknown": "",
		"disconected":                  `--fail-on: invalid value "disconected": must be some of disconnected, not-running`,
		"disconnected=3d":              `invalid value "disconnected=3d": must be disconnected without days; support-ends, update-waiting`,
		"support-ends=90":              `must be support-ends=Nd, such as support-ends=30d`,
		"support-ends=-1d":             `must be support-ends=Nd`,
		"support-ends=99999999d":       `0 to 36500 days`,
		"support-ends=1d,support-ends": `each condition once`,
		"support-ends,":                `--fail-on is required`,
	} {
		_, err := inventory.ParseFailOn(text)
		if wrong == "" {
			require.NoError(t, err, text)
		} else {
			require.ErrorContains(t, err, wrong, text)
		}
	}
}

func judged(t *testing.T, conditions string, change func(*inventory.Gateway)) (failing, undecided int) {
	t.Helper()
	fail, err := inventory.ParseFailOn(conditions)
	require.NoError(t, err)
	criteria := inventory.DefaultCriteria()
	criteria.SupportSoon = fail.SupportSoon(criteria.SupportSoon)
	g := aGateway()
	change(&g)
	hits, open := fail.Judge(inventory.Make(inventory.Found{Gateways: []inventory.Gateway{g}}, now, criteria))
	return len(hits), len(open)
}

func TestConditionsHoldWhereTheyShouldAndStayOpenWhereNobodyKnows(t *testing.T) {
	t.Parallel()
	type change = func(*inventory.Gateway)
	waits := func(since string) change { return func(g *inventory.Gateway) { g.NextUpdateAvailable = since } }
	ends := func(on string) change { return func(g *inventory.Gateway) { g.SoftwareUpdatesEnd = on } }
	for name, c := range map[string]struct {
		conditions         string
		change             change
		failing, undecided int
	}{
		"nothing asked":          {"", waits("2026-01-01"), 0, 0},
		"waits long enough":      {"update-waiting=30d", waits("2026-11-01"), 1, 0},
		"waits not so long":      {"update-waiting=30d", waits("2026-11-20"), 0, 0},
		"waits at all":           {"update-waiting", waits("2026-11-30"), 1, 0},
		"to come":                {"update-waiting", waits("2026-12-30"), 0, 0},
		"waits since who knows":  {"update-waiting=30d", waits("???"), 1, 0},
		"support far away":       {"support-ends=400d", ends("2027-12-01"), 1, 0},
		"support farther":        {"support-ends=300d", ends("2027-12-01"), 0, 0},
		"support odd":            {"support-ends=300d", ends("soon"), 0, 1},
		"support over":           {"support-ends=0d", ends("2026-01-01"), 1, 0},
		"disconnected":           {"disconnected,support-ends=30d", func(g *inventory.Gateway) { g.Connection, g.Described = inventory.Disconnected, false }, 1, 1},
		"not described":          {"disconnected", func(g *inventory.Gateway) { g.Connection, g.Described = inventory.NotKnown, false }, 0, 1},
		"a snapshot nobody read": {"snapshot-missing", func(g *inventory.Gateway) { g.Volumes[0].Snapshots = nil }, 0, 1},
		"no snapshot":            {"snapshot-missing=9d", func(g *inventory.Gateway) { g.Volumes[0].Snapshots = &inventory.Snapshots{} }, 1, 0},
	} {
		failing, undecided := judged(t, c.conditions, c.change)
		require.Equal(t, []int{c.failing, c.undecided}, []int{failing, undecided}, name)
	}
}

func TestDatesAreReadInEveryFormThatIsKnown(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("GMT+1:00", 3600)
	for text, want := range map[string]string{
		"2016-01-02T16:00:00":       "2016-01-02T15:00:00Z",
		"2016-01-02":                "2016-01-01T23:00:00Z",
		"2016-01-02T16:00:00Z":      "2016-01-02T16:00:00Z",
		"2012-09-04T21:08:44.627Z":  "2012-09-04T21:08:44Z",
		"2016-01-02T16:00:00+02:00": "2016-01-02T14:00:00Z",
		"1451750400":                "2016-01-02T16:00:00Z",
		"1451750400.5":              "2016-01-02T16:00:00Z",
	} {
		at, ok := inventory.ReadDate(text, zone)
		require.True(t, ok, text)
		require.Equal(t, want, at.Format(time.RFC3339), text)
	}
	for _, text := range []string{"", "soon", "0", "1e300", "NaN", "-1e20", "2016-13-01", "9999-01-01", "2016-01-02T25:00:00", "2016"} {
		_, ok := inventory.ReadDate(text, zone)
		require.False(t, ok, text)
	}
}

// Whatever clouds say, a judgement is made, nothing odd is healthy, and the order is that of the
// urgencies. rapid prints the seed.
func TestWhateverIsFoundIsJudgedInOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{
			"", "RUNNING", "SHUTDOWN", "2026-11-01", "2027-01-01T00:00:00", "AVAILABLE", "IRRECOVERABLE", "GMT", "GMT-4:00",
		}))
		number := rapid.Custom(func(t *rapid.T) *int {
			if rapid.Bool().Draw(t, "nil") {
				return nil
			}
			return new(rapid.IntRange(-2, 70).Draw(t, "n"))
		})
		gateways := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) inventory.Gateway {
			return inventory.Gateway{
				Described:  rapid.Bool().Draw(t, "described"),
				Connection: rapid.SampledFrom([]inventory.Connection{inventory.Connected, inventory.Disconnected, inventory.NotKnown, ""}).Draw(t, "connection"),
				Details: inventory.Details{
					Gateway: maintenance.Gateway{
						ARN: text.Draw(t, "arn"), Type: rapid.SampledFrom([]string{"CACHED", "VTL", "NEW"}).Draw(t, "type"),
						State: text.Draw(t, "state"), NextUpdateAvailable: text.Draw(t, "next"),
						LastSoftwareUpdate: text.Draw(t, "last"),
						Tags:               map[string]string{maintenance.AutomaticUpdatesTag: text.Draw(t, "mark")},
					},
					SoftwareUpdatesEnd: text.Draw(t, "ends"), Deprecation: text.Draw(t, "deprecation"), Timezone: text.Draw(t, "zone"),
				},
				Schedule: &maintenance.RawSchedule{
					DayOfWeek: number.Draw(t, "weekday"), DayOfMonth: number.Draw(t, "monthday"),
					Hour: number.Draw(t, "hour"), Minute: number.Draw(t, "minute"), Timezone: text.Draw(t, "timezone"),
				},
				Volumes: []inventory.Volume{{Volume: maintenance.Volume{Status: text.Draw(t, "status")}}},
			}
		}), 0, 8).Draw(t, "gateways")
		d := inventory.Make(inventory.Found{Gateways: gateways}, now, inventory.DefaultCriteria())
		before := -1
		for _, g := range d.Gateways {
			rank := 0
			for i, u := range inventory.Urgencies() {
				if u == g.Urgency {
					rank = i
				}
			}
			if rank < before {
				t.Fatalf("%s after a less urgent one", g.Urgency)
			}
			before = rank
			odd := !g.Described || !g.Running() || !g.Volumes[0].Available()
			if g.Urgency == inventory.Healthy && odd {
				t.Fatalf("healthy: %+v", g)
			}
			for _, f := range g.Findings {
				if f.Reason == "" || fmt.Sprint(f.Kind) == "" {
					t.Fatalf("no reason: %+v", f)
				}
			}
		}
		s := d.Summary
		if s.Urgent+s.Soon+s.Unknown+s.Notice+s.UpToDate != len(d.Gateways) {
			t.Fatalf("counted wrongly: %+v", s)
		}
	})
}
