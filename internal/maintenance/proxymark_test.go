package maintenance_test

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/test/teststart"
)

const markedProxy = "00000000000000000000000000000001po01"

func markBy() maintenance.Mark {
	return maintenance.Mark{
		WorkflowID: "gateway-sgw-12A3456B", RunID: "01890b6e-7c3a-7d4e-9f10-2b3c4d5e6f70", Namespace: "default", Since: teststart.On(time.Sunday, 12),
	}
}

func routed(master int, weights ...int) maintenance.ProxyRouting {
	r := maintenance.ProxyRouting{MasterWeight: master}
	for i, w := range weights {
		r.ReadWeights = append(r.ReadWeights, maintenance.NodeWeight{ID: fmt.Sprintf("%032xno07", i+1), Weight: w})
	}
	return r
}

func tagsOf(t require.TestingT, m maintenance.ProxyMark) map[string]string {
	tags, err := m.Tags(markedProxy)
	require.NoError(t, err)
	return tags
}

func TestProxyMarkTakesAsFewTagsAsHoldIt(t *testing.T) {
	t.Parallel()
	for replicas, want := range map[int]int{1: 2, 3: 2, 4: 3, 10: 3, 15: 4} {
		m := maintenance.NewProxyMark(markBy(), routed(0, make([]int, replicas)...))
		tags := tagsOf(t, m)
		require.Len(t, tags, want, "%d replicas", replicas)
		tags["owner"] = "dba" // someone else's
		got, err := maintenance.ProxyMarkOf(markedProxy, tags)
		require.NoError(t, err)
		require.Equal(t, m, *got)
	}
}

func TestProxyMarkIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	key, value := regexp.MustCompile(`^[0-9A-Za-z_-]{1,36}$`), regexp.MustCompile(`^[0-9A-Za-z_-]{1,43}$`)
	rapid.Check(t, func(t *rapid.T) {
		by := maintenance.Mark{
			WorkflowID: rapid.StringN(1, 30, 60).Draw(t, "workflow"), Namespace: rapid.StringN(1, 30, 60).Draw(t, "namespace"),
			RunID: rapid.OneOf(rapid.StringMatching(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`), rapid.StringN(1, 20, 40)).Draw(t, "run"),
			Since: time.Unix(rapid.Int64Range(0, 1<<36).Draw(t, "since"), 0).UTC(),
		}
		routing := routed(rapid.IntRange(0, 1000).Draw(t, "primary"), rapid.SliceOfN(rapid.IntRange(0, 1000), 0, 15).Draw(t, "replicas")...)
		m := maintenance.NewProxyMark(by, routing)
		tags, err := m.Tags(markedProxy)
		if err != nil {
			require.ErrorIs(t, err, maintenance.ErrUnsupported)
			return
		}
		for k, v := range tags {
			require.Regexp(t, key, k)
			require.Regexp(t, value, v)
		}
		got, err := maintenance.ProxyMarkOf(markedProxy, tags)
		require.NoError(t, err)
		require.Equal(t, m.Mark, got.Mark)
		require.Equal(t, m.MasterWeight, got.MasterWeight)
		to, ok := got.Restored(routing.Shifted())
		require.Equal(t, len(routing.ReadWeights) > 0, ok)
		if ok {
			require.True(t, to.SameWeights(routing))
		}
	})
}

// A mark of which a tag is gone, or was changed by hand, is an error: to take it for none
// would make a leftover the owner's wish.
func TestProxyMarkThatIsNotWholeIsAnError(t *testing.T) {
	t.Parallel()
	whole := tagsOf(t, maintenance.NewProxyMark(markBy(), routed(0, 100, 50, 10, 0, 1)))
	require.Len(t, whole, 3)
	for _, key := range slices.Sorted(maps.Keys(whole)) {
		for what, change := range map[string]func(map[string]string){
			"gone":    func(tags map[string]string) { delete(tags, key) },
			"empty":   func(tags map[string]string) { tags[key] = "" },
			"cut":     func(tags map[string]string) { tags[key] = tags[key][:len(tags[key])-1] },
			"another": func(tags map[string]string) { tags[key] = strings.Replace(tags[key], tags[key][2:3], "7", 1) + "7" },
		} {
			tags := maps.Clone(whole)
			change(tags)
			_, err := maintenance.ProxyMarkOf(markedProxy, tags)
			require.ErrorIs(t, err, maintenance.ErrInvalid, "%s %s", key, what)
			require.ErrorContains(t, err, markedProxy)
			require.ErrorContains(t, err, "remove the tags")
		}
	}
}

func TestTagsOfAnotherProxyAreNoMark(t *testing.T) {
	t.Parallel()
	tags := tagsOf(t, maintenance.NewProxyMark(markBy(), routed(0, 100)))
	m, err := maintenance.ProxyMarkOf("00000000000000000000000000000002po01", tags)
	require.NoError(t, err)
	require.Nil(t, m)
	require.Empty(t, maintenance.ProxyMarkKeys("00000000000000000000000000000002po01", tags))
	require.Len(t, maintenance.ProxyMarkKeys(markedProxy, tags), len(tags))
}

// The mark of a run that adopted a leftover may be shorter than that.
func TestShorterMarkReplacesALongerOne(t *testing.T) {
	t.Parallel()
	by := markBy()
	by.Namespace = strings.Repeat("n", 60)
	tags := tagsOf(t, maintenance.NewProxyMark(by, routed(0, 100, 100)))
	long := len(tags)
	m := maintenance.NewProxyMark(markBy(), routed(0, 100, 100))
	maps.Copy(tags, tagsOf(t, m))
	require.Len(t, tags, long)
	got, err := maintenance.ProxyMarkOf(markedProxy, tags)
	require.NoError(t, err)
	require.Equal(t, m, *got)
}

func TestReadWeightsAreRestoredWhereTheyAreThoseOfTheRun(t *testing.T) {
	t.Parallel()
	m := maintenance.NewProxyMark(markBy(), routed(5, 100, 50))
	for name, tc := range map[string]struct {
		now, to maintenance.ProxyRouting
		ok      bool
	}{
		"as the run left them":           {now: routed(5, 0, 0), to: routed(5, 100, 50), ok: true},
		"a replica was added":            {now: routed(5, 0, 0, 30), to: routed(5, 100, 50, 30), ok: true},
		"a replica was removed":          {now: routed(5, 0), to: routed(5, 100), ok: true},
		"a replica was set":              {now: routed(5, 0, 1)},
		"they are the owner's again":     {now: routed(5, 100, 50)},
		"the primary was set":            {now: routed(6, 0, 0)},
		"none of the replicas is there":  {now: maintenance.ProxyRouting{MasterWeight: 5, ReadWeights: []maintenance.NodeWeight{{ID: "new"}, {ID: "newer"}}}},
		"reads are balanced by load now": {now: maintenance.ProxyRouting{Mode: 1, MasterWeight: 5, ReadWeights: routed(0, 0, 0).ReadWeights}},
		"there is no replica at all":     {now: routed(5)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			to, ok := m.Restored(tc.now)
			require.Equal(t, tc.ok, ok)
			found := m.Found(markedProxy, tc.now)
			require.Equal(t, tc.ok, found.Restorable(), "%+v", found)
			require.Equal(t, "primary 5, replicas 100 and 50", found.Owner)
			if !tc.ok {
				tc.to = tc.now
			}
			require.Equal(t, tc.to, to)
			if tc.ok {
				require.True(t, m.Returned(to))
				require.False(t, m.Returned(tc.now))
			}
		})
	}
	for now, want := range map[*maintenance.ProxyRouting]bool{
		new(routed(5, 100, 50)):     true,
		new(routed(5, 100, 50, 30)): true,
		new(routed(5, 100, 70)):     false,
		new(routed(6, 100, 50)):     false,
		{Mode: 1, MasterWeight: 5}:  false,
	} {
		require.Equal(t, want, m.Returned(*now), now.String())
	}
}

func TestMarkNeedsRoomAmongTheTags(t *testing.T) {
	t.Parallel()
	mark := tagsOf(t, maintenance.NewProxyMark(markBy(), routed(0, 100)))
	tags := map[string]string{}
	for n := range 18 {
		tags[fmt.Sprintf("k%d", n)] = "v"
	}
	require.Empty(t, maintenance.InstanceTagRoom(mark, tags))
	tags["k18"] = "v"
	require.Equal(t, "it has 19 tags, TaurusDB allows 20, and the mark needs 2: remove 1", maintenance.InstanceTagRoom(mark, tags))
	delete(tags, "k18")
	maps.Copy(tags, mark)
	require.Empty(t, maintenance.InstanceTagRoom(mark, tags), "it is there already")
}

func FuzzParseProxyMark(f *testing.F) {
	for _, weights := range [][]int{{}, {100}, {100, 50, 1000, 0}} {
		tags := tagsOf(f, maintenance.NewProxyMark(markBy(), routed(7, weights...)))
		var text string
		for _, key := range slices.Sorted(maps.Keys(tags)) {
			text += tags[key]
		}
		f.Add(text)
	}
	f.Add("")
	f.Add("1_____")
	f.Add("2zzzzzzzzzzzzz_+5_aZ_Z0_00_0000")
	f.Fuzz(func(t *testing.T, text string) {
		tags := map[string]string{}
		for i, rest := 0, text; i == 0 || rest != "" && i < 9; i++ {
			n := min(43, len(rest))
			tags[fmt.Sprintf("tg%d-%s", i, markedProxy[:32])], rest = rest[:n], rest[n:]
		}
		m, err := maintenance.ProxyMarkOf(markedProxy, tags)
		if err != nil {
			require.ErrorIs(t, err, maintenance.ErrInvalid)
			return
		}
		again := tagsOf(t, *m)
		for key, value := range again {
			require.Equal(t, tags[key], value, "what it reads, it writes")
		}
	})
}

// TestAMarkSaysHowManyTagsItTakes whatever its length is, up to nine.
func TestAMarkSaysHowManyTagsItTakes(t *testing.T) {
	t.Parallel()
	by := markBy()
	most := 0
	for n := range 400 {
		by.Namespace = strings.Repeat("n", n+1)
		m := maintenance.NewProxyMark(by, routed(0, 100))
		tags, err := m.Tags(markedProxy)
		if err != nil {
			require.ErrorIs(t, err, maintenance.ErrUnsupported)
			break
		}
		require.Equal(t, fmt.Sprint(len(tags)), tags["tg0-"+markedProxy[:32]][:1])
		got, err := maintenance.ProxyMarkOf(markedProxy, tags)
		require.NoError(t, err)
		require.Equal(t, m, *got)
		most = lengthOf(tags)
	}
	require.Equal(t, 9*43, most, "nine tags are filled to the last character")
}

func lengthOf(tags map[string]string) (n int) {
	for _, value := range tags {
		n += len(value)
	}
	return n
}

// TestAMarksTimeIsOneThatJSONCanWrite, since it travels so.
func TestAMarksTimeIsOneThatJSONCanWrite(t *testing.T) {
	t.Parallel()
	by := markBy()
	by.Since = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	m, err := maintenance.ProxyMarkOf(markedProxy, tagsOf(t, maintenance.NewProxyMark(by, routed(0, 100))))
	require.NoError(t, err)
	require.Equal(t, by.Since, m.Since)
	by.Since = by.Since.Add(time.Second)
	_, err = maintenance.ProxyMarkOf(markedProxy, tagsOf(t, maintenance.NewProxyMark(by, routed(0, 100))))
	require.ErrorIs(t, err, maintenance.ErrInvalid)
}

// TestARunsIDIsShortWhateverItsDigits: a mark has little room.
func TestARunsIDIsShortWhateverItsDigits(t *testing.T) {
	t.Parallel()
	for _, id := range []string{
		"00000000-0000-0000-0000-000000000000", "00000000-0000-4000-8000-000000000001",
		"80000000-0000-4000-8000-000000000000", "ffffffff-ffff-4fff-bfff-ffffffffffff",
	} {
		by := markBy()
		by.RunID = ""
		without := lengthOf(tagsOf(t, maintenance.NewProxyMark(by, routed(0, 100))))
		by.RunID = id
		tags := tagsOf(t, maintenance.NewProxyMark(by, routed(0, 100)))
		require.LessOrEqual(t, lengthOf(tags)-without, 22, id)
		m, err := maintenance.ProxyMarkOf(markedProxy, tags)
		require.NoError(t, err)
		require.Equal(t, id, m.RunID)
	}
}

func TestTwoMarksAreTheSameWhereAllOfThemIs(t *testing.T) {
	t.Parallel()
	m := maintenance.NewProxyMark(markBy(), routed(5, 100, 50))
	again, none := m, (*maintenance.ProxyMark)(nil)
	require.True(t, m.Same(&again))
	require.True(t, none.Same(nil))
	require.False(t, m.Same(nil))
	require.False(t, none.Same(&m))
	for what, change := range map[string]func(*maintenance.ProxyMark){
		"the run":           func(m *maintenance.ProxyMark) { m.RunID += "0" },
		"when":              func(m *maintenance.ProxyMark) { m.Since = m.Since.Add(time.Second) },
		"the primary":       func(m *maintenance.ProxyMark) { m.MasterWeight++ },
		"a weight":          func(m *maintenance.ProxyMark) { m.Owner[1].Weight++ },
		"how many replicas": func(m *maintenance.ProxyMark) { m.Owner = m.Owner[:1] },
	} {
		other := maintenance.NewProxyMark(markBy(), routed(5, 100, 50))
		change(&other)
		require.False(t, m.Same(&other), what)
		require.False(t, other.Same(&m), what)
	}
}

// TestOnlyWeightsThatHuaweiHasCanBeMarked, 0 to 1000.
func TestOnlyWeightsThatHuaweiHasCanBeMarked(t *testing.T) {
	t.Parallel()
	for weight, ok := range map[int]bool{-1: false, 0: true, 1000: true, 1001: false} {
		for _, routing := range []maintenance.ProxyRouting{routed(weight, 100), routed(0, weight)} {
			_, err := maintenance.NewProxyMark(markBy(), routing).Tags(markedProxy)
			require.Equal(t, ok, err == nil, "%s: %v", routing, err)
		}
	}
}
