package signers

import "strings"

// matches is true for a text that a pattern-list of ssh_config(5) accepts: one of its patterns matches,
// and none that begins with an exclamation mark does. A star stands for any characters, a question mark
// for one. Letters differ by case.
func matches(list, text string) bool {
	found := false
	for pattern := range strings.SplitSeq(list, ",") {
		negated := strings.HasPrefix(pattern, "!")
		if !matchesOne(strings.TrimPrefix(pattern, "!"), text) {
			continue
		}
		if negated {
			return false
		}
		found = true
	}
	return found
}

// matchesOne takes time that is the product of both lengths at most: a star is tried again only from the
// last one.
func matchesOne(pattern, text string) bool {
	p, t, star, from := 0, 0, -1, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, from = p, t
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == text[t]):
			p, t = p+1, t+1
		case star >= 0:
			from++
			p, t = star+1, from
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// names are the entries of a list that name one principal, as the list accepts them.
func names(list string) (plain []string) {
	for entry := range strings.SplitSeq(list, ",") {
		if !strings.ContainsAny(entry, "*?!") && matches(list, entry) {
			plain = append(plain, entry)
		}
	}
	return plain
}
