package awscloud

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/storagegateway"
	"github.com/aws/aws-sdk-go-v2/service/storagegateway/types"

	"github.com/tidegate/tidegate/internal/awscloud/wire"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/inventory"
)

// Gateway describes a gateway. While it restarts the answer is normally
// ErrNotConnected.
func (c *Cloud) Gateway(ctx context.Context, arn string) (maintenance.Gateway, error) {
	details, err := c.Describe(ctx, arn)
	return details.Gateway, err
}

// Describe is Gateway with everything else that the description has. Its tags are all that there are
// only where they are fewer than ten.
func (c *Cloud) Describe(ctx context.Context, arn string) (inventory.Details, error) {
	call := wire.Start("describe gateway %s", maintenance.GatewayID(arn))
	if err := c.checkARN(arn); err != nil {
		return inventory.Details{}, call.Invalid(err)
	}
	in := &storagegateway.DescribeGatewayInformationInput{GatewayARN: &arn}
	out, err := c.api.DescribeGatewayInformation(ctx, in, c.followed(call))
	if err != nil {
		return inventory.Details{}, call.Failed(err)
	}
	if out.GatewayARN == nil && out.GatewayState == nil {
		return inventory.Details{}, call.Odd(maintenance.ErrUnavailable,
			"the answer names neither the gateway nor its state")
	}
	return inventory.Details{
		Gateway: maintenance.Gateway{
			ARN:                 arn,
			ID:                  maintenance.GatewayID(arn),
			Name:                aws.ToString(out.GatewayName),
			Type:                aws.ToString(out.GatewayType),
			State:               aws.ToString(out.GatewayState),
			SoftwareVersion:     aws.ToString(out.SoftwareVersion),
			LastSoftwareUpdate:  aws.ToString(out.LastSoftwareUpdate),
			NextUpdateAvailable: aws.ToString(out.NextUpdateAvailabilityDate),
			Tags:                tags(out.Tags),
		},
		Timezone: aws.ToString(out.GatewayTimezone),
		Host:     string(out.HostEnvironment), HostID: aws.ToString(out.HostEnvironmentId),
		EC2Instance: aws.ToString(out.Ec2InstanceId), EC2Region: aws.ToString(out.Ec2InstanceRegion),
		Endpoint: aws.ToString(out.EndpointType), VPCEndpoint: aws.ToString(out.VPCEndpoint),
		Capacity:           string(out.GatewayCapacity),
		SoftwareUpdatesEnd: aws.ToString(out.SoftwareUpdatesEndDate),
		Deprecation:        aws.ToString(out.DeprecationDate),
		LogGroup:           aws.ToString(out.CloudWatchLogGroupARN),
	}, nil
}

func tags(found []types.Tag) map[string]string {
	if len(found) == 0 {
		return nil
	}
	byKey := make(map[string]string, len(found))
	for _, t := range found {
		byKey[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	return byKey
}

// Schedule reads a gateway's maintenance window and its policy for automatic
// updates, unjudged. Some gateways have no window, which AWS says as "not
// supported": ErrNoWindow. Like every call about a gateway but a listing it
// needs the gateway connected.
func (c *Cloud) Schedule(ctx context.Context, arn string) (maintenance.RawSchedule, error) {
	call := wire.Start("read the maintenance window of gateway %s", maintenance.GatewayID(arn))
	if err := c.checkARN(arn); err != nil {
		return maintenance.RawSchedule{}, call.Invalid(err)
	}
	in := &storagegateway.DescribeMaintenanceStartTimeInput{GatewayARN: &arn}
	out, err := c.api.DescribeMaintenanceStartTime(ctx, in, c.followed(call))
	if err != nil {
		failed := call.Failed(err)
		if errors.Is(failed, maintenance.ErrUnsupported) {
			// Only the words go on: one error, one sentinel.
			return maintenance.RawSchedule{}, fmt.Errorf("%w: %s", maintenance.ErrNoWindow, failed.Error())
		}
		return maintenance.RawSchedule{}, failed
	}
	if out.GatewayARN == nil && out.Timezone == nil && out.HourOfDay == nil {
		return maintenance.RawSchedule{}, call.Odd(maintenance.ErrUnavailable,
			"the answer names neither the gateway nor a schedule")
	}
	raw := maintenance.RawSchedule{
		DayOfWeek: number(out.DayOfWeek), DayOfMonth: number(out.DayOfMonth),
		Hour: number(out.HourOfDay), Minute: number(out.MinuteOfHour),
		Timezone: aws.ToString(out.Timezone),
	}
	if preferences := out.SoftwareUpdatePreferences; preferences != nil {
		raw.AutomaticUpdates = maintenance.AutomaticUpdatePolicy(preferences.AutomaticUpdatePolicy)
	}
	return raw, nil
}

// number keeps the difference between nothing and 0.
func number(n *int32) *int {
	if n == nil {
		return nil
	}
	return aws.Int(int(*n))
}

// UpdateSoftware triggers the update of a gateway's software: AWS answers 200
// at once, before anything has happened. It is sent once, and ErrUnknownOutcome
// where it may have taken effect. What AWS answers where no update is on offer
// is not documented: it may be success without effect, ErrUnsupported or
// ErrInvalid.
func (c *Cloud) UpdateSoftware(ctx context.Context, arn string) error {
	call := wire.Start("start the software update of gateway %s", maintenance.GatewayID(arn))
	if err := c.checkARN(arn); err != nil {
		return call.Invalid(err)
	}
	in := &storagegateway.UpdateGatewaySoftwareNowInput{GatewayARN: &arn}
	out, err := c.api.UpdateGatewaySoftwareNow(ctx, in, c.followed(call))
	if err != nil {
		return call.FailedOnce(err)
	}
	if out.GatewayARN == nil {
		return call.Odd(maintenance.ErrUnknownOutcome, "the answer says success and does not name the gateway, so AWS may not have given it")
	}
	return nil
}

// SetAutomaticUpdates sets what AWS does on its own in a gateway's window. It
// sends no part of the schedule, which AWS then leaves as it is (AWS API
// reference, UpdateMaintenanceStartTime). Repeating it does no harm, so there
// is no ErrUnknownOutcome.
func (c *Cloud) SetAutomaticUpdates(ctx context.Context, arn string, policy maintenance.AutomaticUpdatePolicy) error {
	call := wire.Start("set the automatic updates of gateway %s to %s", maintenance.GatewayID(arn), policy)
	if err := c.checkARN(arn); err != nil {
		return call.Invalid(err)
	}
	known := []maintenance.AutomaticUpdatePolicy{maintenance.AllVersions, maintenance.EmergencyVersionsOnly}
	if !slices.Contains(known, policy) {
		return call.Invalid(&maintenance.FieldError{
			Field: "policy", Value: string(policy), Want: "ALL_VERSIONS or EMERGENCY_VERSIONS_ONLY",
		})
	}
	out, err := c.api.UpdateMaintenanceStartTime(ctx, &storagegateway.UpdateMaintenanceStartTimeInput{
		GatewayARN: &arn,
		SoftwareUpdatePreferences: &types.SoftwareUpdatePreferences{
			AutomaticUpdatePolicy: types.AutomaticUpdatePolicy(policy),
		},
	}, c.followed(call))
	if err != nil {
		return call.Failed(err)
	}
	return named(call, out.GatewayARN)
}
