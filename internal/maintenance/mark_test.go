package maintenance_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// awsTag is what AWS takes as the value of a tag (API reference, Tag).
var awsTag = regexp.MustCompile(`^[A-Za-z0-9 _.:/=+@-]{0,256}$`)

func sampleMark() maintenance.PolicyMark {
	return maintenance.PolicyMark{
		Mark: maintenance.Mark{
			WorkflowID: "gateway-sgw-12A3456B", RunID: "019ac6a1-0000-7000-8000-0123456789ab", Namespace: "storage.acme", Since: sunday(2, 0),
		},
		Owner: maintenance.AllVersions, Set: maintenance.EmergencyVersionsOnly,
	}
}

const sampleValue = "was=ALL_VERSIONS set=EMERGENCY_VERSIONS_ONLY run=gateway-sgw-12A3456B/019ac6a1-0000-7000-8000-0123456789ab" +
	" ns=storage.acme since=%s"

func TestAMarkKeepsItsForm(t *testing.T) {
	t.Parallel()
	value, err := sampleMark().Value()
	require.NoError(t, err)
	require.Equal(t, fmt.Sprintf(sampleValue, sunday(2, 0).Format(time.RFC3339)), value)
}

func TestAMarkIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		some := rapid.StringN(1, 40, -1)
		m := maintenance.PolicyMark{
			Mark: maintenance.Mark{
				WorkflowID: some.Draw(t, "workflow"), RunID: some.Draw(t, "run"), Namespace: some.Draw(t, "namespace"),
				Since: time.Unix(rapid.Int64Range(0, 1<<37).Draw(t, "since"), 0).UTC(),
			},
			Owner: maintenance.AutomaticUpdatePolicy(some.Draw(t, "owner")), Set: maintenance.EmergencyVersionsOnly,
		}
		value, err := m.Value()
		if err != nil {
			require.ErrorIs(t, err, maintenance.ErrUnsupported)
			return
		}
		require.Regexp(t, awsTag, value)
		read, err := maintenance.ParsePolicyMark(value)
		require.NoError(t, err)
		require.Equal(t, m, read)
	})
}

func TestAMarkWithoutRoomIsNotCut(t *testing.T) {
	t.Parallel()
	m := sampleMark()
	value, err := m.Value()
	require.NoError(t, err)
	m.Namespace += strings.Repeat("n", maintenance.MaxTagValue-len(value))
	value, err = m.Value()
	require.NoError(t, err, "the last that has room")
	require.Len(t, value, maintenance.MaxTagValue)
	m.Namespace += "n"
	_, err = m.Value()
	require.ErrorIs(t, err, maintenance.ErrUnsupported)
}

func FuzzParsePolicyMark(f *testing.F) {
	good := fmt.Sprintf(sampleValue, "2026-11-29T12:00:00Z")
	for _, seed := range []string{
		good, "", " ", good + " ", "x" + good, strings.ToLower(good), good[:len(good)-1], strings.Replace(good, "ns=storage.acme", "ns=", 1),
		strings.Replace(good, "/", "", 1), strings.Replace(good, "was=ALL_VERSIONS ", "", 1), strings.Replace(good, "acme", "a+20b", 1),
		strings.Replace(good, "acme", "a+2", 1), strings.Replace(good, "acme", "a+61", 1), strings.Replace(good, "12:00:00Z", "12:00:00+01:00", 1),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		m, err := maintenance.ParsePolicyMark(value)
		if err != nil {
			require.ErrorIs(t, err, maintenance.ErrInvalid)
			require.Equal(t, maintenance.PolicyMark{}, m)
			return
		}
		again, err := m.Value()
		require.NoError(t, err)
		require.Equal(t, value, again)
		require.NotEmpty(t, m.WorkflowID)
		require.NotEmpty(t, m.RunID)
		require.NotEmpty(t, m.Namespace)
	})
}

