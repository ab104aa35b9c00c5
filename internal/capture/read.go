package capture

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
)

// extension is that of the files of a capture.
const extension = ".jsonl"

// maxLine bounds a line, in bytes.
const maxLine = 16 << 20

// Capture is what a directory or a file holds.
type Capture struct {
	Exchanges []Exchange // by time
	Files     int
	Dropped   int // exchanges that are known to be missing
	// Unended are the files without a last line: their process was killed, runs still, or could not write it.
	Unended []string
}

// ErrEmpty says that there is no exchange to be read.
var ErrEmpty = errors.New("the capture holds no exchange")

// Read reads a file of a capture, or all of a directory. A last line that was cut off is passed over.
func Read(path string) (Capture, error) {
	info, err := os.Stat(path)
	if err != nil {
		return Capture{}, fmt.Errorf("read the capture: %w", err)
	}
	files := []string{path}
	if info.IsDir() {
		if files, err = filepath.Glob(filepath.Join(path, "*"+extension)); err != nil {
			return Capture{}, fmt.Errorf("read the capture: %w", err)
		}
	}
	var c Capture
	for _, file := range files {
		if err := c.readFile(file); err != nil {
			return Capture{}, fmt.Errorf("read the capture: %s: %w", file, err)
		}
	}
	if len(c.Exchanges) == 0 {
		return c, fmt.Errorf("%s: %w", path, ErrEmpty)
	}
	slices.SortStableFunc(c.Exchanges, func(a, b Exchange) int { return cmp.Compare(a.At.UnixNano(), b.At.UnixNano()) })
	return c, nil
}

func (c *Capture) readFile(name string) (err error) {
	file, err := os.Open(name) //nolint:gosec // the person names it
	if err != nil {
		return err //nolint:wrapcheck // Read says what and where
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	ended, err := c.Parse(file)
	c.Files++
	if !ended {
		c.Unended = append(c.Unended, name)
	}
	return err
}

// Parse adds the exchanges of one file, and says whether it has its last line.
func (c *Capture) Parse(from io.Reader) (ended bool, err error) {
	lines := bufio.NewReaderSize(from, 64<<10)
	for number := 1; ; number++ {
		line, err := readLine(lines)
		if errors.Is(err, io.EOF) {
			return ended, nil // without its end a line was cut off: the process died in it
		}
		if err != nil {
			return ended, fmt.Errorf("line %d: %w", number, err)
		}
		if number == 1 {
			if err := checkHeader(line); err != nil {
				return ended, err
			}
			continue
		}
		if ended, err = c.add(line); err != nil {
			return ended, fmt.Errorf("line %d: %w", number, err)
		}
	}
}

// readLine is one line with its end; io.EOF where there is none.
func readLine(from *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := from.ReadSlice('\n')
		if line = append(line, part...); len(line) > maxLine {
			return nil, fmt.Errorf("has more than %d bytes", maxLine)
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		return line, err //nolint:wrapcheck // Parse says where
	}
}

func checkHeader(line []byte) error {
	var h Header
	if err := json.Unmarshal(line, &h); err != nil || h.Version == 0 {
		return errors.New(`line 1: is not the header of a capture, {"tidegateCapture": 1, ...}`)
	}
	if h.Version != Version {
		return fmt.Errorf("line 1: is of version %d of the form; this program reads version %d", h.Version, Version)
	}
	return nil
}

// add takes a line, and says whether it is the last one.
func (c *Capture) add(text []byte) (end bool, err error) {
	var line struct {
		Exchange

		End *End `json:"end"`
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&line); err != nil {
		return false, fmt.Errorf("is not an exchange: %w", err)
	}
	if line.End != nil {
		c.Dropped = max(c.Dropped, line.End.Dropped)
		return true, nil
	}
	if line.At.IsZero() {
		return false, errors.New("is not an exchange: at is required")
	}
	c.Exchanges = append(c.Exchanges, line.Exchange)
	return false, nil
}
