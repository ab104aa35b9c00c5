// Package release checks what .goreleaser.yaml says against the programs, the Dockerfile, and the docs. goreleaser
// itself checks its form in CI, and makes the programs of CI's own platform: .ci/run. Start at release_test.go.
package release_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/require"
)

const root = "../.."

type config struct {
	Builds []struct {
		ID, Main, Binary string
		Goos, Goarch     []string
		Env, Ldflags     []string
	}
	Archives []struct{ Files []struct{ Src string } }
	Dockers  []struct {
		IDs        []string `yaml:"ids"`
		Dockerfile string
		Platforms  []string
		Images     []string
		ExtraFiles []string `yaml:"extra_files"`
		Flags      []string
	} `yaml:"dockers_v2"`
	Signs []struct{ Args []string }
}

func load(t *testing.T) config {
	t.Helper()
	var c config
	text := strings.NewReader(read(t, ".goreleaser.yaml"))
	require.NoError(t, yaml.NewDecoder(text, yaml.AllowDuplicateMapKey()).Decode(&c), "what a build says goes before what it takes over")
	return c
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, name))
	require.NoError(t, err)
	return string(text)
}

func TestTheSameProgramsAreInArchivesImagesAndLicences(t *testing.T) {
	t.Parallel()
	c := load(t)
	var ids, collected []string
	source, licences := read(t, "Dockerfile"), read(t, "deploy/release/licences/main.go")
	for _, b := range c.Builds {
		ids = append(ids, b.ID)
		require.Equal(t, b.ID, b.Binary)
		require.Equal(t, []string{"linux", "darwin", "windows"}, b.Goos, b.ID)
		require.Equal(t, []string{"amd64", "arm64"}, b.Goarch, b.ID)
		require.Equal(t, []string{"CGO_ENABLED=0"}, b.Env, b.ID)
		require.Regexp(t, regexp.QuoteMeta("-o /out/"+b.ID+" "+b.Main)+`\s`, source, "the image that is built from source has it too")
		collected = append(collected, strings.TrimPrefix(b.Main, "."))
		for _, system := range b.Goos {
			for _, processor := range b.Goarch {
				require.Contains(t, licences, `"`+system+"/"+processor+`"`, "its licences are collected")
			}
		}
	}
	require.Equal(t, []string{"tidegate", "tidegate-worker", "simcloud"}, ids)
	for _, main := range collected {
		require.Contains(t, licences, `module + "`+main+`"`, "its licences are collected")
	}
	require.Len(t, c.Dockers, 1)
	image := c.Dockers[0]
	require.Equal(t, ids, image.IDs)
	require.Equal(t, []string{"linux/amd64", "linux/arm64"}, image.Platforms)
	require.Contains(t, image.Flags, "--target=release")
	require.Contains(t, source, "FROM base AS release\n")
	require.Contains(t, read(t, "deploy/kubernetes/base/kustomization.yaml"), "newName: "+image.Images[0]+" ")
	for _, f := range image.ExtraFiles {
		require.Contains(t, source, f, "the image has it")
	}
	for _, b := range c.Builds {
		require.Equal(t, c.Builds[0].Ldflags, b.Ldflags, "%s says which build it is, as all do", b.ID)
	}
}

func TestArchivesHaveWhatADistributorNeeds(t *testing.T) {
	t.Parallel()
	c := load(t)
	var files []string
	for _, f := range c.Archives[0].Files {
		files = append(files, f.Src)
	}
	for _, want := range []string{
		"LICENSE", "SECURITY.md", "CHANGELOG.md", "README.md",
		"bin/release/THIRD_PARTY_LICENSES.txt", "bin/release/man/*", "bin/release/completions/*",
	} {
		require.Contains(t, files, want)
	}
}

// A signature that needs a service, or leaves a trace in one, is not what decision 26 chose.
func TestSignaturesAskNoService(t *testing.T) {
	t.Parallel()
	c := load(t)
	require.Contains(t, c.Signs[0].Args, "--signing-config=deploy/release/signing-config.json")
	config := read(t, "deploy/release/signing-config.json")
	require.NotContains(t, config, "http")
	require.NotContains(t, config, "Urls")
}

// The program is linked as the file says and asked.
func TestAReleaseSaysWhichItIs(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("links a program")
	}
	flags := strings.Join(load(t).Builds[0].Ldflags, " ")
	flags = strings.NewReplacer("{{ .Version }}", "9.8.7", "{{ .FullCommit }}", "4f2c", "{{ .CommitDate }}", "2030-01-02T03:04:05Z").Replace(flags)
	require.NotContains(t, flags, "{{")
	program := filepath.Join(t.TempDir(), "tidegate.exe")
	build := exec.CommandContext(t.Context(), "go", "build", "-ldflags", flags, "-o", program, "./cmd/tidegate")
	build.Dir, build.Stderr = root, t.Output()
	require.NoError(t, build.Run())
	said, err := exec.CommandContext(t.Context(), program, "--version").Output()
	require.NoError(t, err)
	require.Contains(t, string(said), "9.8.7, commit 4f2c of 2030-01-02T03:04:05Z, "+runtime.Version())
}

// What go install PACKAGE@VERSION refuses: a module that replaces or excludes others, and one of more than 500 MB.
func TestGoInstallsBothPrograms(t *testing.T) {
	t.Parallel()
	module := read(t, "go.mod")
	require.NotRegexp(t, `(?m)^(replace|exclude)\b`, module)
	path := regexp.MustCompile(`(?m)^module (\S+)$`).FindStringSubmatch(module)[1]
	readme := read(t, "README.md")
	for _, program := range []string{"tidegate", "tidegate-worker"} {
		require.Contains(t, readme, "\ngo install "+path+"/cmd/"+program+"@latest\n")
		require.Contains(t, read(t, "cmd/"+program+"/main.go"), "\npackage main\n")
	}
	list := exec.CommandContext(t.Context(), "git", "-c", "safe.directory=*", "ls-files", "-z")
	list.Dir = root
	out, err := list.Output()
	if err != nil {
		t.Skipf("this is no clone: %v", err)
	}
	var size int64
	for name := range strings.SplitSeq(strings.Trim(string(out), "\x00"), "\x00") {
		if info, err := os.Stat(filepath.Join(root, name)); err == nil {
			size += info.Size()
		}
	}
	require.Less(t, size, int64(500<<20), "bytes in the repository")
}

// The changelog's newest release is the next to be tagged, and has a day once it is.
func TestTheChangelogHasTheSectionOfTheNextRelease(t *testing.T) {
	t.Parallel()
	headings := regexp.MustCompile(`(?m)^## \[(.+?)\](.*)$`).FindAllStringSubmatch(read(t, "CHANGELOG.md"), -1)
	require.GreaterOrEqual(t, len(headings), 2)
	require.Equal(t, "Unreleased", headings[0][1])
	require.Regexp(t, `^\d+\.\d+\.\d+$`, headings[1][1])
	require.Regexp(t, `^ - (not tagged yet|\d{4}-\d\d-\d\d)$`, headings[1][2])
}
