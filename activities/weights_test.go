package activities_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/activities"
	"github.com/tidegate/tidegate/activities/names"
	"github.com/tidegate/tidegate/internal/maintenance"
)

func routing(a, b int) maintenance.ProxyRouting {
	return maintenance.ProxyRouting{MasterWeight: 50, ReadWeights: []maintenance.NodeWeight{{ID: "a", Weight: a}, {ID: "b", Weight: b}}}
}

func weighted(status string, r maintenance.ProxyRouting) answers[[]maintenance.Proxy] {
	p := proxy(status)
	p.Routing = r
	return says([]maintenance.Proxy{p})
}

// shift takes the reads of both replicas away.
func shift() activities.ReadWeightsInput {
	return activities.ReadWeightsInput{ProxyLookup: proxyLookup(), Routing: routing(0, 0)}
}

func TestSetReadWeightsSendsOnceWhatIsNotSo(t *testing.T) {
	t.Parallel()
	for _, status := range []string{"ACTIVE", "ABNORMAL"} {
		r := newRig(t)
		r.huawei.kernel = kernel(oldKernel)
		r.huawei.proxies, r.huawei.weights = weighted(status, routing(100, 100)), says("job-3")
		out, err := run(t, r, r.proxies.SetReadWeights, shift())
		require.NoError(t, err)
		require.Equal(t, activities.ReadWeightsOutput{JobID: "job-3", Routing: routing(0, 0)}, out)
		require.Equal(t, []string{"weigh " + proxyID + " 50 [{a 0} {b 0}]"}, r.huawei.sent)
	}
}

func TestSetReadWeightsSendsNothingWhereTheWeightsAreSo(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.huawei.kernel = kernel(oldKernel)
	same := routing(0, 0)
	same.ReadWeights[0], same.ReadWeights[1] = same.ReadWeights[1], same.ReadWeights[0]
	r.huawei.proxies = weighted("ACTIVE", same)
	out, err := run(t, r, r.proxies.SetReadWeights, shift())
	require.NoError(t, err)
	require.Equal(t, activities.ReadWeightsOutput{Same: true, Routing: routing(0, 0)}, out)
	require.Empty(t, r.huawei.sent)
}

func TestSetReadWeightsMovesNoReadsOfAProxyThatRunsItsVersion(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.huawei.proxies, r.huawei.kernel = weighted("ACTIVE", routing(100, 100)), kernel(newKernel)
	out, err := run(t, r, r.proxies.SetReadWeights, shift())
	require.NoError(t, err)
	require.Equal(t, activities.ReadWeightsOutput{Done: true, Routing: routing(100, 100)}, out)
	require.Empty(t, r.huawei.sent)
}

// What someone has set since the weights were read would be put back as something else.
func TestSetReadWeightsRefusesWhereTheyChangedSinceTheyWereRead(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		found maintenance.ProxyRouting
		sent  bool // before
		kind  string
		out   activities.ReadWeightsOutput
	}{
		"as they were read":            {found: routing(100, 50), out: activities.ReadWeightsOutput{JobID: "job-3", Routing: routing(0, 0)}},
		"others":                       {found: routing(100, 70), kind: names.TypeChanged},
		"others, sent before":          {found: routing(100, 70), sent: true, kind: names.TypeChanged},
		"those wanted":                 {found: routing(0, 0), kind: names.TypeChanged},
		"those wanted, as sent before": {found: routing(0, 0), sent: true, out: activities.ReadWeightsOutput{Same: true, Routing: routing(0, 0)}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.huawei.kernel = kernel(oldKernel)
			r.huawei.proxies, r.huawei.weights = weighted("ACTIVE", tc.found), says("job-3")
			in := shift()
			in.From, in.Sent = new(routing(100, 50)), tc.sent
			out, err := run(t, r, r.proxies.SetReadWeights, in)
			if tc.kind != "" {
				app := requireKind(t, err, tc.kind)
				require.True(t, app.NonRetryable())
				require.Contains(t, app.Message(), "and had primary 50, replicas 100 and 50 when it was read")
				require.Empty(t, r.huawei.sent)
				return
			}
			require.NoError(t, err)
			require.Equal(t, tc.out, out)
		})
	}
}

