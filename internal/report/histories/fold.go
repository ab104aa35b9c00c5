package histories

import (
	"cmp"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	historypb "go.temporal.io/api/history/v1"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/planfile/plan"
	"github.com/tidegate/tidegate/workflows/api"
)

// fold follows a campaign's entries through its last run's history, as the
// campaign itself does.
type fold struct {
	first   string         // run id of the campaign's first run
	batches map[string]int // numbers by workflow id
	entries map[int]*fleet.Entry
	order   []int          // refs, where the run before has left them
	named   map[int]string // the targets' names when the campaign started to decide; nil: it has not
	told    map[int64]int  // batch by the event of an action to it
}

// entriesOf are the campaign's targets as they are at its last event, in its
// order.
func entriesOf(e evidence, asked plan.Plan) []fleet.Entry {
	last := e.campaign[len(e.campaign)-1]
	f := fold{
		first: last.started().GetFirstExecutionRunId(), batches: map[string]int{},
		entries: map[int]*fleet.Entry{}, told: map[int64]int{},
	}
	for n, p := range e.batches {
		f.batches[p.id] = n
	}
	if in, ok := decode[api.CampaignInput](last.started().GetInput()); ok && in.Carried != nil {
		for _, entry := range in.Carried.Entries {
			f.order, f.entries[entry.Ref] = append(f.order, entry.Ref), &entry
		}
	}
	if len(f.order) == 0 {
		f.enroll(e)
	}
	for _, event := range last.events {
		f.take(event)
	}
	f.decided()
	_, payloads := last.ended()
	if result, ok := decode[fleet.Result](payloads); ok && result.State != "" {
		f.giveUp(result.End.UTC())
	}
	if len(f.order) == 0 {
		return f.assemble(e, asked.Rollout)
	}
	all := make([]fleet.Entry, 0, len(f.order))
	for _, ref := range f.order {
		all = append(all, *f.entries[ref])
	}
	return all
}

// enroll takes in the targets as a campaign has them before they are read.
func (f *fold) enroll(e evidence) {
	for n, p := range e.batches {
		in, _ := decode[api.BatchInput](p.history.started().GetInput())
		for line, t := range in.Targets {
			f.add(api.RefOf(n, line), cmp.Or(t.Name, t.Gateway.ID()), t.Gateway.ID())
		}
		for line, found := range in.Found {
			f.add(api.RefOf(n, line), found.ID(), found.ID())
		}
	}
}

func (f *fold) add(ref int, name, gateway string) {
	f.entries[ref] = &fleet.Entry{
		Ref: ref, Name: name, Gateway: gateway, State: fleet.Waiting,
		Bar: maintenance.BlockedByReading, Unavailable: fleet.Reading,
	}
}

// decided notes that the campaign has started to decide: its targets keep their order.
func (f *fold) decided() {
	if f.named != nil {
		return
	}
	f.named = map[int]string{}
	for ref, entry := range f.entries {
		f.named[ref] = entry.Name
	}
}

func (f *fold) take(e *historypb.HistoryEvent) {
	if e.GetUpsertWorkflowSearchAttributesEventAttributes() != nil {
		f.decided() // it sets them first in its first turn
		return
	}
	if signal := e.GetWorkflowExecutionSignaledEventAttributes(); signal.GetSignalName() == api.BatchEventsSignal {
		if n, ok := decode[api.BatchEvents](signal.GetInput()); ok && n.First == f.first {
			f.learn(n, at(e))
		}
		return
	}
	sent := e.GetSignalExternalWorkflowExecutionInitiatedEventAttributes()
	if sent.GetSignalName() == api.InstructionsSignal {
		number, known := f.batches[sent.GetWorkflowExecution().GetWorkflowId()]
		if o, ok := decode[api.Instructions](sent.GetInput()); ok && known {
			f.start(number, o, at(e))
			if !o.Close {
				f.told[e.GetEventId()] = number
			}
		}
		return
	}
	if failed := e.GetSignalExternalWorkflowExecutionFailedEventAttributes(); failed != nil {
		if number, ordered := f.told[failed.GetInitiatedEventId()]; ordered {
			f.lose(number, at(e))
		}
		return
	}
	if d, _, ok := decisionOf(e); ok {
		f.decide(d)
	}
}

