package wire

import (
	"encoding/xml"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/fxamacker/cbor/v2"
)

// Time is a timestamp of CloudWatch: seconds since 1970 in JSON and CBOR, ISO 8601 in a query.
type Time time.Time

// NewTime is a member that holds a time, to the millisecond; nil for the zero time.
func NewTime(t time.Time) *Time {
	if t.IsZero() {
		return nil
	}
	return new(Time(t.UTC().Truncate(time.Millisecond)))
}

// Time is the time; zero for a member that is missing.
func (t *Time) Time() time.Time {
	if t == nil {
		return time.Time{}
	}
	return time.Time(*t)
}

const timestampTag = 1 // of CBOR: seconds since 1970

func (t Time) seconds() float64 { return float64(time.Time(t).UnixMilli()) / 1000 }

// setSeconds takes years 1 to 9999.
func (t *Time) setSeconds(seconds float64) error {
	if !(math.Abs(seconds) < 1<<37) { // so written, NaN is refused too
		return errors.New("a timestamp is out of range")
	}
	*t = Time(time.UnixMilli(int64(math.Round(seconds * 1000))).UTC())
	return nil
}

// MarshalJSON writes seconds.
func (t Time) MarshalJSON() ([]byte, error) {
	return strconv.AppendFloat(nil, t.seconds(), 'f', -1, 64), nil
}

// UnmarshalJSON reads seconds.
func (t *Time) UnmarshalJSON(text []byte) error {
	seconds, err := strconv.ParseFloat(string(text), 64)
	if err != nil {
		return fmt.Errorf("a timestamp is not a number: %w", err)
	}
	return t.setSeconds(seconds)
}

// MarshalCBOR writes seconds under the tag that says so.
func (t Time) MarshalCBOR() ([]byte, error) {
	return cbor.Marshal(cbor.Tag{Number: timestampTag, Content: t.seconds()}) //nolint:wrapcheck // a float is always written
}

// UnmarshalCBOR reads seconds, whole or not, under the tag that says so.
func (t *Time) UnmarshalCBOR(data []byte) error {
	var tagged cbor.RawTag
	if err := cbor.Unmarshal(data, &tagged); err != nil || tagged.Number != timestampTag {
		return errors.New("a timestamp is not a number of seconds with the tag 1")
	}
	var seconds float64
	if err := cbor.Unmarshal(tagged.Content, &seconds); err != nil {
		return fmt.Errorf("a timestamp is not a number: %w", err)
	}
	return t.setSeconds(seconds)
}

// MarshalText writes ISO 8601, for XML.
func (t Time) MarshalText() ([]byte, error) {
	return time.Time(t).AppendFormat(nil, "2006-01-02T15:04:05.000Z07:00"), nil
}

// UnmarshalText reads ISO 8601, of a query.
func (t *Time) UnmarshalText(text []byte) error {
	at, err := time.Parse(time.RFC3339, string(text))
	if err != nil {
		return fmt.Errorf("a timestamp is not in ISO 8601: %w", err)
	}
	*t = Time(at)
	return nil
}

// List is a list of CloudWatch, whose entries have an element each in XML.
type List[T any] []T

// MarshalXML writes the list's element, also around no entries.
func (l List[T]) MarshalXML(e *xml.Encoder, start xml.StartElement) error {
	err := e.EncodeToken(start)
	for _, entry := range l {
		err = errors.Join(err, e.EncodeElement(entry, xml.StartElement{Name: xml.Name{Local: "member"}}))
	}
	return errors.Join(err, e.EncodeToken(start.End()))
}
