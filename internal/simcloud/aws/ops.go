package aws

import (
	"strings"

	"github.com/tidegate/tidegate/internal/simcloud/aws/cloudwatch"
	"github.com/tidegate/tidegate/internal/simcloud/aws/wire"
	"github.com/tidegate/tidegate/internal/simcloud/fault"
)

// operation acts on the cloud, whose lock is held.
type operation func(c *Cloud, call *wire.Call) (any, *wire.Error)

// jsonOperation makes an operation of a function that takes the decoded input.
func jsonOperation[In any](act func(c *Cloud, call *wire.Call, in In) (any, *wire.Error)) operation {
	return func(c *Cloud, call *wire.Call) (any, *wire.Error) {
		in, err := wire.Input[In](call)
		if err != nil {
			return nil, err
		}
		return act(c, call, in)
	}
}

// served is an operation and what the faults need to know of it.
type served struct {
	fault.Operation

	act operation
}

// operations are what the simulated AWS serves.
func operations() []served {
	return append(alarmOperations(),
		gatewayRead("DescribeGatewayInformation", onGateway((*Cloud).describeGateway)),
		gatewayRead("DescribeMaintenanceStartTime", onGateway((*Cloud).describeMaintenance)).numbers(),
		gatewayWrite("UpdateMaintenanceStartTime", jsonOperation((*Cloud).updateMaintenance)),
		gatewayWrite("UpdateGatewaySoftwareNow", onGateway((*Cloud).updateSoftware)),
		gatewayWrite("ShutdownGateway", onGateway((*Cloud).shutdownGateway)),
		gatewayWrite("StartGateway", onGateway((*Cloud).startGateway)),
		gatewayWrite("UpdateGatewayInformation", jsonOperation((*Cloud).updateInformation)),
		gatewayRead("ListGateways", jsonOperation((*Cloud).listGateways)),
		gatewayRead("DescribeCache", onGateway((*Cloud).describeCache)).numbers(),
		gatewayRead("DescribeUploadBuffer", onGateway((*Cloud).describeUploadBuffer)).numbers(),
		gatewayRead("ListVolumes", jsonOperation((*Cloud).listVolumes)).numbers(),
		gatewayRead("DescribeCachediSCSIVolumes", jsonOperation((*Cloud).describeCached)).numbers(),
		gatewayRead("DescribeStorediSCSIVolumes", jsonOperation((*Cloud).describeStored)).numbers(),
		gatewayRead("DescribeSnapshotSchedule", jsonOperation((*Cloud).describeSchedule)).numbers(),
		gatewayRead("ListVolumeInitiators", jsonOperation((*Cloud).listInitiators)),
		gatewayRead("ListVolumeRecoveryPoints", onGateway((*Cloud).listRecoveryPoints)).numbers(),
		gatewayWrite("CreateSnapshot", jsonOperation((*Cloud).createSnapshot)),
		gatewayWrite("CreateSnapshotFromVolumeRecoveryPoint", jsonOperation((*Cloud).createFromRecoveryPoint)),
		gatewayWrite("AddTagsToResource", jsonOperation((*Cloud).addTags)),
		gatewayRead("ListTagsForResource", jsonOperation((*Cloud).listTags)),
		gatewayWrite("RemoveTagsFromResource", jsonOperation((*Cloud).removeTags)),
		queryRead("ec2:DescribeSnapshots", ec2((*Cloud).describeSnapshots)),
		queryWrite("ec2:DeleteSnapshot", ec2((*Cloud).deleteSnapshot)),
		queryRead("sts:GetCallerIdentity", (*Cloud).callerIdentity),
		queryWrite("ec2:CopySnapshot", ec2((*Cloud).copySnapshot)),
		queryRead("ec2:DescribeVolumes", ec2((*Cloud).describeEBSVolumes)),
		queryRead("ec2:DescribeTags", ec2((*Cloud).describeTags)),
		queryWrite("ec2:CreateTags", ec2((*Cloud).createTags)),
	)
}

