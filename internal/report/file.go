package report

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// mode lets others read: a report holds names and ids, and no secret.
const mode fs.FileMode = 0o644

// Check refuses a path that Save could not write, so that a long run does not
// end without its report. It leaves nothing behind.
func Check(path string) error {
	_, file, err := create(path)
	if err != nil {
		return err
	}
	return discard(path, file, nil)
}

// Save writes a rendered report in one piece: a reader of the path sees the whole report, or
// what was there before.
func Save(path string, text []byte) error {
	target, file, err := create(path)
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
		return "", refuse(path, errors.New("it already exists and is not a regular file"))
	}
	return target, nil
}

// create makes the file that takes the target's place once it is whole. It stands in the same
// folder, because a rename does not cross file systems.
func create(path string) (target string, file *os.File, err error) {
	if target, err = resolve(path); err != nil {
		return "", nil, err
	}
	if file, err = os.CreateTemp(filepath.Dir(target), ".tidegate-report-*"); err != nil {
		return "", nil, refuse(target, err)
	}
	return target, file, nil
}

// discard takes the unfinished file away again. Closing twice does no harm.
func discard(path string, file *os.File, because error) error {
	_ = file.Close() // it is thrown away
	if err := errors.Join(because, os.Remove(file.Name())); err != nil {
		return refuse(path, err)
	}
	return nil
}

func refuse(path string, err error) error {
	return fmt.Errorf("the report cannot be written to %q; name a file in a folder that exists and may be written to: %w", path, err)
}
