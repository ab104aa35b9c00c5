package devserver_test

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/tidegate/tidegate/internal/devserver"
	"github.com/tidegate/tidegate/internal/namespace"
)

const taskQueue = "gate"

// gate waits for the update "open", and ends with what that brought.
func gate(ctx workflow.Context) (string, error) {
	answer := ""
	err := workflow.SetUpdateHandler(ctx, "open", func(_ workflow.Context, by string) (string, error) {
		answer = "opened by " + by
		return answer, nil
	})
	if err != nil {
		return "", err
	}
	err = workflow.Await(ctx, func() bool { return answer != "" && workflow.AllHandlersFinished(ctx) })
	return answer, err
}

func start(t *testing.T, opts devserver.Options) *devserver.Server {
	t.Helper()
	started := time.Now()
	srv, err := devserver.Start(t.Context(), opts)
	require.NoError(t, err)
	t.Logf("started in %s", time.Since(started).Round(time.Millisecond))
	t.Cleanup(srv.Stop)
	return srv
}

func dial(t *testing.T, srv *devserver.Server) client.Client {
	t.Helper()
	c, err := srv.NewClient(t.Context())
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

func work(t *testing.T, c client.Client, opts worker.Options) (stop func()) {
	t.Helper()
	w := worker.New(c, taskQueue, opts)
	w.RegisterWorkflowWithOptions(gate, workflow.RegisterOptions{
		Name: "gate", VersioningBehavior: workflow.VersioningBehaviorAutoUpgrade,
	})
	require.NoError(t, w.Start())
	return w.Stop
}

func startGate(ctx context.Context, t *testing.T, c client.Client, attributes temporal.SearchAttributes) client.WorkflowRun {
	t.Helper()
	run, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: "gate-1", TaskQueue: taskQueue, TypedSearchAttributes: attributes,
	}, "gate")
	require.NoError(t, err)
	return run
}

func openGate(ctx context.Context, t *testing.T, c client.Client) {
	t.Helper()
	handle, err := c.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
		WorkflowID: "gate-1", UpdateName: "open", Args: []any{"ann"},
		WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	require.NoError(t, err)
	var answer string
	require.NoError(t, handle.Get(ctx, &answer))
	require.Equal(t, "opened by ann", answer)
}

func TestRunGoesOnAfterARestartOnTheSameFile(t *testing.T) {
	t.Parallel()
	// The name holds all that means something else in a URI.
	opts := devserver.Options{DBFile: filepath.Join(t.TempDir(), "a b%20#?.db"), UIPort: devserver.NoUI}
	first, err := devserver.Start(t.Context(), opts)
	require.NoError(t, err)
	c, err := first.NewClient(t.Context())
	require.NoError(t, err)
	stop := work(t, c, worker.Options{})
	run := startGate(t.Context(), t, c, temporal.SearchAttributes{})
	require.FileExists(t, opts.DBFile)
	stop()
	c.Close()
	first.Stop()
	log, err := os.Stat(opts.DBFile + "-wal")
	require.NoError(t, err)
	require.Zero(t, log.Size(), "after a clean stop the file alone is the database")

	c = dial(t, start(t, opts))
	t.Cleanup(work(t, c, worker.Options{}))
	openGate(t.Context(), t, c)
	var got string
	require.NoError(t, c.GetWorkflow(t.Context(), run.GetID(), run.GetRunID()).Get(t.Context(), &got))
	require.Equal(t, "opened by ann", got)
}

func TestAFileIsRefusedToASecondServer(t *testing.T) {
	t.Parallel()
	opts := devserver.Options{DBFile: filepath.Join(t.TempDir(), "x.db"), UIPort: devserver.NoUI}
	start(t, opts)
	_, err := devserver.Start(t.Context(), opts)
	require.ErrorContains(t, err, "another dev server uses it")
}

