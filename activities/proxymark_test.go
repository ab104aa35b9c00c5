package activities_test

import (
	"fmt"
	"maps"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/activities"
	"github.com/tidegate/tidegate/activities/names"
	"github.com/tidegate/tidegate/internal/maintenance"
)

// proxyMark is that of a run which found these weights.
func proxyMark(run string, a, b int) maintenance.ProxyMark {
	by := policyMark().Mark
	by.RunID = run
	return maintenance.NewProxyMark(by, routing(a, b))
}

// proxyMarkTags are those of an instance whose proxy carries the mark.
func proxyMarkTags(t *testing.T, m maintenance.ProxyMark) map[string]string {
	t.Helper()
	tags, err := m.Tags(proxyID)
	require.NoError(t, err)
	tags["owner"] = "dba"
	return tags
}

// fullInstance has no room for a mark.
func fullInstance() map[string]string {
	tags := map[string]string{}
	for i := range maintenance.MaxInstanceTags - 1 {
		tags[fmt.Sprint(i)] = ""
	}
	return tags
}

func markProxy(m maintenance.ProxyMark) activities.MarkProxyInput {
	return activities.MarkProxyInput{ProxyLookup: proxyLookup(), Mark: m}
}

func TestReadProxyReturnsItsMarkAndWhetherOneFits(t *testing.T) {
	t.Parallel()
	mark := proxyMark("run-7", 100, 50)
	for name, tc := range map[string]struct {
		tags map[string]string
		mark *maintenance.ProxyMark
		full string
	}{
		"none":   {tags: map[string]string{"owner": "dba"}},
		"marked": {tags: proxyMarkTags(t, mark), mark: &mark},
		"full":   {tags: fullInstance(), full: "it has 19 tags, TaurusDB allows 20, and the mark needs 3: remove 2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.huawei.proxies, r.huawei.kernel, r.huawei.tags = weighted("ACTIVE", routing(0, 0)), kernel(oldKernel), says(tc.tags)
			out, err := run(t, r, r.proxies.ReadProxy, proxyLookup())
			require.NoError(t, err)
			require.Equal(t, tc.mark, out.Mark)
			require.Equal(t, tc.full, out.Full)
		})
	}
}

func TestAProxyWhoseMarkCannotBeReadIsNotRead(t *testing.T) {
	t.Parallel()
	tags := proxyMarkTags(t, proxyMark("run-7", 100, 50))
	keys := maintenance.ProxyMarkKeys(proxyID, tags)
	delete(tags, keys[0])
	for name, do := range map[string]func(*rig) error{
		"read":   func(r *rig) error { return fail(r, r.proxies.ReadProxy, proxyLookup()) },
		"mark":   func(r *rig) error { return fail(r, r.proxies.MarkProxy, markProxy(proxyMark("run-7", 1, 1))) },
		"unmark": func(r *rig) error { return fail(r, r.proxies.UnmarkProxy, markProxy(proxyMark("run-7", 1, 1))) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.huawei.proxies, r.huawei.kernel, r.huawei.tags = proxies("ACTIVE"), kernel(oldKernel), says(tags)
			app := requireKind(t, do(r), names.TypeInvalid)
			require.ErrorContains(t, app, keys[1])
			require.Empty(t, r.huawei.sent)
		})
	}
}

func TestMarkProxyWritesOnceWhatIsNotThere(t *testing.T) {
	t.Parallel()
	own, left := proxyMark("run-7", 100, 50), proxyMark("run-6", 100, 50)
	tags, err := own.Tags(proxyID)
	require.NoError(t, err)
	written := fmt.Sprintf("tag %s %v", instanceID, tags)
	in := markProxy(own)
	over := in
	over.Over = &left
	for name, tc := range map[string]struct {
		in    activities.MarkProxyInput
		there map[string]string
		sent  []string
		kind  string
		says  string
	}{
		"nothing is there":           {in: in, sent: []string{written}},
		"it is there already":        {in: in, there: proxyMarkTags(t, own)},
		"a leftover is taken over":   {in: over, there: proxyMarkTags(t, left), sent: []string{written}},
		"the leftover was replaced":  {in: over, there: proxyMarkTags(t, own)},
		"another run's is there":     {in: in, there: proxyMarkTags(t, left), kind: names.TypeMarked},
		"yet another run's is there": {in: over, there: proxyMarkTags(t, proxyMark("run-8", 0, 1)), kind: names.TypeMarked},
		"there is no room":           {in: in, there: fullInstance(), says: "remove 1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.huawei.tags = says(tc.there)
			out, err := run(t, r, r.proxies.MarkProxy, tc.in)
			require.Equal(t, tc.sent, r.huawei.sent)
			if tc.kind != "" {
				require.True(t, requireKind(t, err, tc.kind).NonRetryable())
				return
			}
			require.NoError(t, err)
			require.Contains(t, out.NotMarked, tc.says)
			require.Equal(t, tc.says == "", out.NotMarked == "")
		})
	}
}

func TestMarkProxyThatIsRefusedOrNotAnswered(t *testing.T) {
	t.Parallel()
	for _, refusal := range []error{maintenance.ErrDenied, maintenance.ErrInvalid, maintenance.ErrRejected} {
		r := newRig(t)
		r.huawei.tag = fails[struct{}](refusal)
		out, err := run(t, r, r.proxies.MarkProxy, markProxy(proxyMark("run-7", 100, 50)))
		require.NoError(t, err)
		require.Equal(t, refusal.Error(), out.NotMarked)
	}
	r := newRig(t)
	r.huawei.tag = fails[struct{}](maintenance.ErrUnknownOutcome)
	_, err := run(t, r, r.proxies.MarkProxy, markProxy(proxyMark("run-7", 100, 50)))
	require.False(t, requireKind(t, err, names.TypeUnavailable).NonRetryable(), "it may be repeated")
}

func TestUnmarkProxyRemovesItsOwnMarkAlone(t *testing.T) {
	t.Parallel()
	own := proxyMark("run-7", 100, 50)
	removed := fmt.Sprintf("untag %s %v", instanceID, maintenance.ProxyMarkKeys(proxyID, proxyMarkTags(t, own)))
	for name, tc := range map[string]struct {
		there map[string]string
		sent  []string
		kind  string
	}{
		"it is there":         {there: proxyMarkTags(t, own), sent: []string{removed}},
		"it is gone":          {there: map[string]string{"owner": "dba"}},
		"it is another run's": {there: proxyMarkTags(t, proxyMark("run-8", 100, 50)), kind: names.TypeMarked},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.huawei.tags = says(maps.Clone(tc.there))
			_, err := run(t, r, r.proxies.UnmarkProxy, markProxy(own))
			require.Equal(t, tc.sent, r.huawei.sent)
			if tc.kind != "" {
				require.True(t, requireKind(t, err, tc.kind).NonRetryable())
				return
			}
			require.NoError(t, err)
		})
	}
	r := newRig(t)
	r.huawei.tags, r.huawei.untag = says(proxyMarkTags(t, own)), fails[struct{}](maintenance.ErrUnknownOutcome)
	_, err := run(t, r, r.proxies.UnmarkProxy, markProxy(own))
	require.False(t, requireKind(t, err, names.TypeUnavailable).NonRetryable(), "it may be repeated")
}
