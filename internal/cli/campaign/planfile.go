package campaign

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/operate"
	"github.com/tidegate/tidegate/internal/planfile"
	"github.com/tidegate/tidegate/internal/planfile/plan"
	"github.com/tidegate/tidegate/internal/printer"
	"github.com/tidegate/tidegate/internal/strict"
	"github.com/tidegate/tidegate/workflows/api"
)

// PlanFile is a plan with what its campaign gets of the file.
type PlanFile struct {
	Plan   plan.Plan
	digest string // SHA-256 of the file, in hexadecimal digits
}

// stdin as the name of a plan file stands for standard input.
const stdin = "-"

// maxPlan bounds how much of a plan file is read: a plan of 10,000 targets has
// three megabytes, and strict.Read refuses one byte less than this.
const maxPlan = 16<<20 + 1

// ReadPlan reads a plan file, or standard input; now is the time from which on its
// freezes count. An error is a strict.FaultsError.
func ReadPlan(cmd *cobra.Command, path string, now time.Time) (PlanFile, error) {
	now = now.UTC().Truncate(time.Second) // as it travels
	name, dir := path, filepath.Dir(path)
	if path == stdin {
		name, dir = "standard input", ""
	}
	text, err := readBounded(cmd, path)
	if err != nil {
		return PlanFile{}, &strict.FaultsError{Faults: []strict.Fault{{
			File: name, Problem: "cannot be read: " + reasonOf(err),
		}}}
	}
	p, err := planfile.Parse(name, text, planfile.Options{Now: now, Dir: dir})
	if err != nil {
		return PlanFile{}, err
	}
	p.AsOf = now
	sum := sha256.Sum256(text)
	return PlanFile{Plan: p, digest: hex.EncodeToString(sum[:])}, nil
}

// DigestOf is the digest that a campaign of that name has if it runs the plan of a file: the file is read as of the
// time at which the campaign's was.
func DigestOf(cmd *cobra.Command, c operate.Session, name, path string) (string, error) {
	g, err := operate.FindCampaign(cmd.Context(), c, name)
	if err != nil {
		return "", err
	}
	var status fleet.Status
	if err := g.Ask(cmd.Context(), c, api.StatusQuery, &status); err != nil {
		return "", err
	}
	if status.Plan.AsOf.IsZero() {
		return "", errors.New("--plan: the campaign does not say as of when its plan file was read, so no file can be compared with it")
	}
	f, err := ReadPlan(cmd, path, status.Plan.AsOf)
	if err != nil {
		return "", err
	}
	return f.Plan.Digest()
}

// readBounded reads a file or standard input. Both may have a person or a program at
// their other end that writes nothing: an interrupt ends the waiting.
func readBounded(cmd *cobra.Command, path string) ([]byte, error) {
	type read struct {
		text []byte
		err  error
	}
	done := make(chan read, 1)
	go func() {
		text, err := readAll(cmd.InOrStdin(), path)
		done <- read{text, err}
	}()
	select {
	case r := <-done:
		return r.text, r.err
	case <-cmd.Context().Done():
		return nil, errors.New("interrupted")
	}
}

func readAll(in io.Reader, path string) ([]byte, error) {
	if path != stdin {
		file, err := os.Open(path) //nolint:gosec // the operator names the file
		if err != nil {
			return nil, err //nolint:wrapcheck // as the system says it
		}
		defer file.Close() //nolint:errcheck // it was only read
		in = file
	}
	return io.ReadAll(io.LimitReader(in, maxPlan)) //nolint:wrapcheck // as above
}

// reasonOf is why a file could not be read, without its name.
func reasonOf(err error) string {
	if failed, ok := errors.AsType[*fs.PathError](err); ok {
		err = failed.Err
	}
	if errors.Is(err, syscall.EISDIR) {
		return "it is a directory"
	}
	return err.Error()
}

// PrintWarnings says what a person should know of a plan file.
func PrintWarnings(cmd *cobra.Command, p plan.Plan) {
	screen := printer.Printer{Out: cmd.ErrOrStderr()}
	for _, w := range p.Warnings {
		screen.Linef("warning: %s", w)
	}
}
