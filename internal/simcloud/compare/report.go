package compare

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// Kind is what sort of difference one is.
type Kind string

// The kinds.
const (
	KindMissing   Kind = "missing-member" // the simulator answers it, the cloud never does
	KindNewMember Kind = "new-member"     // the cloud answers it, the simulator never does
	KindType      Kind = "type"
	KindWord      Kind = "new-word"   // of an enumeration
	KindErrorCode Kind = "error-code" // nobody has heard of it
	KindStatus    Kind = "status"     // the HTTP status of an error
	KindResult    Kind = "result"     // a call succeeds here and fails there, or fails otherwise
	KindOrder     Kind = "order"
	KindTiming    Kind = "timing"
)

// The assumptions of docs/architecture.md, "What is not proven", by their names there.
const (
	AssumptionNoUpdate      = "no-update-answer"
	AssumptionStates        = "gateway-states"
	AssumptionDurations     = "durations"
	AssumptionRates         = "request-rates"
	AssumptionTags          = "snapshot-tags"
	AssumptionLastUpdate    = "last-software-update"
	AssumptionProxyStatus   = "proxy-statuses"
	AssumptionLateMutes     = "late-mutes"
	AssumptionSecondUpgrade = "second-upgrade"
	AssumptionAnswers       = "answers"
	AssumptionErrors        = "error-codes"
	AssumptionVisibility    = "visibility"
)

// Assumptions are all of them.
func Assumptions() []string {
	return []string{
		AssumptionNoUpdate, AssumptionStates, AssumptionDurations, AssumptionRates, AssumptionTags, AssumptionLastUpdate,
		AssumptionProxyStatus, AssumptionLateMutes, AssumptionSecondUpgrade, AssumptionAnswers, AssumptionErrors,
		AssumptionVisibility,
	}
}

// Difference is one between the cloud and the simulator.
type Difference struct {
	Kind       Kind   `json:"kind"`
	Service    string `json:"service,omitempty"`
	Operation  string `json:"operation,omitempty"`
	Path       string `json:"path,omitempty"` // of a member, or a setting's
	Captured   string `json:"captured"`
	Simulated  string `json:"simulated"`
	Times      int    `json:"times"`
	First      int    `json:"first,omitempty"` // the number of an exchange that shows it, by time, from 1
	Assumption string `json:"assumption"`
	Proposal   string `json:"proposal"` // what to change in the scenario or the simulator
}

// Measured is how long something took, and what the scenario says.
type Measured struct {
	Setting  string        `json:"setting"`
	Expected time.Duration `json:"expectedNanoseconds"`
	AtLeast  time.Duration `json:"atLeastNanoseconds"`
	AtMost   time.Duration `json:"atMostNanoseconds"`
	Times    int           `json:"times"`
	Outside  int           `json:"outside"` // how many of them the setting cannot have given
}

// Passed is what was not played, and why.
type Passed struct {
	Reason string `json:"reason"`
	Times  int    `json:"times"`
}

// Report is what a comparison found.
type Report struct {
	From        time.Time    `json:"from"`
	To          time.Time    `json:"to"`
	Exchanges   int          `json:"exchanges"`
	Played      int          `json:"played"`
	NotPlayed   []Passed     `json:"notPlayed"`
	Dropped     int          `json:"dropped"`
	Unended     int          `json:"unendedFiles"`
	Measured    []Measured   `json:"measured"`
	Differences []Difference `json:"differences"`
}

func (r *Report) pass(p pair) {
	i := slices.IndexFunc(r.NotPlayed, func(n Passed) bool { return n.Reason == p.passed })
	if i < 0 {
		i, r.NotPlayed = len(r.NotPlayed), append(r.NotPlayed, Passed{Reason: p.passed})
	}
	r.NotPlayed[i].Times++
}

func (r *Report) sort() {
	slices.SortFunc(r.Measured, func(a, b Measured) int { return cmp.Compare(a.Setting, b.Setting) })
	slices.SortStableFunc(r.Differences, func(a, b Difference) int {
		return cmp.Or(cmp.Compare(a.Service, b.Service), cmp.Compare(a.Operation, b.Operation), cmp.Compare(a.Path, b.Path),
			cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Captured, b.Captured))
	})
	slices.SortFunc(r.NotPlayed, func(a, b Passed) int { return cmp.Compare(a.Reason, b.Reason) })
}

func assumptionOfSetting(setting string) string {
	switch setting {
	case "aws.timing.visibleById", "aws.timing.visibleByFilter", "huawei.durations.jobVisible":
		return AssumptionVisibility
	}
	return AssumptionDurations
}