func TestAMarkAmongTags(t *testing.T) {
	t.Parallel()
	value, err := sampleMark().Value()
	require.NoError(t, err)
	for name, test := range map[string]struct {
		tags map[string]string
		want *maintenance.PolicyMark
		says string // of the error
	}{
		"no tags":                {},
		"other tags":             {tags: map[string]string{"owner": value, "Tidegate:Automatic-Updates": "x", "tidegate:proxies": "y"}},
		"marked":                 {tags: map[string]string{"owner": "x", maintenance.AutomaticUpdatesTag: value}, want: new(sampleMark())},
		"empty is not absent":    {tags: map[string]string{maintenance.AutomaticUpdatesTag: ""}, says: "cannot be read"},
		"mistyped is not absent": {tags: map[string]string{maintenance.AutomaticUpdatesTag: value[1:]}, says: "remove the tag"},
		"of someone, not absent": {tags: map[string]string{maintenance.AutomaticUpdatesTag: "held by ann"}, says: `"held by ann"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := maintenance.PolicyMarkOf("sgw-12A3456B", test.tags)
			require.Equal(t, test.want, got)
			if test.says == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, maintenance.ErrInvalid)
			require.ErrorContains(t, err, test.says)
			require.ErrorContains(t, err, "sgw-12A3456B")
		})
	}
}

func TestRoomForAMark(t *testing.T) {
	t.Parallel()
	tags := map[string]string{}
	for i := range 49 {
		tags[fmt.Sprint(i)] = ""
	}
	require.Empty(t, maintenance.TagRoom(tags))
	tags["49"] = ""
	require.Contains(t, maintenance.TagRoom(tags), "50 tags")
	delete(tags, "49")
	tags[maintenance.AutomaticUpdatesTag] = "an earlier one, which makes way"
	require.Empty(t, maintenance.TagRoom(tags))
}

func TestWhoseAMarkIs(t *testing.T) {
	t.Parallel()
	asker := sampleMark().Mark
	earlier, other, elsewhere := asker, asker, asker
	earlier.RunID = "019ac6a0-0000-7000-8000-0123456789ab"
	other.WorkflowID = "of-another-id"
	elsewhere.Namespace = "default"
	for name, test := range map[string]struct {
		mark    maintenance.Mark
		open    bool
		now     maintenance.AutomaticUpdatePolicy
		want    maintenance.MarkStanding
		bars    bool
		restore bool
		says    []string
	}{
		"own":                       {mark: asker, open: true, now: maintenance.EmergencyVersionsOnly, want: maintenance.MarkOwn, restore: true},
		"earlier run, in progress":  {mark: earlier, open: true, now: maintenance.EmergencyVersionsOnly, want: maintenance.MarkHeld, bars: true, restore: true, says: []string{"held at EMERGENCY_VERSIONS_ONLY", earlier.RunID}},
		"other id, in progress":     {mark: other, open: true, want: maintenance.MarkHeld, bars: true, says: []string{"of-another-id"}},
		"earlier run, ended":        {mark: earlier, now: maintenance.EmergencyVersionsOnly, want: maintenance.MarkLeft, restore: true, says: []string{"left at EMERGENCY_VERSIONS_ONLY", "restores ALL_VERSIONS", earlier.RunID}},
		"ended, changed since":      {mark: earlier, now: maintenance.AllVersions, want: maintenance.MarkLeft, says: []string{"They are ALL_VERSIONS now", "removes the mark"}},
		"another namespace":         {mark: elsewhere, now: maintenance.EmergencyVersionsOnly, want: maintenance.MarkForeign, bars: true, restore: true, says: []string{"namespace default", "remove the tag tidegate:automatic-updates", "set ALL_VERSIONS"}},
		"another namespace, unread": {mark: elsewhere, want: maintenance.MarkForeign, bars: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, test.want, test.mark.Standing(asker, test.open))
			m := maintenance.PolicyMark{Mark: test.mark, Owner: maintenance.AllVersions, Set: maintenance.EmergencyVersionsOnly}.Found("sgw-12A3456B", test.now)
			require.NotEmpty(t, m.Bars(), "of which nobody knows whose it is, bars")
			m.Standing = test.want
			require.Equal(t, test.bars, m.Bars() != "")
			require.Equal(t, test.restore, m.Restorable())
			for _, words := range append(test.says, "automatic updates of sgw-12A3456B") {
				require.Contains(t, m.String(), words)
			}
		})
	}
}
