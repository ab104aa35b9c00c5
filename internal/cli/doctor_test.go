package cli_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http/httptest"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"github.com/tidegate/tidegate/activities/names"
	"github.com/tidegate/tidegate/internal/cli"
	"github.com/tidegate/tidegate/internal/workers"
	"github.com/tidegate/tidegate/workflows"
	"github.com/tidegate/tidegate/workflows/api"
	"github.com/tidegate/tidegate/workflows/webui"
)

func TestDoctorRegistersWhatIsMissingWhereThatIsWanted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	sick := w.tidegate("doctor")
	require.Equal(t, 1, sick.status)
	require.Regexp(t, `FAIL +search-attributes +default +not registered: TidegateAccount, TidegateBlocker, .*Fix: tidegate doctor --fix, or tidegate setup\n`, sick.out)
	require.Regexp(t, `FAIL +worker +tidegate +no worker polls it for the workflows`, sick.out)

	fixed := w.tidegate("doctor", "--fix")
	require.Equal(t, 1, fixed.status, "there is still no worker")
	require.Regexp(t, `OK +search-attributes +default +registered: TidegateAccount, `, fixed.out)
	again := w.tidegate("doctor", "--fix")
	require.Regexp(t, fmt.Sprintf(`OK +search-attributes +default +all %d are there`, len(webui.SearchAttributes())), again.out)
}

// A build that nobody made current gets nothing to do, whatever it polls.
func TestDoctorSaysThatNoBuildIsCurrent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	require.Equal(t, 0, w.tidegate("setup").status)
	c := w.client()
	build := worker.New(c, api.TaskQueue, worker.Options{
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
		return regexp.MustCompile(`Temporal gives its tasks to workers without a version, and no such worker polls; there is build-9 \(build tidegate 9\)\. Fix: make the intended build current`).MatchString(w.tidegate("doctor").out)
	}, time.Minute, 100*time.Millisecond)
	untaken := w.tidegate(quick("sgw-22222222", "--detach")...)
	require.Equal(t, 4, untaken.status)
	require.Contains(t, untaken.errors, "; it waits for workers without a version, and task queue tidegate is polled only by build-9 (build tidegate 9). Start a worker")
	w.untilPrinted(`(?m)^FAIL +runs +tidegate +no worker without a version polls; nothing progresses, and deadlines keep running; waiting for it: ` +
		`1 maintenance \(gateway-sgw-22222222\); there is only build-9 \(build tidegate 9\)`)
}

// client is a connection of the test's own.
func (w *world) client() client.Client {
	w.t.Helper()
	c, err := w.server.NewClient(w.t.Context())
	require.NoError(w.t, err)
	w.t.Cleanup(c.Close)
	return c
}

// Campaigns stood still, and doctor said that all is OK: their build was gone, and
// another one polled.
func TestDoctorSaysForWhichBuildWhatRunsWaits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	require.Equal(t, 0, w.tidegate("setup").status)
	clouds := httptest.NewServer(w.sim)
	t.Cleanup(clouds.Close)
	c := w.client()
	start := func(id string) (stop func()) {
		v := workers.Version{DeploymentName: "tidegate", BuildID: id}
		stop = w.workers(clouds, workers.Options{Version: v, Each: worker.Options{Identity: "worker of " + id}})
		require.NoError(t, workers.Promote(t.Context(), c, v, []string{api.TaskQueue, names.AWSQueue(api.TaskQueue, "sim")}))
		return sync.OnceFunc(stop)
	}
	stopOld := start("1.0.0")
	t.Cleanup(stopOld)
	require.Regexp(t, `(?m)^OK +runs +default +no campaign and no maintenance is open$`, w.tidegate("doctor").out)
	require.Equal(t, 0, w.tidegate(quick("sgw-55555555", "--detach")...).status)
	w.untilPrinted(`(?m)^OK +runs +tidegate +1 maintenance \(gateway-sgw-55555555\): a worker polls and answers \(build tidegate 1\.0\.0\)$`)

	t.Cleanup(start("2.0.0"))
	require.Regexp(t, `(?m)^OK +runs +tidegate +1 maintenance .*\(build tidegate 1\.0\.0\)$`, w.tidegate("doctor").out, "both are there")
	stopOld()
	gone := w.tidegate("doctor")
	require.Equal(t, 1, gone.status)
	require.Regexp(t, `(?m)^FAIL +runs +tidegate +no worker of build tidegate 1\.0\.0 (polls|answers, although one polled recently); nothing progresses, and deadlines keep running.*: `+
		`1 maintenance \(gateway-sgw-55555555\).*Fix: .*tidegate-worker --accounts FILE --deployment tidegate --build-id 1\.0\.0`, gone.out)
	require.Regexp(t, `(?m)^OK +worker +tidegate +polled for the workflows by worker of 2\.0\.0$`, gone.out)

	// All workers of the current build are gone.
	start("3.0.0")()
	untaken := w.tidegate(quick("sgw-22222222", "--detach")...)
	require.Equal(t, 4, untaken.status)
	require.Contains(t, untaken.errors, "sgw-22222222 is started, but no worker picked it up within 10s, although worker of 3.0.0 polled task queue tidegate recently. "+
		"Start a worker (tidegate-worker --accounts FILE)")
	w.untilPrinted(`(?m)^FAIL +runs +tidegate +no worker of build tidegate 3\.0\.0 answers, although one polled recently; nothing progresses, and deadlines keep running: ` +
		`1 maintenance \(gateway-sgw-22222222\)`)
}

