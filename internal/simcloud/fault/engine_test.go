package fault_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/simcloud/fault"
)

var (
	remove  = fault.Operation{Name: "ec2:DeleteSnapshot", Protocol: fault.EC2Query, Writes: true}
	search  = fault.Operation{Name: "ec2:DescribeSnapshots", Protocol: fault.EC2Query}
	volumes = fault.Operation{Name: "storagegateway:ListVolumes", Protocol: fault.AWSJSON, Numbers: true}
	list    = fault.Operation{Name: "storagegateway:ListGateways", Protocol: fault.AWSJSON}
	upgrade = fault.Operation{Name: "taurusdb:UpgradeProxyVersion", Protocol: fault.HuaweiREST, Writes: true}
)

func engine(t *testing.T, rules ...fault.Rule) *fault.Engine {
	t.Helper()
	e := fault.New([]fault.Operation{remove, search, volumes, list, upgrade})
	require.NoError(t, e.Inject(rules...))
	return e
}

// struck makes so many calls and gives the numbers of those that were struck.
func struck(e *fault.Engine, op fault.Operation, calls int, ids ...string) []int {
	out := []int{}
	for n := 1; n <= calls; n++ {
		if e.Strike(op, func() []string { return ids }) != nil {
			out = append(out, n)
		}
	}
	return out
}

func TestRuleChoosesItsCalls(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		rule fault.Rule
		op   fault.Operation
		ids  []string
		want []int
	}{
		"every call":          {fault.Rule{Operation: remove.Name}, remove, nil, []int{1, 2, 3, 4, 5}},
		"the third":           {fault.Rule{Operation: remove.Name, Nth: 3}, remove, nil, []int{3}},
		"from the second":     {fault.Rule{Operation: remove.Name, From: 2}, remove, nil, []int{2, 3, 4, 5}},
		"the first two":       {fault.Rule{Operation: remove.Name, Times: 2}, remove, nil, []int{1, 2}},
		"two from the third":  {fault.Rule{Operation: remove.Name, From: 3, Times: 2}, remove, nil, []int{3, 4}},
		"another operation":   {fault.Rule{Operation: remove.Name}, search, nil, []int{}},
		"pattern":             {fault.Rule{Operation: "ec2:*", Nth: 1}, remove, nil, []int{1}},
		"everything":          {fault.Rule{Operation: "*", Nth: 5}, upgrade, nil, []int{5}},
		"its resource":        {fault.Rule{Operation: "*", Resource: "VOL-1111AAAA", Nth: 2}, remove, []string{"snap-1", "vol-1111aaaa"}, []int{2}},
		"another resource":    {fault.Rule{Operation: "*", Resource: "vol-1"}, remove, []string{"vol-2"}, []int{}},
		"certainty":           {fault.Rule{Operation: "*", Probability: 1, Times: 1}, remove, nil, []int{1}},
		"no numbers to quote": {fault.Rule{Operation: "storagegateway:*", Kind: fault.NumbersAsStrings}, list, nil, []int{}},
		"numbers to quote":    {fault.Rule{Operation: "storagegateway:*", Kind: fault.NumbersAsStrings, Nth: 1}, volumes, nil, []int{1}},
		"no conflicts at AWS": {fault.Rule{Operation: "*", Kind: fault.Conflict}, remove, nil, []int{}},
		"conflicts at Huawei": {fault.Rule{Operation: "*", Kind: fault.Conflict, Times: 2}, upgrade, nil, []int{1, 2}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if tc.rule.Kind == "" {
				tc.rule.Kind = fault.LostAfter
			}
			e := engine(t, tc.rule)
			require.Equal(t, tc.want, struck(e, tc.op, 5, tc.ids...))
			require.Equal(t, len(tc.want), e.Faults()[0].Fired)
		})
	}
}

