package fleet

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/health"
	"github.com/tidegate/tidegate/internal/maintenance/signing"
)

// Phase is how far a campaign has come.
type Phase string

// The phases.
const (
	Discovering Phase = "discovering" // the plan's pages arrive, gateways are discovered and read
	InProgress  Phase = "in progress"
	Planned     Phase = "planned" // of a campaign that only plans: everything is read
	Ended       Phase = "ended"
)

// EndState is how a campaign ended.
type EndState string

// The end states of a campaign.
const (
	// Completed: every target succeeded or was up to date.
	Completed EndState = "COMPLETED"
	// Partial: some targets failed or were skipped.
	Partial EndState = "PARTIAL"
	// Aborted: an operator ended it before every target had ended.
	Aborted EndState = "ABORTED"
	// Expired: an approval was not given in time.
	Expired EndState = "EXPIRED"
)

// Status is what a campaign says of itself at this moment. Its lists are short
// whatever the fleet's size: Rows asks for more.
type Status struct {
	Name      string     `json:"name"`
	Phase     Phase      `json:"phase"`
	Doing     string     `json:"doing,omitempty"` // while discovering: what, and how far
	Submitter string     `json:"submitter"`
	Plan      PlanRun    `json:"plan,omitzero"`
	Start     time.Time  `json:"start"`
	Counts    Counts     `json:"counts"`
	Waves     []WaveLine `json:"waves,omitempty"`
	// Blockers count the waiting targets by what keeps them.
	Blockers map[maintenance.Blocker]int `json:"blockers,omitempty"`
	// Approval is the one that it needs next, asked for or not yet; nil: none.
	Approval      *Approval `json:"approval,omitempty"`
	Paused        string    `json:"paused,omitempty"`
	Stopped       string    `json:"stopped,omitempty"`
	Held          string    `json:"held,omitempty"` // why a person has to act before anything more starts
	Next          time.Time `json:"next,omitzero"`  // when the next target may start, as far as is known
	MaxConcurrent int       `json:"maxConcurrent"`
	MaxFailures   int       `json:"maxFailures"` // of the whole fleet: one more spends the error budget
	// Closing is the first open window to close in which a target waits that could run in it; nil: there is none.
	Closing  *Closing `json:"closing,omitempty"`
	Running  []Row    `json:"running,omitempty"`  // in progress, those that are held first: at most 50
	Upcoming []Row    `json:"upcoming,omitempty"` // the next to start, at most 20
	Failures []Row    `json:"failures,omitempty"` // at most 50
	// Unavailable are waiting targets that no window lets start, at most 50: not read,
	// in quarantine, in another run, or still being read.
	Unavailable []Row `json:"unavailable,omitempty"`
	// Checks are the health checks that keep the whole campaign, or have failed while a wave baked.
	Checks    []CheckLine            `json:"checks,omitempty"`
	Measured  Measured               `json:"measured,omitzero"`
	Decisions []maintenance.Decision `json:"decisions,omitempty"` // the last 200
	Notices   []Notice               `json:"notices,omitempty"`   // the last 20 messages to the plan's channels
	Warnings  []string               `json:"warnings,omitempty"`  // about the plan file
	Batches   []string               `json:"batches,omitempty"`   // workflow ids of the pages of its targets
	Result    *Result                `json:"result,omitempty"`    // once it is over
	// May are the orders that it would take now, by name.
	May []string `json:"may,omitempty"`
}

// PlanRun is the plan as a campaign runs it, and what it takes to sign for it.
type PlanRun struct {
	// Digest is that of the plan as it runs, which the campaign has computed itself: sha256: and 64 hexadecimal digits.
	// Empty: not all of it has arrived.
	Digest string `json:"digest,omitempty"`
	// AsOf is the time as of which the plan file was read: read again as of then, it has that digest.
	AsOf time.Time `json:"asOf,omitzero"`
	// FirstRun is the id of the campaign's first run.
	FirstRun string `json:"firstRun,omitempty"`
	// Signers are the groups that sign, each with how many different people; none: nothing has to be signed.
	Signers signing.Rule `json:"signers,omitempty"`
	// Demanded are the accounts whose owners demand that in the worker's configuration, whatever the plan says.
	Demanded []string `json:"demanded,omitempty"`
	// Started is the signature of who started the campaign; zero: nobody has signed that.
	Started maintenance.Proof `json:"started,omitzero"`
}

// Closing says that targets wait while their windows pass.
type Closing struct {
	At      time.Time `json:"at"`      // when the first of these windows closes
	Waiting int       `json:"waiting"` // how many targets wait, in all of them
}

// Counts are how many targets are in which state.
type Counts struct {
	Total     int `json:"total"`
	Waiting   int `json:"waiting"`
	Armed     int `json:"armed"`
	Running   int `json:"running"`
	Held      int `json:"held"`
	Succeeded int `json:"succeeded"`
	Failed    int `json:"failed"`
	Skipped   int `json:"skipped"`
	UpToDate  int `json:"upToDate"`
}

// Asks is true while people are asked for an approval.
func (s Status) Asks() bool { return s.Approval != nil && !s.Approval.Asked.IsZero() }

// InProgress is how many targets have an open run.
func (c Counts) InProgress() int { return c.Armed + c.Running + c.Held }

// Ended is how many targets have ended.
func (c Counts) Ended() int { return c.Succeeded + c.Failed + c.Skipped + c.UpToDate }

// HeldRows are those of the targets in progress that wait for a person.
func (s Status) HeldRows() []Row {
	return slices.DeleteFunc(slices.Clone(s.Running), func(r Row) bool { return r.State != Held })
}

