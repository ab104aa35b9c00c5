package e2e_test

import (
	"os"
	"path/filepath"
	"regexp"

	"github.com/stretchr/testify/require"
	historypb "go.temporal.io/api/history/v1"
	"google.golang.org/protobuf/encoding/protojson"
)

// histories is where the replay test of workflows finds what was recorded.
const histories = "../../workflows/testdata/histories"

// recordEnv, where it is 1, lets the tests write the histories of their runs.
// They are recorded from a released build, never from the branch under test.
const recordEnv = "TIDEGATE_RECORD"

var notInFileNames = regexp.MustCompile(`[^A-Za-z0-9_-]+`)

// record keeps a history under the test's name.
func (l *lab) record(events []*historypb.HistoryEvent) {
	if os.Getenv(recordEnv) != "1" {
		return
	}
	text, err := protojson.Marshal(&historypb.History{Events: events})
	require.NoError(l.t, err)
	require.NoError(l.t, os.MkdirAll(histories, 0o755))
	file := filepath.Join(histories, notInFileNames.ReplaceAllString(l.t.Name(), "-")+".json")
	require.NoError(l.t, os.WriteFile(file, text, 0o644))
}
