package campaign

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/workflows/api"
)

// discoveryOf has the plan's targets in batch 0 and those of a selector in batch 1, none read yet.
func discoveryOf(names ...[]string) *discovery {
	d := newDiscovery(api.CampaignInput{})
	for rank, batch := range names {
		b := discoveredBatch{rank: rank}
		for _, name := range batch {
			b.lines = append(b.lines, discoveredLine{entry: fleet.Entry{Name: name, Gateway: "sgw-" + name}})
		}
		d.batches, d.awaited = append(d.batches, b), d.awaited+len(batch)
	}
	return d
}

func read(line int) fleet.Event {
	return fleet.Event{Line: line, Kind: fleet.KindRead, Entry: &fleet.Entry{Name: "a", Gateway: "sgw-a"}}
}

func unread() fleet.Event {
	e := read(0)
	e.Entry.UnreadSince = time.Unix(1, 0)
	return e
}

func TestATargetIsAwaitedUntilItsBatchHasTriedToReadIt(t *testing.T) {
	t.Parallel()
	notFound := fleet.Event{Line: 0, Kind: fleet.KindNotFound}
	for name, tc := range map[string]struct {
		events            []fleet.Event
		state             lineState
		awaited, progress int
	}{
		"no event":              {nil, lineAwaited, 2, 0},
		"read":                  {[]fleet.Event{read(0)}, lineTried, 1, 1},
		"read twice":            {[]fleet.Event{read(0), read(0)}, lineTried, 1, 2},
		"unreadable":            {[]fleet.Event{unread()}, lineTried, 1, 0},
		"unreadable, then read": {[]fleet.Event{unread(), read(0)}, lineTried, 1, 1},
		"unmatched":             {[]fleet.Event{notFound}, lineUnmatched, 1, 1},
		"unreadable, unmatched": {[]fleet.Event{unread(), notFound}, lineUnmatched, 1, 1},
		"of no line":            {[]fleet.Event{read(7)}, lineAwaited, 2, 0},
	} {
		d := discoveryOf([]string{"a", "b"})
		for _, e := range tc.events {
			d.record(0, e)
		}
		require.Equal(t, tc.state, d.batches[0].lines[0].state, name)
		require.Equal(t, []int{tc.awaited, tc.progress}, []int{d.awaited, d.progress}, name)
	}
}

func TestABatchThatEndsEarlyBreaksTheDiscovery(t *testing.T) {
	t.Parallel()
	d := discoveryOf([]string{"a"}, []string{"b"})
	d.record(0, unread())
	d.ended(0, "batch-0")
	require.Empty(t, d.broken)
	d.ended(1, "batch-1")
	require.Equal(t, "batch-1", d.broken)
}

func TestAFleetHasThePlansTargetsFirstAndEachGatewayOnce(t *testing.T) {
	t.Parallel()
	d := discoveryOf([]string{"z", "b"}, []string{"y", "b", "gone", "a"})
	d.record(1, fleet.Event{Line: 2, Kind: fleet.KindNotFound})
	var names []string
	var refs []int
	for _, e := range d.entries() {
		names, refs = append(names, e.Name), append(refs, e.Ref)
	}
	require.Equal(t, []string{"z", "b", "a", "y"}, names)
	require.Equal(t, []int{0, 1, api.RefOf(1, 3), api.RefOf(1, 0)}, refs)
}

func TestOnlyTheNextPageOfAPlanIsTaken(t *testing.T) {
	t.Parallel()
	page := func(from, n int) api.AddTargets {
		return api.AddTargets{From: from, Targets: make([]maintenance.Target, n)}
	}
	d := newDiscovery(api.CampaignInput{More: 3})
	require.ErrorContains(t, d.mayAdd(page(1, 1)), "must be 0")
	require.ErrorContains(t, d.mayAdd(page(0, 0)), "must be 1 to 200")
	require.ErrorContains(t, d.mayAdd(page(0, 4)), "at most the 3")
	require.NoError(t, d.mayAdd(page(0, 3)))
	require.Equal(t, 3, d.add(page(0, 3)))
	require.ErrorContains(t, d.mayAdd(page(3, 1)), "complete")
	require.ErrorContains(t, (*discovery)(nil).mayAdd(page(0, 1)), "complete", "of a campaign in progress")
}
