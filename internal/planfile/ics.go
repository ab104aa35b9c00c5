package planfile

import (
	"errors"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// events are the events of an iCalendar file that lie in a span, as freezes.
func events(_ []byte, _ *time.Location, _ span) ([]maintenance.Freeze, error) {
	return nil, errors.New("this build of tidegate does not read calendars")
}
