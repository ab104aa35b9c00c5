package signing

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// SSHNamespace is the namespace of our signatures, as ssh-keygen -Y sign -n takes it: a signature that
// was made for something else, such as a Git commit, is none of ours. The form name@domain is
// ssh-keygen(1)'s advice.
const SSHNamespace = "action@tidegate.github.io"

// MaxText is how many bytes a statement's text has at most, and MaxArmored an armored signature:
// an RSA key of 16,384 bits with a certificate fits.
const (
	MaxText    = 8 << 10
	MaxArmored = 16 << 10
)

// firstLine begins every statement. Its number changes when the form does, so that no text ever has
// two meanings.
const firstLine = "Tidegate statement, version 1"

// Statement is what a person signs: one action, on one campaign or target, with all of its arguments,
// at one time. What is not in it, the signature does not permit.
type Statement struct {
	// Namespace is Temporal's, in which the campaign runs. Required.
	Namespace string `json:"namespace"`
	// Campaign is the campaign's name, as its plan has it; empty: the action is on the run of one target.
	Campaign string `json:"campaign,omitempty"`
	// Run is the id of the campaign's (or the target's) first run in Temporal, which stays the same when it
	// continues as new; empty: it has not started, as for the action "run".
	Run string `json:"run,omitempty"`
	// Action is the operator's command, such as approve, run or skip. Required.
	Action string `json:"action"`
	// Target, Step, Check, NotBefore and MaxConcurrent are the action's arguments, as far as it has them:
	// a target's name or gateway id; the step at which it is held; a health check's name; the earliest
	// time; how many targets may run at a time.
	Target        string           `json:"target,omitempty"`
	Step          maintenance.Step `json:"step,omitempty"`
	Check         string           `json:"check,omitempty"`
	NotBefore     time.Time        `json:"notBefore,omitzero"`
	MaxConcurrent int              `json:"maxConcurrent,omitempty"`
	// Wave is the wave that is approved, from 1 on; 0: the action is on none.
	Wave int `json:"wave,omitempty"`
	// Plan is the digest of the plan as it runs, sha256: and 64 hexadecimal digits.
	Plan string `json:"plan,omitempty"`
	// Why is the reason that goes into the record, one line.
	Why string `json:"why,omitempty"`
	// Nonce makes two statements differ that say the same at the same time.
	Nonce string `json:"nonce,omitempty"`
	// At is when it was signed, by the clock of the person's machine. Required.
	At time.Time `json:"at"`
}

// field is one line of a statement's text: its label, and how the value is written and read.
// An empty value has no line.
type field struct {
	label string
	text  func(Statement) string
	read  func(*Statement, string) error
}

// fields are the lines of a text, in their order.
func fields() []field {
	return []field{
		words("namespace", func(s *Statement) *string { return &s.Namespace }),
		words("campaign", func(s *Statement) *string { return &s.Campaign }),
		words("first run", func(s *Statement) *string { return &s.Run }),
		words("action", func(s *Statement) *string { return &s.Action }),
		words("target", func(s *Statement) *string { return &s.Target }),
		words("step", func(s *Statement) *string { return (*string)(&s.Step) }),
		words("check", func(s *Statement) *string { return &s.Check }),
		moment("not before", func(s *Statement) *time.Time { return &s.NotBefore }),
		number("max concurrent", func(s *Statement) *int { return &s.MaxConcurrent }),
		number("wave", func(s *Statement) *int { return &s.Wave }),
		words("plan", func(s *Statement) *string { return &s.Plan }),
		words("why", func(s *Statement) *string { return &s.Why }),
		words("nonce", func(s *Statement) *string { return &s.Nonce }),
		moment("at", func(s *Statement) *time.Time { return &s.At }),
	}
}

func words(label string, of func(*Statement) *string) field {
	return field{
		label: label,
		text:  func(s Statement) string { return *of(&s) },
		read:  func(s *Statement, text string) error { *of(s) = text; return nil },
	}
}

func number(label string, of func(*Statement) *int) field {
	return field{
		label: label,
		text: func(s Statement) string {
			if n := *of(&s); n != 0 {
				return strconv.Itoa(n)
			}
			return ""
		},
		read: func(s *Statement, text string) (err error) {
			*of(s), err = strconv.Atoi(text)
			return err //nolint:wrapcheck // Parse says which line it was
		},
	}
}

func moment(label string, of func(*Statement) *time.Time) field {
	return field{
		label: label,
		text: func(s Statement) string {
			if t := *of(&s); !t.IsZero() {
				return t.UTC().Format(time.RFC3339Nano)
			}
			return ""
		},
		read: func(s *Statement, text string) (err error) {
			*of(s), err = time.Parse(time.RFC3339Nano, text)
			*of(s) = of(s).UTC()
			return err //nolint:wrapcheck // Parse says which line it was
		},
	}
}

