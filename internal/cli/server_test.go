package cli_test

import (
	"context"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/simcloud/huawei"
	"github.com/tidegate/tidegate/workflows/api"
)

func TestFromSetUpToTheRecord(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.tidegate(quick("sgw-11111111")...)
	require.Equal(t, 1, first.status)
	require.Contains(t, first.errors, "if namespace default is not set up yet: tidegate setup")
	for range 2 {
		require.Equal(t, 0, w.tidegate("setup").status, "and again without harm")
	}
	made := w.tidegate("setup", "--namespace", "other")
	require.Equal(t, 0, made.status)
	require.Equal(t, "Namespace other is ready.\n", made.errors)
	w.work()

	none := w.tidegate("status", "sgw-11111111")
	require.Equal(t, 2, none.status)
	require.Contains(t, none.errors, "no maintenance of sgw-11111111 in namespace default; to start one: tidegate run")

	done := w.tidegate(quick("sgw-11111111", "--output", "json", "--label", "app=pay")...)
	require.Equal(t, 0, done.status)
	got := done.json(t)
	require.Equal(t, api.GatewayWorkflowID("sgw-11111111"), got.WorkflowID)
	require.Equal(t, "Completed", got.Execution)
	require.Equal(t, maintenance.StateCompleted, got.Result.State)
	for _, step := range maintenance.Steps() {
		require.Contains(t, done.errors, string(step), "progress goes to standard error")
	}
	require.Equal(t, []string{"storagegateway:UpdateGatewaySoftwareNow", "storagegateway:CreateSnapshot"}, own(w.kinds()))

	shown := w.tidegate("status", arnPrefix+"sgw-11111111", "-o", "json")
	require.Equal(t, 0, shown.status)
	require.Equal(t, got, shown.json(t))
	table := w.tidegate("status", "sgw-11111111")
	require.Equal(t, 0, table.status)
	require.Contains(t, table.out, "ended     COMPLETED")
	require.Regexp(t, `await-running +done .*from 1\.2\.3 to 1\.3\.0`, table.out)
	require.NotContains(t, table.out, "\x1b", "no colour where there is no terminal")
}

// own are the effects that were not the vendor's.
func own(kinds []string) []string {
	mine := []string{}
	for _, kind := range kinds {
		if len(kind) < 7 || kind[:7] != "vendor:" {
			mine = append(mine, kind)
		}
	}
	return mine
}

func TestAGatewayIsInOneMaintenanceAndWaitsForItsApproval(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.work()
	started := w.tidegate(quick("sgw-22222222", "--detach", "--approval")...)
	require.Equal(t, 0, started.status)
	require.Contains(t, started.errors, "To follow it: tidegate watch sgw-22222222")

	again := w.tidegate(quick("sgw-22222222")...)
	require.Equal(t, 1, again.status)
	require.Contains(t, again.errors, "sgw-22222222 already has a running maintenance, workflow "+api.GatewayWorkflowID("sgw-22222222")+", run ")

	require.Eventually(t, func() bool {
		s := w.tidegate("status", "sgw-22222222", "-o", "json").json(t).Status
		return s != nil && s.Blocker == maintenance.BlockedByApproval
	}, time.Minute, 50*time.Millisecond)
	waiting := w.tidegate("watch", "sgw-22222222")
	require.Equal(t, 4, waiting.status, "a person has to act")
	require.Contains(t, waiting.out, "waits     (approval)")
	require.Contains(t, waiting.out, "\n  tidegate approve sgw-22222222 --why TEXT")

	approved := w.tidegate("approve", "sgw-22222222", "--by", "alice", "--why", "CHG-1")
	require.Equal(t, 0, approved.status)
	require.Regexp(t, `^sgw-22222222: approved by alice at 20`, approved.out)
	require.Eventually(t, func() bool {
		r := w.tidegate("status", "sgw-22222222", "-o", "json").json(t).Result
		return r != nil && r.State == maintenance.StateCompleted && r.Decisions[0].Why == "CHG-1"
	}, time.Minute, 50*time.Millisecond)
	late := w.tidegate("approve", "sgw-22222222", "--by", "bob", "--why", "CHG-2")
	require.Equal(t, 2, late.status)
	require.Contains(t, late.errors, "approve sgw-22222222: it has no running maintenance, in namespace default")
}

func TestAPartialEndIsStatusThree(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.work()
	ended := w.tidegate(quick("sgw-33333333", "--proxy", "sim/"+huawei.DefaultInstanceID+"/"+proxyOne,
		"--proxy", "sim/"+huawei.DefaultInstanceID+"/"+proxyTwo, "--shift-reads")...)
	require.Equal(t, 3, ended.status)
	require.Contains(t, ended.out, "ended     PARTIAL")
	require.Regexp(t, proxyTwo+` +rejected .*insufficient subnet ip`, ended.out)
	require.Contains(t, ended.errors, "upgrade-proxies  failed")
}

