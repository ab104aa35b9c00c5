package bench

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"

	"github.com/tidegate/tidegate/internal/endrecord"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/planfile/plan"
	"github.com/tidegate/tidegate/internal/simcloud/aws"
	"github.com/tidegate/tidegate/internal/simcloud/huawei"
	"github.com/tidegate/tidegate/workflows/api"
	"github.com/tidegate/tidegate/workflows/webui"
)

const (
	campaignName = "bench"
	// sampled is how many histories of each workflow type are read event by event.
	sampled = 50
	// startPatience is how long the server may take to start.
	startPatience = time.Minute
)

// startServer starts a Temporal server of its own, with everything in memory.
func (r *run) startServer(ctx context.Context) (c client.Client, err error) {
	if r.server, err = start(ctx, r.folder, "server", []string{"HOME=" + r.folder}, nil,
		filepath.Join(r.programs, "devserver"), "--headless", "--port", "0"); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()
	if r.job.Temporal, err = r.server.says(ctx, "Temporal"); err != nil {
		return nil, fmt.Errorf("wait for Temporal's address: %w", err)
	}
	return connect(ctx, r.job.Temporal)
}

// connect connects a peer as Tidegate's programs do: without gzip.
func connect(ctx context.Context, address string) (client.Client, error) {
	return client.DialContext(ctx, client.Options{
		HostPort: address, Logger: sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)),
		ConnectionOptions: client.ConnectionOptions{GrpcCompression: &client.GrpcCompressionNone{}},
	})
}

// startTidegate starts Tidegate's worker, as operators do.
func (r *run) startTidegate(ctx context.Context) error {
	accounts := filepath.Join(r.folder, "accounts.yaml")
	text := fmt.Sprintf("aws:\n  - {name: %s, region: %s, endpoint: %q, perSecond: %g}\n"+
		"huawei:\n  - {name: %s, project: %s, region: %s, endpoint: %q, perSecond: %g}\n",
		awsAccount, aws.DefaultRegion, r.job.Endpoint, r.job.Rate,
		huaweiAccount, huawei.DefaultProjectID, huawei.DefaultRegion, r.job.Endpoint, r.job.Rate)
	if err := os.WriteFile(accounts, []byte(text), 0o600); err != nil {
		return fmt.Errorf("write the accounts file: %w", err)
	}
	args := append([]string{"--accounts", accounts, "--health-listen", "", "--log-level", "warn"}, r.options.Worker...)
	// Nothing of this process's environment: someone's real credentials may be in it.
	var err error
	r.worker, err = start(ctx, r.folder, "worker", []string{
		"HOME=" + r.folder, "TEMPORAL_ADDRESS=" + r.job.Temporal,
		"AWS_ACCESS_KEY_ID=" + aws.DefaultAccessKeyID, "AWS_SECRET_ACCESS_KEY=" + aws.DefaultSecretAccessKey,
		"HUAWEICLOUD_SDK_AK=" + huawei.DefaultAccessKey, "HUAWEICLOUD_SDK_SK=" + huawei.DefaultSecretKey,
	}, nil, filepath.Join(r.programs, "worker"), args...)
	return err
}

// campaign plays Tidegate: one campaign over the whole fleet, at once.
func (r *run) campaign(ctx context.Context, c client.Client) error {
	in := api.CampaignInput{Plan: r.plan(), Submitter: "bench"}
	all := in.Plan.Targets
	first := api.Page(all)
	in.Plan.Targets, in.More = all[:first], len(all)-first
	started, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: api.CampaignWorkflowID(campaignName), TaskQueue: api.TaskQueue,
		TypedSearchAttributes: webui.CampaignAttributes(campaignName),
	}, api.CampaignName, in)
	if err != nil {
		return fmt.Errorf("start the campaign: %w", err)
	}
	for from, size := first, 0; from < len(all); from += size {
		size = api.Page(all[from:])
		page := all[from : from+size]
		handle, err := c.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
			WorkflowID: started.GetID(), UpdateName: api.AddTargetsUpdate,
			Args: []any{api.AddTargets{From: from, Targets: page}}, WaitForStage: client.WorkflowUpdateStageCompleted,
		})
		if err == nil {
			err = handle.Get(ctx, nil)
		}
		if err != nil {
			return fmt.Errorf("add targets to the campaign: %w", err)
		}
	}
	result, err := endrecord.OfCampaign(ctx, started)
	if err == nil && (result.State != fleet.Completed || result.Counts.Succeeded != len(all)) {
		err = fmt.Errorf("the campaign ended %s: %s", result.State, result.Summary)
	}
	return err
}

