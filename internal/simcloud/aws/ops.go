package aws

import (
	"encoding/base64"
	"strings"
)

// operations are what the simulated AWS serves, by service and name.
func operations() map[string]operation {
	ops := map[string]operation{
		"DescribeGatewayInformation":            onGateway((*Cloud).describeGateway),
		"DescribeMaintenanceStartTime":          onGateway((*Cloud).describeMaintenance),
		"UpdateMaintenanceStartTime":            jsonOperation((*Cloud).updateMaintenance),
		"UpdateGatewaySoftwareNow":              onGateway((*Cloud).updateSoftware),
		"ListGateways":                          jsonOperation((*Cloud).listGateways),
		"DescribeUploadBuffer":                  onGateway((*Cloud).describeUploadBuffer),
		"ListVolumes":                           jsonOperation((*Cloud).listVolumes),
		"DescribeCachediSCSIVolumes":            jsonOperation((*Cloud).describeCached),
		"DescribeStorediSCSIVolumes":            jsonOperation((*Cloud).describeStored),
		"ListVolumeRecoveryPoints":              onGateway((*Cloud).listRecoveryPoints),
		"CreateSnapshot":                        jsonOperation((*Cloud).createSnapshot),
		"CreateSnapshotFromVolumeRecoveryPoint": jsonOperation((*Cloud).createFromRecoveryPoint),
		"AddTagsToResource":                     jsonOperation((*Cloud).addTags),
	}
	all := map[string]operation{
		"ec2:DescribeSnapshots": (*Cloud).describeSnapshots,
		"ec2:DeleteSnapshot":    (*Cloud).deleteSnapshot,
		"ec2:CreateTags":        (*Cloud).createTags,
	}
	for name, op := range ops {
		all[serviceGateway+":"+name] = op
	}
	return all
}

// gatewayInput is the input of the operations that take a gateway and no more.
type gatewayInput struct {
	GatewayARN *string
}

// gatewayOutput is the answer of those that give the ARN back and no more.
type gatewayOutput struct {
	GatewayARN string
}

// onGateway finds the gateway and brings it up to now, whether or not it is connected.
func onGateway(act func(c *Cloud, call *call, g *gateway) (any, *apiError)) operation {
	return jsonOperation(func(c *Cloud, call *call, in gatewayInput) (any, *apiError) {
		g, err := c.findGateway(call, in.GatewayARN)
		if err != nil {
			return nil, err
		}
		return act(c, call, g)
	})
}

// findGateway gives a gateway of the caller's account and region. Any other is
// not found, as it would not be by the other region's or account's service.
func (c *Cloud) findGateway(call *call, arn *string) (*gateway, *apiError) {
	var v violations
	v.gatewayARN(arn)
	if err := v.err(); err != nil {
		return nil, err
	}
	if !strings.HasPrefix(*arn, "arn:aws") || !strings.Contains(*arn, ":gateway/") {
		return nil, refuseParameter("gatewayARN", "want arn:aws:storagegateway:REGION:ACCOUNT:gateway/ID")
	}
	g, known := c.byARN[*arn]
	if !known || !g.belongs(call) {
		return nil, refuse("GatewayNotFound")
	}
	c.advance(g, call.now)
	return g, nil
}

func (g *gateway) belongs(call *call) bool {
	return g.conf.Account == call.account && g.conf.Region == call.region
}

// tag is a key and a value, both required.
type tag struct {
	Key, Value *string
}

const maxTags = 50

// takeTags puts tags onto a resource that has some.
func takeTags(to map[string]string, tags []tag) *apiError {
	var v violations
	v.tags(tags)
	if err := v.err(); err != nil {
		return err
	}
	after := len(to)
	for _, t := range tags {
		if strings.HasPrefix(*t.Key, "aws:") {
			return refuseParameter("tags", "a key must not begin with aws:")
		}
		if _, has := to[*t.Key]; !has {
			after++
		}
	}
	if after > maxTags {
		return refuseParameter("tags", "a resource has at most 50 tags")
	}
	for _, t := range tags {
		to[*t.Key] = *t.Value
	}
	return nil
}

const defaultPage = 100

// page cuts one page out of items that are sorted by key. The marker is the
// last key of the page before, so a page stays right when items come and go.
func page[T any](items []T, key func(T) string, marker *string, limit *int) (out []T, next *string, err *apiError) {
	after := ""
	if marker != nil {
		raw, decodeErr := base64.URLEncoding.DecodeString(*marker)
		if decodeErr != nil {
			return nil, nil, refuseParameter("marker", "want the Marker of the page before")
		}
		after = string(raw)
	}
	size := defaultPage
	if limit != nil {
		size = min(*limit, defaultPage)
	}
	out = []T{}
	for _, item := range items {
		if key(item) <= after {
			continue
		}
		if len(out) == size {
			token := base64.URLEncoding.EncodeToString([]byte(key(out[size-1])))
			return out, &token, nil
		}
		out = append(out, item)
	}
	return out, nil, nil
}