func TestARunGoesOnWhenNobodyFollowsIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.work()
	ctx, stop := context.WithCancel(t.Context())
	defer time.AfterFunc(3*time.Second, stop).Stop() // as Ctrl-C does
	left := w.tidegateUntil(ctx, quick("sgw-55555555")...)
	require.Equal(t, 1, left.status)
	require.Contains(t, left.errors, "stopped following the maintenance, which keeps running; to follow it again: tidegate watch sgw-55555555")
	require.Equal(t, "Running", w.tidegate("status", "sgw-55555555", "-o", "json").json(t).Execution)
	c, err := w.server.NewClient(t.Context())
	require.NoError(t, err)
	t.Cleanup(c.Close)
	require.NoError(t, c.CancelWorkflow(t.Context(), api.GatewayWorkflowID("sgw-55555555"), ""))
	require.Eventually(t, func() bool {
		got := w.tidegate("status", "sgw-55555555", "-o", "json").json(t)
		return got.Execution == "Canceled" && got.Result.State == maintenance.StateFailed
	}, time.Minute, 50*time.Millisecond)
}

func TestWhatTheWebUIShowsOfARunBeforeItStarts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	require.Equal(t, 0, w.tidegate("setup").status)
	started := w.tidegate(quick("sgw-11111111", "--detach", "--label", "app=pay", "--cutoff", "20m", "--freeze", "2019-12-24T00:00:00Z/2019-12-27T00:00:00Z")...)
	require.Equal(t, 4, started.status, "no worker takes it up")
	require.Contains(t, started.errors, "warning: --freeze 2019-12-24T00:00:00Z/2019-12-27T00:00:00Z has no effect, since it has ended")
	c, err := w.server.NewClient(t.Context())
	require.NoError(t, err)
	t.Cleanup(c.Close)
	described, err := c.DescribeWorkflow(t.Context(), api.GatewayWorkflowID("sgw-11111111"), "")
	require.NoError(t, err)
	summary, err := described.GetStaticSummary()
	require.NoError(t, err)
	require.Equal(t, "Maintenance of one (sgw-11111111)", summary)
	details, err := described.GetStaticDetails()
	require.NoError(t, err)
	require.Contains(t, details, "gateway `"+arnPrefix+"sgw-11111111` in account `sim`")
	require.Contains(t, details, "cutoff: 20m")
	require.Contains(t, details, "label `app=pay`")
	require.NoError(t, c.TerminateWorkflow(t.Context(), api.GatewayWorkflowID("sgw-11111111"), "", "enough"))
	ended := w.tidegate("status", "sgw-11111111")
	require.Equal(t, 1, ended.status)
	require.Contains(t, ended.out, "terminated")
	require.Contains(t, ended.errors, "the run left no result")
}

// Who gives a plan up gives up what it reads too: it would take the account's whole
// rate from what runs.
func TestAPlanThatIsGivenUpLeavesNobodyReading(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.perSecond = 0.05
	w.work()
	c, err := w.server.NewClient(t.Context())
	require.NoError(t, err)
	t.Cleanup(c.Close)
	ctx, giveUp := context.WithCancel(t.Context())
	file, answered := w.plan("payments-q4", "sgw-11111111", "sgw-22222222", "sgw-33333333", "sgw-55555555"), make(chan answer)
	go func() { answered <- w.tidegateUntil(ctx, "plan", file) }()
	const reads = "WorkflowType = 'Batch' AND ExecutionStatus = 'Running'"
	require.Eventually(t, func() bool { return len(found(t, c, reads)) == 1 }, time.Minute, 100*time.Millisecond)
	giveUp()
	got := <-answered
	require.Equal(t, 1, got.status)
	require.Contains(t, got.errors, "tidegate: interrupted before the plan payments-q4 was read: nothing was changed\n")
	require.NotContains(t, got.errors, "context canceled")
	require.Eventually(t, func() bool { return len(found(t, c, reads)) == 0 }, time.Minute, 100*time.Millisecond)
}

// While a gateway does not come back, and with it no answer, everybody who looks is told
// what was seen last, when, and until when it is tried.
func TestRetriesAreShownInEveryView(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.work()
	file := w.plan("payments-q4", "sgw-44444444")
	require.Equal(t, 0, w.tidegate("run", file, "--detach").status)
	require.Eventually(t, func() bool {
		return w.tidegate("approve", "payments-q4", "--by", "alice", "--why", "CHG-1").status == 0
	}, time.Minute, 50*time.Millisecond)
	const last = `wait until the gateway runs the new software \(attempt \d+\); tried until .*; last response at .*Z: .*not connected`
	require.Eventually(t, func() bool {
		return regexp.MustCompile(`calls +` + last).MatchString(w.tidegate("status", "sgw-44444444").out)
	}, time.Minute, 50*time.Millisecond)
	require.Regexp(t, `calls +`+last, w.tidegate("status", "payments-q4", "sgw-44444444").out)
	require.Regexp(t, `CALL +TARGET +ATTEMPT +UNTIL +AT +LAST RESPONSE\nwait until the gateway runs the new software +\S+ +\d+ .*not connected`, w.tidegate("status", "payments-q4").out)
	require.Regexp(t, `await-running.* tried until (\w{3} \d+ \w{3} )?\d\d:\d\dZ`, w.tidegate("watch", "payments-q4", "--once").out)
	for subject, said := range map[string]string{"sgw-44444444": "retried   wait until", "payments-q4": `retried   \S+ wait until`} {
		ctx, stop := context.WithCancel(t.Context())
		time.AfterFunc(3*time.Second, stop) // as Ctrl-C does
		require.Regexp(t, said, w.tidegateUntil(ctx, "watch", subject, "--plain").errors)
	}
}
