package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/tidegate/tidegate/internal/bounded"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/maintenance/inventory"
	"github.com/tidegate/tidegate/internal/planfile"
	"github.com/tidegate/tidegate/internal/rehearsal"
	"github.com/tidegate/tidegate/internal/simcloud/record"
	"github.com/tidegate/tidegate/internal/strict"
	"github.com/tidegate/tidegate/workflows/api"
)

// rehearsalPatience is how long a rehearsal may take beyond its windows.
const rehearsalPatience = time.Hour

// noteWidth is that of the column of notes.
const noteWidth = 50

// largestInventory is some 20,000 gateways.
const largestInventory = 64 << 20

// readRehearsal reads the plan and the inventory. Every error is one of what the user has given.
func readRehearsal(opts options, now time.Time) (rehearsal.Rehearsal, error) {
	if opts.inventory == "" {
		return rehearsal.Rehearsal{}, errors.New("--rehearse needs --inventory FILE: make it with tidegate inventory --output json > FILE")
	}
	if opts.within < time.Minute || opts.within > time.Hour {
		return rehearsal.Rehearsal{}, fmt.Errorf("--within %s: must be 1m to 1h", opts.within)
	}
	o := rehearsal.Options{Now: now, Minutes: int(opts.within / time.Minute)}
	for _, one := range opts.faults {
		f, err := rehearsal.ParseFault(one)
		if err != nil {
			return rehearsal.Rehearsal{}, fmt.Errorf("--fault: %w", err)
		}
		o.Faults = append(o.Faults, f)
	}
	written, err := bounded.ReadFile(opts.rehearse, strict.MaxSize)
	if err != nil {
		return rehearsal.Rehearsal{}, fmt.Errorf("read the plan: %w", err)
	}
	p, err := planfile.Parse(opts.rehearse, written, planfile.Options{Now: now, Dir: filepath.Dir(opts.rehearse)})
	if err != nil {
		return rehearsal.Rehearsal{}, err
	}
	found, err := readInventory(opts.inventory)
	if err != nil {
		return rehearsal.Rehearsal{}, err
	}
	return rehearsal.Make(found, p, o)
}

func readInventory(file string) (found inventory.Document, err error) {
	written, err := bounded.ReadFile(file, largestInventory)
	if err != nil {
		return found, fmt.Errorf("read the inventory: %w", err)
	}
	if err := json.Unmarshal(written, &found); err != nil {
		return found, fmt.Errorf("%s is no inventory, as tidegate inventory --output json writes it: %w", file, err)
	}
	if found.AsOf.IsZero() {
		return found, fmt.Errorf("%s is no inventory, as tidegate inventory --output json writes it: it has no asOf", file)
	}
	return found, nil
}

// rehearse runs a plan on its simulated clouds, and says what happened in which order. Its error is that the
// campaign did not end COMPLETED, or that it was interrupted.
func rehearse(ctx context.Context, opts options, r rehearsal.Rehearsal, in io.Reader, out io.Writer) error {
	ctx, interrupt := context.WithCancel(ctx)
	defer interrupt()
	began := time.Now()
	s, err := raise(ctx, opts, r.Plan.Accounts, r.Clouds)
	if err != nil {
		return err
	}
	defer s.strike()
	say := summarizer{out}
	say.announce(s, r)
	limited, cancel := context.WithTimeout(ctx, rehearsalPatience)
	defer cancel()
	c, err := start(limited, s.session(), api.CampaignInput{Plan: r.Plan, Submitter: submitter},
		"REHEARSAL on simulated clouds: "+r.Plan.Name, "This is a **rehearsal**.\n\n- "+strings.Join(r.Otherwise, "\n- "))
	if err != nil {
		return err
	}
	seen := newScreen(limited, terminal{in, out, interrupt}, s, c, began)
	person := newScript(c, s.clouds.AWS(), opts.ask)
	result, err := c.followOn(limited, seen, person.rehearse)
	if err := end(limited, cancel, seen, rehearsalPatience, err); err != nil {
		return err
	}
	rows, err := c.rows(ctx)
	if err != nil {
		return err
	}
	say.order(rows, began, s.clouds.Effects())
	mark := "A rehearsal on simulated clouds: nothing of this has happened to a real gateway or proxy."
	file, err := writeReport(ctx, s, r.Plan.Name, opts.report, mark)
	if err != nil {
		return err
	}
	say.say("The report, marked as a rehearsal, is in %s.\n", file)
	if !opts.exit {
		say.say("Browse %s; Ctrl-C ends it.\n", s.runsPage())
		<-ctx.Done()
	}
	if result.State != fleet.Completed {
		return fmt.Errorf("the rehearsed campaign ended %s: %s", result.State, result.Summary)
	}
	return nil
}

