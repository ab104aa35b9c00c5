package maintenance

import (
	"fmt"
	"strings"
	"time"
)

// Duration is a time.Duration that people write and read as text ("4h",
// "90s") in plans, in the Web UI and in histories.
type Duration time.Duration

// Std is the duration for the time package.
func (d Duration) Std() time.Duration { return time.Duration(d) }

// OrZero is for a field that distinguishes "0s" from "left out". Left out it is zero: in a
// plan before its defaults, and in the history of a run that started before the
// field was there.
func (d *Duration) OrZero() Duration {
	if d == nil {
		return 0
	}
	return *d
}

// String is the shortest form: 4h, not 4h0m0s.
func (d Duration) String() string {
	s := d.Std().String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// MarshalText writes the form that UnmarshalText reads.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads Go's form of a duration.
func (d *Duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("invalid duration %q: must be a number with a unit, such as 90s, 30m or 4h", text)
	}
	*d = Duration(parsed)
	return nil
}