// untilPrinted waits until doctor's answer has the form: Temporal's lists are some seconds
// late.
func (w *world) untilPrinted(form string) {
	w.t.Helper()
	var got string
	require.Eventually(w.t, func() bool {
		got = w.tidegate("doctor").out
		return regexp.MustCompile(form).MatchString(got)
	}, time.Minute, 100*time.Millisecond, "%s", form)
}

// What is advised can be pasted: it reaches the Temporal that the operator named.
func TestNextStepsRepeatTheConnection(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	at := w.server.FrontendAddress()
	var out, errs bytes.Buffer
	require.Equal(t, 0, cli.Run(t.Context(), []string{"--address", at, "-n", "default", "list"}, &out, &errs))
	require.Equal(t, "no campaigns in namespace default; to start one: tidegate --address "+at+" --namespace default run FILE\n", out.String())
	out.Reset()
	require.Equal(t, 0, cli.Run(t.Context(), []string{"--address", at, "list", "--output", "json"}, &out, &errs))
	require.JSONEq(t, "[]", out.String())
}

func TestRunDetachedSaysThatNobodyPolls(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	require.Equal(t, 0, w.tidegate("setup").status)
	for name, args := range map[string][]string{
		"sgw-22222222": quick("sgw-22222222", "--detach"),
		"files":        {"run", "--detach", planned(t, weeklyPlan)},
	} {
		got := w.tidegate(args...)
		require.Equal(t, 4, got.status)
		require.Contains(t, got.errors, name+" is started, but no worker picked it up within 10s; no worker polls task queue tidegate. "+
			"Start a worker (tidegate-worker --accounts FILE), and it continues by itself. To check the setup: tidegate doctor. To follow it: tidegate watch "+name+"\n")
		require.Contains(t, got.out, "running", "what was started is printed all the same")
	}
	other := w.tidegate(quick("sgw-33333333", "--detach", "--task-queue", "other")...)
	require.Equal(t, 4, other.status)
	require.Contains(t, other.errors, "no worker polls task queue other. Start a worker (tidegate-worker --accounts FILE --task-queue other)")
}

// deaf starts a worker that polls for everything and then hears nothing more, as one
// that was killed: Temporal goes on listing it.
func (w *world) deaf() {
	w.t.Helper()
	require.Equal(w.t, 0, w.tidegate("setup").status)
	c, err := w.server.NewClient(w.t.Context())
	require.NoError(w.t, err)
	w.t.Cleanup(c.Close)
	for _, queue := range []string{api.TaskQueue, names.AWSQueue(api.TaskQueue, "sim")} {
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
		looked <- w.untilPolls(ctx)
		interrupt()
	}()
	got := w.tidegateUntil(ctx, "doctor", planned(t, weeklyPlan))
	require.NoError(t, <-looked)
	require.Equal(t, 1, got.status)
	require.Regexp(t, `(?m)^OK +search-attributes `, got.out)
	require.Regexp(t, `(?m)^FAIL +worker +tidegate +interrupted before a worker answered\. Fix: run it again$`, got.out)
	require.Regexp(t, `(?m)^FAIL +account +aws/sim +unknown: no worker answered`, got.out)
}

// untilPolls ends when a poll of doctor has started.
func (w *world) untilPolls(ctx context.Context) error {
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
	require.Regexp(t, `(?m)^FAIL +worker +tidegate +no worker answered within 30s\. Fix: start a worker.*tidegate-worker --accounts FILE`, got.out)
	require.Regexp(t, `(?m)^FAIL +plan .*unknown: no worker answered`, got.out)
	require.Regexp(t, `^\d\d:\d\d:\d\dZ  waiting for a worker of task queue tidegate, up to 30s\n$`, got.errors)
}
