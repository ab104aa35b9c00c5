package compare_test

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/stretchr/testify/require"

	awsaccounts "github.com/tidegate/tidegate/internal/awscloud/accounts"
	"github.com/tidegate/tidegate/internal/capture"
	"github.com/tidegate/tidegate/internal/capture/recorder"
	"github.com/tidegate/tidegate/internal/huaweicloud"
	"github.com/tidegate/tidegate/internal/maintenance/health"
	"github.com/tidegate/tidegate/internal/secretscan"
	"github.com/tidegate/tidegate/internal/simcloud"
	"github.com/tidegate/tidegate/internal/simcloud/aws"
	"github.com/tidegate/tidegate/internal/simcloud/fault"
	"github.com/tidegate/tidegate/internal/simcloud/huawei"
)

// Secrets are planted in credentials, names, tags, descriptions, the environment and what clouds repeat in errors, headers
// and bodies with them. None is in the files, in any encoding.
func TestNoPlantedSecretIsInACapture(t *testing.T) {
	planted := []secretscan.Secret{
		{Name: "secret key", Value: "Pl4nted/AwsS3cretKey+0123456789abcdefXYZ"},
		{Name: "session token", Value: "Pl4ntedSessi0nT0ken/9876543210+fedcba=="},
		{Name: "access key id", Value: "AKIAPL4NTED7EXAMPLE9"},
		{Name: "password", Value: "Pl4nted pa$$word & more 55"},
		{Name: "gateway's name", Value: "pl4nted-gateway-name-7f3a"},
		{Name: "tag", Value: "pl4nted-tag-value-91c2"},
		{Name: "tag's key", Value: "pl4nted-tag-key-44d0"},
		{Name: "description", Value: "pl4nted description 5e11"},
		{Name: "alarm", Value: "pl4nted-alarm-name-a8b1"},
		{Name: "account", Value: "pl4nted-account-77aa"},
	}
	secret := func(name string) string {
		for _, s := range planted {
			if s.Name == name {
				return s.Value
			}
		}
		require.Fail(t, name)
		return ""
	}
	t.Setenv("AWS_SECRET_ACCESS_KEY", secret("secret key"))
	s := simcloud.Scenario{
		AWS: aws.Scenario{
			Credentials: []aws.Credential{{AccessKeyID: secret("access key id"), SecretAccessKey: secret("secret key"), SessionToken: secret("session token")}},
			Gateways: []aws.Gateway{{
				ID: "sgw-0A000001", Name: secret("gateway's name"), NextVersion: "1.3.0", Tags: map[string]string{secret("tag's key"): secret("tag")},
				Volumes: []aws.Volume{{ID: "vol-0A00AAA1", Initiators: []aws.Initiator{{Name: secret("gateway's name")}}}},
			}},
		},
		Huawei: huawei.DefaultScenario(),
	}
	s.Huawei.Users = []huawei.User{{Domain: "simdomain", Name: "simuser", Password: secret("password")}}
	sim, err := simcloud.New(s, simcloud.Options{})
	require.NoError(t, err)
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	dir := filepath.Join(t.TempDir(), "capture")
	record, err := recorder.Open(dir, recorder.Options{Program: "test"})
	require.NoError(t, err)
	ctx := record.Context(t.Context(), 1)

	arn := "arn:aws:storagegateway:us-east-1:123456789012:gateway/sgw-0A000001"
	instance, proxy := huawei.DefaultInstanceID, s.Huawei.Instances[0].Proxies[0].ID
	for _, kind := range []fault.Kind{"", fault.Echo, fault.TruncatedJSON, fault.HTML502, fault.NumbersAsStrings} {
		sim.ClearFaults()
		if kind != "" {
			require.NoError(t, sim.Inject(fault.Rule{Operation: "*", Kind: kind}))
		}
		cloud, err := awsaccounts.Open(ctx, awsaccounts.Account{Name: secret("account"), Region: aws.DefaultRegion, Endpoint: server.URL},
			awsaccounts.WithCredentials(credentials.NewStaticCredentialsProvider(secret("access key id"), secret("secret key"), secret("session token"))))
		require.NoError(t, err)
		proxies, err := huaweicloud.Open(huaweicloud.Account{Name: secret("account"), Project: huawei.DefaultProjectID, Region: huawei.DefaultRegion, Endpoint: server.URL, IAMEndpoint: server.URL},
			huaweicloud.Credentials{User: "simuser", Password: secret("password"), Domain: "simdomain"}, huaweicloud.Options{})
		require.NoError(t, err)
		// What comes of the calls does not matter: they are on the record.
		_, _, _ = cloud.Gateways(ctx, "")
		gateway, _ := cloud.Gateway(ctx, arn)
		_, _ = cloud.Volumes(ctx, gateway)
		_, _ = cloud.Numbers(ctx, health.GatewayQuestion{ARN: arn, Cache: true, UploadBuffer: true, Volumes: true, Initiators: true})
		_ = cloud.Tag(ctx, arn, secret("tag's key"), secret("tag"))
		_, _ = cloud.Tags(ctx, arn)
		_, _ = cloud.CreateSnapshot(ctx, arn+"/volume/vol-0A00AAA1", secret("description"))
		_, _ = cloud.Snapshots(ctx, "vol-0a00aaa1", secret("description"))
		_, _ = cloud.Alarms(ctx, health.AlarmQuestion{Names: []string{secret("alarm")}})
		_ = cloud.PutMute(ctx, health.MuteRule{Name: secret("alarm"), Comment: secret("description"), Alarms: []string{secret("alarm")}, From: time.Now(), Until: time.Now().Add(time.Hour)})
		_, _ = proxies.Proxies(ctx, instance)
		_, _ = proxies.Kernel(ctx, instance, proxy)
		_ = proxies.Tag(ctx, instance, map[string]string{"owner": secret("tag")})
	}
	record.Close()
	c, err := capture.Read(dir)
	require.NoError(t, err)
	require.Greater(t, len(c.Exchanges), 60)
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	require.NoError(t, err)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		require.Empty(t, secretscan.Find(text, planted...))
	}
}
