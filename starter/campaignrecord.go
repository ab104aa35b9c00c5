package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/outcome"
	"github.com/tidegate/tidegate/workflows"
)

// campaignRecord is what run, watch and status print of a campaign. Its fields
// are added to, and never renamed.
type campaignRecord struct {
	Campaign   string        `json:"campaign"` // its name
	WorkflowID string        `json:"workflowId"`
	RunID      string        `json:"runId"`
	Execution  string        `json:"execution"`        // Temporal's word, such as Running, Failed or Terminated
	Status     *fleet.Status `json:"status,omitempty"` // while it runs
	Result     *fleet.Result `json:"result,omitempty"` // once it has ended
	Targets    []fleet.Row   `json:"targets,omitzero"` // those that were asked for
	// Run is the last maintenance of the one target that was asked for, in this
	// campaign.
	Run *record `json:"run,omitempty"`
	// May are the orders that it would take now.
	May []string `json:"may,omitempty"`

	lists bool // only Targets, and Run, are to be printed
}

// readCampaign reads what a campaign says of itself, or what it has left behind.
func readCampaign(ctx context.Context, c session, g campaign) (campaignRecord, error) {
	r := campaignRecord{Campaign: g.name, WorkflowID: g.workflowID, RunID: g.runID, Execution: g.execution.String()}
	if !g.open() {
		result, err := outcome.OfCampaign(ctx, c.GetWorkflow(ctx, g.workflowID, g.runID))
		switch {
		case err == nil:
			r.Result, r.Campaign = &result, cmp.Or(result.Name, g.name)
			return r, nil
		case !errors.Is(err, outcome.ErrNoResult):
			return r, err
		}
		return r, errors.Join(err, r.ask(ctx, c, g))
	}
	err := r.ask(ctx, c, g)
	if r.Status != nil {
		r.May = mayCampaign(*r.Status)
	}
	return r, err
}

// ask fills in what a campaign says of itself, also one that was terminated.
func (r *campaignRecord) ask(ctx context.Context, c session, g campaign) error {
	var status fleet.Status
	if err := g.ask(ctx, c, workflows.StatusQuery, &status); err != nil {
		return err
	}
	r.Status, r.Campaign = &status, cmp.Or(status.Name, g.name)
	return nil
}

// exit is the exit status of a command that followed the campaign as far as it
// goes without a person.
func (r campaignRecord) exit() int {
	switch {
	case r.Result == nil && r.Status != nil && r.Status.Held != "":
		return statusHeld
	case r.Result == nil:
		return statusFailed
	case r.Result.State == fleet.Completed:
		return statusDone
	case r.Result.State == fleet.Partial:
		return statusPartial
	}
	return statusFailed
}

// handle is what the campaign is called on a command line: the name by which it
// was found, unless its workflow has another id.
func (r campaignRecord) handle() string {
	if r.WorkflowID == workflows.CampaignWorkflowID(r.Campaign) {
		return r.Campaign
	}
	return r.WorkflowID
}

// campaign prints a campaign.
func (p printer) campaign(r campaignRecord) error {
	return p.print(r, func(p printer) {
		if r.lists {
			p.targets(r)
			return
		}
		p.linef("campaign  %s", r.Campaign)
		p.linef("workflow  %s, run %s: %s", r.WorkflowID, r.RunID, strings.ToLower(r.Execution))
		switch {
		case r.Result != nil:
			p.campaignResult(*r.Result)
		case r.Status != nil:
			p.campaignStatus(*r.Status)
		}
		p.advice(campaignLines(r.handle(), r.May))
	})
}

// targets prints those that were asked for, and the maintenance of the one.
func (p printer) targets(r campaignRecord) {
	if len(r.Targets) == 0 {
		p.linef("no target of %s is in that state", r.Campaign)
		return
	}
	heads, row := rowsTable("TARGET")
	rows := make([][]string, 0, len(r.Targets))
	for _, t := range r.Targets {
		rows = append(rows, row(t))
	}
	p.table(heads, rows)
	if r.Run != nil {
		p.linef("")
		p.recordText(*r.Run)
	}
}