func TestSearchAttributesAreUsableAtOnce(t *testing.T) {
	t.Parallel()
	key := temporal.NewSearchAttributeKeyKeyword("TidegatePhase")
	file := filepath.Join(t.TempDir(), "x.db")
	opts := devserver.Options{DBFile: file, UIPort: devserver.NoUI}
	first, err := devserver.Start(t.Context(), opts)
	require.NoError(t, err)
	first.Stop()

	// The file exists without the attribute: the next start adds it.
	opts.SearchAttributes = map[string]enumspb.IndexedValueType{"TidegatePhase": enumspb.INDEXED_VALUE_TYPE_KEYWORD}
	second := start(t, opts)
	c := dial(t, second)
	startGate(t.Context(), t, c, temporal.NewSearchAttributes(key.ValueSet("waiting")))
	second.Stop()

	opts.SearchAttributes["TidegatePhase"] = enumspb.INDEXED_VALUE_TYPE_INT
	_, err = devserver.Start(t.Context(), opts)
	var conflict *namespace.TypeConflictError
	require.ErrorAs(t, err, &conflict)
	require.Equal(t, enumspb.INDEXED_VALUE_TYPE_KEYWORD, conflict.Have)
	require.ErrorContains(t, err, `search attribute "TidegatePhase" in namespace "default" has type Keyword, but Tidegate needs Int`)
}

func TestWorkerVersionsAndUpdateWithStartAreEnabled(t *testing.T) {
	t.Parallel()
	c := dial(t, start(t, devserver.Options{UIPort: devserver.NoUI}))
	version := worker.WorkerDeploymentVersion{DeploymentName: "tidegate", BuildID: "v1"}
	t.Cleanup(work(t, c, worker.Options{DeploymentOptions: worker.DeploymentOptions{UseVersioning: true, Version: version}}))
	deployment := c.WorkerDeploymentClient().GetHandle(version.DeploymentName)
	require.Eventually(t, func() bool {
		_, err := deployment.SetCurrentVersion(t.Context(), client.WorkerDeploymentSetCurrentVersionOptions{BuildID: version.BuildID})
		return err == nil
	}, time.Minute, 100*time.Millisecond)

	handle, err := c.UpdateWithStartWorkflow(t.Context(), client.UpdateWithStartWorkflowOptions{
		StartWorkflowOperation: c.NewWithStartWorkflowOperation(client.StartWorkflowOptions{
			ID: "gate-1", TaskQueue: taskQueue,
			WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
		}, "gate"),
		UpdateOptions: client.UpdateWorkflowOptions{
			UpdateName: "open", Args: []any{"bob"}, WaitForStage: client.WorkflowUpdateStageCompleted,
		},
	})
	require.NoError(t, err)
	var answer string
	require.NoError(t, handle.Get(t.Context(), &answer))
	require.Equal(t, "opened by bob", answer)
}

func TestBadOptionsAreRefusedAllAtOnce(t *testing.T) {
	t.Parallel()
	_, err := devserver.Start(t.Context(), devserver.Options{Host: "0.0.0.0", Port: 70000, UIPort: -2})
	require.ErrorContains(t, err, `host "0.0.0.0" is not a loopback address`)
	require.ErrorContains(t, err, "Port 70000 is not a port")
	require.ErrorContains(t, err, "UIPort -2 is not a port")
}

func TestTakenPortIsNamed(t *testing.T) {
	t.Parallel()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close()) })
	_, text, err := net.SplitHostPort(l.Addr().String())
	require.NoError(t, err)
	port, err := strconv.Atoi(text)
	require.NoError(t, err)

	for option, opts := range map[devserver.PortOption]devserver.Options{
		devserver.OptionPort:   {Port: port},
		devserver.OptionUIPort: {UIPort: port},
	} {
		_, err := devserver.Start(t.Context(), opts)
		var taken *devserver.PortTakenError
		require.ErrorAs(t, err, &taken, option)
		require.Equal(t, &devserver.PortTakenError{Option: option, Host: "127.0.0.1", Port: port}, taken)
	}
}

func TestDatabaseFaultsNameTheFile(t *testing.T) {
	t.Parallel()
	_, err := devserver.Start(t.Context(), devserver.Options{DBFile: filepath.Join(t.TempDir(), "no", "x.db")})
	require.ErrorContains(t, err, "x.db")
}
