package signatures_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/serviceerror"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/testsuite"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/tidegate/tidegate/activities/names"
	"github.com/tidegate/tidegate/activities/signatures"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/signing"
	"github.com/tidegate/tidegate/test/teststart"
)

var noon = teststart.On(time.Sunday, 12)

const (
	gateway   = "sgw-00000001"
	namespace = "default-test-namespace"
	digest    = "sha256:" + "1111111111111111111111111111111111111111111111111111111111111111"
)

// group signs with words: who has signed which text. Those in gone are no signers any more.
type group struct {
	demand signing.Demand
	err    error
	gone   []string
}

func (g group) Demand(string) (signing.Demand, error) { return g.demand, g.err }

func (g group) Check(
	name string, given signing.Signature, wanted signing.Statement, at time.Time, maxAge time.Duration,
) (found signing.Verified, err error) {
	statement, err := signing.Parse([]byte(given.Statement))
	if err != nil {
		return found, err
	}
	who, over, _ := strings.Cut(given.Armored, "\n")
	if slices.Contains(g.gone, who) {
		return found, signing.Refuse(signing.Revoked, who)
	}
	if over != given.Statement {
		return found, signing.Refuse(signing.Altered, who)
	}
	return signing.Verified{Principal: who, Key: who, Group: name, At: at}, errors.Join(statement.Match(wanted), statement.Fresh(at, maxAge))
}

// by is an approval that was accepted a minute after it was signed.
func by(t *testing.T, who string, s signing.Statement) signing.Signed {
	t.Helper()
	s.Namespace, s.At = namespace, noon
	text, err := s.Text()
	require.NoError(t, err)
	return signing.Signed{
		Signature: signing.Signature{Statement: string(text), Armored: who + "\n" + string(text)},
		Verified:  []signing.Verified{{Principal: who, Key: who, Group: "leads", At: noon.Add(time.Minute)}},
	}
}

func approval(wave int) signing.Statement {
	return signing.Statement{Campaign: "q4", Run: "first", Plan: digest, Action: "approve", Wave: wave}
}

// world is Temporal with a campaign, its batch, and the run that asks.
type world struct {
	parents map[string]string // of workflows, by their ids
	first   string            // run of the campaign
	granted *signing.Authorization
	err     error
	began   began
}

// began is how the campaign's first run began.
type began struct {
	kind, queue, cron, continues string
	gone                         bool
}

func (w world) GetWorkflowHistory(
	_ context.Context, id, run string, _ bool, _ enumspb.HistoryEventFilterType,
) client.HistoryEventIterator {
	if id != "campaign-q4" || run != w.first {
		return history{err: errors.New("asked for another run")}
	}
	if w.began.gone {
		return history{err: serviceerror.NewNotFound("it is gone")}
	}
	return history{event: &historypb.HistoryEvent{
		EventTime: timestamppb.New(noon.Add(-time.Hour)),
		Attributes: &historypb.HistoryEvent_WorkflowExecutionStartedEventAttributes{
			WorkflowExecutionStartedEventAttributes: &historypb.WorkflowExecutionStartedEventAttributes{
				WorkflowType: &commonpb.WorkflowType{Name: w.began.kind}, CronSchedule: w.began.cron,
				TaskQueue: &taskqueuepb.TaskQueue{Name: w.began.queue}, ContinuedExecutionRunId: w.began.continues,
			},
		},
	}}
}

type history struct {
	event *historypb.HistoryEvent
	err   error
}

func (history) HasNext() bool                            { return true }
func (h history) Next() (*historypb.HistoryEvent, error) { return h.event, h.err }

func (w world) DescribeWorkflowExecution(
	_ context.Context, id, _ string,
) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	info := &workflowpb.WorkflowExecutionInfo{Execution: &commonpb.WorkflowExecution{WorkflowId: id}, FirstRunId: w.first}
	if parent := w.parents[id]; parent != "" {
		info.ParentExecution = &commonpb.WorkflowExecution{WorkflowId: parent}
	}
	return &workflowservice.DescribeWorkflowExecutionResponse{WorkflowExecutionInfo: info}, w.err
}

