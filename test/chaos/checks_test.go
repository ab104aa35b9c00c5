package chaos_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/tidegate/tidegate/internal/endrecord"
	"github.com/tidegate/tidegate/internal/maintenance"
	campaigns "github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/maintenance/health"
	plans "github.com/tidegate/tidegate/internal/planfile/plan"
	"github.com/tidegate/tidegate/internal/simcloud/aws"
	"github.com/tidegate/tidegate/internal/simcloud/monitoring"
	"github.com/tidegate/tidegate/workflows/api"
	"github.com/tidegate/tidegate/workflows/webui"
)

// The series that the checks at each moment ask, and what they say.
const (
	errorsBefore, errorsAfter, errorsAtBake = "errors_before", "errors_after", "errors_at_bake"
	tooMany, few                            = "0.4", "0.02"

	canaryBakes = 10 * time.Second
)

// TestKilledWhileChecksDecide: the worker, and sometimes the server, is killed while a check before the update is waited
// for, when the alarms have just been muted, when the update has just been triggered, while a check after it is waited
// for, when the mute has just ended, and in mid-bake.
func TestKilledWhileChecksDecide(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("kills processes in real time: a minute")
	}
	seed, seeds := number(t, "CHAOS_SEED", 1), number(t, "CHAOS_CHECKS_RUNS", 1)
	programs := build(t)
	for n := range seeds {
		t.Run(fmt.Sprintf("seed%d", seed+n), func(t *testing.T) {
			t.Parallel()
			killedWhileChecksDecide(t, programs, seed+n)
		})
	}
}

func killedWhileChecksDecide(t *testing.T, programs string, seed int) {
	t.Helper()
	canary, next := muted(1), muted(2)
	s := &stage{t: t, members: []member{canary, next}}
	clouds := scenario(s.members)
	for name, value := range map[string]string{errorsBefore: tooMany, errorsAfter: tooMany, errorsAtBake: few} {
		clouds.Monitoring.Series = append(clouds.Monitoring.Series, monitoring.Series{Name: name, Metric: name, Value: value})
	}
	s.raisePrograms(programs, clouds)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	d := dice{rand.New(rand.NewPCG(uint64(seed), 0xc4ec45))}
	run := s.launch(ctx)

	s.killWhileAsked(ctx, "a check before the update is waited for", d)
	require.Empty(t, s.clouds.Effects(), "a check that fails has let something through")
	strikes := s.arm([]strike{
		d.held(silences(canary.gateway)[0]), d.held(updates(canary.gateway)[0]), d.held(silences(canary.gateway)[1]),
	})
	require.NoError(t, s.clouds.Monitoring().Set(errorsBefore, few))
	s.await(ctx, strikes[0])
	require.Len(t, s.clouds.Monitoring().Silenced(), 1)
	s.await(ctx, strikes[1])
	s.killWhileAsked(ctx, "a check after the update is waited for, and its alarms are muted", d)
	require.Len(t, s.clouds.Monitoring().Silenced(), 1, "it is muted until the checks after the update pass")
	require.NoError(t, s.clouds.Monitoring().Set(errorsAfter, few))
	s.await(ctx, strikes[2])
	batches := s.untilBaking(ctx, run)
	s.killWhileAsked(ctx, "the canary bakes", d)

	var result campaigns.Result
	s.until(ctx, "the campaign's end", func() (bool, error) {
		var err error
		result, err = endrecord.OfCampaign(ctx, run)
		return err == nil, err
	})
	require.Equal(t, campaigns.Counts{Total: 2, Succeeded: 2}, result.Counts, result.Summary)
	s.runs = []client.WorkflowRun{run}
	for _, id := range append(batches, api.GatewayWorkflowID(canary.gateway.ID), api.GatewayWorkflowID(next.gateway.ID)) {
		s.runs = append(s.runs, s.client.GetWorkflow(ctx, id, ""))
	}
	// The mute of the canary ends before its run does, and so before the bake starts.
	baked := s.when(updates(next.gateway)[0]).Sub(s.when(silences(canary.gateway)[1]))
	require.GreaterOrEqual(t, baked, canaryBakes, "the second wave has not waited for the bake")
	s.require(s.aftermath(), seed)
}

