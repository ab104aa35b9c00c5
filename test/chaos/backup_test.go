package chaos_test

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	campaigns "github.com/tidegate/tidegate/internal/maintenance/fleet"
)

// TestTemporalIsRestoredFromAnOlderBackup: copies of Temporal's database are taken while a campaign works, and it goes
// on to its end. Then each copy is restored in turn, and the workers find everything done that the copy knows nothing
// of: the clouds' ledger stays as it was.
func TestTemporalIsRestoredFromAnOlderBackup(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("runs a campaign five times in real time: two minutes")
	}
	programs := build(t)
	s := &stage{t: t}
	for n := range 6 {
		s.members = append(s.members, plain(n+1))
	}
	s.raisePrograms(programs, scenario(s.members))
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	run := s.start(ctx, s.plan(2))

	var copies []string
	// The third target is the first one with a proxy.
	for _, call := range concat(s.members[0].effects[:1], s.members[2].effects) {
		require.Eventually(t, func() bool { return s.happened(call) > 0 }, patience, tick, call.kind)
		copies = append(copies, s.copyDatabase(len(copies)))
		t.Logf("copy %d: after %s, of %d effects", len(copies)-1, call, len(s.clouds.Effects()))
	}
	result := s.ended(ctx, run)
	require.Equal(t, campaigns.Counts{Total: 6, Succeeded: 6}, result.Counts, result.Summary)
	require.Empty(t, miscounts(intended(s.members), tally(s.clouds.Effects())), "without a restore")

	for n, folder := range copies {
		s.restoreDatabase(folder)
		again := s.ended(ctx, s.client.GetWorkflow(ctx, run.GetID(), ""))
		t.Logf("copy %d: %s %s", n, again.State, again.Summary)
		require.Equal(t, 6, again.Counts.Succeeded+again.Counts.UpToDate, "copy %d: %s", n, again.Summary)
		require.Empty(t, miscounts(unmarked(intended(s.members)), unmarked(tally(s.clouds.Effects()))), "after copy %d was restored", n)
	}
	s.runs = []client.WorkflowRun{s.client.GetWorkflow(ctx, run.GetID(), "")}
	marks := tally(s.clouds.Effects())
	for _, call := range s.members[2].effects {
		if call.kind == marking {
			require.Equal(t, marks[effect{marking, call.resource, "create"}], marks[call], "a mark is left on %s", call.resource)
		}
	}
	s.require(slices.Concat(s.settings(), s.histories(), s.secrets()), 0)
}

const marking = "taurusdb:BatchTagAction"

// unmarked leaves out what marks a proxy whose reads are about to be moved. A run that was just then when the copy was
// taken sets its mark again, finds the proxy upgraded, and removes the mark.
func unmarked(effects map[effect]int) map[effect]int {
	maps.DeleteFunc(effects, func(e effect, _ int) bool { return e.kind == marking })
	return effects
}

// copyDatabase copies the database as it is on disk when the server is killed: SQLite makes it whole from its log.
func (s *stage) copyDatabase(number int) (folder string) {
	s.t.Helper()
	folder = filepath.Join(s.folder, fmt.Sprintf("backup-%d", number))
	require.NoError(s.t, os.Mkdir(folder, 0o700))
	s.server.kill()
	s.copyFiles(s.folder, folder)
	s.server.start()
	return folder
}

// restoreDatabase stops everything, puts the files of a copy in the place of the database's, and starts again.
func (s *stage) restoreDatabase(folder string) {
	s.t.Helper()
	s.worker.kill()
	s.server.kill()
	files, err := filepath.Glob(s.database + "*")
	require.NoError(s.t, err)
	for _, file := range files {
		require.NoError(s.t, os.Remove(file))
	}
	s.copyFiles(folder, s.folder)
	s.server.start()
	s.worker.start()
}

// copyFiles copies the files of the database.
func (s *stage) copyFiles(from, to string) {
	s.t.Helper()
	files, err := filepath.Glob(filepath.Join(from, filepath.Base(s.database)+"*"))
	require.NoError(s.t, err)
	require.NotEmpty(s.t, files)
	for _, file := range files {
		in, err := os.Open(file)
		require.NoError(s.t, err)
		out, err := os.Create(filepath.Join(to, filepath.Base(file)))
		require.NoError(s.t, err)
		_, err = io.Copy(out, in)
		require.NoError(s.t, err)
		require.NoError(s.t, in.Close())
		require.NoError(s.t, out.Close())
	}
}
