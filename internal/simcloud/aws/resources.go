package aws

import (
	"fmt"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/tidegate/tidegate/internal/simcloud/aws/cloudwatch"
	"github.com/tidegate/tidegate/internal/simcloud/aws/wire"
)

// resources are the ids of what a request names and of what that belongs to:
// a volume's request is one of its gateway too.
func (c *Cloud) resources(call *wire.Call) []string {
	switch call.Service {
	case wire.CloudWatch:
		return cloudwatch.Resources(call)
	case wire.StorageGateway:
	default:
		return c.ec2Resources(call)
	}
	var in struct {
		GatewayARN, VolumeARN, ResourceARN string
		VolumeARNs                         []string
	}
	if json.Unmarshal(call.Body, &in) != nil {
		return nil // the operation refuses it
	}
	var out []string
	for _, arn := range append(in.VolumeARNs, in.GatewayARN, in.VolumeARN, in.ResourceARN) {
		out = append(out, lineage(arn)...)
	}
	return out
}

// lineage is an ARN, its id, and the same of the gateway that a volume is of.
func lineage(arn string) []string {
	_, id, found := strings.Cut(arn, ":gateway/")
	if !found {
		return nil
	}
	gateway, volume, isVolume := strings.Cut(id, "/volume/")
	if !isVolume {
		return []string{arn, gateway}
	}
	return []string{arn, volume, strings.TrimSuffix(arn, "/volume/"+volume), gateway}
}

// ec2Resources follows snapshots to their volumes, and volumes to their gateways.
func (c *Cloud) ec2Resources(call *wire.Call) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	named := append(call.List("SnapshotId"), call.List("ResourceId")...)
	named = append(named, call.Form.Get("SnapshotId"))
	for i := 1; call.Form.Has(fmt.Sprintf("Filter.%d.Name", i)); i++ {
		if call.Form.Get(fmt.Sprintf("Filter.%d.Name", i)) == "volume-id" {
			named = append(named, call.List(fmt.Sprintf("Filter.%d.Value", i))...)
		}
	}
	out := named
	for _, id := range named {
		if s, known := c.snapshots.byID[id]; known {
			id = s.volumeID
		}
		for _, v := range c.volumes {
			if v.ec2ID() == id {
				out = append(out, lineage(v.arn)...)
			}
		}
	}
	return out
}
