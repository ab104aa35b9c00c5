package aws

import (
	"fmt"
	"regexp"

	"github.com/tidegate/tidegate/internal/simcloud/aws/wire"
)

// violations are those of Storage Gateway's inputs, answered as one ValidationException.
type violations struct{ wire.Violations }

var (
	volumeARNForm = regexp.MustCompile(`^arn:(aws(|-cn|-us-gov|-iso[A-Za-z0-9_-]*|-eusc)):storagegateway:[a-z\-0-9]+:[0-9]+:gateway/(.+)/volume/vol-(\S+)$`)
	tagForm       = regexp.MustCompile(`^([\p{L}\p{Z}\p{N}_.:/=+\-@]*)$`)
)

func (v *violations) gatewayARN(value *string) { v.Length("gatewayARN", value, 50, 500) }

func (v *violations) page(marker *string, limit *int) {
	v.Longest("marker", marker, 1, 2000)
	v.Between("limit", limit, 1, 1<<31-1)
}

func (v *violations) tags(tags []tag) {
	for i, t := range tags {
		path := fmt.Sprintf("tags.%d.member.", i+1)
		v.Length(path+"key", t.Key, 1, 128)
		v.Pattern(path+"key", t.Key, tagForm)
		v.Length(path+"value", t.Value, 0, 256)
		v.Pattern(path+"value", t.Value, tagForm)
	}
}

// err is nil if nothing is broken.
func (v *violations) err() *wire.Error {
	if text := v.Text(); text != "" {
		return wire.Bad("ValidationException", text)
	}
	return nil
}
