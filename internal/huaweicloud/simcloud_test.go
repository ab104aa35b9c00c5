package huaweicloud_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/huaweicloud"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/simcloud/huawei"
	"github.com/tidegate/tidegate/internal/simcloud/record"
)

const (
	simInstance = huawei.DefaultInstanceID
	simProxy    = "7c1d2e3f4a5b4c6d8e9f0a1b2c3d4e01po01"
	simRejected = "7c1d2e3f4a5b4c6d8e9f0a1b2c3d4e03po01"
	oldKernel   = "2.24.03.000"
	newKernel   = "2.26.06.000"
)

// sim is the simulated cloud behind HTTP, whose time is moved by hand.
type sim struct {
	url   string
	clock *clock
	book  *record.Book
	admin http.Handler
}

func startSim(t *testing.T, change func(*huawei.Scenario)) *sim {
	t.Helper()
	scenario := huawei.DefaultScenario()
	if change != nil {
		change(&scenario)
	}
	now := &clock{now: time.Now()} // signatures carry the real time
	book := record.New(now.Now)
	cloud, err := huawei.New(scenario, huawei.Options{Book: book, Now: now.Now})
	require.NoError(t, err)
	server := httptest.NewServer(cloud)
	t.Cleanup(server.Close)
	return &sim{url: server.URL, clock: now, book: book, admin: cloud.AdminHandler()}
}

func (s *sim) open(t *testing.T, c huaweicloud.Credentials) *huaweicloud.Cloud {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	cloud, err := huaweicloud.Open(huaweicloud.Account{
		Project: huawei.DefaultProjectID, Region: huawei.DefaultRegion, Endpoint: s.url, IAMEndpoint: s.url,
	}, c, huaweicloud.Options{Transport: transport, Now: s.clock.Now})
	require.NoError(t, err)
	return cloud
}

func simKeys() huaweicloud.Credentials {
	return huaweicloud.Credentials{AccessKey: huawei.DefaultAccessKey, SecretKey: huawei.DefaultSecretKey}
}

func simLogin() huaweicloud.Credentials {
	return huaweicloud.Credentials{User: "simuser", Password: "simpassword", Domain: "simdomain"}
}

func TestAnUpgradeRunsToItsEndInTheSimulatedCloud(t *testing.T) {
	t.Parallel()
	for name, credentials := range map[string]huaweicloud.Credentials{"keys": simKeys(), "login": simLogin()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startSim(t, nil)
			cloud, started := s.open(t, credentials), s.clock.Now()

			kernel, err := cloud.Kernel(t.Context(), simInstance, simProxy)
			require.NoError(t, err)
			require.Equal(t, maintenance.ProxyKernel{Current: oldKernel, Latest: newKernel, CanUpgrade: true}, kernel)
			pending, err := cloud.UpgradePending(t.Context(), simInstance, simProxy)
			require.NoError(t, err)
			require.False(t, pending)

			id, err := cloud.Upgrade(t.Context(), simInstance, simProxy, oldKernel, newKernel)
			require.NoError(t, err)
			_, err = cloud.Job(t.Context(), id)
			require.ErrorIs(t, err, maintenance.ErrNotFound, "a job is visible late")
			_, err = cloud.Upgrade(t.Context(), simInstance, simProxy, oldKernel, newKernel)
			require.ErrorIs(t, err, maintenance.ErrBusy)

			s.clock.Move(5 * time.Second)
			job, err := cloud.Job(t.Context(), id)
			require.NoError(t, err)
			require.False(t, job.Completed() || job.Failed())
			require.NotEmpty(t, job.Progress)
			jobs, err := cloud.Jobs(t.Context(), simInstance, started)
			require.NoError(t, err)
			require.Len(t, jobs, 1)
			require.Equal(t, id, jobs[0].ID)

			s.clock.Move(time.Minute)
			job, err = cloud.Job(t.Context(), id)
			require.NoError(t, err)
			require.True(t, job.Completed())
			require.Equal(t, simInstance, job.InstanceID)
			_, err = cloud.Upgrade(t.Context(), simInstance, simProxy, newKernel, newKernel)
			require.ErrorIs(t, err, maintenance.ErrUpToDate)
			_, err = cloud.Upgrade(t.Context(), simInstance, simProxy, oldKernel, newKernel)
			require.ErrorIs(t, err, maintenance.ErrInvalid)
			proxies, err := cloud.Proxies(t.Context(), simInstance)
			require.NoError(t, err)
			require.Len(t, proxies, 3)
			require.True(t, proxies[0].Healthy())

			none, err := cloud.Jobs(t.Context(), simInstance, s.clock.Now())
			require.NoError(t, err)
			require.Empty(t, none)
			require.Len(t, s.book.Effects(), 1)
		})
	}
}

func TestARejectedUpgradeHasNoEffect(t *testing.T) {
	t.Parallel()
	s := startSim(t, nil)

	_, err := s.open(t, simKeys()).Upgrade(t.Context(), simInstance, simRejected, oldKernel, newKernel)

	require.ErrorIs(t, err, maintenance.ErrRejected)
	require.ErrorContains(t, err, "Upgrade failed due to insufficient subnet ip")
	require.Empty(t, s.book.Effects())
}

