package planfile

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/strict"
)

// maxCalendar is far above a calendar of freezes.
const maxCalendar = 4 << 20

// calendar is a freeze that stands for the events of an iCalendar file.
func (c *checker) calendar(at string, f freeze, zone *time.Location) []maintenance.Freeze {
	for _, field := range []string{".from", ".to"} {
		if c.Has(at + field) {
			c.Wrong(at+field, "", "to be left out beside ics")
		}
	}
	if zone == nil {
		c.Wrong(at+".zone", "", wantZone+", for events that name none")
		return nil
	}
	text, err := readCalendar(c.options.Dir, f.ICS)
	if err != nil {
		c.Fault(at+".ics", strict.Fault{Value: f.ICS, Problem: "cannot be read: " + err.Error(), Want: "an iCalendar file, found from the plan file's folder"})
		return nil
	}
	s := span{from: c.options.Now, until: c.options.Now.Add(ahead)}
	freezes, err := events(text, zone, s)
	if err != nil {
		c.Fault(at+".ics", strict.Fault{Value: f.ICS, Problem: "is wrong: " + err.Error()})
		return nil
	}
	for i := range freezes {
		if freezes[i].Reason == "" {
			freezes[i].Reason = f.Reason
		}
	}
	return freezes
}

// span is the time in which events matter.
type span struct{ from, until time.Time }

// readCalendar reads a file beside the plan.
func readCalendar(dir, name string) ([]byte, error) {
	if !filepath.IsAbs(name) {
		name = filepath.Join(dir, name)
	}
	// To open a pipe or a device could last for ever.
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
		return nil, errors.New("it is no file")
	}
	file, err := os.Open(name) //nolint:gosec // the operator's plan names the file
	if err != nil {
		return nil, err //nolint:wrapcheck // it says what was tried on what
	}
	defer file.Close() //nolint:errcheck // it was only read
	text, err := io.ReadAll(io.LimitReader(file, maxCalendar+1))
	if err != nil {
		return nil, fmt.Errorf("read it: %w", err)
	}
	if len(text) > maxCalendar {
		return nil, fmt.Errorf("it has more than %d megabytes", maxCalendar>>20)
	}
	return text, nil
}
