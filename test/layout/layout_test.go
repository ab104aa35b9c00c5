// Package layout checks what a reader expects of the folders: few enough files to look through, a
// comment that says what the folder is for, and the layers of docs/architecture.md where the linter
// cannot hold them, since it sees what a package imports and not what it reaches through others.
// It runs nothing. Start at TestEveryFolderIsSmallEnoughToLookThrough.
package layout_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	root = "../.."
	// mostFiles is how many files, tests not counted, a folder may hold.
	mostFiles = 20
)

// folders are the Go files of each folder of the module.
func folders(t *testing.T) map[string][]string {
	t.Helper()
	files := map[string][]string{}
	require.NoError(t, filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == "testdata" || strings.HasPrefix(entry.Name(), ".") && path != root):
			return fs.SkipDir
		case strings.HasSuffix(path, ".go"):
			files[filepath.Dir(path)] = append(files[filepath.Dir(path)], path)
		}
		return nil
	}))
	require.Greater(t, len(files), 30, "the folders were not found")
	return files
}

func TestEveryFolderIsSmallEnoughToLookThrough(t *testing.T) {
	t.Parallel()
	for folder, files := range folders(t) {
		n := 0
		for _, file := range files {
			if !strings.HasSuffix(file, "_test.go") {
				n++
			}
		}
		require.LessOrEqual(t, n, mostFiles, "%s: make folders of it by subject, or merge what belongs together", folder)
	}
}

func TestEveryPackageSaysWhatItIsFor(t *testing.T) {
	t.Parallel()
	comments := make(map[string][]string)
	for folder, files := range folders(t) {
		for _, file := range files {
			parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.PackageClauseOnly|parser.ParseComments)
			require.NoError(t, err)
			name := folder + ": " + strings.TrimSuffix(parsed.Name.Name, "_test")
			comments[name] = append(comments[name], nil...) // a package without a comment is in the map too
			if parsed.Doc != nil {
				comments[name] = append(comments[name], file)
			}
		}
	}
	for name, files := range comments {
		require.Len(t, files, 1, "%s: one file has the package comment", name)
	}
}
