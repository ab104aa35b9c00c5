package accounts_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/accounts"
	awsaccounts "github.com/tidegate/tidegate/internal/awscloud/accounts"
	"github.com/tidegate/tidegate/internal/huaweicloud"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/signing"
	"github.com/tidegate/tidegate/internal/simcloud"
	"github.com/tidegate/tidegate/internal/simcloud/aws"
	"github.com/tidegate/tidegate/internal/simcloud/huawei"
)

const gatewayARN = "arn:aws:storagegateway:us-east-1:123456789012:gateway/sgw-11111111"

// clouds serves both simulated clouds, and gives the accounts in them.
func clouds(t *testing.T) (onAWS accounts.AWS, onHuawei accounts.Huawei) {
	t.Helper()
	sim, err := simcloud.New(simcloud.Scenario{
		AWS:    aws.Scenario{Gateways: []aws.Gateway{{ID: "sgw-11111111"}}},
		Huawei: huawei.DefaultScenario(),
	}, simcloud.Options{})
	require.NoError(t, err)
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	onAWS = accounts.AWS{
		Account: awsaccounts.Account{Name: "prod", Region: aws.DefaultRegion, Endpoint: server.URL},
		Keys:    &accounts.Keys{AccessKeyID: aws.DefaultAccessKeyID, SecretAccessKey: aws.DefaultSecretAccessKey},
	}
	onHuawei = accounts.Huawei{
		Account:     huaweicloud.Account{Name: "prod", Project: huawei.DefaultProjectID, Region: huawei.DefaultRegion, Endpoint: server.URL},
		Credentials: huaweicloud.Credentials{AccessKey: huawei.DefaultAccessKey, SecretKey: huawei.DefaultSecretKey},
	}
	return onAWS, onHuawei
}

// The environment that the AWS SDK reads is of no account where keys are
// given: the variables here would make the SDK's own search fail.
func TestGivenKeysNeedNothingOfTheEnvironment(t *testing.T) {
	t.Setenv("AWS_PROFILE", "there-is-none")
	t.Setenv("AWS_CA_BUNDLE", "/there/is/none")
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIAOTHER")
	t.Setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
	onAWS, onHuawei := clouds(t)
	a := accounts.New(t.Context(), []accounts.AWS{onAWS}, []accounts.Huawei{onHuawei})

	gateways, err := a.Gateways("prod")
	require.NoError(t, err)
	gateway, err := gateways.Gateway(t.Context(), gatewayARN)
	require.NoError(t, err)
	require.Equal(t, "sgw-11111111", gateway.ID)

	volumes, err := a.Volumes("prod")
	require.NoError(t, err)
	found, err := volumes.Snapshots(t.Context(), "vol-1122aabb", "key")
	require.NoError(t, err)
	require.Empty(t, found)

	proxies, err := a.Proxies("prod")
	require.NoError(t, err)
	list, err := proxies.Proxies(t.Context(), huawei.DefaultInstanceID)
	require.NoError(t, err)
	require.Len(t, list, 3)
}

func TestOneAccountIsOneCloudForAllGoroutines(t *testing.T) {
	t.Parallel()
	onAWS, onHuawei := clouds(t)
	a := accounts.New(t.Context(), []accounts.AWS{onAWS}, []accounts.Huawei{onHuawei})
	first, err := a.Gateways("prod")
	require.NoError(t, err)
	firstProxies, err := a.Proxies("prod")
	require.NoError(t, err)
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			again, err := a.Volumes("prod")
			if err != nil || any(again) != any(first) {
				t.Errorf("another cloud: %v, %v", again, err)
			}
			proxies, err := a.Proxies("prod")
			if err != nil || proxies != firstProxies {
				t.Errorf("another cloud: %v, %v", proxies, err)
			}
		})
	}
	wg.Wait()
}

func TestAnUnknownNameIsNotFoundAndListsTheNamesThereAre(t *testing.T) {
	t.Parallel()
	onAWS, _ := clouds(t)
	second := onAWS
	second.Name = "lab"
	a := accounts.New(t.Context(), []accounts.AWS{onAWS, second}, nil)
	for name, ask := range map[string]func() error{
		`the worker's configuration has no AWS account "x"; it has: lab, prod`:        func() error { _, err := a.Gateways("x"); return err },
		`the worker's configuration has no AWS account "y"; it has: lab, prod`:        func() error { _, err := a.Volumes("y"); return err },
		`the worker's configuration has no Huawei Cloud account "prod"; it has: none`: func() error { _, err := a.Proxies("prod"); return err },
	} {
		err := ask()
		require.EqualError(t, err, name)
		require.ErrorIs(t, err, maintenance.ErrNotFound)
	}
}

func TestAnAccountThatCannotBeOpenedSaysWhichAndWhy(t *testing.T) {
	t.Parallel()
	a := accounts.New(t.Context(),
		[]accounts.AWS{{Account: awsaccounts.Account{Name: "bad", Region: "nowhere"}, Keys: &accounts.Keys{}}},
		[]accounts.Huawei{{Account: huaweicloud.Account{Name: "bad"}}})
	gateways, err := a.Gateways("bad")
	require.ErrorContains(t, err, `open AWS account "bad": region: invalid value "nowhere"`)
	if gateways != nil {
		require.Fail(t, "a nil pointer within an interface")
	}
	proxies, err := a.Proxies("bad")
	require.ErrorContains(t, err, `open Huawei Cloud account "bad"`)
	if proxies != nil {
		require.Fail(t, "a nil pointer within an interface")
	}
}

func TestKeysAreNeverPrinted(t *testing.T) {
	t.Parallel()
	keys := accounts.Keys{AccessKeyID: "PLANTED-1", SecretAccessKey: "PLANTED-2", SessionToken: "PLANTED-3"}
	encoded, err := json.Marshal(map[string]any{"keys": keys, "account": accounts.AWS{Keys: &keys}})
	require.NoError(t, err)
	for _, text := range []string{
		fmt.Sprint(keys), fmt.Sprintf("%+v %#v %s", keys, &keys, keys), fmt.Sprintf("%+v", accounts.AWS{Keys: &keys}),
		slog.AnyValue(keys).Resolve().String(), string(encoded),
	} {
		require.NotContains(t, text, "PLANTED")
	}
}

func TestAnAccountSaysWhatItDemands(t *testing.T) {
	t.Parallel()
	leads := signing.Demand{Signers: "leads", Count: 2}
	prod := accounts.AWS{Approvals: leads}
	prod.Name = "prod"
	known := accounts.New(t.Context(), []accounts.AWS{prod}, nil)
	got, err := known.Demand("prod")
	require.NoError(t, err)
	require.Equal(t, leads, got)
	_, err = known.Demand("lab")
	require.ErrorIs(t, err, maintenance.ErrNotFound, "what it demands is not known either")
}
