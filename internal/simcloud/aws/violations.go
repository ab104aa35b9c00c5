package aws

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/tidegate/tidegate/internal/simcloud/aws/wire"
)

// violations are the constraints of the service's model that an input breaks;
// AWS answers them all at once as one ValidationException.
type violations []string

var (
	volumeARNForm = regexp.MustCompile(`^arn:(aws(|-cn|-us-gov|-iso[A-Za-z0-9_-]*|-eusc)):storagegateway:[a-z\-0-9]+:[0-9]+:gateway/(.+)/volume/vol-(\S+)$`)
	tagForm       = regexp.MustCompile(`^([\p{L}\p{Z}\p{N}_.:/=+\-@]*)$`)
)

func (v *violations) add(value any, member, constraint string) {
	*v = append(*v, fmt.Sprintf("Value '%v' at '%s' failed to satisfy constraint: Member must %s", value, member, constraint))
}

// length checks a required string.
func (v *violations) length(member string, value *string, low, high int) {
	if value == nil {
		*v = append(*v, fmt.Sprintf("Value at '%s' failed to satisfy constraint: Member must not be null", member))
		return
	}
	n := utf8.RuneCountInString(*value)
	if n < low {
		v.add(*value, member, fmt.Sprintf("have length greater than or equal to %d", low))
	}
	if n > high {
		v.add(*value, member, fmt.Sprintf("have length less than or equal to %d", high))
	}
}

func (v *violations) pattern(member string, value *string, form *regexp.Regexp) {
	if value != nil && !form.MatchString(*value) {
		v.add(*value, member, "satisfy regular expression pattern: "+form.String())
	}
}

func (v *violations) between(member string, value *int, low, high int) {
	if value == nil {
		return
	}
	if *value < low {
		v.add(*value, member, fmt.Sprintf("have value greater than or equal to %d", low))
	}
	if *value > high {
		v.add(*value, member, fmt.Sprintf("have value less than or equal to %d", high))
	}
}

func (v *violations) gatewayARN(value *string) { v.length("gatewayARN", value, 50, 500) }

func (v *violations) page(marker *string, limit *int) {
	if marker != nil {
		v.length("marker", marker, 1, 2000)
	}
	v.between("limit", limit, 1, 1<<31-1)
}

func (v *violations) tags(tags []tag) {
	for i, t := range tags {
		path := fmt.Sprintf("tags.%d.member.", i+1)
		v.length(path+"key", t.Key, 1, 128)
		v.pattern(path+"key", t.Key, tagForm)
		v.length(path+"value", t.Value, 0, 256)
		v.pattern(path+"value", t.Value, tagForm)
	}
}

// err is nil if nothing is broken.
func (v *violations) err() *wire.Error {
	if len(*v) == 0 {
		return nil
	}
	plural := "s"
	if len(*v) == 1 {
		plural = ""
	}
	return wire.Bad("ValidationException", fmt.Sprintf("%d validation error%s detected: %s", len(*v), plural,
		strings.Join(*v, "; ")))
}
