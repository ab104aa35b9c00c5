package maintenance

import (
	"context"
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