// Patient is true while nothing runs and nothing is known to start soon: who follows
// the campaign need not ask every second.
func (s Status) Patient(now time.Time) bool {
	return s.Phase == InProgress && s.Counts.InProgress() == 0 && (s.Next.IsZero() || s.Next.Sub(now) > maintenance.Soon)
}

// Line says of a campaign that is over how its targets fared, without what none
// of them did: 20 of 22 targets succeeded, 1 was up to date, 1 failed.
func (c Counts) Line() string {
	did := []string{maintenance.CountedOf(c.Succeeded, c.Total, "target", "targets") + " succeeded"}
	for _, other := range []struct {
		n         int
		one, many string
	}{
		{c.UpToDate, "was up to date", "were up to date"},
		{c.Failed, "failed", "failed"},
		{c.Skipped, "was skipped", "were skipped"},
		{c.Waiting, "was not started", "were not started"},
	} {
		switch other.n {
		case 0:
		case 1:
			did = append(did, "1 "+other.one)
		default:
			did = append(did, fmt.Sprintf("%d %s", other.n, other.many))
		}
	}
	return strings.Join(did, ", ")
}

// The states of a wave.
const (
	WaveWaiting = "waiting" // for the one before it, or for an approval
	WaveOpen    = "open"
	WaveBaking  = "baking" // it has ended, and the next one opens if it stays well
	WaveEnded   = "ended"
	WaveStopped = "stopped" // too many failed, a check failed while it baked, or the campaign is stopped
)

// WaveLine is one wave in sums.
type WaveLine struct {
	Wave   int       `json:"wave"` // from 1 on, as people count
	Counts Counts    `json:"counts"`
	State  string    `json:"state"`          // one of WaveWaiting and so on
	Until  time.Time `json:"until,omitzero"` // of a bake
}

// Row is one target, as a campaign shows it. Of the fields about time only those
// are set that its state has.
type Row struct {
	Name     string               `json:"name"`
	Gateway  string               `json:"gateway"`
	Wave     int                  `json:"wave"` // from 1 on
	State    State                `json:"state"`
	Schedule maintenance.Schedule `json:"schedule"`
	Forecast maintenance.Duration `json:"forecast"`
	Blocker  maintenance.Blocker  `json:"blocker,omitempty"`
	Reason   string               `json:"reason,omitempty"` // the blocker in words
	Next     time.Time            `json:"next,omitzero"`    // when it may start at the earliest, as far as is known
	// UnreadSince is since when it cannot be read; none: it was read last time.
	UnreadSince time.Time `json:"unreadSince,omitzero"`
	ReadAt      time.Time `json:"readAt,omitzero"` // when that is tried again; none with unreadSince: continuously
	Started     time.Time `json:"started,omitzero"`
	Trigger     time.Time `json:"trigger,omitzero"` // of an armed one: when its run makes its first change, at the earliest
	End         time.Time `json:"end,omitzero"`     // of a running one: expected
	Attempts    int       `json:"attempts,omitempty"`
	Note        string    `json:"note,omitempty"` // how it ended; of a held one, why
	// Check is the health check that keeps a running one, or for which a held one is held.
	Check string `json:"check,omitempty"`
	// Since is since when a held one waits for a person, or a health check keeps a running one. Step and May are of a
	// held one: at which step, and the names of the operator actions that resolve it.
	Since time.Time        `json:"since,omitzero"`
	Step  maintenance.Step `json:"step,omitempty"`
	May   []string         `json:"may,omitempty"`
}

// Result is a campaign's record.
type Result struct {
	Name        string                 `json:"name"`
	State       EndState               `json:"state"`
	Summary     string                 `json:"summary"` // one sentence
	Counts      Counts                 `json:"counts"`
	Waves       []WaveLine             `json:"waves,omitempty"`
	Failures    []Row                  `json:"failures,omitempty"` // at most 50
	Decisions   []maintenance.Decision `json:"decisions,omitempty"`
	Undelivered []Notice               `json:"undelivered,omitempty"` // of the last 20 messages, those that did not arrive for certain
	Warnings    []string               `json:"warnings,omitempty"`    // about the plan file
	// Approval is the one that it needed when it was stopped; nil: none.
	Approval  *Approval `json:"approval,omitempty"`
	Submitter string    `json:"submitter"`
	Digest    string    `json:"digest,omitempty"` // of the plan file, as the submitter says
	Plan      PlanRun   `json:"plan,omitzero"`
	Start     time.Time `json:"start"`
	End       time.Time `json:"end"`
}

// CheckLine is a health check that lets nothing start, or not the next wave.
type CheckLine struct {
	Check  string       `json:"check"`
	Wave   int          `json:"wave,omitempty"` // that baked, from 1 on; 0: it is about the whole campaign
	State  health.State `json:"state"`
	Reason string       `json:"reason"` // the value, its limit, since when; of the first target
	Since  time.Time    `json:"since,omitzero"`
	// Targets are the first ten of those for which it does not pass, of how many.
	Targets []string `json:"targets,omitempty"`
	Of      int      `json:"of,omitempty"`
}

// Page asks for some of a campaign's targets.
type Page struct {
	// From is how many to leave out before the first, of those that are asked for
	// by Target and States, in the plan's order.
	From  int `json:"from"`
	Count int `json:"count"` // 1 to 1000
	// Target, where given, asks for one: by its name or its gateway's id.
	Target string `json:"target,omitempty"`
	// States, where given, leave the others out.
	States []State `json:"states,omitempty"`
}
