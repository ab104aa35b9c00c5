package wire

import (
	"encoding/base64"
	"unicode/utf8"
)

// Page cuts one page of a size out of items that are sorted by key. The token for the next page
// is the last key of this one, so a page stays right when items come and go; nil: there is
// none. It is not ok if the token is no such token.
func Page[T any](items []T, key func(T) string, token *string, size int) (some []T, next *string, ok bool) {
	after := ""
	if token != nil {
		raw, err := base64.URLEncoding.DecodeString(*token)
		if err != nil || !utf8.Valid(raw) {
			return nil, nil, false
		}
		after = string(raw)
	}
	some = []T{}
	for _, item := range items {
		if key(item) <= after {
			continue
		}
		if len(some) == size {
			return some, new(base64.URLEncoding.EncodeToString([]byte(key(some[size-1])))), true
		}
		some = append(some, item)
	}
	return some, nil, true
}
