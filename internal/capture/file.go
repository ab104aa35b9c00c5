package capture

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Limits bound what a capture takes. The zero value has the defaults.
type Limits struct {
	FileBytes int64         // a file is closed at this size, and another one opened; default 16 MiB
	FileAge   time.Duration // or at this age; default 1 hour
	DirBytes  int64         // the oldest files are deleted beyond it; default 256 MiB
	DirAge    time.Duration // and those that are older; default 7 days
}

// WithDefaults has the defaults in place of zeros.
func (l Limits) WithDefaults() Limits {
	l.FileBytes, l.DirBytes = orElse(l.FileBytes, 16<<20), orElse(l.DirBytes, 256<<20)
	l.FileAge, l.DirAge = orElse(l.FileAge, time.Hour), orElse(l.DirAge, 7*24*time.Hour)
	return l
}

func orElse[T comparable](value, usual T) T {
	var zero T
	if value == zero {
		return usual
	}
	return value
}

// Files are the rotating files of one process in a directory. They are for one goroutine.
type Files struct {
	Dir     string // mode 0700
	Program string
	Limits  Limits // with its defaults
	Now     func() time.Time

	file    *os.File
	name    string
	opened  time.Time
	size    int64 // up to the end of the last whole line
	written int
	number  int
}

// Write appends an exchange. Where that fails, the file ends with the line before; the next call tries again.
func (f *Files) Write(e Exchange, dropped int) error {
	line, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("write an exchange: %w", err)
	}
	now := f.Now()
	if f.file != nil && (f.size+int64(len(line)) > f.Limits.FileBytes || now.Sub(f.opened) >= f.Limits.FileAge) {
		if err := f.Close(dropped, "rotated"); err != nil {
			return err
		}
	}
	if f.file == nil {
		if err := f.open(now); err != nil {
			return err
		}
	}
	if err := f.append(line); err != nil {
		return err
	}
	f.written++
	return nil
}

func (f *Files) open(now time.Time) error {
	f.prune(now)
	file, err := f.create(now)
	for errors.Is(err, fs.ErrExist) { // another recorder of this process
		file, err = f.create(now)
	}
	if err != nil {
		return fmt.Errorf("open a file of the capture: %w", err)
	}
	f.file, f.opened, f.size, f.written = file, now, 0, 0
	header, err := json.Marshal(Header{Version: Version, Started: now.UTC(), Program: f.Program})
	if err == nil {
		err = f.append(header)
	}
	if err != nil {
		f.file = nil
		return errors.Join(err, file.Close(), os.Remove(f.name))
	}
	return nil
}

func (f *Files) create(now time.Time) (*os.File, error) {
	f.number++
	f.name = filepath.Join(f.Dir, fmt.Sprintf("%s-%d-%04d%s", now.UTC().Format("20060102T150405Z"), os.Getpid(), f.number,
		extension))
	return os.OpenFile(f.name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) //nolint:wrapcheck // open says what for
}

// append writes a line whole, or takes it back.
func (f *Files) append(line []byte) error {
	n, err := f.file.Write(append(line, '\n'))
	if err == nil {
		f.size += int64(n)
		return nil
	}
	if _, seekErr := f.file.Seek(f.size, 0); seekErr != nil {
		err = errors.Join(err, seekErr)
	}
	return fmt.Errorf("write to %s: %w", f.name, errors.Join(err, f.file.Truncate(f.size)))
}

// Close writes the last line and closes the file. Without a file it does nothing.
func (f *Files) Close(dropped int, reason string) error {
	if f.file == nil {
		return nil
	}
	line, err := json.Marshal(map[string]End{"end": {Written: f.written, Dropped: dropped, Reason: reason}})
	if err == nil {
		err = f.append(line)
	}
	err = errors.Join(err, f.file.Close())
	f.file = nil
	return err
}

// prune deletes the oldest files until the rest is within the limits, so that a new one fits.
func (f *Files) prune(now time.Time) {
	names, err := filepath.Glob(filepath.Join(f.Dir, "*"+extension))
	if err != nil {
		return // the pattern is ours
	}
	slices.Sort(names) // by time
	sizes, total := make([]int64, len(names)), f.Limits.FileBytes
	for i, name := range names {
		if info, err := os.Stat(name); err == nil {
			sizes[i] = info.Size()
			total += sizes[i]
		}
	}
	for i, name := range names {
		info, err := os.Stat(name)
		if err != nil || total <= f.Limits.DirBytes && now.Sub(info.ModTime()) < f.Limits.DirAge {
			continue
		}
		if os.Remove(name) == nil {
			total -= sizes[i]
		}
	}
}
