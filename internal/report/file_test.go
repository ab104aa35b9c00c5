package report_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/report"
)

var update = flag.Bool("update", false, "write the golden files again")

func TestSaveReplacesTheFileInOnePiece(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	file, link := filepath.Join(folder, "r.json"), filepath.Join(folder, "latest.json")
	require.NoError(t, os.WriteFile(file, []byte("old"), 0o600))
	require.NoError(t, os.Symlink("r.json", link))
	require.NoError(t, report.Check(link))
	kept, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, "old", string(kept), "a check changes nothing")

	require.NoError(t, report.Save(link, []byte("new")))
	written, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, "new", string(written))
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	require.Len(t, entries, 2, "no unfinished file is left, and the link is still one")
}

func TestAPathThatCannotBeWrittenIsRefused(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for name, path := range map[string]string{
		"nothing named":  "",
		"a folder":       folder,
		"no such folder": filepath.Join(folder, "no", "such", "r.json"),
		"a device":       os.DevNull,
		"below a file":   filepath.Join(os.Args[0], "r.json"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.ErrorContains(t, report.Check(path), "the report cannot be written to")
			require.Error(t, report.Save(path, []byte("new")))
		})
	}
}
