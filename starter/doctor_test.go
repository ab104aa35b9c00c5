package main_test

import (
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/worker"

	"github.com/tidegate/tidegate/workflows"
)

func TestDoctorRegistersWhatIsMissingWhereThatIsWanted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	sick := w.tidegate("doctor")
	require.Equal(t, 1, sick.status)
	require.Regexp(t, `FAIL +search-attributes +default +not registered: TidegateAccount, TidegateBlocker, .*Cure: tidegate doctor --fix, or tidegate setup\n`, sick.out)
	require.Regexp(t, `FAIL +worker +tidegate +no worker polls it for the workflows`, sick.out)

	fixed := w.tidegate("doctor", "--fix")
	require.Equal(t, 1, fixed.status, "there is still no worker")
	require.Regexp(t, `OK +search-attributes +default +registered: TidegateAccount, `, fixed.out)
	again := w.tidegate("doctor", "--fix")
	require.Regexp(t, `OK +search-attributes +default +all 7 are there`, again.out)
}

// A build that nobody made current gets nothing to do, whatever it polls.
func TestDoctorSaysThatNoBuildIsCurrent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	require.Equal(t, 0, w.tidegate("setup").status)
	c, err := w.server.NewClient(t.Context())
	require.NoError(t, err)
	t.Cleanup(c.Close)
	build := worker.New(c, workflows.TaskQueue, worker.Options{
		Identity: "build-9",
		DeploymentOptions: worker.DeploymentOptions{
			UseVersioning: true, Version: worker.WorkerDeploymentVersion{DeploymentName: "tidegate", BuildID: "9"},
		},
	})
	workflows.Register(build)
	build.RegisterActivityWithOptions(func() error { return nil }, activity.RegisterOptions{Name: "CheckPlan"})
	require.NoError(t, build.Start())
	t.Cleanup(build.Stop)
	require.Eventually(t, func() bool {
		return regexp.MustCompile(`build-9 polls it as build tidegate 9, and Temporal gives its tasks to workers without a version\. Cure: make the build current`).MatchString(w.tidegate("doctor").out)
	}, 30*time.Second, 100*time.Millisecond)
}