func (p printer) campaignStatus(s fleet.Status) {
	p.linef("phase     %s since %s, submitted by %s", phaseText(s), clock(&s.Start), s.Submitter)
	p.linef("targets   %s", countsText(s.Counts))
	for _, said := range [][2]string{
		{"held", s.Held}, {"asks", s.Asks}, {"paused", s.Paused}, {"stopped", s.Stopped},
	} {
		if said[1] != "" {
			p.linef("%-9s %s", said[0], said[1])
		}
	}
	if !s.Next.IsZero() {
		p.linef("next      %s", clock(&s.Next))
	}
	p.linef("room      %d at a time", s.MaxConcurrent)
	p.waves(s.Waves)
	section(p, slices.Sorted(maps.Keys(s.Blockers)), []string{"BLOCKER", "TARGETS"}, func(b maintenance.Blocker) []string {
		return []string{string(b), strconv.Itoa(s.Blockers[b])}
	})
	p.rows("RUNNING", s.Running)
	p.rows("UPCOMING", s.Upcoming)
	p.rows("FAILURE", s.Failures)
	p.decided(s.Decisions)
	p.notices(s.Notices)
}

func (p printer) campaignResult(r fleet.Result) {
	p.linef("ended     %s at %s, after %s", r.State, clock(&r.End), maintenance.Duration(r.End.Sub(r.Start).Round(time.Second)))
	p.linef("summary   %s", r.Summary)
	p.linef("targets   %s", countsText(r.Counts))
	p.linef("by        %s", r.Submitter)
	if r.Digest != "" {
		p.linef("plan      SHA-256 %s", r.Digest)
	}
	p.waves(r.Waves)
	p.rows("FAILURE", r.Failures)
	p.decided(r.Decisions)
	p.notices(r.Untold)
}

func phaseText(s fleet.Status) string {
	if s.Doing != "" {
		return fmt.Sprintf("%s (%s)", s.Phase, s.Doing)
	}
	return string(s.Phase)
}

// countsText says how many targets are in which state, without those in which
// none is.
func countsText(c fleet.Counts) string {
	var parts []string
	for _, one := range []struct {
		n     int
		state fleet.State
	}{
		{c.Waiting, fleet.Waiting},
		{c.Running, fleet.Running},
		{c.Succeeded, fleet.Succeeded},
		{c.Failed, fleet.Failed},
		{c.Skipped, fleet.Skipped},
		{c.Current, fleet.Current},
	} {
		if one.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", one.n, one.state))
		}
	}
	if len(parts) == 0 {
		return strconv.Itoa(c.Total)
	}
	return fmt.Sprintf("%d: %s", c.Total, strings.Join(parts, ", "))
}

func (p printer) waves(waves []fleet.WaveLine) {
	section(p, waves, []string{"WAVE", "STATE", "UNTIL", "TARGETS"}, func(w fleet.WaveLine) []string {
		return []string{strconv.Itoa(w.Wave), w.State, instantText(w.Until), countsText(w.Counts)}
	})
}

// rows prints targets after an empty line; head stands for their names' column.
func (p printer) rows(head string, rows []fleet.Row) {
	heads, row := rowsTable(head)
	section(p, rows, heads, row)
}

// rowsTable is how targets stand in a table.
func rowsTable(head string) (heads []string, row func(fleet.Row) []string) {
	heads = []string{head, "GATEWAY", "WAVE", "STATE", "BEGUN", "END", "NEXT", "BLOCKER", "NOTE"}
	return heads, func(r fleet.Row) []string {
		note := cmp.Or(r.Note, r.Reason)
		if r.Attempts > 1 {
			note = strings.TrimSuffix(fmt.Sprintf("attempt %d; %s", r.Attempts, note), "; ")
		}
		return []string{
			r.Name, r.Gateway, strconv.Itoa(r.Wave), string(r.State), instantText(r.Begun), instantText(r.End), instantText(r.Next),
			cmp.Or(string(r.Blocker), "-"), note,
		}
	}
}

// decided prints what was decided, as campaigns do: with the target.
func (p printer) decided(decisions []maintenance.Decision) {
	section(p, decisions, []string{"DECISION", "TARGET", "BY", "AT", "WHY"}, func(d maintenance.Decision) []string {
		return []string{d.What, cmp.Or(d.Target, "-"), d.By, clock(&d.At), d.Why}
	})
}

// notices prints the messages that people were sent.
func (p printer) notices(notices []fleet.Notice) {
	section(p, notices, []string{"MESSAGE", "CHANNEL", "AT", "STATE", "WHY"}, func(n fleet.Notice) []string {
		return []string{n.ID, n.Channel, clock(&n.At), string(n.State), cmp.Or(n.Why, "-")}
	})
}

func instantText(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return clock(&t)
}
