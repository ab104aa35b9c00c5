package maintenance

import (
	"fmt"
	"regexp"
	"strconv"
	"time"
)

// Zone is a gateway's fixed offset from GMT. AWS writes it `GMT`, `GMT-4:00`
// or `GMT+5:30`; the sign is the ordinary one (GMT-4:00 is four hours behind,
// unlike IANA's Etc/GMT+4) and daylight saving never applies. The zero value
// is GMT.
type Zone struct {
	minutes int
}

var zoneForm = regexp.MustCompile(`^GMT(?:([+-])(\d{1,2}):([0-5]\d))?$`)

// maxZoneMinutes is the widest offset in civil use, on either side.
const maxZoneMinutes = 14 * 60

// ParseZone reads AWS's form of a zone. Anything else is a FieldError.
func ParseZone(s string) (Zone, error) {
	m := zoneForm.FindStringSubmatch(s)
	if m == nil {
		return Zone{}, Invalid("timezone", s, "GMT, GMT-h:mm or GMT+h:mm")
	}
	if m[1] == "" {
		return Zone{}, nil
	}
	hours, err := strconv.Atoi(m[2])
	if err != nil {
		return Zone{}, Invalid("timezone", s, "an hour of one or two digits")
	}
	minutes, err := strconv.Atoi(m[3])
	if err != nil {
		return Zone{}, Invalid("timezone", s, "minutes of two digits")
	}
	offset := hours*60 + minutes
	if offset > maxZoneMinutes {
		return Zone{}, Invalid("timezone", s, "an offset of at most 14:00")
	}
	if m[1] == "-" {
		offset = -offset
	}
	return Zone{minutes: offset}, nil
}

// String writes the zone as AWS does.
func (z Zone) String() string {
	switch m := z.minutes; {
	case m > 0:
		return fmt.Sprintf("GMT+%d:%02d", m/60, m%60)
	case m < 0:
		return fmt.Sprintf("GMT-%d:%02d", -m/60, -m%60)
	}
	return "GMT"
}

// Location is the zone for the time package, made from the offset alone: no
// zone data is loaded, so that workflow code may call it.
func (z Zone) Location() *time.Location {
	return time.FixedZone(z.String(), z.minutes*60)
}

// MarshalText writes the zone as AWS does.
func (z Zone) MarshalText() ([]byte, error) { return []byte(z.String()), nil }

// UnmarshalText reads AWS's form.
func (z *Zone) UnmarshalText(text []byte) error {
	parsed, err := ParseZone(string(text))
	if err != nil {
		return err
	}
	*z = parsed
	return nil
}
