package target

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/tidegate/tidegate/activities/checks"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/health"
	"github.com/tidegate/tidegate/workflows/call"
)

// unmuteSummary is what the Web UI shows of the call.
const unmuteSummary = "end the mute of alarms"

// muted are the alarms that are kept quiet around the changes of a run.
type muted struct {
	line    *entry // the ledger's; nil: the run has muted nothing
	in      checks.UnmuteInput
	sending int  // changes under way that mute
	ending  bool // the mutes are being ended: no change that mutes may start
}

// sent is for a change that has ended, with what its guard has found out. Where it certainly ended before it muted,
// nothing is muted, unless another change of the run does so.
func (m *muted) sent(seen *checks.Seen, err error) {
	if m.line == nil {
		return
	}
	m.sending--
	may := mayHaveMuted(seen, err)
	refused := seen != nil && seen.Refused != ""
	switch s := m.line.change.State; {
	case may && !refused && (s == maintenance.ChangeIntended || s == maintenance.ChangeExpires):
		m.line.change.Why = ""
		m.line.is(maintenance.ChangeInForce)
	case !may && m.sending == 0 && s == maintenance.ChangeIntended:
		m.line.is(maintenance.ChangeNotMade)
	}
}

// mayHaveMuted is true for a change that has muted, or may have. What its guard has found out comes with each of its
// ends but that of an attempt which is lost before a heartbeat, or not waited for.
func mayHaveMuted(seen *checks.Seen, err error) bool {
	if seen != nil {
		return seen.Muted
	}
	if timeout, ok := errors.AsType[*temporal.TimeoutError](err); ok {
		return !timeout.HasLastHeartbeatDetails()
	}
	return temporal.IsCanceledError(err)
}

// intendMute registers the mutes in the ledger, before a change brings them into force. The change is sent before until
// (zero: as soon as it can be, or takes has passed), and takes so long at most.
func (r *run) intendMute(ctx workflow.Context, until time.Time, takes time.Duration) checks.Muted {
	if len(r.in.Mutes) == 0 {
		return checks.Muted{}
	}
	m := &r.checked.muted
	m.sending++
	if until.IsZero() {
		until = workflow.Now(ctx).Add(takes)
	}
	if m.in.Mark.GatewayID == "" {
		m.in = checks.UnmuteInput{Subject: r.subject(), Muted: checks.Muted{
			Mutes: r.in.Mutes, Mark: health.MuteMark{Mark: mark(ctx), GatewayID: r.in.Target.Gateway.ID()},
		}}
	}
	if health.MuteUntil(until, takes, r.in.Checks).After(m.in.Until) {
		m.in.Until = health.MuteUntil(until, r.allTake(takes), r.in.Checks)
	}
	how := "ended when the target has recovered; ends by itself at " + m.in.Until.Format("2006-01-02 15:04Z")
	switch {
	case m.line.open():
		m.line.change.Undo = how
	case m.line != nil && m.line.change.State == maintenance.ChangeNotMade:
		m.line.change.Undo = how
		m.line.is(maintenance.ChangeIntended)
	default:
		m.line = r.ledger.intend(fmt.Sprintf("alarms of %s are muted", r.in.Target.Gateway.ID()), how,
			func(ctx workflow.Context) (maintenance.ChangeState, error) {
				_, err := call.Do(ctx, r.undoWithin(unmuteSummary), call.Watcher.Unmute, m.in)
				return maintenance.ChangeTakenBack, err
			})
		m.line.expires = true
	}
	return m.in.Muted
}

// allTake is how long the change and those after it take at most, once a window does not start them any more. The mutes
// get one end for all: with a later one, a mute rule of CloudWatch starts anew, and mutes nothing until its next full
// minute.
func (r *run) allTake(takes time.Duration) time.Duration {
	proxies := time.Duration(len(r.pending()))
	switch deadline := r.policy.Proxies.Deadline.Std(); {
	case proxies == 0:
		return takes
	case r.policy.OnWindowEnd == maintenance.WindowEndFinish:
		return max(takes, min(takes+proxies*deadline, longestMute))
	default:
		return max(takes, deadline)
	}
}

// longestMute is how long the end of the mutes is ahead of the window's end at most, for changes that start after it.
const longestMute = 24 * time.Hour

// unmuteLimit is how long a run that is to wait, for a person, a check, a DB instance or its next window, tries to end
// its mutes first: it answers people also while Alertmanager is away.
const unmuteLimit = 45 * time.Second

// unmute ends the mutes that are in force, before the run waits: nobody is to be blind meanwhile. While a proxy is at
// work they stay. If it fails, the ledger says so, and it is tried again at the end.
func (r *run) unmute(ctx workflow.Context) {
	m := &r.checked.muted
	atWork := func(p maintenance.ProxyOutcome) bool { return p.State == maintenance.ProxyActive }
	if !m.line.open() || m.ending || slices.ContainsFunc(r.status.Proxies, atWork) {
		return
	}
	m.ending = true
	defer func() { m.ending = false }()
	err := m.line.revertBy(ctx, func(ctx workflow.Context) (maintenance.ChangeState, error) {
		options := r.readWithin(unmuteLimit, unmuteSummary)
		return maintenance.ChangeTakenBack, call.Start(ctx, options, call.Watcher.Unmute, m.in).Get(ctx, nil)
	})
	if err != nil {
		workflow.GetLogger(ctx).Warn("alarms may stay muted until the mute ends by itself", "error", err)
	}
}
