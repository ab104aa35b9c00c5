package demo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/tidegate/tidegate/internal/endrecord"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/operate"
	"github.com/tidegate/tidegate/internal/operate/action"
	"github.com/tidegate/tidegate/workflows/api"
	"github.com/tidegate/tidegate/workflows/webui"
)

const (
	// pollEvery is how often the campaign and its running targets are asked where
	// they are; answerWithin is how long one answer is waited for.
	pollEvery    = time.Second
	answerWithin = 2 * time.Second
)

// campaign is the one that the demo runs.
type campaign struct {
	name    string
	session operate.Session
	run     client.WorkflowRun
}

// start starts a campaign, as tidegate does, with what the Web UI is to say of it: a line, and Markdown.
func start(ctx context.Context, c operate.Session, in api.CampaignInput, summary, details string) (*campaign, error) {
	name := in.Plan.Name
	run, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: api.CampaignWorkflowID(name), TaskQueue: api.TaskQueue,
		TypedSearchAttributes: webui.CampaignAttributes(name),
		StaticSummary:         summary,
		StaticDetails:         details,
	}, api.CampaignName, in)
	if err != nil {
		return nil, fmt.Errorf("start the campaign %s: %w", name, err)
	}
	return &campaign{name: name, session: c, run: run}, nil
}

// foretold says, as Markdown, what is to become of each target.
func foretold() string {
	var b strings.Builder
	fmt.Fprintf(&b, "The plan is `%s`, with a freeze of %s added to it. What is to become of its targets:\n\n", planPath, freezeFor)
	for _, m := range members() {
		fmt.Fprintf(&b, "- **%s** %s\n", m.name, m.outcome)
	}
	return b.String()
}

// observation is how the campaign is at one time.
type observation struct {
	campaign fleet.Status
	// runs are the targets' own accounts, by name: of those that run, and once more
	// of those that have ended since the moment before.
	runs map[string]maintenance.Status
}

// follow reads the campaign until it has ended, and reports each reading.
func (c *campaign) follow(ctx context.Context, report func(observation) error) (fleet.Result, error) {
	var result fleet.Result
	var ending error
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		result, ending = endrecord.OfCampaign(ctx, c.run)
	}()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	ran := map[string]fleet.Row{}
	for over := false; ; {
		if now, known := c.poll(ctx, ran); known {
			if err := report(now); err != nil {
				return fleet.Result{}, err
			}
		}
		if over {
			return result, ending
		}
		select {
		case <-tick.C:
		case <-ended:
			over = true // one last poll
		}
	}
}

// followOn follows the campaign on a screen, while a script decides what waits for a person.
func (c *campaign) followOn(
	ctx context.Context, seen screen, act func(context.Context, observation) error,
) (fleet.Result, error) {
	return c.follow(ctx, func(m observation) error {
		seen.update(m, time.Now())
		return act(ctx, m)
	})
}

// poll asks the campaign and its targets; ran are those that ran at the last
// poll, by name. Who does not answer in time is asked again at the next poll.
func (c *campaign) poll(ctx context.Context, ran map[string]fleet.Row) (now observation, known bool) {
	if c.ask(ctx, c.run.GetID(), api.StatusQuery, &now.campaign) != nil {
		return now, false
	}
	for _, row := range now.campaign.Running {
		ran[row.Name] = row
	}
	now.runs = map[string]maintenance.Status{}
	var lock sync.Mutex
	var asked sync.WaitGroup
	for name, row := range maps.Clone(ran) {
		asked.Go(func() { // all at once: a busy machine may keep each for long
			var status maintenance.Status
			if c.ask(ctx, api.GatewayWorkflowID(row.Gateway), api.StatusQuery, &status) != nil {
				return
			}
			lock.Lock()
			defer lock.Unlock()
			now.runs[name] = status
			if status.Result != nil {
				delete(ran, name)
			}
		})
	}
	asked.Wait()
	return now, true
}

func (c *campaign) ask(ctx context.Context, workflowID, query string, answer any, args ...any) error {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	return c.session.Ask(ctx, workflowID, "", query, answer, args...)
}

// order gives an order to the campaign, or to one of its targets' runs where a
// gateway is given. One that is refused comes too late: someone else was faster.
func (c *campaign) order(ctx context.Context, gateway string, d decision) error {
	order, _ := action.Of(d.update)
	_, err := operate.Command{
		Action: order, Gateway: gateway, Name: c.name, Found: operate.Started(c.name, c.run),
		In: api.CampaignAction{Action: api.Action{By: cmp.Or(d.by, person), Why: d.why}, Check: d.check, Target: d.target},
	}.Give(ctx, c.session)
	if _, late := errors.AsType[operate.RefusedError](err); late {
		return nil
	}
	return err
}

// rows are the campaign's targets, also when it has ended.
func (c *campaign) rows(ctx context.Context) (rows []fleet.Row, err error) {
	return rows, c.ask(ctx, c.run.GetID(), api.TargetsQuery, &rows, fleet.Page{Count: 1000})
}

// record is the maintenance that a target had in the campaign; zero where it had
// none, or that left no record.
func (c *campaign) record(ctx context.Context, row fleet.Row) (maintenance.Result, error) {
	if row.Started.IsZero() {
		return maintenance.Result{}, nil
	}
	result, err := endrecord.Of(ctx, c.session.GetWorkflow(ctx, api.GatewayWorkflowID(row.Gateway), ""))
	if errors.Is(err, endrecord.ErrNoResult) {
		return maintenance.Result{}, nil
	}
	return result, err
}
