package e2e_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/stretchr/testify/require"
	historypb "go.temporal.io/api/history/v1"
	"google.golang.org/protobuf/encoding/protojson"
)

// histories is where the replay test of workflows finds what was recorded.
const histories = "../../workflows/testdata/histories"

// recordEnv names the release whose histories the tests write. They are recorded
// from the released build, never from a branch under test.
const recordEnv = "TIDEGATE_RECORD"

var notInFileNames = regexp.MustCompile(`[^A-Za-z0-9_-]+`)

// record keeps a history under the test's name.
func (l *lab) record(events []*historypb.HistoryEvent) { l.recordAs("", events) }

// recordAs is record for one of several histories of a test.
func (l *lab) recordAs(part string, events []*historypb.HistoryEvent) {
	release := os.Getenv(recordEnv)
	if release == "" {
		return
	}
	text, err := protojson.Marshal(&historypb.History{Events: events})
	require.NoError(l.t, err)
	folder := filepath.Join(histories, release)
	require.NoError(l.t, os.MkdirAll(folder, 0o750))
	file := filepath.Join(folder, notInFileNames.ReplaceAllString(strings.Trim(l.t.Name()+"-"+part, "-"), "-")+".json")
	require.NoError(l.t, os.WriteFile(file, text, 0o600))
}
