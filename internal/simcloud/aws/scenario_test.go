package aws_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/simcloud/admin"
	"github.com/tidegate/tidegate/internal/simcloud/aws"
	"github.com/tidegate/tidegate/internal/simcloud/record"
)

func TestValidateNamesEveryFaultAtOnce(t *testing.T) {
	t.Parallel()
	s := aws.Scenario{
		Regions:     []string{"mars", "us-east-1"},
		Credentials: []aws.Credential{{AccessKeyID: "A", Account: "12", ExpiresIn: -1}, {AccessKeyID: "A", SecretAccessKey: "s"}},
		NoUpdate:    "maybe",
		Timing:      aws.Timing{Restart: -time.Second},
		Gateways: []aws.Gateway{{
			ID: "sgw-lower123", Region: "eu-west-1", Account: "x", Type: "TAPE", State: "R", Timezone: "EST", HostEnvironment: "PAPER",
			AutomaticUpdatePolicy: "NEVER", NoUpdate: "x", Omit: []string{"Everything"}, Flaps: -1, LastUpdatedAgo: -1, AWSUpdatesAfter: -1,
			Window: aws.Window{HourOfDay: new(24), OpensIn: time.Second},
			Volumes: []aws.Volume{{
				ID: "vol-1122aabb", SizeGiB: -1, Status: "A", AttachmentStatus: "LOOSE", SnapshotOutcome: "lost",
				SnapshotOutcomeTimes: -1, ScheduledEvery: -1, ScheduledAgo: []time.Duration{-1},
			}},
		}, {ID: "sgw-11111111", Volumes: make([]aws.Volume, 33)}},
	}
	seen := map[string]bool{}
	for _, f := range admin.Faults(s.Validate()) {
		seen[f.Field] = true
		require.NotEmpty(t, f.Want, f.Field)
	}
	for _, path := range []string{
		"regions[0]", "credentials[0].account", "credentials[0].secretAccessKey", "credentials[0].expiresIn", "credentials[1].accessKeyId",
		"noUpdate", "timing.restart", "gateways[0].id", "gateways[0].region", "gateways[0].account", "gateways[0].type", "gateways[0].state",
		"gateways[0].timezone", "gateways[0].hostEnvironment", "gateways[0].automaticUpdatePolicy", "gateways[0].noUpdate",
		"gateways[0].omit[0]", "gateways[0].flaps", "gateways[0].lastUpdatedAgo", "gateways[0].awsUpdatesAfter",
		"gateways[0].window.hourOfDay", "gateways[0].window", "gateways[0].volumes", "gateways[0].volumes[0].id",
		"gateways[0].volumes[0].sizeGiB", "gateways[0].volumes[0].status", "gateways[0].volumes[0].attachmentStatus",
		"gateways[0].volumes[0].snapshotOutcome", "gateways[0].volumes[0].snapshotOutcomeTimes", "gateways[0].volumes[0].scheduledEvery",
		"gateways[0].volumes[0].scheduledAgo[0]", "gateways[1].volumes",
	} {
		require.True(t, seen[path], "no fault for %s", path)
	}
	_, err := aws.New(s, aws.Options{Book: record.New(time.Now)})
	require.NotEmpty(t, admin.Faults(err))
	_, err = aws.New(aws.Scenario{}, aws.Options{})
	require.ErrorContains(t, err, "Options.Book")
}

func TestWindowIsWholeUnlessMalformedIsWanted(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		window aws.Window
		ok     bool
	}{
		"weekly":          {aws.Window{HourOfDay: new(0), MinuteOfHour: new(0), DayOfWeek: new(0)}, true},
		"monthly":         {aws.Window{HourOfDay: new(0), MinuteOfHour: new(0), DayOfMonth: new(28)}, true},
		"both days":       {aws.Window{HourOfDay: new(0), MinuteOfHour: new(0), DayOfWeek: new(0), DayOfMonth: new(1)}, false},
		"no day":          {aws.Window{HourOfDay: new(0), MinuteOfHour: new(0)}, false},
		"both, malformed": {aws.Window{HourOfDay: new(0), MinuteOfHour: new(0), DayOfWeek: new(0), DayOfMonth: new(1), Malformed: true}, true},
		"two ways":        {aws.Window{OpensIn: time.Second, OpenedAgo: time.Second}, false},
		"default":         {aws.Window{}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := aws.Scenario{Gateways: []aws.Gateway{{ID: "sgw-11111111", Window: tc.window}}}.Validate()
			if tc.ok {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, "gateways[0].window: invalid value")
			require.Len(t, strings.Split(err.Error(), "\n"), 1)
		})
	}
}
