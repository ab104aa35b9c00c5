package main_test

import (
	"context"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/worker"

	"github.com/tidegate/tidegate/activities"
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
	}, time.Minute, 100*time.Millisecond)
}

// deaf starts a worker that polls for everything and then hears nothing more, as one
// that was killed: Temporal goes on listing it.
func (w *world) deaf() {
	w.t.Helper()
	require.Equal(w.t, 0, w.tidegate("setup").status)
	c, err := w.server.NewClient(w.t.Context())
	require.NoError(w.t, err)
	w.t.Cleanup(c.Close)
	for _, queue := range []string{workflows.TaskQueue, activities.AWSQueue(workflows.TaskQueue, "sim")} {
		killed := worker.New(c, queue, worker.Options{Identity: "killed"})
		workflows.Register(killed)
		killed.RegisterActivityWithOptions(func() error { return nil }, activity.RegisterOptions{Name: "CheckPlan"})
		require.NoError(w.t, killed.Start())
		w.t.Cleanup(killed.Stop)
		for _, kind := range []enumspb.TaskQueueType{enumspb.TASK_QUEUE_TYPE_WORKFLOW, enumspb.TASK_QUEUE_TYPE_ACTIVITY} {
			require.Eventually(w.t, func() bool {
				described, err := c.DescribeTaskQueue(w.t.Context(), queue, kind)
				return err == nil && len(described.GetPollers()) > 0
			}, time.Minute, 50*time.Millisecond)
		}
		killed.Stop()
	}
}

func TestDoctorThatIsInterruptedSaysWhatItKnows(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.deaf()
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	looked := make(chan error, 1)
	go func() {
		looked <- w.untilLooks(ctx)
		interrupt()
	}()
	got := w.tidegateUntil(ctx, "doctor", planned(t, weeklyPlan))
	require.NoError(t, <-looked)
	require.Equal(t, 1, got.status)
	require.Regexp(t, `(?m)^OK +search-attributes `, got.out)
	require.Regexp(t, `(?m)^FAIL +worker +tidegate +interrupted before a worker answered\. Cure: run it again$`, got.out)
	require.Regexp(t, `(?m)^FAIL +account +aws/sim +not known: no worker answered`, got.out)
}

// untilLooks ends when a look of doctor has begun.
func (w *world) untilLooks(ctx context.Context) error {
	c, err := w.server.NewClient(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for range again.C {
		found, err := c.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{Query: `WorkflowType = "Examine"`})
		if err != nil || len(found.GetExecutions()) > 0 {
			return err
		}
	}
	return nil
}

func TestDoctorDoesNotWaitLongForAWorkerThatWasKilled(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.deaf()
	got := w.tidegate("doctor", planned(t, weeklyPlan))
	require.Equal(t, 1, got.status)
	require.Regexp(t, `(?m)^FAIL +worker +tidegate +no worker answered within 30s\. Cure: start one, .*worker --accounts FILE`, got.out)
	require.Regexp(t, `(?m)^FAIL +plan .*not known: no worker answered`, got.out)
	require.Regexp(t, `^\d\d:\d\d:\d\dZ  asking a worker of task queue tidegate, up to 30s\n$`, got.errors)
}
