package activities_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/activities"
	"github.com/tidegate/tidegate/activities/names"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/test/teststart"
)

func policyMark() maintenance.PolicyMark {
	return maintenance.PolicyMark{
		Mark:  maintenance.Mark{WorkflowID: "gateway-sgw-12A3456B", RunID: "run-7", Namespace: testNamespace, Since: teststart.OnDay(1, 12)},
		Owner: maintenance.AllVersions, Set: maintenance.EmergencyVersionsOnly,
	}
}

func markedPolicy() activities.MarkedPolicyInput {
	return activities.MarkedPolicyInput{Lookup: lookup(), Mark: policyMark()}
}

func valueOf(t *testing.T, m maintenance.PolicyMark) string {
	t.Helper()
	value, err := m.Value()
	require.NoError(t, err)
	return value
}

// markTags are those of a gateway that carries the mark.
func markTags(t *testing.T) map[string]string {
	t.Helper()
	return map[string]string{"owner": "storage", maintenance.AutomaticUpdatesTag: valueOf(t, policyMark())}
}

// anothersTags carry the mark of another run.
func anothersTags(t *testing.T) map[string]string {
	t.Helper()
	m := policyMark()
	m.RunID = "run-8"
	return map[string]string{maintenance.AutomaticUpdatesTag: valueOf(t, m)}
}

// fullTags leave no room for a mark.
func fullTags() map[string]string {
	tags := map[string]string{}
	for i := range maintenance.MaxTags {
		tags[fmt.Sprint(i)] = ""
	}
	return tags
}

func rawPolicy(policy maintenance.AutomaticUpdatePolicy) answers[maintenance.RawSchedule] {
	raw := rawWeekly()
	raw.AutomaticUpdates = policy
	return says(raw)
}

var (
	unmarks = "untag " + gatewayARN + " of " + maintenance.AutomaticUpdatesTag
	holds   = "set " + gatewayARN + " to EMERGENCY_VERSIONS_ONLY"
	returns = "set " + gatewayARN + " to ALL_VERSIONS"
)

func TestHoldAutomaticUpdatesMarksBeforeItChanges(t *testing.T) {
	t.Parallel()
	marks := "tag " + gatewayARN + " with " + maintenance.AutomaticUpdatesTag + ": " + valueOf(t, policyMark())
	tooLong := markedPolicy()
	tooLong.Mark.Namespace += fmt.Sprint(make([]int, maintenance.MaxTagValue))
	for name, test := range map[string]struct {
		tags    map[string]string
		now     maintenance.AutomaticUpdatePolicy
		tag     error // that AWS answers to it
		in      activities.MarkedPolicyInput
		want    []string // the changes that were asked for, in their order
		says    string   // why it is not held
		changed bool     // someone's policy stays
		fails   string   // the error's type
	}{
		"marks, then sets":             {tags: map[string]string{"owner": "x"}, now: maintenance.AllVersions, want: []string{marks, holds}},
		"marked by an attempt":         {tags: markTags(t), now: maintenance.AllVersions, want: []string{holds}},
		"marked and set by one":        {tags: markTags(t), now: maintenance.EmergencyVersionsOnly},
		"changed since the run looked": {now: maintenance.EmergencyVersionsOnly, changed: true},
		"no room":                      {tags: fullTags(), now: maintenance.AllVersions, says: "50 tags"},
		"the mark is too long":         {in: tooLong, now: maintenance.AllVersions, says: "holds at most 256"},
		"tagging is not permitted":     {tag: maintenance.ErrDenied, now: maintenance.AllVersions, want: []string{marks}, says: "permission"},
		"AWS takes no such tag":        {tag: maintenance.ErrInvalid, now: maintenance.AllVersions, want: []string{marks}, says: "invalid"},
		"no answer to the mark":        {tag: maintenance.ErrUnknownOutcome, now: maintenance.AllVersions, want: []string{marks}, fails: names.TypeUnavailable},
		"throttled":                    {tag: maintenance.ErrThrottled, now: maintenance.AllVersions, want: []string{marks}, fails: names.TypeThrottled},
		"another run's mark":           {tags: anothersTags(t), now: maintenance.AllVersions, fails: names.TypeMarked},
		"an unreadable mark":           {tags: map[string]string{maintenance.AutomaticUpdatesTag: "mine"}, now: maintenance.AllVersions, fails: names.TypeInvalid},
		"AWS does not say what is so":  {tags: markTags(t), fails: names.TypeUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.aws.tags, r.aws.schedule, r.aws.tag = says(test.tags), rawPolicy(test.now), test.tag
			if test.in.Mark.Set == "" {
				test.in = markedPolicy()
			}
			out, err := run(t, r, r.gateways.HoldAutomaticUpdates, test.in)
			require.Equal(t, test.want, r.aws.sent)
			if test.fails != "" {
				mayBeRepeated := test.fails == names.TypeUnavailable || test.fails == names.TypeThrottled
				require.Equal(t, mayBeRepeated, !requireKind(t, err, test.fails).NonRetryable())
				return
			}
			require.NoError(t, err)
			require.Equal(t, test.says == "", out.NotHeld == "", out.NotHeld)
			require.Contains(t, out.NotHeld, test.says)
			require.Equal(t, test.changed, out.Changed == test.now, out.Changed)
		})
	}
}

