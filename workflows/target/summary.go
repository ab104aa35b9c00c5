package target

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"go.temporal.io/sdk/temporal"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/workflows/api"
	"github.com/tidegate/tidegate/workflows/call"
)

// summary says first what the end state means, then what is true now, and last why, which ends in the cloud's message.
// Where it is too long, it is cut at the end.
func (r *run) summary(state maintenance.EndState, failure, stuck error) string {
	truth := strings.Join(r.truths(), "; ")
	if state == maintenance.StateDeferred {
		return fmt.Sprintf("Left to the campaign: %s. Now: %s.", r.status.Reason, truth)
	}
	if failure == nil && stuck == nil {
		if how, aborted := r.abortedBy(); aborted {
			return fmt.Sprintf("%s. Later %s: nothing was left to start.", truth, how)
		}
		return truth + "."
	}
	why := fmt.Sprintf("Now: %s. Why: %s.", truth, strings.TrimSuffix(r.reason(errors.Join(failure, stuck)), "."))
	return strings.TrimSpace(closing(state) + " " + why)
}

// reason is why the run ended. It always names an abort, also one that came while the step failed by itself.
func (r *run) reason(err error) string {
	how, aborted := r.abortedBy()
	_, cancelled := errors.AsType[*temporal.CanceledError](err)
	switch {
	case cancelled && !aborted:
		how = "the run was cancelled"
	case !cancelled:
		why := strings.ReplaceAll(call.Explain(err).Error(), "\n", "; ")
		if !aborted {
			return why
		}
		return how + ", and " + why
	}
	if held := r.hold.Failure(); held != nil {
		how += ", after " + strings.ReplaceAll(held.Error(), "\n", "; ")
	}
	return how
}

func (r *run) abortedBy() (how string, aborted bool) {
	d, aborted := r.decided(api.AbortUpdate)
	return fmt.Sprintf("the run was aborted by %s (%s)", d.By, d.Why), aborted
}

func closing(state maintenance.EndState) string {
	switch state {
	case maintenance.StateFailed:
		return "Nothing was changed."
	case maintenance.StateCompensated:
		return "Every change that can be reverted was reverted."
	case maintenance.StatePartial:
		return "What was changed around it is as it was before; upgrades only go forward."
	case maintenance.StateVerificationFailed:
		return "Every step succeeded, but the result is not what the steps reported: inspect it by hand."
	case maintenance.StateCompensationFailed:
		return "A change could not be reverted: see the ledger, and revert it by hand."
	case maintenance.StateCompleted, maintenance.StateDeferred:
	}
	return ""
}

// truths are the facts about the gateway, its snapshots and its proxies.
func (r *run) truths() []string {
	var truths []string
	g := r.status.Gateway
	id := r.in.Target.Gateway.ID()
	switch {
	case g.Updated && g.Cause == maintenance.CauseAWS:
		truths = append(truths, fmt.Sprintf("%s runs %s, updated by AWS itself (was %s)", id, g.After.SoftwareVersion,
			g.Before.SoftwareVersion))
	case g.Updated && g.After.SoftwareVersion == g.Before.SoftwareVersion:
		truths = append(truths, fmt.Sprintf("%s runs %s as before, and AWS dates its last update %s", id,
			cmp.Or(g.After.SoftwareVersion, "an unknown version"), cmp.Or(g.After.LastSoftwareUpdate, "at an unknown time")))
	case g.Updated:
		truths = append(truths, fmt.Sprintf("%s runs %s (was %s)", id, g.After.SoftwareVersion, g.Before.SoftwareVersion))
	case r.software.PastNoReturn():
		truths = append(truths, fmt.Sprintf("the update of %s was triggered, and it was not seen to run the new software", id))
	case g.Before.ID != "":
		truths = append(truths, fmt.Sprintf("%s runs %s as before", id, g.Before.SoftwareVersion))
	default:
		truths = append(truths, fmt.Sprintf("%s was not touched", id))
	}
	truths = append(truths, r.snapshotTruths()...)
	if m := r.checked.muted.line; m != nil && m.change.State == maintenance.ChangeExpires {
		truths = append(truths, m.change.Why)
	}
	count := make(map[maintenance.ProxyState]int)
	for _, p := range r.status.Proxies {
		count[p.State]++
	}
	for _, state := range []maintenance.ProxyState{
		maintenance.ProxyUpgraded, maintenance.ProxyCurrent, maintenance.ProxyRejected,
		maintenance.ProxyFailed, maintenance.ProxyNotStarted, maintenance.ProxyActive, maintenance.ProxyPending,
	} {
		if n := count[state]; n > 0 {
			truths = append(truths, fmt.Sprintf("proxies %s: %d", state, n))
		}
	}
	return truths
}

func (r *run) snapshotTruths() []string {
	var finished, deleted int
	for _, s := range r.status.Snapshots {
		switch {
		case s.Deleted:
			deleted++
		case s.Completed:
			finished++
		}
	}
	var truths []string
	if n := len(r.status.Snapshots); n > 0 {
		truths = append(truths, maintenance.CountedOf(finished, n, "snapshot", "snapshots")+" completed")
	}
	if deleted > 0 {
		truths = append(truths, fmt.Sprintf("snapshots deleted: %d", deleted))
	}
	return truths
}
