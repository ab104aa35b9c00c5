package workers_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/tidegate/tidegate/internal/accounts"
	awsaccounts "github.com/tidegate/tidegate/internal/awscloud/accounts"
	"github.com/tidegate/tidegate/internal/workers"
)

// build starts a build's workers.
func build(t *testing.T, c client.Client, id string) (v workers.Version, queues []string) {
	t.Helper()
	known := accounts.New(t.Context(), []accounts.AWS{{Account: awsaccounts.Account{Name: "prod"}}}, nil)
	v = workers.Version{DeploymentName: "tidegate", BuildID: id}
	stop, err := workers.Start(c, known, workers.Options{Queue: "releases", Version: v})
	require.NoError(t, err)
	t.Cleanup(stop)
	return v, workers.Queues("releases", known)
}

func current(t *testing.T, c client.Client) string {
	t.Helper()
	described, err := c.WorkerDeploymentClient().GetHandle("tidegate").Describe(t.Context(), client.WorkerDeploymentDescribeOptions{})
	require.NoError(t, err)
	if v := described.Info.RoutingConfig.CurrentVersion; v != nil {
		return v.BuildID
	}
	return ""
}

func TestABuildBecomesCurrentOnceAndNeverAgainByItself(t *testing.T) {
	t.Parallel()
	c := engine(t)
	first, queues := build(t, c, "1.0.0")
	require.NoError(t, workers.Promote(t.Context(), c, first, queues))
	require.Equal(t, "1.0.0", current(t, c))
	require.NoError(t, workers.Promote(t.Context(), c, first, queues), "a second worker of the same build")

	second, _ := build(t, c, "1.1.0")
	require.Equal(t, "1.0.0", current(t, c), "nobody has promoted the new build")
	require.NoError(t, workers.Promote(t.Context(), c, second, queues))
	require.Equal(t, "1.1.0", current(t, c))

	require.ErrorIs(t, workers.Promote(t.Context(), c, first, queues), workers.ErrReplaced, "the old build was started again")
	require.Equal(t, "1.1.0", current(t, c))
}

func TestABuildThatDoesNotPollEverythingIsNotPromoted(t *testing.T) {
	t.Parallel()
	c := engine(t)
	v, queues := build(t, c, "1.0.0")
	for name, tc := range map[string]struct {
		version workers.Version
		queues  []string
		says    string
	}{
		"no such build":        {workers.Version{DeploymentName: "tidegate", BuildID: "9"}, queues, "make build 9 the current one of deployment tidegate"},
		"an account is absent": {v, append(queues, "releases-aws-lab"), "Temporal has not seen it poll releases-aws-lab yet"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var err error
			require.Eventually(t, func() bool { // Temporal hears of a build in its own time
				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
				defer cancel()
				err = workers.Promote(ctx, c, tc.version, tc.queues)
				return err != nil && strings.Contains(err.Error(), tc.says)
			}, time.Minute, 10*time.Millisecond)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.Empty(t, current(t, c))
		})
	}
}
