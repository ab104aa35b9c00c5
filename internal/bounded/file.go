package bounded

import (
	"fmt"
	"io"
	"os"
)

// MaxReport is the most that is read of a report that is to be verified, in bytes.
const MaxReport = 512 << 20

// ReadFile is os.ReadFile for a file of at most so many bytes, whatever the file says
// of its size: it may be a device or a pipe.
func ReadFile(path string, most int64) ([]byte, error) {
	file, err := os.Open(path) //nolint:gosec // the operator names the file
	if err != nil {
		return nil, err //nolint:wrapcheck // as os.ReadFile says it
	}
	defer file.Close() //nolint:errcheck // it was only read
	text, err := io.ReadAll(io.LimitReader(file, most+1))
	if err == nil && int64(len(text)) > most {
		return nil, fmt.Errorf("%s is too large: it has more than %s", path, size(most))
	}
	return text, err //nolint:wrapcheck // as above
}
