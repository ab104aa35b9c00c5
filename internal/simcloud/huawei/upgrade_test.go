package huawei_test

import (
	"testing"
	"time"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/gaussdb/v3/model"
	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/simcloud/huawei"
)

func TestUpgradeTakesItsTimeAndThenRunsTheNewVersion(t *testing.T) {
	t.Parallel()
	s := start(t, oneProxy(nil))

	workflow := s.accepted()
	require.Equal(t, oldVersion, s.version())
	require.Equal(t, "UPGRADING PROXY", *s.shown(orders).Proxy.Status)
	require.Equal(t, "ACTIVE", *s.shown(orders).Proxy.PoolStatus)

	s.clock.Move(9999 * time.Millisecond)
	require.Equal(t, oldVersion, s.version())
	require.Equal(t, "90%", *s.job(workflow).Process)

	s.clock.Move(time.Millisecond)
	require.Equal(t, newVersion, s.version())
	require.Equal(t, "ACTIVE", *s.shown(orders).Proxy.Status)
	require.Equal(t, "Completed", s.job(workflow).Status.Value())
	require.Empty(t, *s.job(workflow).Process)

	effects := s.book.Effects()
	require.Len(t, effects, 1)
	require.Equal(t, "taurusdb:UpgradeProxyVersion", effects[0].Kind)
	require.Equal(t, orders, effects[0].Resource)
	require.NotEmpty(t, effects[0].RequestID)
	require.Equal(t, map[string]string{"from": oldVersion, "to": newVersion, "workflowId": workflow}, effects[0].Detail)
	require.Equal(t, 1, s.book.Calls()["taurusdb:UpgradeProxyVersion"])
}

func TestUpgradeToAnOlderPublishedVersionThanTheLatestIsAccepted(t *testing.T) {
	t.Parallel()
	s := start(t, oneProxy(nil))
	_, err := s.upgrade(oldVersion, "2.25.06.000")
	require.NoError(t, err)
	s.clock.Move(10 * time.Second)
	require.Equal(t, "2.25.06.000", s.version())
}

func TestUpgradeIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		from, to string
		status   int
		code     string
	}{
		"when the source does not run":    {"2.23.12.000", newVersion, 400, "DBS.200001"},
		"when target and source are one":  {oldVersion, oldVersion, 400, "DBS.05000008"},
		"when the target is older":        {oldVersion, "2.23.12.000", 400, "DBS.200001"},
		"when nobody published it":        {oldVersion, "2.24.99.000", 400, "DBS.200001"},
		"when it is beyond the latest":    {oldVersion, "2.27.01.000", 400, "DBS.200001"},
		"when the target is no version":   {oldVersion, "latest", 400, "DBS.200001"},
		"when the source is left out":     {"", newVersion, 400, "DBS.200001"},
		"when source is spelt otherwise":  {"2.24.3.0", newVersion, 400, "DBS.200001"},
		"when the target has a fifth one": {oldVersion, newVersion + ".1", 400, "DBS.200001"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, oneProxy(nil))
			_, err := s.upgrade(c.from, c.to)
			requireRefused(t, err, c.status, c.code)
			require.Empty(t, s.effects())
		})
	}
}

func TestSecondUpgradeIsRefusedWhileOneRunsAndAfterIt(t *testing.T) {
	t.Parallel()
	s := start(t, oneProxy(nil))
	s.accepted()

	_, err := s.upgrade(oldVersion, newVersion)
	requireRefused(t, err, 409, "DBS.200019")

	s.clock.Move(10 * time.Second)
	_, err = s.upgrade(oldVersion, newVersion)
	requireRefused(t, err, 400, "DBS.200001")
	_, err = s.upgrade(newVersion, newVersion)
	requireRefused(t, err, 400, "DBS.05000008")
	require.Len(t, s.effects(), 1)
}

