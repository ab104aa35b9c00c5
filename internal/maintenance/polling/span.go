package polling

import (
	"fmt"
	"strings"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// Span is when a change ended, counted from its start: after the last poll that found it not done, and before the one
// that found it done.
type Span struct{ After, By maintenance.Duration }

// SpanOf rounds a span: precise enough for polls, and short.
func SpanOf(after, by time.Duration) Span {
	precision := time.Millisecond
	if by >= time.Minute {
		precision = time.Second
	}
	return Span{maintenance.Duration(after.Round(precision)), maintenance.Duration(by.Round(precision))}
}

// MarshalText writes the form that UnmarshalText reads: "9m..9m12s".
func (s Span) MarshalText() ([]byte, error) {
	return []byte(s.After.String() + ".." + s.By.String()), nil
}

// UnmarshalText reads two durations.
func (s *Span) UnmarshalText(text []byte) error {
	after, by, ok := strings.Cut(string(text), "..")
	if !ok {
		return fmt.Errorf("invalid span %q: must be two durations, such as 9m..9m12s", text)
	}
	if err := s.After.UnmarshalText([]byte(after)); err != nil {
		return err
	}
	return s.By.UnmarshalText([]byte(by))
}
