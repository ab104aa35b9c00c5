package health

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// Percent is a percentage that people write with its sign, such as "5%" or "0.5%". 0 is left out.
type Percent float64

// String is the form that UnmarshalText reads.
func (p Percent) String() string { return number(float64(p)) + "%" }

// MarshalText writes the form that UnmarshalText reads.
func (p Percent) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads a number followed by %.
func (p *Percent) UnmarshalText(text []byte) error {
	digits, sign := strings.CutSuffix(string(text), "%")
	value, err := strconv.ParseFloat(digits, 64)
	if err != nil || !sign || math.IsNaN(value) || math.IsInf(value, 0) {
		return maintenance.Invalid("percentage", string(text), "a number followed by %, such as 5%")
	}
	*p = Percent(value)
	return nil
}

// number is a number for people: at most six digits that count.
func number(f float64) string { return strconv.FormatFloat(f, 'g', 6, 64) }

// stamp is a time for people.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05Z") }

// mostText is how long a text in an answer is at most, in bytes: what a source says may be of any length.
const mostText = 300

// list names the first of many.
func list(names []string) string {
	const most = 5
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}

// shorten cuts a text at a character's end.
func shorten(text string) string {
	if len(text) <= mostText {
		return text
	}
	const ellipsis = "..."
	return strings.ToValidUTF8(text[:mostText-len(ellipsis)], "") + ellipsis
}
