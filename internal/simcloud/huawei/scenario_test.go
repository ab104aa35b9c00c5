package huawei_test

import (
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/simcloud/huawei"
)

func TestDefaultScenarioIsValidAndHasThreeProxies(t *testing.T) {
	t.Parallel()
	s := huawei.DefaultScenario()
	require.NoError(t, s.Validate())
	require.Len(t, s.Instances, 1)
	require.Len(t, s.Instances[0].Proxies, 3)
	require.NoError(t, huawei.Scenario{}.Validate(), "an empty scenario is a cloud without instances")
}

func TestScenarioIsReadFromYAML(t *testing.T) {
	t.Parallel()
	const text = `
projects: [{id: 0123456789abcdef0123456789abcdef, region: ap-southeast-3}]
instances:
  - id: 3e9f8a7b6c5d4e3f2a1b0c9d8e7f6a5bin07
    proxies:
      - id: 7c1d2e3f4a5b4c6d8e9f0a1b2c3d4e01po01
        currentVersion: 2.24.03.000
        latestVersion: 2.26.06.000
        readWeights: [300, 0]
        scheduledUpgrade: {startsIn: 2m}
        outcome: {fail: no quorum, times: 1, omitInstanceId: true}
durations: {upgrade: 5ms, token: 30s}
`
	var s huawei.Scenario
	require.NoError(t, yaml.UnmarshalWithOptions([]byte(text), &s, yaml.Strict()))
	require.NoError(t, s.Validate())
	p := s.Instances[0].Proxies[0]
	require.Equal(t, []int{300, 0}, p.ReadWeights)
	require.Equal(t, 2*time.Minute, p.ScheduledUpgrade.StartsIn)
	require.Equal(t, huawei.Outcome{Fail: "no quorum", Times: 1, OmitInstanceID: true}, p.Outcome)
	require.Equal(t, 5*time.Millisecond, s.Durations.Upgrade)
}

func TestDefaultScenarioSurvivesYAML(t *testing.T) {
	t.Parallel()
	text, err := yaml.Marshal(huawei.DefaultScenario())
	require.NoError(t, err)
	var s huawei.Scenario
	require.NoError(t, yaml.UnmarshalWithOptions(text, &s, yaml.Strict()))
	require.Equal(t, huawei.DefaultScenario(), s)
}

func TestValidateNamesEveryFaultAtOnce(t *testing.T) {
	t.Parallel()
	s := huawei.DefaultScenario()
	s.Projects = append(s.Projects, huawei.Project{ID: "short"})
	s.Credentials = append(s.Credentials, huawei.Credential{AccessKey: huawei.DefaultAccessKey, SecretKey: "recognisable"})
	s.Users[0].Password = ""
	s.Versions = []string{"newest"}
	s.Durations.Restart = -time.Second
	i := &s.Instances[0]
	i.ProjectID = "elsewhere"
	i.Status = "SLEEPY"
	p := i.Proxies
	p[0].ID, p[0].Status, p[0].NodeCount = "po01", "BUSY", 1
	p[0].LatestVersion = "2.23.12.000"
	p[0].Outcome = huawei.Outcome{Reject: "x", Stuck: true, Times: -1}
	p[1].ReadWeights = []int{1, 2}
	p[1].MasterWeight = 1
	p[2].ID, p[2].RouteMode, p[2].ReadWeights = p[1].ID, 3, []int{1}
	p[2].ScheduledUpgrade = &huawei.ScheduledUpgrade{TargetVersion: "9.9.9.9"}

	err := s.Validate()
	require.Error(t, err)
	_, fromNew := huawei.New(s, huawei.Options{})
	require.ErrorContains(t, fromNew, err.Error())
	for _, want := range []string{
		`projects[1].id: invalid value "short": must be 32 letters and digits`,
		`projects[1].region is required: must be a region`,
		`credentials[1].accessKey: invalid value "SIMHUAWEIAK": must be an access key that no other credential has`,
		`users[0].password is required`,
		`versions[0]: invalid value "newest": must be four numbers`,
		`durations.restart: invalid value "-1s": must be a positive duration`,
		`instances[0].projectId: invalid value "elsewhere": must be the id of a project`,
		`instances[0].status: invalid value "SLEEPY": must be one of ACTIVE`,
		`instances[0].proxies[0].id: invalid value "po01": must be 36 letters and digits`,
		`instances[0].proxies[0].status: invalid value "BUSY": must be one of ACTIVE, ABNORMAL, FAILED`,
		`instances[0].proxies[0].nodeCount: invalid value "1": must be 2 to 32`,
		`instances[0].proxies[0].latestVersion: invalid value "2.23.12.000": must be at least currentVersion`,
		`instances[0].proxies[0].outcome.times: invalid value "-1"`,
		`must be at most one of reject, fail, cancel and stuck`,
		`instances[0].proxies[1].masterWeight: invalid value "1": must be 0 to 0 in route mode 1`,
		`instances[0].proxies[1].readWeights[1]: invalid value "2": must be 0 to 1 in route mode 1`,
		`instances[0].proxies[2].id: invalid value "` + reports + `": must be an id that no other proxy has`,
		`instances[0].proxies[2].routeMode: invalid value "3"`,
		`instances[0].proxies[2].scheduledUpgrade.startsIn: invalid value "0s": must be a positive duration`,
		`instances[0].proxies[2].scheduledUpgrade.targetVersion: invalid value "9.9.9.9": must be at most latestVersion`,
	} {
		require.ErrorContains(t, err, want)
	}
	require.NotContains(t, err.Error(), "recognisable")
	require.Len(t, strings.Split(err.Error(), "\n"), 20)
}