// alarmOperations are CloudWatch's.
func alarmOperations() (out []served) {
	for _, op := range cloudwatch.Operations() {
		out = append(out, served{op.Operation, func(c *Cloud, call *wire.Call) (any, *wire.Error) {
			c.advanceAlarms(call.Now)
			return op.Act(c.alarms, call)
		}})
	}
	return out
}

func gatewayRead(name string, act operation) served {
	return served{fault.Operation{Name: wire.StorageGateway + ":" + name, Protocol: fault.AWSJSON}, act}
}

func gatewayWrite(name string, act operation) served {
	op := gatewayRead(name, act)
	op.Writes = true
	return op
}

func queryRead(name string, act operation) served {
	return served{fault.Operation{Name: name, Protocol: fault.EC2Query}, act}
}

func queryWrite(name string, act operation) served {
	op := queryRead(name, act)
	op.Writes = true
	return op
}

func (s served) numbers() served {
	s.Numbers = true
	return s
}

// Operations are the calls that the simulated AWS serves.
func Operations() []fault.Operation {
	var out []fault.Operation
	for _, op := range operations() {
		out = append(out, op.Operation)
	}
	return out
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
func onGateway(act func(c *Cloud, call *wire.Call, g *gateway) (any, *wire.Error)) operation {
	return jsonOperation(func(c *Cloud, call *wire.Call, in gatewayInput) (any, *wire.Error) {
		g, err := c.findGateway(call, in.GatewayARN)
		if err != nil {
			return nil, err
		}
		return act(c, call, g)
	})
}

// findGateway gives a gateway of the caller's account and region. Any other is
// not found, as it would not be by the other region's or account's service.
func (c *Cloud) findGateway(call *wire.Call, arn *string) (*gateway, *wire.Error) {
	var v violations
	v.gatewayARN(arn)
	if err := v.err(); err != nil {
		return nil, err
	}
	if !strings.HasPrefix(*arn, "arn:aws") || !strings.Contains(*arn, ":gateway/") {
		return nil, wire.RefuseParameter("gatewayARN", "want arn:aws:storagegateway:REGION:ACCOUNT:gateway/ID")
	}
	g, known := c.byARN[*arn]
	if !known || !g.belongs(call) {
		return nil, wire.Refuse("GatewayNotFound")
	}
	c.advance(g, call.Now)
	return g, nil
}

func (g *gateway) belongs(call *wire.Call) bool {
	return g.conf.Account == call.Account && g.conf.Region == call.Region
}

// tag is a key and a value, both required.
type tag struct {
	Key, Value *string
}

const maxTags = 50

// takeTags puts tags onto a resource that has some.
func takeTags(to map[string]string, tags []tag) *wire.Error {
	var v violations
	v.tags(tags)
	if err := v.err(); err != nil {
		return err
	}
	after := len(to)
	for _, t := range tags {
		if strings.HasPrefix(*t.Key, "aws:") {
			return wire.RefuseParameter("tags", "a key must not start with aws:")
		}
		if _, has := to[*t.Key]; !has {
			after++
		}
	}
	if after > maxTags {
		return wire.RefuseParameter("tags", "a resource has at most 50 tags")
	}
	for _, t := range tags {
		to[*t.Key] = *t.Value
	}
	return nil
}

const defaultPage = 100

// page cuts one page out of items that are sorted by key.
func page[T any](items []T, key func(T) string, marker *string, limit *int) ([]T, *string, *wire.Error) {
	size := defaultPage
	if limit != nil {
		size = min(*limit, defaultPage)
	}
	some, next, ok := wire.Page(items, key, marker, size)
	if !ok {
		return nil, nil, wire.RefuseParameter("marker", "want the Marker of the page before")
	}
	return some, next, nil
}

type callerIdentity struct {
	XMLName struct{} `xml:"GetCallerIdentityResult"`
	Arn     string
	UserID  string `xml:"UserId"`
	Account string
}

// callerIdentity says whose credentials the caller has: a user of the account.
func (c *Cloud) callerIdentity(call *wire.Call) (any, *wire.Error) {
	return wire.STSReply{
		Result: callerIdentity{
			Arn: "arn:aws:iam::" + call.Account + ":user/simulated", UserID: "AIDASIMULATED0000USER", Account: call.Account,
		},
		RequestID: call.ID,
	}, nil
}