// Validate reports every field that no text can have: a required one that is missing, or a value that
// could be read as another.
func (s Statement) Validate() error {
	var errs []error
	require := func(ok bool, field, value, want string) {
		if !ok {
			errs = append(errs, maintenance.Invalid(field, value, want))
		}
	}
	for _, f := range fields() {
		require(OneLine(f.text(s)), f.label, strconv.QuoteToASCII(f.text(s)),
			"one line of plain text: letters from left to right, numbers, punctuation, symbols, and spaces between them")
	}
	require(s.Namespace != "", "namespace", "", "Temporal's namespace")
	require(s.Action != "", "action", "", "the operator's command, such as approve")
	require(s.Campaign != "" || s.Target != "", "campaign", "", "the campaign's name, or a target")
	require(s.Plan == "" || regexp.MustCompile(`^sha256:[0-9a-f]{64}$`).MatchString(s.Plan), "plan", s.Plan, "sha256: and 64 hexadecimal digits")
	require(s.MaxConcurrent >= 0, "max concurrent", strconv.Itoa(s.MaxConcurrent), "at least 0")
	require(s.Wave >= 0, "wave", strconv.Itoa(s.Wave), "at least 0")
	require(!s.At.IsZero(), "at", "", "the time at which it is signed")
	require(inEra(s.NotBefore), "not before", s.NotBefore.String(), "in the years 1 to 9999")
	require(inEra(s.At), "at", s.At.String(), "in the years 1 to 9999")
	return errors.Join(errs...)
}

// inEra is true for a time that RFC 3339 can write.
func inEra(t time.Time) bool { return t.UTC().Year() >= 1 && t.UTC().Year() <= 9999 }

// OneLine is true for a text that is shown as it is: who reads it sees all of it, in its order. It has letters, marks
// on letters, numbers, punctuation, symbols and spaces between them; no line breaks, nothing that is not drawn, and no
// letters that run from right to left.
func OneLine(text string) bool {
	if !utf8.ValidString(text) || text != strings.TrimSpace(text) {
		return false
	}
	const blank = '\u2800' // the Braille pattern without dots: a symbol that is drawn as nothing
	hidden := []*unicode.RangeTable{unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector, rightToLeft()}
	onLetter := false // a mark may follow
	for _, r := range text {
		switch {
		case r == utf8.RuneError, r == blank, unicode.In(r, hidden...):
			return false
		case unicode.IsMark(r):
			if !onLetter {
				return false
			}
		case r != ' ' && !unicode.In(r, unicode.L, unicode.N, unicode.P, unicode.S):
			return false
		default:
			onLetter = unicode.IsLetter(r)
		}
	}
	return true
}

// rightToLeft are the blocks whose characters run from right to left, or will where none is assigned yet
// (DerivedBidiClass.txt of Unicode): they turn round what stands beside them.
func rightToLeft() *unicode.RangeTable {
	return &unicode.RangeTable{
		R16: []unicode.Range16{
			{Lo: 0x0590, Hi: 0x08ff, Stride: 1}, {Lo: 0xfb1d, Hi: 0xfdff, Stride: 1}, {Lo: 0xfe70, Hi: 0xfeff, Stride: 1},
		},
		R32: []unicode.Range32{{Lo: 0x10800, Hi: 0x10fff, Stride: 1}, {Lo: 0x1e800, Hi: 0x1efff, Stride: 1}},
	}
}

// Text is what is signed: a line that names the form, and a line for each field that is set, in one
// order. No two statements have the same text. Its error is Validate's.
func (s Statement) Text() ([]byte, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	fmt.Fprintln(&b, firstLine)
	for _, f := range fields() {
		if text := f.text(s); text != "" {
			fmt.Fprintf(&b, "%s: %s\n", f.label, text)
		}
	}
	if b.Len() > MaxText {
		return nil, maintenance.Invalid("statement", strconv.Itoa(b.Len())+" bytes", fmt.Sprintf("at most %d bytes", MaxText))
	}
	return b.Bytes(), nil
}

// Parse reads a text that Text has written, and no other: a line that is unknown, repeated, out of order
// or written in another way is refused. Its error is a RefusedError, malformed.
func Parse(text []byte) (Statement, error) {
	s, err := parse(text)
	if err != nil {
		return Statement{}, refuse(Malformed, "the statement: "+err.Error())
	}
	return s, nil
}

func parse(text []byte) (s Statement, err error) {
	if len(text) > MaxText {
		return s, fmt.Errorf("has %d bytes: must have at most %d", len(text), MaxText)
	}
	first, rest, _ := strings.Cut(string(text), "\n")
	if first != firstLine {
		// What it begins with instead is not repeated: somebody may have given a key's file.
		return s, fmt.Errorf("does not begin with %q", firstLine)
	}
	all := fields()
	for line := range strings.Lines(rest) {
		label, value, found := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		i := slices.IndexFunc(all, func(f field) bool { return f.label == label })
		if !found || i < 0 {
			return s, fmt.Errorf("line %s is unknown, repeated or out of order", shortened(line))
		}
		if err := all[i].read(&s, value); err != nil {
			return s, fmt.Errorf("line %s: %w", shortened(line), err)
		}
		all = all[i+1:]
	}
	canonical, err := s.Text()
	if err == nil && !bytes.Equal(canonical, text) {
		err = errors.New("is not written as Tidegate writes it")
	}
	return s, err
}

// shortened is a text of others, for an error.
func shortened(text string) string {
	const most = 60
	if len(text) > most {
		text = text[:most] + "..."
	}
	return strconv.QuoteToASCII(text)
}
