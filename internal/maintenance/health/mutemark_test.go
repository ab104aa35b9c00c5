package health_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/health"
)

func muteMark() health.MuteMark {
	return health.MuteMark{
		Mark: maintenance.Mark{
			WorkflowID: "gateway-sgw-12A3456B", RunID: "019ac6a1", Namespace: "default",
			Since: time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC),
		},
		GatewayID: "sgw-12A3456B", Number: 1,
	}
}

func TestTheCommentOfAMuteSaysWhoseItIs(t *testing.T) {
	t.Parallel()
	require.Equal(t, "tidegate mute of=sgw-12A3456B/1 run=gateway-sgw-12A3456B/019ac6a1 ns=default since=2026-11-29T12:00:00Z",
		muteMark().Comment())
}

// The rules of two namespaces are two, whatever the namespaces are called, and each has a name that CloudWatch takes.
func TestAMuteRuleIsOfItsNamespace(t *testing.T) {
	t.Parallel()
	require.Equal(t, "tidegate-default-sgw-12A3456B-1", muteMark().RuleName())
	rapid.Check(t, func(t *rapid.T) {
		namespace := rapid.OneOf(rapid.String(), rapid.StringMatching(`[a-z0-9._-]{1,300}`))
		a, b := muteMark(), muteMark()
		a.Namespace, b.Namespace = namespace.Draw(t, "a"), namespace.Draw(t, "b")
		require.Equal(t, a.SameMute(b), a.RuleName() == b.RuleName())
		require.Regexp(t, `^tidegate-[A-Za-z0-9._-]{1,200}$`, a.RuleName())
	})
}

func TestTheCommentOfAMuteIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		some := rapid.StringN(1, 40, -1)
		mark := muteMark()
		mark.WorkflowID, mark.RunID = some.Draw(t, "workflow"), some.Draw(t, "run")
		mark.Namespace, mark.GatewayID = some.Draw(t, "namespace"), some.Draw(t, "gateway")
		mark.Number = rapid.IntRange(1, 20).Draw(t, "number")
		read, ok := health.ParseMuteMark(mark.Comment())
		require.True(t, ok)
		require.Equal(t, mark, read)
	})
}

func TestACommentOfAnotherPersonIsNoMark(t *testing.T) {
	t.Parallel()
	ours := muteMark().Comment()
	for _, comment := range []string{
		"", "tidegate mute", "disk is being replaced", ours + " ", " " + ours, ours[:len(ours)-1],
		"tidegate mute of=/0 run=/ ns= since=0001-01-01T00:00:00Z",
		"tidegate mute of=sgw-1/0x1 run=a/b ns=c since=2026-11-29T12:00:00Z",
		"tidegate mute of=sgw-1/1 run=a/b ns=c since=2026-11-29T13:00:00+01:00",
		"tidegate mute of=sgw-1/1 run=a/%zz ns=c since=2026-11-29T12:00:00Z",
	} {
		_, ok := health.ParseMuteMark(comment)
		require.False(t, ok, comment)
	}
}

func TestAMuteIsTheSameWhicheverRunMadeIt(t *testing.T) {
	t.Parallel()
	mark, later := muteMark(), muteMark()
	later.RunID, later.Since = "another", later.Since.Add(time.Hour)
	require.True(t, mark.SameMute(later))
	second := mark
	second.Number = 2
	require.False(t, mark.SameMute(second))
}
