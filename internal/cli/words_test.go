package cli_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// goSyntax are what programs in Go say to those who wrote them.
var goSyntax = regexp.MustCompile(`context (deadline exceeded|canceled)|%!\w?\(|<nil>|\[\]string|map\[|&\{|\b0x[0-9a-f]{6,}|goroutine \d|\d+@[^@\s]*@`)

// What operators see is kept in files by the tests of what prints it: none of it speaks Go.
func TestNoScreenSpeaksGo(t *testing.T) {
	t.Parallel()
	kinds := []string{".golden", ".transcript", ".md", ".html", ".txt"}
	seen := 0
	for _, folder := range []string{"testdata", "render/testdata", "../live/testdata", "../report/testdata", "../report/histories/testdata", "../printer/testdata", "../../docs"} {
		require.NoError(t, filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !slices.Contains(kinds, filepath.Ext(path)) {
				return err
			}
			text, err := os.ReadFile(path)
			seen++
			require.Empty(t, goSyntax.FindString(string(text)), path)
			return err
		}))
	}
	require.Greater(t, seen, 30)
}
