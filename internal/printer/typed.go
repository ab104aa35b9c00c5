package printer

import (
	"io"
	"os"
)

// Rewriting is a writer that passes on what Text makes of each write. What looks for a
// terminal finds the one behind it.
type Rewriting struct {
	To   io.Writer
	Text func(string) string
}

// Write rewrites, and counts what it was given.
func (r Rewriting) Write(p []byte) (int, error) {
	if _, err := io.WriteString(r.To, r.Text(string(p))); err != nil {
		return 0, err //nolint:wrapcheck // as the writer behind it says
	}
	return len(p), nil
}

// Raw is the writer behind a Rewriting, else the writer itself.
func Raw(w io.Writer) io.Writer {
	if r, ok := w.(Rewriting); ok {
		return r.To
	}
	return w
}

// fileOf is the file behind a writer.
func fileOf(w io.Writer) (*os.File, bool) {
	file, ok := Raw(w).(*os.File)
	return file, ok
}
