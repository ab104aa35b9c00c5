// Command licences collects the licences of what is linked into the programs that are handed out, on any platform, in
// one file: go run ./deploy/release/licences FILE. It fails on a licence that it does not know to allow that. Start at
// collect; what is allowed is in licence.go.
package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tidegate/tidegate/internal/program"
)

func main() { program.Main(run) }

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	return program.Run(ctx, newCommand, args, stdout, stderr)
}

func newCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "licences FILE",
		Short: "Write the licences of all dependencies into a file",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			parts, err := collect(cmd.Context())
			if err != nil {
				return err
			}
			if err := os.MkdirAll(filepath.Dir(args[0]), 0o755); err != nil { //nolint:gosec // it is handed out
				return fmt.Errorf("make the folder of the licences: %w", err)
			}
			if err := os.WriteFile(args[0], listed(parts), 0o644); err != nil { //nolint:gosec // it is handed out
				return fmt.Errorf("write the licences: %w", err)
			}
			return nil
		},
	}
}

// programs and platforms are those of .goreleaser.yaml; a test compares them.
func programs() []string {
	const module = "github.com/tidegate/tidegate"
	return []string{module + "/cmd/tidegate", module + "/cmd/tidegate-worker", module + "/simcloud"}
}

func platforms() []string {
	return []string{"linux/amd64", "linux/arm64", "darwin/amd64", "darwin/arm64", "windows/amd64", "windows/arm64"}
}

// part is a module, or Go itself, of which something is linked.
type part struct {
	name, version string
	licences      []string          // as SPDX names them, sorted
	texts         map[string]string // by the file's name
}

// collect finds the parts of all programs on all platforms, sorted by name. Every part without a known licence is named
// in the error.
func collect(ctx context.Context) ([]part, error) {
	found := map[string]part{}
	var wrong []error
	for _, platform := range platforms() {
		linked, err := linkedOn(ctx, platform)
		if err != nil {
			return nil, err
		}
		for _, l := range linked {
			p, ok := found[l.module]
			if !ok {
				p = part{name: l.module, version: l.version, texts: map[string]string{}}
			}
			if err := p.read(l); err != nil {
				return nil, err
			}
			found[l.module] = p
		}
	}
	parts := slices.SortedFunc(maps.Values(found), func(a, b part) int { return cmp.Compare(a.name, b.name) })
	for i := range parts {
		if err := parts[i].judge(); err != nil {
			wrong = append(wrong, err)
		}
	}
	return parts, errors.Join(wrong...)
}

// linked is a package that is linked: its folder, and the module that it is of.
type linked struct{ module, version, root, folder string }

func linkedOn(ctx context.Context, platform string) ([]linked, error) {
	const each = `{{with .Module}}{{if not .Main}}{{.Path}}{{"\t"}}{{.Version}}{{"\t"}}{{.Dir}}{{"\t"}}{{$.Dir}}{{end}}{{end}}`
	system, processor, _ := strings.Cut(platform, "/")
	cmd := exec.CommandContext(ctx, "go", append([]string{"list", "-deps", "-f", each}, programs()...)...) //nolint:gosec // our own words
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+system, "GOARCH="+processor)
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("list what is linked for %s: %w: %s", platform, err, said.String())
	}
	goroot, err := exec.CommandContext(ctx, "go", "env", "GOROOT").Output()
	if err != nil {
		return nil, fmt.Errorf("ask where Go is: %w", err)
	}
	root := strings.TrimSpace(string(goroot))
	all := []linked{{module: "Go and its standard library", version: runtime.Version(), root: root, folder: root}}
	for line := range strings.Lines(string(out)) {
		if f := strings.Split(strings.TrimSuffix(line, "\n"), "\t"); len(f) == 4 {
			all = append(all, linked{module: f[0], version: f[1], root: f[2], folder: f[3]})
		}
	}
	return all, nil
}

// legal are the files that say under which terms a folder may be handed out.
var legal = regexp.MustCompile(`(?i)^(licen[cs]e|copying|unlicense|notice|patents|copyright)([._-].*)?$`)

// read takes the texts next to a package and above it, up to its module's root: a module may hold
// packages of somebody else.
func (p *part) read(l linked) error {
	for folder := l.folder; ; folder = filepath.Dir(folder) {
		entries, err := os.ReadDir(folder)
		if err != nil {
			return fmt.Errorf("look for the licence of %s: %w", l.module, err)
		}
		for _, e := range entries {
			if e.IsDir() || !legal.MatchString(e.Name()) || filepath.Ext(e.Name()) == ".go" {
				continue
			}
			file := filepath.Join(folder, e.Name())
			text, err := os.ReadFile(file) //nolint:gosec // of a module that we link
			if err != nil {
				return fmt.Errorf("read the licence of %s: %w", l.module, err)
			}
			name, err := filepath.Rel(l.root, file)
			if err != nil {
				return fmt.Errorf("name the licence of %s: %w", l.module, err)
			}
			p.texts[filepath.ToSlash(name)] = string(text)
		}
		if folder == l.root || len(folder) <= len(l.root) {
			return nil
		}
	}
}

// listed is the list of all parts, and then the texts of each.
func listed(parts []part) []byte {
	var b bytes.Buffer
	b.WriteString("Tidegate's programs contain what follows, under the licences that stand below.\n\n")
	for _, p := range parts {
		fmt.Fprintf(&b, "%s %s: %s\n", p.name, p.version, strings.Join(p.licences, ", "))
	}
	for _, p := range parts {
		for _, name := range slices.Sorted(maps.Keys(p.texts)) {
			fmt.Fprintf(&b, "\n%s\n%s %s, %s\n\n", strings.Repeat("=", 80), p.name, p.version, name)
			b.WriteString(strings.TrimSpace(p.texts[name]) + "\n")
		}
	}
	return b.Bytes()
}