func TestRestoreAutomaticUpdatesRemovesTheMarkLast(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		tags   map[string]string
		now    maintenance.AutomaticUpdatePolicy
		policy error // that AWS answers to the change
		untag  error // and to the removal
		want   []string
		out    activities.RestoreAutomaticUpdatesOutput
		fails  string
	}{
		"restores, then unmarks": {
			tags: markTags(t), now: maintenance.EmergencyVersionsOnly, want: []string{returns, unmarks},
			out: activities.RestoreAutomaticUpdatesOutput{AutomaticUpdates: maintenance.AllVersions, Restored: true},
		},
		"restored by an attempt": {
			tags: markTags(t), now: maintenance.AllVersions, want: []string{unmarks},
			out: activities.RestoreAutomaticUpdatesOutput{AutomaticUpdates: maintenance.AllVersions, Restored: true},
		},
		"all done by an attempt": {
			now: maintenance.AllVersions, out: activities.RestoreAutomaticUpdatesOutput{AutomaticUpdates: maintenance.AllVersions, Restored: true},
		},
		"someone removed the mark": {
			now: maintenance.EmergencyVersionsOnly, want: []string{returns},
			out: activities.RestoreAutomaticUpdatesOutput{AutomaticUpdates: maintenance.AllVersions, Restored: true},
		},
		"changed since: only unmarks": {
			tags: markTags(t), now: "NO_VERSIONS", want: []string{unmarks},
			out: activities.RestoreAutomaticUpdatesOutput{AutomaticUpdates: "NO_VERSIONS"},
		},
		"no answer to the change":  {tags: markTags(t), now: maintenance.EmergencyVersionsOnly, policy: maintenance.ErrUnknownOutcome, want: []string{returns}, fails: names.TypeUnavailable},
		"no answer to the removal": {tags: markTags(t), now: maintenance.AllVersions, untag: maintenance.ErrUnknownOutcome, want: []string{unmarks}, fails: names.TypeUnavailable},
		"AWS does not say":         {tags: markTags(t), fails: names.TypeUnavailable},
		"another run's mark":       {tags: anothersTags(t), now: maintenance.EmergencyVersionsOnly, fails: names.TypeMarked},
		"an unreadable mark": {
			tags: map[string]string{maintenance.AutomaticUpdatesTag: "mine"}, now: maintenance.EmergencyVersionsOnly, want: []string{returns}, fails: names.TypeInvalid,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.aws.tags, r.aws.schedule, r.aws.policy, r.aws.untag = says(test.tags), rawPolicy(test.now), test.policy, test.untag
			out, err := run(t, r, r.gateways.RestoreAutomaticUpdates, markedPolicy())
			require.Equal(t, test.want, r.aws.sent)
			if test.fails != "" {
				mayBeRepeated := test.fails == names.TypeUnavailable || test.fails == names.TypeThrottled
				require.Equal(t, mayBeRepeated, !requireKind(t, err, test.fails).NonRetryable())
				return
			}
			require.NoError(t, err)
			require.Equal(t, test.out, out)
		})
	}
}

func TestAssessSurveyAndVerifyReadTheMark(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.aws.gateway, r.aws.schedule, r.aws.tags = says(gatewayBefore()), rawPolicy(maintenance.EmergencyVersionsOnly), says(markTags(t))
	assessed, err := run(t, r, r.gateways.AssessGateway, activities.AssessGatewayInput{Target: target()})
	require.NoError(t, err)
	require.Equal(t, new(policyMark()), assessed.Mark)
	surveyed, err := run(t, r, r.gateways.SurveyGateway, survey())
	require.NoError(t, err)
	require.Equal(t, []maintenance.Marked{policyMark().Found("sgw-12A3456B", maintenance.EmergencyVersionsOnly)}, surveyed.Marks)
	verified, err := run(t, r, r.gateways.VerifyGateway, verifyLookup())
	require.NoError(t, err)
	require.Equal(t, new(policyMark()), verified.Mark)
	require.Empty(t, r.aws.sent)

	r.aws.tags = says(map[string]string{maintenance.AutomaticUpdatesTag: "mine"})
	_, err = run(t, r, r.gateways.AssessGateway, activities.AssessGatewayInput{Target: target()})
	require.ErrorContains(t, requireKind(t, err, names.TypeInvalid), "remove the tag")
	_, err = run(t, r, r.gateways.SurveyGateway, survey())
	require.ErrorContains(t, requireKind(t, err, names.TypeInvalid), "remove the tag")
}

func TestSurveyGatewaySaysThatThereIsNoRoomForAMark(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.aws.gateway, r.aws.schedule, r.aws.tags = says(gatewayBefore()), says(rawWeekly()), says(fullTags())
	out, err := run(t, r, r.gateways.SurveyGateway, survey())
	require.NoError(t, err)
	require.Contains(t, out.Full, "50 tags")
}
