package campaign

import (
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/tidegate/tidegate/activities"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/workflows/api"
	"github.com/tidegate/tidegate/workflows/call"
	"github.com/tidegate/tidegate/workflows/webui"
)

const (
	// noticeLimit is how long one message may take from the moment a worker has it:
	// longer than the call, so that its answer is seldom lost.
	noticeLimit = activities.CallTimeout + 10*time.Second
	// noticeWait is how long a campaign that ends, or continues as new, waits for
	// what it has sent: somewhat longer than that takes.
	noticeWait = noticeLimit + 5*time.Second
	// mostNotices is how many messages a campaign remembers.
	mostNotices = 20
	// mostSending is how many may be under way: Temporal takes 2,000 activities of
	// one workflow, and those of a campaign's work come first.
	mostSending = 500
)

// tell sends word of what has happened since it last did. Nothing waits for what
// it sends.
func (c *campaign) tell(ctx workflow.Context) {
	if len(c.in.Plan.Notify) == 0 || c.in.PlanOnly || c.hushed || c.phase == fleet.Discovering {
		return
	}
	now := c.fleet().Moment(c.called(ctx), c.Told, workflow.Now(ctx))
	if c.result != nil {
		now = now.Over(*c.result)
	}
	for _, o := range fleet.Occurred(c.Told, now) {
		c.announce(ctx, o)
	}
	c.Told = now
}

// tellUngathered sends word of a campaign that ends before it has started.
func (c *campaign) tellUngathered(ctx workflow.Context, failure error) error {
	c.doing = "it has ended, and nothing was started: " + call.Explain(failure).Error()
	c.publish(ctx)
	if c.in.PlanOnly {
		return nil
	}
	name := c.called(ctx)
	c.announce(ctx, fleet.Occurrence{
		ID: "ended", Event: maintenance.EventEnded, Title: name + ": could not start",
		Text: fmt.Sprintf("Nothing was started: %s\ntidegate status %s", call.Explain(failure), name),
	})
	return c.quiet(ctx)
}

// called is how commands call the campaign: by its name, one that a schedule has
// started by its workflow's id.
func (c *campaign) called(ctx workflow.Context) string {
	id := workflow.GetInfo(ctx).WorkflowExecution.ID
	if id == api.CampaignWorkflowID(c.in.Plan.Name) {
		return c.in.Plan.Name
	}
	return id
}

func (c *campaign) announce(ctx workflow.Context, o fleet.Occurrence) {
	for _, channel := range c.in.Plan.ToldOf(o.Event) {
		c.message(ctx, channel, o)
	}
}

// message sends one message, once: of one whose answer is lost nobody can tell
// whether it has arrived.
func (c *campaign) message(ctx workflow.Context, channel string, o fleet.Occurrence) {
	notice := fleet.Notice{ID: o.ID, Event: o.Event, Channel: channel, At: workflow.Now(ctx), State: fleet.NoticeSending}
	if c.sending >= mostSending {
		notice.State, notice.Why = fleet.NoticeFailed, fmt.Sprintf("not sent: %d messages were under way", c.sending)
		c.remember(notice)
		return
	}
	c.remember(notice)
	c.sending++
	answer := call.Start(ctx, workflow.ActivityOptions{
		Summary: fmt.Sprintf("tell %s: %s", channel, o.Title), StartToCloseTimeout: noticeLimit,
		RetryPolicy: &temporal.RetryPolicy{MaximumAttempts: 1},
	}, call.Engine.Notify, activities.NotifyInput{
		Channel: channel, Event: o.ID, Message: activities.Message{Title: o.Title, Text: o.Text},
	})
	workflow.Go(ctx, func(ctx workflow.Context) {
		err := answer.Get(ctx, nil)
		c.sending--
		c.remember(settled(notice, err))
		if err != nil {
			c.publish(ctx)
		}
	})
}

// settled is a message with what became of it.
func settled(n fleet.Notice, err error) fleet.Notice {
	switch {
	case err == nil:
		n.State = fleet.NoticeSent
	case call.UnknownOutcome(err):
		n.State, n.Why = fleet.NoticeUnknown, webui.CutNote(call.Explain(err).Error())
	default:
		n.State, n.Why = fleet.NoticeFailed, webui.CutNote(call.Explain(err).Error())
	}
	return n
}

// remember keeps a message among the last ones, in place of what was known of it.
func (c *campaign) remember(n fleet.Notice) {
	known := slices.IndexFunc(c.Notices, func(k fleet.Notice) bool { return k.ID == n.ID && k.Channel == n.Channel })
	if known >= 0 {
		c.Notices[known] = n
		return
	}
	c.Notices = append(c.Notices, n)
	c.Notices = c.Notices[max(0, len(c.Notices)-mostNotices):]
}

// quiet waits for the answers to what was sent, as long as they may take, and lets
// nothing more be sent by this run: what happens from now on is the next one's to
// tell.
func (c *campaign) quiet(ctx workflow.Context) error {
	if c.sending > 0 {
		if _, err := workflow.AwaitWithOptions(ctx, workflow.AwaitOptions{
			Timeout:      noticeWait,
			TimerOptions: workflow.TimerOptions{Summary: "then messages that were not answered are not waited for"},
		}, func() bool { return c.sending == 0 }); err != nil {
			return err
		}
	}
	c.hushed = true
	for i := range c.Notices {
		if n := &c.Notices[i]; n.State == fleet.NoticeSending {
			n.State, n.Why = fleet.NoticeUnknown, "it was not answered within "+maintenance.Duration(noticeWait).String()
		}
	}
	return nil
}