func TestFirstRuleThatIsDueWinsAndAllCount(t *testing.T) {
	t.Parallel()
	e := engine(t,
		fault.Rule{Operation: remove.Name, Kind: fault.Throttled, Times: 2},
		fault.Rule{Operation: "ec2:*", Kind: fault.LostAfter, Nth: 3},
		fault.Rule{Operation: "ec2:*", Kind: fault.HangAfter, Nth: 2})
	var kinds []fault.Kind
	for range 4 {
		kinds = append(kinds, e.Strike(remove, nil).Rule().Kind)
	}
	require.Equal(t, []fault.Kind{fault.Throttled, fault.Throttled, fault.LostAfter, ""}, kinds)
	for i, want := range []struct{ seen, fired int }{{4, 2}, {4, 1}, {4, 0}} {
		state := e.Faults()[i]
		require.Equal(t, want, struct{ seen, fired int }{state.Seen, state.Fired})
		require.Equal(t, i+1, state.ID)
	}
	e.Clear()
	require.Empty(t, e.Faults())
	require.Empty(t, struck(e, remove, 3))
	require.NoError(t, e.Inject(fault.Rule{Operation: "*", Kind: fault.Echo}))
	require.Equal(t, 4, e.Faults()[0].ID, "a number is not used again")
}

func TestChanceRepeatsForASeed(t *testing.T) {
	t.Parallel()
	run := func(seed uint64, others ...fault.Rule) []int {
		e := engine(t, append(others, fault.Rule{Operation: remove.Name, Kind: fault.LostAfter, Probability: 0.3, Seed: seed})...)
		return struck(e, remove, 1000)
	}
	first := run(7)
	require.InDelta(t, 300, len(first), 60)
	require.Equal(t, first, run(7))
	require.NotEqual(t, first, run(8))

	other := fault.Rule{Operation: "*", Kind: fault.Throttled, Nth: first[0]}
	e := engine(t, other, fault.Rule{Operation: remove.Name, Kind: fault.LostAfter, Probability: 0.3, Seed: 7})
	require.Equal(t, first, struck(e, remove, 1000), "another rule takes one call and changes no other")
	require.Equal(t, len(first)-1, e.Faults()[1].Fired)
}

func TestNoEngineAndNoStrikeAreNoFault(t *testing.T) {
	t.Parallel()
	var none *fault.Engine
	strike := none.Strike(remove, nil)
	require.Nil(t, strike)
	require.False(t, strike.Prevents())
	require.Empty(t, strike.Rule())
}

