package faultmatrix_test

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/simcloud"
	"github.com/tidegate/tidegate/internal/simcloud/fault"
	"github.com/tidegate/tidegate/test/faultmatrix"
)

var update = flag.Bool("update", false, "write the tables of docs/reliability.md again")

const (
	page  = "../../docs/reliability.md"
	start = "<!-- The tables are written by go test ./test/faultmatrix -run Page -update -->\n"
	end   = "<!-- End of the tables. -->"
)

func TestThePageShowsWhatIsPromised(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	before, rest, found := strings.Cut(string(text), start)
	require.True(t, found, "the page lacks the line %s", start)
	shown, after, found := strings.Cut(rest, end)
	require.True(t, found, "the page lacks the line %s", end)
	if *update {
		shown = faultmatrix.Markdown()
		require.NoError(t, os.WriteFile(page, []byte(before+start+shown+end+after), 0o600))
	}
	require.Equal(t, faultmatrix.Markdown(), shown)
}

// Every operation that the simulated clouds serve is a call of the matrix, or is
// known to be nobody's.
func TestEveryOperationIsInTheMatrix(t *testing.T) {
	t.Parallel()
	notCalled := []string{
		"storagegateway:CreateSnapshotFromVolumeRecoveryPoint", "cloudwatch:ListAlarmMuteRules",
		"storagegateway:ListGateways", "storagegateway:ListVolumeRecoveryPoints", "ec2:CreateTags", "sts:GetCallerIdentity",
		"prometheus:Query", "alertmanager:GetAlerts", "alertmanager:GetSilences", "alertmanager:GetSilence",
		"alertmanager:PostSilences", "alertmanager:DeleteSilence", "http:Get",
		"iam:KeystoneListProjects", "taurusdb:CancelScheduleTask", "taurusdb:ListScheduleJobs",
		"taurusdb:ModifyGaussMySqlProxyRouteMode", "taurusdb:ShowGaussMySqlInstanceInfo",
		"taurusdb:ListGaussMySqlInstances", // of the inventory, which runs no workflow
		// Operators' scripts call these.
		"storagegateway:ShutdownGateway", "storagegateway:StartGateway", "storagegateway:UpdateGatewayInformation",
		"storagegateway:DescribeSnapshotSchedule", "ec2:CopySnapshot", "ec2:DescribeVolumes", "ec2:DescribeTags",
	}
	var known []string
	for _, op := range simcloud.Operations() {
		known = append(known, op.Name)
		called := slices.ContainsFunc(faultmatrix.Calls(), func(c faultmatrix.Call) bool { return c.Operation == op.Name })
		require.NotEqual(t, called, slices.Contains(notCalled, op.Name), op.Name)
	}
	for _, c := range faultmatrix.Calls() {
		require.Contains(t, known, c.Operation)
	}
}

func TestEveryKindOfFaultIsInTheMatrixAndEveryNameIsThereOnce(t *testing.T) {
	t.Parallel()
	for _, kind := range fault.Kinds() {
		require.True(t, slices.ContainsFunc(faultmatrix.Cells(), func(c faultmatrix.Cell) bool { return c.Kind.Kind == kind.Kind }), kind.Kind)
	}
	seen := map[string]bool{}
	for _, p := range everything() {
		require.False(t, seen[p.name], p.name)
		seen[p.name] = true
	}
}