func TestOfManyUpgradesAtOnceOneIsAccepted(t *testing.T) {
	t.Parallel()
	s := start(t, oneProxy(nil))
	answers := make(chan error, 16)
	for range cap(answers) {
		go func() {
			_, err := s.upgrade(oldVersion, newVersion)
			answers <- err
		}()
	}
	accepted := 0
	for range cap(answers) {
		if err := <-answers; err == nil {
			accepted++
		} else {
			requireRefused(t, err, 409, "DBS.200019")
		}
	}
	require.Equal(t, 1, accepted)
	require.Len(t, s.effects(), 1)
}

func TestUpgradeOfWhatDoesNotExistIsRefused(t *testing.T) {
	t.Parallel()
	s := start(t, oneProxy(nil))
	for _, c := range []struct {
		instance, proxy string
		status          int
		code            string
	}{
		{"3e9f8a7b6c5d4e3f2a1b0c9d8e7f0000in07", orders, 404, "DBS.200002"},
		{"not-an-id", orders, 400, "DBS.280404"},
		{huawei.DefaultInstanceID, reports, 400, "DBS.270024"},
		{huawei.DefaultInstanceID, "not-an-id", 400, "DBS.280404"},
	} {
		_, err := s.UpgradeProxyVersion(&model.UpgradeProxyVersionRequest{
			InstanceId: c.instance, ProxyId: c.proxy,
			Body: &model.ProxyUpgradeProxyVersionRequest{SourceVersion: oldVersion, TargetVersion: newVersion},
		})
		requireRefused(t, err, c.status, c.code)
	}
	_, err := s.UpgradeProxyVersion(&model.UpgradeProxyVersionRequest{InstanceId: huawei.DefaultInstanceID, ProxyId: orders})
	requireRefused(t, err, 400, "DBS.200006")
}

func TestUpgradeNeedsAnActiveInstanceAndProxy(t *testing.T) {
	t.Parallel()
	busy := oneProxy(nil)
	busy.Instances[0].Status = "MODIFYING"
	ill := oneProxy(func(p *huawei.Proxy) { p.Status = "ABNORMAL" })
	for _, scenario := range []huawei.Scenario{busy, ill} {
		_, err := start(t, scenario).upgrade(oldVersion, newVersion)
		requireRefused(t, err, 400, "DBS.200086")
	}
}

func TestOneAtATimeRefusesASecondProxyOfTheInstance(t *testing.T) {
	t.Parallel()
	for _, exclusive := range []bool{false, true} {
		scenario := huawei.DefaultScenario()
		scenario.Instances[0].OneAtATime = exclusive
		s := start(t, scenario)
		s.accepted()
		_, err := s.UpgradeProxyVersion(&model.UpgradeProxyVersionRequest{
			InstanceId: huawei.DefaultInstanceID, ProxyId: reports,
			Body: &model.ProxyUpgradeProxyVersionRequest{SourceVersion: oldVersion, TargetVersion: newVersion},
		})
		if exclusive {
			requireRefused(t, err, 409, "DBS.200019")
		} else {
			require.NoError(t, err)
		}
	}
}

func TestVersionSaysWhetherThereIsAnythingToUpgrade(t *testing.T) {
	t.Parallel()
	s := start(t, oneProxy(nil))
	request := &model.ShowProxyVersionRequest{InstanceId: huawei.DefaultInstanceID, ProxyId: orders, EngineName: "taurusproxy"}
	before, err := s.ShowProxyVersion(request)
	require.NoError(t, err)
	require.Equal(t, newVersion, *before.LatestVersion)
	require.True(t, *before.CanUpgrade)
	require.NotNil(t, before.Risk)

	s.accepted()
	s.clock.Move(10 * time.Second)
	after, err := s.ShowProxyVersion(request)
	require.NoError(t, err)
	require.False(t, *after.CanUpgrade)
	require.Nil(t, after.Risk)

	request.EngineName = "mysql"
	_, err = s.ShowProxyVersion(request)
	requireRefused(t, err, 404, "APIGW.0101")
}