func TestAnUpgradeIsFoundAmongTwoElementsAndWithoutItsID(t *testing.T) {
	t.Parallel()
	for name, outcome := range map[string]huawei.Outcome{"two": {TwoElements: true}, "without": {OmitInstanceID: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startSim(t, func(scenario *huawei.Scenario) { scenario.Instances[0].Proxies[0].Outcome = outcome })

			id, err := s.open(t, simKeys()).Upgrade(t.Context(), simInstance, simProxy, oldKernel, newKernel)

			require.NoError(t, err)
			require.NotEmpty(t, id)
		})
	}
}

// Whether the upgrade started cannot be told from the vendor's own example of an answer,
// so it must not be taken for either: not sent again, and not called refused.
func TestTheVendorsExampleOfAnAnswerLeavesTheOutcomeOpen(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		reject  string
		started int
	}{"started": {"", 1}, "rejected": {"no subnet ip", 0}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startSim(t, func(scenario *huawei.Scenario) {
				scenario.Instances[0].Proxies[0].Outcome = huawei.Outcome{MixedReply: true, Reject: tc.reject}
			})

			_, err := s.open(t, simKeys()).Upgrade(t.Context(), simInstance, simProxy, oldKernel, newKernel)

			require.ErrorIs(t, err, maintenance.ErrUnknownOutcome)
			require.NotErrorIs(t, err, maintenance.ErrRejected)
			require.ErrorContains(t, err, "REJECT")
			require.Len(t, s.book.Effects(), tc.started)
		})
	}
}

func TestWeightsAndRestartWorkInTheSimulatedCloud(t *testing.T) {
	t.Parallel()
	s := startSim(t, nil)
	cloud := s.open(t, simKeys())
	before, err := cloud.Proxies(t.Context(), simInstance)
	require.NoError(t, err)
	require.True(t, before[0].Routing.CanShift())

	_, err = cloud.SetReadWeights(t.Context(), simInstance, simProxy, before[0].Routing.Shifted())
	require.NoError(t, err)
	s.clock.Move(time.Minute)
	shifted, err := cloud.Proxies(t.Context(), simInstance)
	require.NoError(t, err)
	require.True(t, shifted[0].Routing.SameWeights(before[0].Routing.Shifted()))

	id, err := cloud.Restart(t.Context(), simInstance, simProxy)
	require.NoError(t, err)
	s.clock.Move(time.Minute)
	job, err := cloud.Job(t.Context(), id)
	require.NoError(t, err)
	require.True(t, job.Completed())
}

func TestAScheduledUpgradeIsPending(t *testing.T) {
	t.Parallel()
	s := startSim(t, func(scenario *huawei.Scenario) {
		scenario.Instances[0].Proxies[0].ScheduledUpgrade = &huawei.ScheduledUpgrade{StartsIn: time.Hour}
	})

	pending, err := s.open(t, simKeys()).UpgradePending(t.Context(), simInstance, simProxy)

	require.NoError(t, err)
	require.True(t, pending)
}

func TestTheJobsOfManyPagesAreFound(t *testing.T) {
	t.Parallel()
	s := startSim(t, nil)
	cloud, started := s.open(t, simKeys()), s.clock.Now()
	for range 60 {
		_, err := cloud.Restart(t.Context(), simInstance, simProxy)
		require.NoError(t, err)
		s.clock.Move(5 * time.Second)
	}

	jobs, err := cloud.Jobs(t.Context(), simInstance, started)

	require.NoError(t, err)
	require.Len(t, jobs, 60)
}

func TestWrongCredentialsAreDenied(t *testing.T) {
	t.Parallel()
	wrongKey, wrongPassword := simKeys(), simLogin()
	wrongKey.SecretKey, wrongPassword.Password = "WRONGSECRET", "WRONGPASSWORD"
	for name, c := range map[string]huaweicloud.Credentials{
		"secret key":  wrongKey,
		"access key":  {AccessKey: "UNKNOWNKEY", SecretKey: huawei.DefaultSecretKey},
		"password":    wrongPassword,
		"given token": {Token: "UNKNOWNTOKEN"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := read(t.Context(), startSim(t, nil).open(t, c))

			require.ErrorIs(t, err, maintenance.ErrDenied)
			hidden(t, err.Error(), secretsOf(c)...)
		})
	}
}

func TestATokenThatTheCloudDropsIsReplaced(t *testing.T) {
	t.Parallel()
	s := startSim(t, nil)
	cloud := s.open(t, simLogin())
	_, err := cloud.Proxies(t.Context(), simInstance)
	require.NoError(t, err)

	s.admin.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodDelete, "/tokens", nil))

	_, err = cloud.Proxies(t.Context(), simInstance)
	require.NoError(t, err)
	require.Equal(t, 2, s.book.Calls()["iam:KeystoneCreateUserTokenByPassword"], "%v", s.book.Calls())
}
