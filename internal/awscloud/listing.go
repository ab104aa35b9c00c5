package awscloud

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/storagegateway"
	"github.com/aws/aws-sdk-go-v2/service/storagegateway/types"

	"github.com/tidegate/tidegate/internal/awscloud/wire"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/inventory"
)

// gatewaysPage is how many gateways a page of the list has at most: AWS's own
// default, given all the same (AWS API reference, ListGateways).
const gatewaysPage = 100

// Gateways lists a page of the account's gateways in the region, by ARN. It
// needs none of them connected. What the list does not show is empty: tags,
// dates, whether an update is on offer; State is ACTIVE or DISABLED there.
// Marker and next are AWS's, empty for the first page and after the last.
func (c *Cloud) Gateways(ctx context.Context, marker string) (page []maintenance.Gateway, next string, err error) {
	details, next, err := c.Listed(ctx, marker)
	for _, d := range details {
		page = append(page, d.Gateway)
	}
	return page, next, err
}

// Listed is Gateways with everything else that the list has: the host, and the date after which AWS
// ends all updates.
func (c *Cloud) Listed(ctx context.Context, marker string) (page []inventory.Details, next string, err error) {
	call := wire.Start("list the gateways in %s", c.region)
	in := &storagegateway.ListGatewaysInput{Limit: aws.Int32(gatewaysPage)}
	if marker != "" {
		in.Marker = &marker
	}
	out, err := c.api.ListGateways(ctx, in, c.followed(call))
	if err != nil {
		return nil, "", call.Failed(err)
	}
	if out.Gateways == nil {
		return nil, "", call.Odd(maintenance.ErrUnavailable, "the answer has no list of gateways")
	}
	next = aws.ToString(out.Marker)
	if next != "" && next == marker {
		return nil, "", call.Odd(maintenance.ErrUnavailable, "the next page is this one again")
	}
	for _, g := range out.Gateways {
		if g.GatewayARN == nil {
			return nil, "", call.Odd(maintenance.ErrUnavailable, "the answer has a gateway without an ARN")
		}
		page = append(page, listed(g))
	}
	return page, next, nil
}

func listed(g types.GatewayInfo) inventory.Details {
	return inventory.Details{
		Gateway: maintenance.Gateway{
			ARN:             *g.GatewayARN,
			ID:              maintenance.GatewayID(*g.GatewayARN),
			Name:            aws.ToString(g.GatewayName),
			Type:            aws.ToString(g.GatewayType),
			State:           aws.ToString(g.GatewayOperationalState),
			SoftwareVersion: aws.ToString(g.SoftwareVersion),
		},
		Host: string(g.HostEnvironment), HostID: aws.ToString(g.HostEnvironmentId),
		EC2Instance: aws.ToString(g.Ec2InstanceId), EC2Region: aws.ToString(g.Ec2InstanceRegion),
		Deprecation: aws.ToString(g.DeprecationDate),
	}
}