// plan is Tidegate's usual policy, in the benchmark's time.
func (r *run) plan() plan.Plan {
	scaled := func(d time.Duration) maintenance.Duration { return maintenance.Duration(r.options.scaled(d)) }
	p := plan.Plan{
		Name: campaignName,
		Accounts: plan.Accounts{
			AWS:    []plan.AWSAccount{{Name: awsAccount, Region: aws.DefaultRegion}},
			Huawei: []plan.HuaweiAccount{{Name: huaweiAccount, Project: huawei.DefaultProjectID, Region: huawei.DefaultRegion}},
		},
		Policy: maintenance.Policy{
			UpdateDelay: new(maintenance.Duration(0)), SteadyFor: scaled(30 * time.Second),
			Pace: maintenance.Pace{Min: scaled(5 * time.Second), Max: scaled(time.Minute)},
		}.WithDefaults(),
		Rollout: maintenance.Rollout{MaxConcurrent: min(len(r.job.Targets), maintenance.MostConcurrent)}.WithDefaults(),
	}
	if r.options.Instant {
		// Polls come at once. Their longest pause stays: what watches other workflows polls by it.
		p.Policy.SteadyFor = maintenance.Duration(instant)
		p.Policy.Pace = maintenance.Pace{
			Min: maintenance.Duration(20 * time.Millisecond), Max: maintenance.Duration(time.Minute),
		}
	}
	for _, t := range r.job.Targets {
		one := maintenance.Target{Name: t.Name, Gateway: maintenance.GatewayRef{Account: awsAccount, ARN: t.ARN}}
		if t.Proxy != "" {
			one.Proxies = []maintenance.ProxyRef{{Account: huaweiAccount, InstanceID: t.Instance, ProxyID: t.Proxy}}
		}
		p.Targets = append(p.Targets, one)
	}
	return p
}

// histories adds what the server had to keep, a target.
func (r *run) histories(ctx context.Context, c client.Client, f figures) error {
	var all []*workflowpb.WorkflowExecutionInfo
	for next := []byte(nil); ; {
		page, err := c.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{NextPageToken: next})
		if err != nil {
			return fmt.Errorf("list the workflows: %w", err)
		}
		all = append(all, page.GetExecutions()...)
		if next = page.GetNextPageToken(); len(next) == 0 {
			break
		}
	}
	byType := map[string][]*workflowpb.WorkflowExecutionInfo{}
	for _, one := range all {
		now, err := c.DescribeWorkflowExecution(ctx, one.GetExecution().GetWorkflowId(), one.GetExecution().GetRunId())
		if err != nil {
			return fmt.Errorf("describe a workflow: %w", err)
		}
		info := now.GetWorkflowExecutionInfo()
		byType[info.GetType().GetName()] = append(byType[info.GetType().GetName()], info)
		f["events"] += float64(info.GetHistoryLength())
		f["bytes"] += float64(info.GetHistorySizeBytes())
	}
	for _, same := range byType {
		few := same[:min(sampled, len(same))]
		share := float64(len(same)) / float64(len(few))
		for _, one := range few {
			if err := count(ctx, c, one, share, f); err != nil {
				return err
			}
		}
	}
	for _, key := range []string{"events", "bytes", "activities", "attributes"} {
		f[key] /= float64(len(r.job.Targets) * r.options.Rounds)
	}
	return nil
}

// count counts the activities and the search-attribute updates of one history.
func count(
	ctx context.Context, c client.Client, one *workflowpb.WorkflowExecutionInfo, share float64, f figures,
) error {
	events := c.GetWorkflowHistory(ctx, one.GetExecution().GetWorkflowId(), one.GetExecution().GetRunId(), false,
		enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		event, err := events.Next()
		if err != nil {
			return fmt.Errorf("read a history: %w", err)
		}
		switch event.GetEventType() {
		case enumspb.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
			f["activities"] += share
		case enumspb.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES:
			f["attributes"] += share
		}
	}
	return nil
}
