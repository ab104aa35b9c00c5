package strict

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/token"
)

// MaxSize is the most that is read of a document, in bytes. A plan of 10,000 targets
// has three megabytes.
const MaxSize = 16 << 20

const (
	// maxPieces bounds what the parser makes of a text, by what divides it: a token
	// takes a quarter of a kilobyte.
	maxPieces = 1_000_000
	// maxDepth is far above what any document of ours has. The parser's effort grows
	// with the square of the depth, and 200,000 brackets took it half an hour.
	maxDepth = 64
)

// tokens are the tokens of a text that is small and flat enough to be parsed; nil
// where it is not, which is its one fault.
func (d *Document) tokens(text []byte) token.Tokens {
	text, encoding := plainText(text)
	switch {
	case len(text) > MaxSize:
		d.add(nil, Fault{Problem: "is too large", Want: fmt.Sprintf("at most %d megabytes", MaxSize>>20)})
		return nil
	case encoding != "":
		d.add(nil, Fault{Problem: "is " + encoding, Want: "a UTF-8 text file"})
		return nil
	case pieces(text) > maxPieces:
		d.add(nil, Fault{Problem: "is too large", Want: fmt.Sprintf("at most %d lines and elements", maxPieces)})
		return nil
	}
	all := lexer.Tokenize(string(text))
	if at := tooDeep(all); at != nil {
		d.add(at, Fault{Problem: "is nested too deeply", Want: fmt.Sprintf("at most %d levels", maxDepth)})
		return nil
	}
	return all
}

// plainText is a text without the mark that some editors put before UTF-8, and what
// its encoding is where it is another one.
func plainText(text []byte) (plain []byte, encoding string) {
	text = bytes.TrimPrefix(text, []byte("\xEF\xBB\xBF"))
	head := text[:min(len(text), 4)]
	at := func(i int) bool { return len(head) == 4 && head[i] == 0 }
	switch {
	case bytes.HasPrefix(text, []byte("\x00\x00\xFE\xFF")), bytes.HasPrefix(text, []byte("\xFF\xFE\x00\x00")),
		at(0) && at(1) && at(2), at(1) && at(2) && at(3):
		return text, "UTF-32"
	case bytes.HasPrefix(text, []byte("\xFE\xFF")), bytes.HasPrefix(text, []byte("\xFF\xFE")),
		at(0) && at(2), at(1) && at(3):
		return text, "UTF-16"
	case bytes.IndexByte(text, 0) >= 0:
		return text, "not a text file: it contains a zero byte"
	case !utf8.Valid(text):
		return text, "not in UTF-8"
	}
	return text, ""
}

// pieces is about how many tokens a text has.
func pieces(text []byte) int {
	n := bytes.Count(text, []byte("- ")) + bytes.Count(text, []byte(": "))
	for _, c := range text {
		if strings.IndexByte("[]{},\n&*!?", c) >= 0 {
			n++
		}
	}
	return n
}

// within is what is open once something starts in a column.
func within(columns []int, column int) []int {
	for len(columns) > 0 && columns[len(columns)-1] >= column {
		columns = columns[:len(columns)-1]
	}
	return append(columns, column)
}

// endsMarks is true for a token that is a value: no tag, no anchor, and no anchor's name.
func endsMarks(t *token.Token) bool {
	return t.Type != token.TagType && t.Type != token.AnchorType && (t.Prev == nil || t.Prev.Type != token.AnchorType)
}

// tooDeep is the token at which a text is nested too deep; nil: nowhere. Within
// brackets these count; without, what a line starts further to the right than the
// one that holds it. Tags and anchors before one value count too: each holds it.
func tooDeep(all token.Tokens) *token.Token {
	var columns []int // where what is open starts, outside of brackets
	brackets, marks := 0, 0
	for _, t := range all {
		switch t.Type {
		case token.SequenceStartType, token.MappingStartType:
			brackets++
		case token.SequenceEndType, token.MappingEndType:
			brackets = max(brackets-1, 0)
		case token.TagType, token.AnchorType:
			marks++
		case token.SequenceEntryType, token.MappingKeyType:
			if brackets == 0 {
				columns = within(columns, t.Position.Column)
			}
		case token.MappingValueType:
			if brackets == 0 && t.Prev != nil {
				columns = within(columns, t.Prev.Position.Column)
			}
		default:
		}
		if endsMarks(t) {
			marks = 0
		}
		if len(columns)+brackets+marks > maxDepth {
			return t
		}
	}
	return nil
}
