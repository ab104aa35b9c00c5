package target

import (
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tidegate/tidegate/internal/cli/shell"
	"github.com/tidegate/tidegate/internal/maintenance"
)

// PolicyFlags are the flags of a policy. Their defaults are the policy's own.
type PolicyFlags struct {
	policy  maintenance.Policy
	freezes []string
	names   map[string]string // flags by the policy's fields
	faults  shell.Faults
}

// NewPolicyFlags adds the flags of a policy to a command.
func NewPolicyFlags(cmd *cobra.Command) *PolicyFlags {
	p := &PolicyFlags{policy: maintenance.Policy{}.WithDefaults(), names: map[string]string{}}
	p.durations(cmd)
	p.choices(cmd)
	flags := cmd.Flags()
	flags.BoolVar(&p.policy.Approval, "approval", p.policy.Approval,
		"require tidegate approve before anything disruptive starts")
	flags.BoolVar(&p.policy.Proxies.ShiftReads, "shift-reads", p.policy.Proxies.ShiftReads,
		"move a proxy's reads to the primary while it is upgraded")
	flags.StringArrayVar(&p.freezes, "freeze", nil, "interval FROM/TO (RFC 3339, UTC), optionally with =REASON, in which nothing disruptive starts; may be repeated")
	p.faults.Number(cmd, &p.policy.Proxies.Parallel, "proxy-parallel", 1, 4, "proxies of one DB instance to upgrade at the same time, after the canary")
	p.names["policy.proxies.parallel"] = "proxy-parallel"
	return p
}

func (p *PolicyFlags) durations(cmd *cobra.Command) {
	for _, d := range []struct {
		field, flag string
		to          *maintenance.Duration
		usage       string
	}{
		{"windowLength", "window-length", &p.policy.WindowLength, "how long a window is, from the start that AWS gives"},
		{"cutoff", "cutoff", p.policy.Cutoff, "how long before the window's end nothing disruptive starts"},
		{"windowRecheck", "window-recheck", &p.policy.WindowRecheck, "how often a waiting run reads the window again"},
		{"updateDelay", "update-delay", p.policy.UpdateDelay, "how long to wait after the window's start for AWS's own automatic update, if it is on"},
		{"armBefore", "arm-before", p.policy.ArmBefore, "how long before the window opens everything but the trigger is done"},
		{"updateStart", "update-start", &p.policy.UpdateStart, "deadline for the restart after the trigger"},
		{
			"updateDeadline", "update-deadline", &p.policy.UpdateDeadline,
			"deadline for the gateway to run the new software",
		},
		{"steadyFor", "steady-for", &p.policy.SteadyFor, "how long the updated gateway must stay healthy"},
		{"snapshotDeadline", "snapshot-deadline", &p.policy.SnapshotDeadline, "deadline for the snapshot of a volume"},
		{"snapshotSettle", "snapshot-settle", &p.policy.SnapshotSettle, "how long to search for a snapshot whose creation was not answered"},
		{"proxies.deadline", "proxy-deadline", &p.policy.Proxies.Deadline, "deadline for the upgrade of one proxy"},
		{
			"proxies.settle", "proxy-settle", &p.policy.Proxies.Settle,
			"how long to search for an upgrade whose request was not answered",
		},
		{
			"compensationDeadline", "compensation-deadline", &p.policy.CompensationDeadline,
			"deadline for each change to be reverted",
		},
		{"attempt", "attempt", &p.policy.Attempt, "timeout of one activity attempt; the work of a lost worker starts again after it"},
		{"pace.min", "pace-min", &p.policy.Pace.Min, "shortest polling interval"},
		{"pace.max", "pace-max", &p.policy.Pace.Max, "longest polling interval"},
	} {
		p.names["policy."+d.field] = d.flag
		p.faults.Text(cmd, d.to, d.flag, "duration", shell.WantDuration, d.usage)
	}
}

func (p *PolicyFlags) choices(cmd *cobra.Command) {
	for _, c := range []struct {
		field, flag string
		to          *string
		usage       string
	}{
		{
			"windowPreference", "window-preference", (*string)(&p.policy.WindowPreference),
			"weekly or monthly, if AWS gives both a weekly and a monthly day",
		},
		{"onWindowEnd", "on-window-end", (*string)(&p.policy.OnWindowEnd), "hold (continue in the next window) or finish (continue, and record the overrun)"},
		{"onFailure", "on-failure", (*string)(&p.policy.OnFailure), "compensate (revert what can be reverted at once) or hold (wait for tidegate retry, skip or abort)"},
		{"automaticUpdates", "automatic-updates", (*string)(&p.policy.AutomaticUpdates), "keep AWS's own automatic updates, or hold them during the run"},
		{"failedSnapshots", "failed-snapshots", (*string)(&p.policy.FailedSnapshots), "keep or delete the finished snapshots of a maintenance that fails"},
		{"snapshot", "snapshot", (*string)(&p.policy.Snapshot), "when to snapshot the volumes, relative to the update: after, before, both or never"},
	} {
		p.names["policy."+c.field] = c.flag
		cmd.Flags().StringVar(c.to, c.flag, *c.to, c.usage)
	}
}

// result is the policy that the flags say, with what is wrong with them.
func (p *PolicyFlags) result() (maintenance.Policy, []error) {
	errs := []error(p.faults)
	for _, text := range p.freezes {
		freeze, ok := parseFreeze(text)
		if !ok {
			errs = append(errs, maintenance.Invalid("--freeze", text, "FROM/TO in RFC 3339 with FROM before TO, such as 2026-12-24T00:00:00Z/2026-12-27T00:00:00Z=holidays"))
			continue
		}
		p.policy.Freezes = append(p.policy.Freezes, freeze)
	}
	// Validated as the flags say it: WithDefaults would take a 0 for a field that
	// was left out.
	return p.policy, append(errs, renamed(p.policy.Validate(), p.flag)...)
}

// flag is the flag by which a field of the policy was given.
func (p *PolicyFlags) flag(field string) string { return "--" + p.names[field] }

func parseFreeze(text string) (maintenance.Freeze, bool) {
	interval, reason, _ := strings.Cut(text, "=")
	from, to, ok := strings.Cut(interval, "/")
	start, err := time.Parse(time.RFC3339, from)
	if !ok || err != nil {
		return maintenance.Freeze{}, false
	}
	end, err := time.Parse(time.RFC3339, to)
	return maintenance.Freeze{From: start.UTC(), To: end.UTC(), Reason: reason}, err == nil && start.Before(end)
}