// Weights are put back where they are still as the run set them.
func TestSetReadWeightsPutsBackWhatTheMarkSays(t *testing.T) {
	t.Parallel()
	added := func(a, b int) maintenance.ProxyRouting {
		r := routing(a, b)
		r.ReadWeights = append(r.ReadWeights, maintenance.NodeWeight{ID: "c", Weight: 30})
		return r
	}
	for name, tc := range map[string]struct {
		now, to maintenance.ProxyRouting
		sent    []string
	}{
		"as the run set them": {now: routing(0, 0), to: routing(100, 50), sent: []string{"weigh " + proxyID + " 50 [{a 100} {b 50}]"}},
		"set by hand since":   {now: routing(0, 70), to: routing(0, 70)},
		"put back already":    {now: routing(100, 50), to: routing(100, 50)},
		"a replica was added": {now: added(0, 0), to: added(100, 50), sent: []string{"weigh " + proxyID + " 50 [{a 100} {b 50} {c 30}]"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.huawei.kernel = kernel(oldKernel)
			r.huawei.proxies, r.huawei.weights = weighted("ACTIVE", tc.now), says("job-3")
			in := activities.ReadWeightsInput{ProxyLookup: proxyLookup(), Restore: new(maintenance.NewProxyMark(maintenance.Mark{}, routing(100, 50)))}
			out, err := run(t, r, r.proxies.SetReadWeights, in)
			require.NoError(t, err)
			require.Equal(t, tc.to, out.Routing)
			require.Equal(t, tc.sent, r.huawei.sent)
			require.Equal(t, tc.sent == nil, out.Same)

			r.huawei.proxies = weighted("ACTIVE", tc.to)
			seen, err := run(t, r, r.proxies.AwaitReadWeights, activities.AwaitReadWeightsInput{ReadWeightsInput: in, JobID: out.JobID})
			require.NoError(t, err)
			require.True(t, seen.Same)
			require.Equal(t, tc.to, seen.Routing)
		})
	}
}

func TestSetReadWeightsWaitsForAProxyAtWork(t *testing.T) {
	t.Parallel()
	for _, found := range []maintenance.ProxyRouting{routing(100, 100), routing(0, 0)} {
		r := newRig(t)
		r.huawei.kernel = kernel(oldKernel)
		r.huawei.proxies = weighted("CHANGING WEIGHTS", found)
		_, err := run(t, r, r.proxies.SetReadWeights, shift())
		requireNotYet(t, err, "is CHANGING WEIGHTS")
		require.Empty(t, r.huawei.sent)
	}
}

func TestSetReadWeightsThatWasNotAnsweredIsNotRepeated(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.huawei.kernel = kernel(oldKernel)
	r.huawei.proxies, r.huawei.weights = weighted("ACTIVE", routing(100, 100)), fails[string](maintenance.ErrUnknownOutcome)
	_, err := run(t, r, r.proxies.SetReadWeights, shift())
	require.True(t, requireKind(t, err, names.TypeUnknownOutcome).NonRetryable())
	require.Len(t, r.huawei.sent, 1)
}

func TestAwaitReadWeights(t *testing.T) {
	t.Parallel()
	before, after := routing(100, 100), routing(0, 0)
	for name, tc := range map[string]struct {
		job   answers[maintenance.Job]
		jobID string
		found answers[[]maintenance.Proxy]
		until bool // the change was not answered
		left  time.Duration
		same  bool
		kind  string
		says  string
	}{
		"done":                                {job: job("Completed"), jobID: "job-1", found: weighted("ACTIVE", after), same: true},
		"done, though the job failed":         {job: job("Failed"), jobID: "job-1", found: weighted("ACTIVE", after), same: true},
		"done, though the job is lost":        {job: fails[maintenance.Job](maintenance.ErrNotFound), jobID: "job-1", found: weighted("ACTIVE", after), same: true},
		"done, the proxy is not well":         {job: job("Completed"), jobID: "job-1", found: weighted("ABNORMAL", after), same: true},
		"done, still at work":                 {job: job("Novel"), jobID: "job-1", found: weighted("CHANGING WEIGHTS", after), kind: names.TypeNotReady, says: "is CHANGING WEIGHTS, its job Novel 60%"},
		"under way":                           {job: job("Novel"), jobID: "job-1", found: weighted("CHANGING WEIGHTS", before), kind: names.TypeNotReady},
		"the job ended, the weights are late": {job: job("Completed"), jobID: "job-1", found: weighted("ACTIVE", before), kind: names.TypeNotReady},
		"the job failed":                      {job: job("Failed"), jobID: "job-1", found: weighted("ACTIVE", before), kind: names.TypeJobFailed, says: "ended as Failed: no subnet ip"},
		"unanswered, done":                    {found: weighted("ACTIVE", after), until: true, left: time.Minute, same: true},
		"unanswered, no sign yet":             {found: weighted("ACTIVE", before), until: true, left: 1, kind: names.TypeNotReady},
		"unanswered, no sign in time":         {found: weighted("ACTIVE", before), until: true, left: 0},
		"unanswered, at work when time is up": {found: weighted("CHANGING WEIGHTS", before), until: true, left: -time.Minute, kind: names.TypeNotReady},
		"unanswered, not well":                {found: weighted("ABNORMAL", before), until: true, left: -time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.huawei.kernel = kernel(oldKernel)
			r.huawei.job, r.huawei.proxies = tc.job, tc.found
			in := activities.AwaitReadWeightsInput{ReadWeightsInput: shift(), JobID: tc.jobID}
			if tc.until {
				in.Until = r.now.Add(tc.left)
			}
			out, err := run(t, r, r.proxies.AwaitReadWeights, in)
			if tc.kind != "" {
				require.Contains(t, requireKind(t, err, tc.kind).Message(), tc.says)
				return
			}
			require.NoError(t, err)
			require.Equal(t, activities.ReadWeightsOutput{JobID: tc.jobID, Same: tc.same, Routing: after}, out)
			require.Empty(t, r.huawei.sent)
		})
	}
}
