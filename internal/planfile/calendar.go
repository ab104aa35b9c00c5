package planfile

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/planfile/ics"
	"github.com/tidegate/tidegate/internal/strict"
)

// maxCalendar is far above a calendar of freezes.
const maxCalendar = 4 << 20

// calendar is a freeze that stands for the events of an iCalendar file.
func (c *checker) calendar(at string, f freeze, zone *time.Location) []maintenance.Freeze {
	for _, field := range []string{".from", ".to"} {
		if c.Has(at + field) {
			c.Wrong(at+field, "", "left out where ics is given")
		}
	}
	if zone == nil {
		c.Wrong(at+".zone", "", wantZone+", for events that name none")
		return nil
	}
	text, err := readCalendar(c.options.Dir, f.ICS)
	if err != nil {
		c.Fault(at+".ics", strict.Fault{
			Value: f.ICS, Problem: "cannot be read: " + err.Error(),
			Want: "the path of an iCalendar file, relative to the plan file",
		})
		return nil
	}
	now := c.options.Now
	read, err := ics.Read(text, ics.Options{Zone: zone, From: now, Until: now.Add(ahead)})
	if err != nil {
		c.Fault(at+".ics", strict.Fault{Value: f.ICS, Problem: "is not a valid calendar: " + err.Error()})
		return nil
	}
	c.plan.CalendarsUntil = now.Add(ahead)
	c.adviseCalendar(at+".ics", f, read)
	freezes := make([]maintenance.Freeze, 0, len(read.Events))
	for _, e := range read.Events {
		freezes = append(freezes, maintenance.Freeze{From: e.From, To: e.To, Reason: cmp.Or(e.Summary, f.Reason)})
	}
	return freezes
}

// adviseCalendar refuses a calendar without events, unless the plan allows it, and
// warns about events that freeze nothing.
func (c *checker) adviseCalendar(at string, f freeze, read ics.Calendar) {
	switch {
	case read.Count == 0 && !f.AllowEmpty:
		problem := "has no events"
		if read.Blank {
			problem = "is empty"
		}
		c.Fault(at, strict.Fault{Value: f.ICS, Problem: problem, Want: "a calendar with events; or set allowEmpty: true"})
	case read.Blank:
		c.Warn(at, strict.Fault{Value: f.ICS, Problem: "is empty, without even a calendar header: check whether its export was cut off"})
	case read.Count > 0 && len(read.Events) == 0 && len(read.Warnings) == 0:
		c.Warn(at, strict.Fault{Value: f.ICS, Problem: fmt.Sprintf(
			"freezes nothing: none of its events (%d) is in the 400 days from %s", read.Count, c.options.Now.UTC().Format(time.DateOnly))})
	}
	for _, w := range read.Warnings {
		c.Warn(at, strict.Fault{Value: f.ICS, Problem: w})
	}
}

// readCalendar reads a file named relative to the plan.
func readCalendar(dir, name string) ([]byte, error) {
	if !filepath.IsAbs(name) {
		name = filepath.Join(dir, name)
	}
	// To open a pipe or a device could block without end.
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
		return nil, errors.New("not a file")
	}
	file, err := os.Open(name) //nolint:gosec // the operator's plan names the file
	if err != nil {
		return nil, err //nolint:wrapcheck // it says what was tried on what
	}
	defer file.Close() //nolint:errcheck // it was only read
	text, err := io.ReadAll(io.LimitReader(file, maxCalendar+1))
	if err != nil {
		return nil, fmt.Errorf("read: %w", err)
	}
	if len(text) > maxCalendar {
		return nil, fmt.Errorf("larger than %d megabytes", maxCalendar>>20)
	}
	return text, nil
}