func TestWrongRulesAreRefusedTogetherWithWhatWouldBeRight(t *testing.T) {
	t.Parallel()
	lost := fault.Rule{Operation: remove.Name, Kind: fault.LostAfter}
	change := func(f func(*fault.Rule)) fault.Rule {
		out := lost
		f(&out)
		return out
	}
	for want, rule := range map[string]fault.Rule{
		`faults[1].operation is required: must be a pattern such as ec2:* or one of ec2:DeleteSnapshot,`:                      {Kind: fault.LostAfter},
		`faults[1].operation: invalid value "s3:GetObject": must be a pattern`:                                                {Operation: "s3:GetObject", Kind: fault.LostAfter},
		`faults[1].operation: invalid value "[": must be a pattern`:                                                           {Operation: "[", Kind: fault.LostAfter},
		`faults[1].operation: invalid value "ec2:*": must be one that conflict can befall: taurusdb:UpgradeProxyVersion`:      {Operation: "ec2:*", Kind: fault.Conflict},
		`faults[1].operation: invalid value "storagegateway:ListGateways": must be one that numbers-as-strings can befall: s`: {Operation: list.Name, Kind: fault.NumbersAsStrings},
		`faults[1].kind is required: must be one of refused-before, lost-before`:                                              {Operation: "*"},
		`faults[1].nth: invalid value "-1": must be the number of a call, 1 or more`:                                          change(func(r *fault.Rule) { r.Nth = -1 }),
		`faults[1].from: invalid value "-1": must be the number of a call`:                                                    change(func(r *fault.Rule) { r.From = -1 }),
		`faults[1].times: invalid value "-1": must be how many calls`:                                                         change(func(r *fault.Rule) { r.Times = -1 }),
		`faults[1].nth: invalid value "2": must be nth alone`:                                                                 change(func(r *fault.Rule) { r.Nth, r.Times = 2, 1 }),
		`faults[1].probability: invalid value "1.5": must be above 0 and at most 1`:                                           change(func(r *fault.Rule) { r.Probability = 1.5 }),
		`faults[1].seed: invalid value "3": must be used with a probability`:                                                  change(func(r *fault.Rule) { r.Seed = 3 }),
		`faults[1].code: invalid value "X": must be nothing: lost-after takes no parameters`:                                  change(func(r *fault.Rule) { r.Code = "X" }),
		`faults[1].limit: invalid value "-1s": must be a duration such as 30s`:                                                {Operation: "*", Kind: fault.HangAfter, Limit: -time.Second},
		`faults[1].retryAfter: invalid value "1.5s": must be whole seconds`:                                                   {Operation: "*", Kind: fault.Throttled, RetryAfter: 1500 * time.Millisecond},
		`faults[1].retryAfter: invalid value "1s": must be nothing: echo takes only code, status`:                             {Operation: "*", Kind: fault.Echo, RetryAfter: time.Second},
		`faults[1].status: invalid value "200": must be an HTTP status from 400 to 599`:                                       {Operation: "*", Kind: fault.Echo, Status: 200},
		`faults[1].code: invalid value "a b": must be an error code of the cloud`:                                             {Operation: "*", Kind: fault.Echo, Code: "a b"},
		`faults[1].notDone: invalid value "true": must be nothing: truncated-json takes no parameters`:                        {Operation: "*", Kind: fault.TruncatedJSON, NotDone: true},
	} {
		e := engine(t)
		require.ErrorContains(t, e.Inject(lost, rule), want)
		require.Empty(t, e.Faults(), "all rules or none")
	}
	err := engine(t).Inject(fault.Rule{Nth: -1}, fault.Rule{Operation: "*", Kind: "x"})
	for _, want := range []string{"faults[0].operation", "faults[0].kind", "faults[0].nth", "faults[1].kind"} {
		require.ErrorContains(t, err, want)
	}
}

func TestStateIsWrittenWithTheScenarioFilesNames(t *testing.T) {
	t.Parallel()
	e := engine(t, fault.Rule{Operation: "ec2:*", Resource: "vol-1", From: 2, Kind: fault.Throttled, RetryAfter: 2 * time.Second})
	text, err := json.Marshal(e.Faults())
	require.NoError(t, err)
	require.JSONEq(t, `[{"id": 1, "rule": {"operation": "ec2:*", "resource": "vol-1", "from": 2, "kind": "throttled", "retryAfter": "2s"}, "seen": 0, "fired": 0}]`, string(text))
}

func TestCatalogueSaysWhereAKindMakesSense(t *testing.T) {
	t.Parallel()
	seen := map[fault.Kind]bool{}
	for _, info := range fault.Kinds() {
		require.False(t, seen[info.Kind], info.Kind)
		seen[info.Kind] = true
		require.NotEmpty(t, info.Does)
		require.True(t, info.Writes, "%s: a write is what all of this is about", info.Kind)
		require.Equal(t, info.Done, fault.Rule{Kind: info.Kind}.Done())
	}
	for _, tc := range []struct {
		kind      fault.Kind
		op        fault.Operation
		can, make bool
	}{
		{fault.LostAfter, remove, true, true},
		{fault.LostAfter, search, true, false},
		{fault.LostBefore, search, true, true},
		{fault.Conflict, remove, false, false},
		{fault.NumbersAsStrings, volumes, true, true},
		{fault.NumbersAsStrings, list, false, false},
	} {
		info, known := fault.Find(tc.kind)
		require.True(t, known)
		require.Equal(t, tc.can, info.CanBefall(tc.op), fmt.Sprint(tc.kind, tc.op.Name))
		require.Equal(t, tc.make, info.MakesSense(tc.op), fmt.Sprint(tc.kind, tc.op.Name))
	}
	_, known := fault.Find("x")
	require.False(t, known)
	require.False(t, fault.Rule{Kind: fault.HTML502, NotDone: true}.Done())
}