// assumptionOf is the line that a difference is about.
func assumptionOf(d Difference) string {
	switch {
	case strings.Contains(d.Path, "tagSet"):
		return AssumptionTags
	case d.Kind == KindWord && (strings.HasSuffix(d.Path, "State") || strings.HasSuffix(d.Path, "VolumeStatus")):
		return AssumptionStates
	case d.Kind == KindWord && d.Service == "taurusdb":
		return AssumptionProxyStatus
	case d.Operation == "UpdateGatewaySoftwareNow":
		return AssumptionNoUpdate
	case d.Operation == "UpgradeProxyVersion" && d.Kind == KindResult:
		return AssumptionSecondUpgrade
	case strings.HasSuffix(d.Operation, "AlarmMuteRule"):
		return AssumptionLateMutes
	case d.Kind == KindErrorCode, d.Kind == KindStatus, d.Kind == KindResult:
		return AssumptionErrors
	}
	return AssumptionAnswers
}

// proposalOf is what to change.
func proposalOf(d Difference) string {
	code := map[string]string{
		"storagegateway": "internal/simcloud/aws/ops_gateway.go and ops_volume.go", "ec2": "internal/simcloud/aws/ops_ec2.go",
		"cloudwatch": "internal/simcloud/aws/cloudwatch", "taurusdb": "internal/simcloud/huawei",
	}[d.Service]
	omittable := []string{"SoftwareVersion", "LastSoftwareUpdate", "NextUpdateAvailabilityDate", "GatewayState"}
	switch d.Kind {
	case KindMissing:
		if slices.Contains(omittable, d.Path) {
			return "aws.gateways[].omit: [" + d.Path + "]"
		}
		return code + ": make " + d.Path + " optional"
	case KindNewMember:
		return code + ": answer " + d.Path
	case KindType:
		return code + ": " + d.Path + " is a " + d.Captured
	case KindWord:
		if d.Path == "GatewayState" {
			return "aws.gateways[].state: " + d.Captured
		}
		if strings.HasSuffix(d.Path, "VolumeStatus") {
			return "aws.gateways[].volumes[].status: " + d.Captured
		}
		return code + ": " + d.Path + " may be " + d.Captured
	case KindErrorCode, KindStatus, KindResult:
		outer, inner, _ := strings.Cut(strings.TrimLeft(d.Captured, "0123456789 "), "/")
		if outer == "" {
			return code + ": the call succeeds in this state"
		}
		return fmt.Sprintf("faults: [{operation: %s:%s, kind: refused-before, code: %s, status: %s}]; or %s",
			d.Service, d.Operation, cmp.Or(inner, outer), strings.Fields(d.Captured)[0], code)
	case KindOrder, KindTiming: // theirs are made where they are found
	}
	return ""
}

// Print writes the report for people.
func (r *Report) Print(to io.Writer) error {
	w := &printer{to: tabwriter.NewWriter(to, 0, 4, 2, ' ', 0)}
	from, until := r.From.Format(time.RFC3339), r.To.Format(time.RFC3339)
	w.line("%d exchanges from %s to %s; %d played", r.Exchanges, from, until, r.Played)
	if r.Dropped+r.Unended > 0 {
		w.line("The capture is incomplete: %d exchanges were dropped, %d files have no end", r.Dropped, r.Unended)
	}
	for _, p := range r.NotPlayed {
		w.line("not played: %d: %s", p.Times, p.Reason)
	}
	if len(r.Measured) > 0 {
		w.line("\nSETTING\tEXPECTED\tCAPTURED\tTIMES\tOUTSIDE")
	}
	for _, m := range r.Measured {
		captured := seconds(m.AtLeast) + " to " + seconds(m.AtMost)
		w.line("%s\t%s\t%s\t%d\t%d", m.Setting, seconds(m.Expected), captured, m.Times, m.Outside)
	}
	if len(r.Differences) == 0 {
		w.line("\nNo difference.")
		return w.flush()
	}
	w.line("\n%s", maintenance.Counted(len(r.Differences), "difference", "differences"))
	for _, d := range r.Differences {
		w.line("\n%s  %s", d.Kind, strings.Trim(d.Service+":"+d.Operation+" "+d.Path, ": "))
		w.line("  captured   %s", d.Captured)
		w.line("  simulated  %s", d.Simulated)
		first := ""
		if d.First > 0 {
			first = fmt.Sprintf(", first in exchange %d", d.First)
		}
		w.line("  %d times%s; assumption %s", d.Times, first, d.Assumption)
		w.line("  to change  %s", d.Proposal)
	}
	return w.flush()
}

// printer keeps the first error.
type printer struct {
	to  *tabwriter.Writer
	err error
}

func (p *printer) line(format string, args ...any) {
	if _, err := fmt.Fprintf(p.to, format+"\n", args...); p.err == nil {
		p.err = err
	}
}

func (p *printer) flush() error {
	if err := errors.Join(p.err, p.to.Flush()); err != nil {
		return fmt.Errorf("print the report: %w", err)
	}
	return nil
}
