package maintenance

import (
	"context"
	"fmt"
	"strings"
)

// Plain is the text of an error for people. Libraries put their own words around the
// two of Go's contexts; here these are in English, wherever they stand.
func Plain(err error) string {
	return strings.NewReplacer(
		context.DeadlineExceeded.Error(), "no answer in time",
		context.Canceled.Error(), "interrupted",
	).Replace(err.Error())
}

// Counted is a number of things in words, such as "1 target" or "3 targets".
func Counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// CountedOf is a part of a number of things, such as "1 of 1 target" or "2 of 3 targets".
func CountedOf(part, n int, one, many string) string {
	return fmt.Sprintf("%d of %s", part, Counted(n, one, many))
}