func (f *fold) learn(n api.BatchEvents, now time.Time) {
	for _, e := range n.Events {
		ref := api.RefOf(n.Batch, e.Line)
		entry, discovering := f.entries[ref], f.named == nil && len(f.order) == 0
		switch {
		case entry == nil:
		case discovering && e.Kind == fleet.KindNotFound:
			delete(f.entries, ref)
		case discovering && e.Entry != nil:
			*entry = *e.Entry
			entry.Ref = ref
		default:
			entry.Learn(e, now)
		}
	}
}

func (f *fold) start(batch int, o api.Instructions, now time.Time) {
	for _, b := range o.Start {
		if entry := f.entries[api.RefOf(batch, b.Line)]; entry != nil && b.Attempt > entry.Attempts {
			entry.Start(b.Attempt, now, b.Trigger)
		}
	}
	for _, line := range o.GiveUp {
		if entry := f.entries[api.RefOf(batch, line)]; entry != nil {
			entry.GiveUp(now)
		}
	}
}

const batchGone = "its batch was terminated; see the target's own run"

// lose ends the targets of a batch that is gone, but for those that run.
func (f *fold) lose(batch int, now time.Time) {
	for ref, entry := range f.entries {
		if ref/api.LineSpace == batch && entry.State == fleet.Waiting {
			entry.State, entry.End, entry.Note = fleet.Failed, now, batchGone
		}
	}
}

// giveUp ends the targets that a campaign which has concluded leaves running: it
// concludes when the last has ended, and only of those without a batch nobody
// tells it how.
func (f *fold) giveUp(now time.Time) {
	for _, entry := range f.entries {
		if entry.State.InProgress() {
			entry.State, entry.End, entry.Note = fleet.Failed, now, batchGone
		}
	}
}

// decide takes in what was decided about a target; what is about a step of its run was
// passed on to that.
func (f *fold) decide(d maintenance.Decision) {
	if d.Step != "" {
		return
	}
	for _, ref := range slices.Sorted(maps.Keys(f.entries)) {
		entry := f.entries[ref]
		if entry.Name != d.Target && !strings.EqualFold(entry.Gateway, d.Target) {
			continue
		}
		switch d.What {
		case api.SkipUpdate:
			entry.Skip(d.By, d.Why, d.At.UTC())
		case api.RetryUpdate:
			entry.Retry()
		}
		return
	}
}

// assemble puts the targets of a campaign's first run into its order: those that
// are named, then those that each selector found, by name; each gateway once.
func (f *fold) assemble(e evidence, rollout maintenance.Rollout) []fleet.Entry {
	group := make([]int, len(e.batches)) // 0: named; else counted by selector
	var selector *plan.Selector
	for n, p := range e.batches {
		in, _ := decode[api.BatchInput](p.history.started().GetInput())
		if n > 0 {
			group[n] = group[n-1]
		}
		if !reflect.DeepEqual(in.Selector, selector) {
			selector = in.Selector
			group[n]++
		}
	}
	seen := map[string]bool{}
	var all []fleet.Entry
	for _, ref := range slices.Sorted(maps.Keys(f.entries)) {
		if entry := f.entries[ref]; !seen[entry.Gateway] {
			seen[entry.Gateway] = true
			all = append(all, *entry)
		}
	}
	slices.SortStableFunc(all, func(a, b fleet.Entry) int {
		ofA, ofB := group[a.Ref/api.LineSpace], group[b.Ref/api.LineSpace]
		if ofA != ofB || ofA == 0 {
			return cmp.Compare(ofA, ofB)
		}
		return cmp.Or(strings.Compare(f.named[a.Ref], f.named[b.Ref]), strings.Compare(a.Gateway, b.Gateway))
	})
	for i, wave := range rollout.WaveOf(len(all)) {
		all[i].Wave = wave
	}
	return all
}
