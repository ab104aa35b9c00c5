package command_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/stretchr/testify/require"

	awsaccounts "github.com/tidegate/tidegate/internal/awscloud/accounts"
	"github.com/tidegate/tidegate/internal/capture/recorder"
	"github.com/tidegate/tidegate/internal/simcloud"
	"github.com/tidegate/tidegate/internal/simcloud/aws"
	"github.com/tidegate/tidegate/internal/simcloud/command"
)

// recorded is a capture of the small fleet, as somebody lists and reads it.
func recorded(t *testing.T) string {
	t.Helper()
	_, address, end := launch(t, "--listen", "127.0.0.1:0")
	defer func() { require.Zero(t, end()) }()
	dir := filepath.Join(t.TempDir(), "capture")
	record, err := recorder.Open(dir, recorder.Options{Program: "test"})
	require.NoError(t, err)
	defer record.Close()
	read(record.Context(t.Context(), 0), t, "http://"+address)
	return dir
}

func read(ctx context.Context, t *testing.T, endpoint string) {
	t.Helper()
	cloud, err := awsaccounts.Open(ctx, awsaccounts.Account{Name: "prod", Region: aws.DefaultRegion, Endpoint: endpoint},
		awsaccounts.WithCredentials(credentials.NewStaticCredentialsProvider(aws.DefaultAccessKeyID, aws.DefaultSecretAccessKey, "")))
	require.NoError(t, err)
	gateways, _, err := cloud.Gateways(ctx, "")
	require.NoError(t, err)
	require.Len(t, gateways, 6)
	for _, g := range gateways {
		full, err := cloud.Gateway(ctx, g.ARN)
		require.NoError(t, err)
		_, err = cloud.Schedule(ctx, g.ARN)
		require.NoError(t, err)
		if full.Type == "CACHED" || full.Type == "STORED" {
			_, err = cloud.Volumes(ctx, full)
			require.NoError(t, err)
		}
	}
}

func TestACaptureIsComparedAndSimulated(t *testing.T) {
	t.Parallel()
	dir := recorded(t)
	var out, complaint bytes.Buffer
	require.Zero(t, command.Run(t.Context(), []string{"compare", dir}, &out, &complaint), out.String()+complaint.String())
	require.Contains(t, out.String(), "No difference.")

	out.Reset()
	require.Zero(t, command.Run(t.Context(), []string{"scenario", dir}, &out, &complaint), complaint.String())
	file := filepath.Join(t.TempDir(), "fleet.yaml")
	require.NoError(t, os.WriteFile(file, out.Bytes(), 0o600))
	scenario, err := simcloud.Load(file)
	require.NoError(t, err, out.String())
	require.Len(t, scenario.AWS.Gateways, 6)
	greeting, _, end := launch(t, "--listen", "127.0.0.1:0", "--scenario-from", dir)
	require.Contains(t, greeting, "export AWS_ACCESS_KEY_ID="+scenario.AWS.Credentials[0].AccessKeyID)
	require.Zero(t, end())
}

func TestADifferenceEndsWithOne(t *testing.T) {
	t.Parallel()
	dir := recorded(t)
	files, err := filepath.Glob(filepath.Join(dir, "*.jsonl"))
	require.NoError(t, err)
	require.Len(t, files, 1)
	text, err := os.ReadFile(files[0])
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(files[0], bytes.ReplaceAll(text, []byte(`"GatewayType"`), []byte(`"GatewayKind"`)), 0o600))
	var out, complaint bytes.Buffer
	require.Equal(t, 1, command.Run(t.Context(), []string{"compare", files[0], "--output", "json"}, &out, &complaint))
	require.Contains(t, complaint.String(), "the clouds of the capture differ from the simulated ones: ")
	var report struct {
		Differences []struct{ Kind, Path, Assumption string }
	}
	require.NoError(t, json.Unmarshal(out.Bytes(), &report))
	require.NotEmpty(t, report.Differences)
	require.Equal(t, "answers", report.Differences[0].Assumption)

	for _, args := range [][]string{
		{"compare"},
		{"compare", "none"},
		{"compare", dir, "--output", "xml"},
		{"compare", dir, "--scenario", "none.yaml"},
		{"scenario", "none"},
		{"--scenario-from", "none"},
		{"--scenario-from", dir, "--scenario", "fleet.yaml"},
	} {
		require.Equal(t, 2, command.Run(t.Context(), args, &out, &complaint), args)
	}
}
