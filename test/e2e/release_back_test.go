package e2e_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/tidegate/tidegate/internal/endrecord"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/simcloud/aws"
	"github.com/tidegate/tidegate/internal/workers"
)

// movesTo waits until a sleeping run has been woken and is on a build.
func (r *release) movesTo(build string, sleeper client.WorkflowRun) {
	r.t.Helper()
	r.eventually("the sleeper moves to build "+build, func() bool { return r.movesWhen(build, r.windowMoves, sleeper) && r.sleeps() })
}

// Workers without versions are replaced by a build, that by another one, and that
// is reverted.
func TestAReleaseIsTheFirstOneOrIsTakenBack(t *testing.T) {
	t.Parallel()
	r := newRelease(t)
	stopUnversioned, err := workers.Start(r.client, cloudsAt(t, "http://"+r.address), workers.Options{Queue: r.queue, Each: each("unversioned")})
	require.NoError(t, err)
	restarting := r.alone(away)
	sleeper := r.alone(asleep)
	r.keepAway(away)
	r.eventually("the other one sleeps", r.sleeps)

	stopFirst := r.upgrade("1")
	defer stopFirst()
	stopUnversioned()
	r.sim.ClearFaults()
	result, err := endrecord.Of(t.Context(), restarting)
	require.NoError(t, err)
	require.Equal(t, maintenance.StateCompleted, result.State, result.Summary)
	r.movesTo("1", sleeper)
	_, info := r.on(sleeper.GetID(), sleeper.GetRunID())
	require.Equal(t, enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING, info.GetStatus(), "it became pinned where it was")

	stopSecond := r.upgrade("2")
	r.movesTo("2", sleeper)
	r.eventually("build 1 is current again", func() bool {
		_, err := r.client.WorkerDeploymentClient().GetHandle(deployment).
			SetCurrentVersion(t.Context(), client.WorkerDeploymentSetCurrentVersionOptions{BuildID: "1"})
		return err == nil
	})
	r.movesTo("1", sleeper)
	stopSecond()
	require.NoError(t, r.sim.AWS().MoveWindow(asleep, aws.Window{OpenedAgo: 2 * time.Minute}))
	result, err = endrecord.Of(t.Context(), sleeper)
	require.NoError(t, err)
	require.Equal(t, maintenance.StateCompleted, result.State, result.Summary)
	r.requireOnce(away, asleep)
}
