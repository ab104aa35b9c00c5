package doctest_test

import (
	"strings"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
)

// forced asks of Temporal, through its SDK, what the runbook asks through Temporal's
// own command: that a run which is bound to a build goes on in another.
func forced(around *shell) {
	around.t.Helper()
	s := newShell(around.t, around.bin)
	s.world()
	s.release("1.3.0")
	s.held()
	s.release("1.4.0")
	c, err := client.DialContext(s.t.Context(), client.Options{HostPort: s.temporal})
	require.NoError(s.t, err)
	s.t.Cleanup(c.Close)
	version := func() string {
		described, err := c.DescribeWorkflowExecution(s.t.Context(), "gateway-"+gateway, "")
		require.NoError(s.t, err)
		return described.GetWorkflowExecutionInfo().GetVersioningInfo().GetDeploymentVersion().GetBuildId()
	}
	require.Equal(s.t, "1.3.0", version())

	_, err = c.UpdateWorkflowExecutionOptions(s.t.Context(), client.UpdateWorkflowExecutionOptionsRequest{
		WorkflowId: "gateway-" + gateway,
		WorkflowExecutionOptionsChanges: client.WorkflowExecutionOptionsChanges{VersioningOverride: &client.VersioningOverrideChange{
			Value: &client.PinnedVersioningOverride{Version: worker.WorkerDeploymentVersion{DeploymentName: "tidegate", BuildID: "1.4.0"}},
		}},
	})
	require.NoError(s.t, err)
	s.run("tidegate abort "+gateway+" --why test", 0)
	s.run("tidegate watch "+gateway, 3)
	require.Equal(s.t, "1.4.0", version())
}

// release starts a worker of a build and makes it the current one.
func (s *shell) release(build string) {
	s.t.Helper()
	s.background("tidegate-worker --accounts accounts.yaml --health-listen 127.0.0.1:0 --deployment tidegate --promote --build-id "+build,
		func(log string) bool { return strings.Contains(log, "this build is current") })
}
