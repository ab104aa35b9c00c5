// Package report is the record of several maintenances as one JSON document,
// for auditors and scripts. Its fields are stable: they are added to, and
// never renamed or retyped; SchemaVersion rises where a meaning changes.
package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
)

// SchemaVersion is the version of the form that this package writes.
const SchemaVersion = 1

// mode lets others read: a report holds names and ids, and no secret.
const mode fs.FileMode = 0o644

// Report is the document.
type Report struct {
	SchemaVersion int       `json:"schemaVersion"` // Write sets it
	Started       time.Time `json:"started"`       // before the first target began
	Ended         time.Time `json:"ended"`         // when the last target had ended
	// Campaign is the record of the campaign that the targets were in, if any.
	Campaign *fleet.Result `json:"campaign,omitempty"`
	// Targets are the records of the targets that have ended, in the order in
	// which they were asked for.
	Targets []maintenance.Result `json:"targets"`
	// Effects are what the clouds themselves counted, sorted. Simulated clouds
	// do; real ones keep no such ledger, and then it is left out.
	Effects []Effect `json:"effects,omitempty"`
}

// Effect counts how often one change of a cloud's state took place.
type Effect struct {
	Kind     string `json:"kind"`             // the cloud's operation, such as storagegateway:CreateSnapshot; vendor:... for its own doing
	Resource string `json:"resource"`         // ARN or id of what was changed; of a snapshot, the volume
	Change   string `json:"change,omitempty"` // what tells two changes of one kind apart, such as 1.2.3 -> 1.3.0
	Count    int    `json:"count"`
}

// Check refuses a path that Write could not write, so that a long run does not
// end without its report. It leaves nothing behind.
func Check(path string) error {
	target, err := resolve(path)
	if err != nil {
		return err
	}
	file, err := create(target)
	if err != nil {
		return err
	}
	return discard(path, file, nil)
}

// Write writes the report in one piece: whoever reads the path sees the whole
// report, or what was there before.
func Write(path string, r Report) error {
	r.SchemaVersion = SchemaVersion
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the report: %w", err)
	}
	return Save(path, append(text, '\n'))
}

// Save writes a rendered report in one piece: whoever reads the path sees the
// whole report, or what was there before.
func Save(path string, text []byte) error {
	target, err := resolve(path)
	if err != nil {
		return err
	}
	file, err := create(target)
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	if err = errors.Join(err, file.Chmod(mode), file.Sync()); err != nil {
		return discard(path, file, err)
	}
	if err = errors.Join(file.Close(), os.Rename(file.Name(), target)); err != nil {
		return discard(path, file, err)
	}
	return nil
}

// resolve is the file behind the path: a link stays a link. What is there may
// only be a file, since it is replaced.
func resolve(path string) (string, error) {
	target, err := filepath.EvalSymlinks(path)
	if errors.Is(err, fs.ErrNotExist) {
		return filepath.Clean(path), nil
	}
	if err != nil {
		return "", refuse(path, err)
	}
	info, err := os.Stat(target)
	if err != nil {
		return "", refuse(path, err)
	}
	if !info.Mode().IsRegular() {
		return "", refuse(path, errors.New("it is there already, and no file"))
	}
	return target, nil
}

// create makes the file that takes the path's place once it is whole. It
// stands in the same folder, because a rename does not cross file systems.
func create(target string) (*os.File, error) {
	file, err := os.CreateTemp(filepath.Dir(target), ".tidegate-report-*")
	if err != nil {
		return nil, refuse(target, err)
	}
	return file, nil
}

// discard takes the unfinished file away again. Closing twice does no harm.
func discard(path string, file *os.File, because error) error {
	_ = file.Close() //nolint:errcheck // it is thrown away
	if err := errors.Join(because, os.Remove(file.Name())); err != nil {
		return refuse(path, err)
	}
	return nil
}

func refuse(path string, err error) error {
	return fmt.Errorf("the report cannot be written to %q: %w; name a file in a folder that exists and may be written to", path, err)
}
