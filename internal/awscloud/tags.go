package awscloud

import (
	"context"
	"maps"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/storagegateway"
	"github.com/aws/aws-sdk-go-v2/service/storagegateway/types"

	"github.com/tidegate/tidegate/internal/awscloud/wire"
	"github.com/tidegate/tidegate/internal/maintenance"
)

// maxTagPages bounds a list of at most 50 tags, and those of AWS itself.
const maxTagPages = 20

// Tags are all tags of a gateway; its description shows ten (AWS API reference,
// DescribeGatewayInformation).
func (c *Cloud) Tags(ctx context.Context, arn string) (map[string]string, error) {
	call := wire.Start("list the tags of gateway %s", maintenance.GatewayID(arn))
	if err := c.checkARN(arn); err != nil {
		return nil, call.Invalid(err)
	}
	all := map[string]string{}
	in := &storagegateway.ListTagsForResourceInput{ResourceARN: &arn}
	for range maxTagPages {
		out, err := c.api.ListTagsForResource(ctx, in, c.followed(call))
		if err != nil {
			return nil, call.Failed(err)
		}
		if out.ResourceARN == nil && out.Tags == nil {
			return nil, call.Odd(maintenance.ErrUnavailable, "the answer has no list of tags")
		}
		maps.Copy(all, tags(out.Tags))
		if aws.ToString(out.Marker) == "" {
			return all, nil
		}
		in.Marker = out.Marker
	}
	return nil, call.Odd(maintenance.ErrUnavailable, "the list of tags does not end")
}

// Tag sets one tag of a gateway. Repeating it does no harm, so there is no
// ErrUnknownOutcome.
func (c *Cloud) Tag(ctx context.Context, arn, key, value string) error {
	call := wire.Start("set the tag %s of gateway %s", key, maintenance.GatewayID(arn))
	if err := c.checkARN(arn); err != nil {
		return call.Invalid(err)
	}
	out, err := c.api.AddTagsToResource(ctx, &storagegateway.AddTagsToResourceInput{
		ResourceARN: &arn, Tags: []types.Tag{{Key: &key, Value: &value}},
	}, c.followed(call))
	if err != nil {
		return call.Failed(err)
	}
	return named(call, out.ResourceARN)
}

// Untag removes one tag of a gateway. Repeating it does no harm, as for Tag.
func (c *Cloud) Untag(ctx context.Context, arn, key string) error {
	call := wire.Start("remove the tag %s of gateway %s", key, maintenance.GatewayID(arn))
	if err := c.checkARN(arn); err != nil {
		return call.Invalid(err)
	}
	out, err := c.api.RemoveTagsFromResource(ctx, &storagegateway.RemoveTagsFromResourceInput{
		ResourceARN: &arn, TagKeys: []string{key},
	}, c.followed(call))
	if err != nil {
		return call.Failed(err)
	}
	return named(call, out.ResourceARN)
}

// named refuses a success that does not name the gateway.
func named(call *wire.Call, arn *string) error {
	if arn == nil {
		return call.Odd(maintenance.ErrUnavailable, "the answer says success and does not name the gateway, so AWS may not have given it")
	}
	return nil
}