// muted is a target that is updated while its alarms are muted.
func muted(number int) member {
	g := gateway(number, 0)
	g.Type = "FILE_S3"
	return member{name: fmt.Sprintf("muted-%d", number), gateway: g, effects: concat(updates(g), silences(g))}
}

// launch starts the members' campaign, the first of them as its canary.
func (s *stage) launch(ctx context.Context) client.WorkflowRun {
	s.t.Helper()
	after := errorsBelow(errorsAfter, health.AtAfter)
	after.Within = maintenance.Duration(10 * time.Minute)
	one, err := maintenance.ParseShare("1")
	require.NoError(s.t, err)
	p := plans.Plan{
		Name: "chaos", Policy: hasty().WithDefaults(), Mutes: muteGateway(),
		Accounts: plans.Accounts{AWS: []plans.AWSAccount{{Name: awsAccount, Region: aws.DefaultRegion}}},
		Rollout: maintenance.Rollout{
			Waves: []maintenance.Share{one}, Bake: maintenance.Duration(canaryBakes),
		}.WithDefaults(),
		Checks: []health.Check{errorsBelow(errorsBefore, health.AtBefore), after, errorsBelow(errorsAtBake, health.AtBake)},
	}
	for _, m := range s.members {
		p.Targets = append(p.Targets, m.input().Target)
	}
	run, err := s.client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: api.CampaignWorkflowID(p.Name), TaskQueue: api.TaskQueue, TypedSearchAttributes: webui.CampaignAttributes(p.Name),
	}, api.CampaignName, api.CampaignInput{Plan: p, Submitter: "chaos"})
	require.NoError(s.t, err)
	return run
}

// held is a kill between a call's effect and its answer.
func (d dice) held(call effect) strike {
	return strike{cue: held, call: call, nth: 1, worker: true, server: d.IntN(3) == 0, down: d.upTo(1500 * time.Millisecond)}
}

// await carries out a strike when its cue has come.
func (s *stage) await(ctx context.Context, a *armed) {
	s.t.Helper()
	s.until(ctx, a.String(), func() (bool, error) { return s.due(a, time.Time{}), nil })
	s.t.Log(a.strike)
	s.carryOut(a.strike) //nolint:contextcheck // processes outlive a wait
}

// killWhileAsked kills once a check is asked again and again, and returns when it is asked again after that.
func (s *stage) killWhileAsked(ctx context.Context, what string, d dice) {
	s.t.Helper()
	asked := func() int { return s.clouds.Calls()["prometheus:Query"] }
	before := asked()
	s.until(ctx, what, func() (bool, error) { return asked() > before+2, nil })
	one := strike{worker: true, server: d.IntN(3) == 0, delay: d.upTo(time.Second), down: d.upTo(1500 * time.Millisecond)}
	s.t.Logf("%s: kill (and the server: %t) after %s", what, one.server, one.delay)
	<-time.After(one.delay)
	s.carryOut(one) //nolint:contextcheck // processes outlive a wait
	before = asked()
	s.until(ctx, what+", again", func() (bool, error) { return asked() > before, nil })
}

// untilBaking waits until the first wave bakes, and gives the campaign's batches.
func (s *stage) untilBaking(ctx context.Context, run client.WorkflowRun) []string {
	s.t.Helper()
	var status campaigns.Status
	s.until(ctx, "the bake", func() (bool, error) {
		value, err := s.client.QueryWorkflow(ctx, run.GetID(), "", api.StatusQuery)
		if err == nil {
			err = value.Get(&status)
		}
		return err == nil && len(status.Waves) > 0 && status.Waves[0].State == campaigns.WaveBaking, err
	})
	return status.Batches
}

// when is when an effect took place first.
func (s *stage) when(call effect) time.Time {
	for _, e := range s.clouds.Effects() {
		if identify(e) == call {
			return e.Time
		}
	}
	return time.Time{}
}
