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
	"github.com/tidegate/tidegate/internal/planfile/plan"
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
	// mostSending is how many may be in progress: Temporal allows 2,000 activities of one
	// workflow, and those of the campaign's work come first.
	mostSending = 500
)

// notifier sends the campaign's messages to the plan's channels, each at most once.
type notifier struct {
	state   notifierState
	sending int // messages without an answer
}

// notifierState says whether events become messages.
type notifierState int

const (
	notifierIdle   notifierState = iota // not yet, or never: the fleet is discovered, or the plan has no channels
	notifierOpen                        // they do
	notifierClosed                      // no more in this run of the workflow; the next one sends them
)

// open lets events become messages, where there is a channel.
func (n *notifier) open(channels []plan.Notify) {
	if n.state == notifierIdle && len(channels) > 0 {
		n.state = notifierOpen
	}
}

// notify sends a message for each event since it did so last. Nothing waits for the messages.
func (c *campaign) notify(ctx workflow.Context) {
	if c.notifier.state != notifierOpen {
		return
	}
	now := c.fleet().Milestones(c.commandName(ctx), c.Notified.Milestones, workflow.Now(ctx))
	if c.Life.Result != nil {
		now = now.Over(*c.Life.Result)
	}
	for _, o := range fleet.Occurred(c.Notified.Milestones, now) {
		c.send(ctx, o)
	}
	c.Notified.Milestones = now
}

// notifyNotStarted sends the message that the campaign ends before it has started anything.
func (c *campaign) notifyNotStarted(ctx workflow.Context, failure error) error {
	c.show(ctx, "it has ended, and nothing was started: "+call.Explain(failure).Error())
	if c.in.PlanOnly {
		return nil
	}
	name := c.commandName(ctx)
	c.send(ctx, fleet.Occurrence{
		ID: "ended", Event: maintenance.EventEnded, Title: name + ": could not start",
		Text: fmt.Sprintf("Nothing was started: %s\ntidegate status %s", call.Explain(failure), name),
	})
	return c.closeNotifier(ctx)
}

// commandName is how commands name the campaign: by its plan's name or, where a schedule started
// it, by its workflow id.
func (c *campaign) commandName(ctx workflow.Context) string {
	id := workflow.GetInfo(ctx).WorkflowExecution.ID
	if id == api.CampaignWorkflowID(c.in.Plan.Name) {
		return c.in.Plan.Name
	}
	return id
}

// send sends an event to each channel that wants it, once: if the answer is lost, nobody knows
// whether the message has arrived.
func (c *campaign) send(ctx workflow.Context, o fleet.Occurrence) {
	for _, channel := range c.in.Plan.ChannelsFor(o.Event) {
		notice := fleet.Notice{ID: o.ID, Event: o.Event, Channel: channel, At: workflow.Now(ctx), State: fleet.NoticeSending}
		if n := c.notifier.sending; n >= mostSending {
			notice.State, notice.Why = fleet.NoticeFailed, fmt.Sprintf("not sent: %d messages were in progress", n)
			c.keepNotice(notice)
			continue
		}
		c.keepNotice(notice)
		c.notifier.sending++
		answer := call.Start(ctx, workflow.ActivityOptions{
			Summary: fmt.Sprintf("notify %s: %s", channel, o.Title), StartToCloseTimeout: noticeLimit,
			RetryPolicy: &temporal.RetryPolicy{MaximumAttempts: 1},
		}, call.Engine.Notify, activities.NotifyInput{
			Channel: channel, Event: o.ID, Message: activities.Message{Title: o.Title, Text: o.Text},
		})
		workflow.Go(ctx, func(ctx workflow.Context) {
			err := answer.Get(ctx, nil)
			c.notifier.sending--
			c.keepNotice(settled(notice, err))
			if err != nil {
				c.publish(ctx)
			}
		})
	}
}

// settled is a message with its outcome.
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

// keepNotice keeps a message among the last ones, in place of what was known of it.
func (c *campaign) keepNotice(n fleet.Notice) {
	all := c.Notified.Notices
	known := slices.IndexFunc(all, func(k fleet.Notice) bool { return k.ID == n.ID && k.Channel == n.Channel })
	if known >= 0 {
		all[known] = n
		return
	}
	all = append(all, n)
	c.Notified.Notices = all[max(0, len(all)-mostNotices):]
}

// closeNotifier waits for the answers to the messages, as long as they may take, and ends sending:
// the next run of the workflow sends what happens from now on.
func (c *campaign) closeNotifier(ctx workflow.Context) error {
	if c.notifier.sending > 0 {
		if _, err := workflow.AwaitWithOptions(ctx, workflow.AwaitOptions{
			Timeout:      noticeWait,
			TimerOptions: workflow.TimerOptions{Summary: "stop waiting for notifications"},
		}, func() bool { return c.notifier.sending == 0 }); err != nil {
			return err
		}
	}
	c.notifier.state = notifierClosed
	for i := range c.Notified.Notices {
		if n := &c.Notified.Notices[i]; n.State == fleet.NoticeSending {
			n.State, n.Why = fleet.NoticeUnknown, "it was not answered within "+maintenance.Duration(noticeWait).String()
		}
	}
	return nil
}