// rehearse decides what waits for a person: it approves, and aborts what is held, as nobody can know what else a
// person would do.
func (s *script) rehearse(ctx context.Context, m observation) error {
	if s.ask {
		return nil
	}
	var errs []error
	if a := m.campaign.Approval; m.campaign.Asks() && a != nil {
		by := fmt.Sprintf("approver-%d", len(a.Given)+1)
		if s.due(a.Subject() + " " + by) {
			errs = append(errs, s.campaign.order(ctx, "", decision{update: api.ApproveUpdate, by: by, why: "a rehearsal"}))
		}
	}
	for _, row := range m.campaign.HeldRows() {
		if s.due(row.Name) {
			errs = append(errs, s.campaign.order(ctx, row.Gateway, decision{
				update: api.AbortUpdate, why: "a rehearsal: nobody is there who could mend it",
			}))
		}
	}
	return errors.Join(errs...)
}

// announce says that it is a rehearsal, and what is otherwise than it will be.
func (p summarizer) announce(s *stage, r rehearsal.Rehearsal) {
	p.say("REHEARSAL of %s on simulated clouds. No cloud is called.\n\n", r.Plan.Name)
	p.say("  Web UI    %s\n", s.runsPage())
	p.say("  Clouds    http://%s/_sim/effects lists every change they made\n\n", s.address)
	p.say("What is otherwise than it will be:\n")
	for _, one := range r.Otherwise {
		p.say("  - %s\n", one)
	}
	t := p.table("Windows, in the order in which they open", "opens", "here after", "gateways")
	for _, w := range r.Windows {
		t.AppendRow(table.Row{w.Opens.UTC().Format("Mon 2006-01-02 15:04Z"), w.In.String(), fewOf(w.Gateways)})
	}
	p.say("\n%s\n\n", t.Render())
}

// fewOf names the first of many.
func fewOf(names []string) string {
	const most = 4
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}

// order is what happened, in the order in which it began; what did not begin comes last.
func (p summarizer) order(rows []fleet.Row, began time.Time, effects []record.Effect) {
	slices.SortStableFunc(rows, func(a, b fleet.Row) int {
		switch {
		case a.Started.IsZero() == b.Started.IsZero():
			return a.Started.Compare(b.Started)
		case a.Started.IsZero():
			return 1
		}
		return -1
	})
	t := p.table("What would happen, in this order", "", "began", "target", "wave", "became", "took", "note")
	for i, row := range rows {
		line := table.Row{i + 1, "", row.Name, row.Wave, string(row.State), "", text.WrapSoft(row.Note, noteWidth)}
		if !row.Started.IsZero() {
			line[1] = countdown(row.Started.Sub(began))
			if !row.End.IsZero() {
				line[5] = row.End.Sub(row.Started).Round(time.Second).String()
			}
		}
		t.AppendRow(line)
	}
	p.say("\n%s\n\nChanges that it made to the simulated clouds: %s.\n", t.Render(), changes(effects))
}

// changes counts effects by their kind, those left out that nobody of the campaign made.
func changes(effects []record.Effect) string {
	counts := map[string]int{}
	for _, e := range effects {
		counts[e.Kind]++
	}
	var texts []string
	for _, kind := range slices.Sorted(maps.Keys(counts)) {
		texts = append(texts, fmt.Sprintf("%d %s", counts[kind], kind))
	}
	if len(texts) == 0 {
		return "none"
	}
	return strings.Join(texts, ", ")
}