func (w world) QueryWorkflow(_ context.Context, id, _, query string, args ...any) (converter.EncodedValue, error) {
	if id != "campaign-q4" || query != names.AuthorizationQuery || args[0] != gateway {
		return nil, errors.New("asked for something else")
	}
	if w.granted == nil {
		return nil, serviceerror.NewQueryFailed("it is not approved")
	}
	return answer{*w.granted}, nil
}

type answer struct{ granted signing.Authorization }

func (answer) HasValue() bool { return true }

func (a answer) Get(to any) error {
	*to.(*signing.Authorization) = a.granted //nolint:errcheck,forcetypeassert // a fake
	return nil
}

// Whatever a run was started with: it changes a gateway of an account whose owner demands signatures only where the
// campaign that has started it holds enough of them, and they still count.
func TestNoInputTalksTheWorkerIntoAChange(t *testing.T) {
	t.Parallel()
	const batch = "campaign-q4.first.batch-000"
	for name, tc := range map[string]struct {
		demand  int // of leads; default 2
		alter   func(*world, *group, *signing.Authorization)
		refused string // empty: it may
		unknown bool   // nobody can tell now
	}{
		"two have signed":      {},
		"one has signed":       {alter: func(_ *world, _ *group, a *signing.Authorization) { a.Approvals = a.Approvals[:1] }, refused: "still needed: 1 of leads"},
		"nothing is demanded":  {alter: func(w *world, g *group, _ *signing.Authorization) { g.demand = signing.Demand{}; w.err = errAway }},
		"the demand is higher": {demand: 3, refused: "still needed: 1 of leads"},
		"a run without a campaign, started by hand": {
			alter: func(w *world, _ *group, _ *signing.Authorization) { w.parents = nil }, refused: "no campaign has started this run",
		},
		"a batch without a campaign, started by hand": {
			alter: func(w *world, _ *group, _ *signing.Authorization) { delete(w.parents, batch) }, refused: "no campaign has started this run",
		},
		"a campaign that does not let it": {
			alter: func(w *world, _ *group, _ *signing.Authorization) { w.granted = nil }, refused: "it is not approved",
		},
		"a batch of an earlier campaign of that name": {
			alter: func(_ *world, _ *group, a *signing.Authorization) {
				a.Batches = []string{"campaign-q4.second.batch-000"}
			}, refused: "campaign-q4 did not start this run",
		},
		"a later campaign of that name": {
			alter: func(w *world, _ *group, _ *signing.Authorization) { w.first = "second" }, refused: "campaign-q4 did not start this run",
		},
		"approvals of another campaign": {
			alter: func(_ *world, _ *group, a *signing.Authorization) { a.Campaign = "q3" }, refused: `campaign: signed for "q4", wanted "q3"`,
		},
		"approvals of another plan": {
			alter: func(_ *world, _ *group, a *signing.Authorization) { a.Plan = strings.ReplaceAll(digest, "1", "2") }, refused: "plan: signed for",
		},
		"approvals of another wave": {
			alter: func(_ *world, _ *group, a *signing.Authorization) { a.Wave, a.EachWave = 2, true }, refused: `wave: signed for "1", wanted "2"`,
		},
		"approvals of the campaign count for each wave": {alter: func(_ *world, _ *group, a *signing.Authorization) { a.Wave = 2 }},
		"an approver was revoked since": {
			alter: func(_ *world, g *group, _ *signing.Authorization) { g.gone = []string{"bob"} }, refused: "the key was revoked (bob)",
		},
		"one has signed twice": {
			alter: func(_ *world, _ *group, a *signing.Authorization) { a.Approvals[1] = a.Approvals[0] }, refused: "still needed: 1 of leads",
		},
		"by the submitter": {
			alter: func(_ *world, _ *group, a *signing.Authorization) {
				a.Approvals[1] = by(t, "alice", approval(1))
			}, refused: "the person who started the campaign may not approve it (alice)",
		},
		"a campaign that began as somebody's workflow": {
			alter: func(w *world, _ *group, _ *signing.Authorization) { w.began.kind = "somebody's" }, refused: "did not begin as a campaign",
		},
		"a campaign that began on somebody's task queue": {
			alter: func(w *world, _ *group, _ *signing.Authorization) { w.began.queue = "somebody's" }, refused: "did not begin as a campaign",
		},
		"a campaign by a cron schedule": {
			alter: func(w *world, _ *group, _ *signing.Authorization) { w.began.cron = "@daily" }, refused: "did not begin as a campaign",
		},
		"a first run that continues another": {
			alter: func(w *world, _ *group, _ *signing.Authorization) { w.began.continues = "earlier" }, refused: "did not begin as a campaign",
		},
		"its first run is gone": {
			alter: func(w *world, _ *group, _ *signing.Authorization) { w.began.gone = true }, refused: "is gone from Temporal",
		},
		"an approval from before it began": {
			alter: func(_ *world, _ *group, a *signing.Authorization) {
				a.Approvals[0].Verified[0].At = noon.Add(-2 * time.Hour)
			}, refused: "accepted a signature before it began",
		},
		"an unsigned start needs one more": {
			alter: func(_ *world, _ *group, a *signing.Authorization) { a.Start = nil }, refused: "still needed: 1 of leads",
		},
		"accepted long after it was signed": {
			alter: func(_ *world, _ *group, a *signing.Authorization) {
				a.Approvals[0].Verified[0].At = noon.Add(signing.MaxAge + time.Minute)
			}, refused: "the signature is too old",
		},
		"the configuration is not known": {alter: func(_ *world, g *group, _ *signing.Authorization) { g.err = errAway }, unknown: true},
		"Temporal does not answer":       {alter: func(w *world, _ *group, _ *signing.Authorization) { w.err = errAway }, unknown: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			start := by(t, "alice", signing.Statement{Campaign: "q4", Plan: digest, Action: "run"})
			granted := &signing.Authorization{
				Campaign: "q4", Run: "first", Plan: digest, Wave: 1, Batches: []string{batch}, Start: &start,
				Approvals: []signing.Signed{by(t, "bob", approval(1)), by(t, "carol", approval(1))},
			}
			w := &world{parents: map[string]string{batch: "campaign-q4"}, first: "first", granted: granted, began: began{kind: "Campaign", queue: "tidegate"}}
			g := &group{demand: signing.Demand{Signers: "leads", Count: max(tc.demand, 2)}}
			var suite testsuite.WorkflowTestSuite
			env := suite.NewTestActivityEnvironment() //nolint:forbidigo // nothing here asks for the time
			w.parents[runID(t, env)] = batch
			if tc.alter != nil {
				tc.alter(w, g, granted)
			}
			err := mayChange(t, env, &signatures.Authority{Signers: g, Temporal: w, Workflows: "tidegate"})
			switch {
			case tc.unknown:
				require.ErrorIs(t, err, maintenance.ErrUnavailable)
				require.NotErrorIs(t, err, signatures.ErrNotApproved)
			case tc.refused == "":
				require.NoError(t, err)
			default:
				require.ErrorIs(t, err, signatures.ErrNotApproved)
				require.ErrorContains(t, err, tc.refused)
				require.ErrorContains(t, err, "account prod takes updates only with approvals signed by")
			}
		})
	}
}

var errAway = errors.New("away")

// within calls something in an activity.
func within(t *testing.T, env *testsuite.TestActivityEnvironment, do func(ctx context.Context)) {
	t.Helper()
	f := func(ctx context.Context) error { do(ctx); return nil }
	env.RegisterActivityWithOptions(f, activity.RegisterOptions{DisableAlreadyRegisteredCheck: true, Name: t.Name()})
	_, err := env.ExecuteActivity(t.Name())
	require.NoError(t, err)
}

func runID(t *testing.T, env *testsuite.TestActivityEnvironment) (id string) {
	t.Helper()
	within(t, env, func(ctx context.Context) { id = activity.GetInfo(ctx).WorkflowExecution.ID })
	return id
}

func mayChange(t *testing.T, env *testsuite.TestActivityEnvironment, a *signatures.Authority) (err error) {
	t.Helper()
	within(t, env, func(ctx context.Context) { err = a.MayChange(ctx, "prod", gateway) })
	return err
}
