package demo

import (
	"context"
	"fmt"
	"slices"

	"go.temporal.io/sdk/client"

	"github.com/tidegate/tidegate/internal/accounts"
	awsaccounts "github.com/tidegate/tidegate/internal/awscloud/accounts"
	"github.com/tidegate/tidegate/internal/devserver"
	"github.com/tidegate/tidegate/internal/huaweicloud"
	"github.com/tidegate/tidegate/internal/operate"
	"github.com/tidegate/tidegate/internal/planfile/plan"
	"github.com/tidegate/tidegate/internal/servers"
	"github.com/tidegate/tidegate/internal/servers/wire"
	"github.com/tidegate/tidegate/internal/simcloud"
	"github.com/tidegate/tidegate/internal/simcloud/huawei"
	"github.com/tidegate/tidegate/internal/simcloud/monitoring"
	"github.com/tidegate/tidegate/internal/workers"
	"github.com/tidegate/tidegate/workflows/webui"
)

// stage is everything that the campaign needs: engine, worker, clouds.
type stage struct {
	temporal *devserver.Server
	client   client.Client
	world    simcloud.Scenario
	clouds   *simcloud.Simulation
	address  string   // of the clouds, as host:port
	oncall   *hook    // which the campaign notifies
	undo     []func() // what to stop, the last one first
}

// raise starts the stage; strike ends it, also one that is half raised.
func raise(ctx context.Context, opts options, known plan.Accounts, world simcloud.Scenario) (*stage, error) {
	s := &stage{world: world}
	if err := s.raise(ctx, opts, known); err != nil {
		s.strike()
		return nil, err
	}
	return s, nil
}

func (s *stage) raise(ctx context.Context, opts options, known plan.Accounts) error {
	var err error
	s.temporal, err = devserver.Start(ctx, devserver.Options{
		Port: int(opts.temporalPort), UIPort: int(opts.uiPort), SearchAttributes: webui.SearchAttributes(),
	})
	if err != nil {
		return err
	}
	s.undo = append(s.undo, s.temporal.Stop)
	if s.client, err = s.temporal.NewClient(ctx); err != nil {
		return err
	}
	s.undo = append(s.undo, s.client.Close)
	if err := s.raiseClouds(ctx, opts.simPort); err != nil {
		return err
	}
	return s.raiseWorker(ctx, known)
}

func (s *stage) raiseClouds(ctx context.Context, port uint16) error {
	var err error
	if s.clouds, err = simcloud.New(s.world, simcloud.Options{}); err != nil {
		return err
	}
	// They outlive ctx: runs are read to their end while the demo shuts down.
	address, stop, err := s.clouds.Start(context.WithoutCancel(ctx), loopback(port))
	if err != nil {
		return err
	}
	s.address = address
	s.undo = append(s.undo, stop)
	return nil
}

// monitor is what the plan calls the simulated Prometheus and Alertmanager, and monitorRate how many requests a second
// each of them gets.
const (
	monitor     = "demo"
	monitorRate = 100
)

// raiseWorker gives the worker the plan's accounts on the simulated clouds, with
// their keys, and nothing of the environment: AWS_* variables are for the real cloud.
func (s *stage) raiseWorker(ctx context.Context, known plan.Accounts) error {
	endpoint := "http://" + s.address
	var onAWS []accounts.AWS
	for i, a := range known.AWS {
		keys := s.world.AWS.Credentials[i] // they stand in the plan's order
		onAWS = append(onAWS, accounts.AWS{
			Account: awsaccounts.Account{Name: a.Name, Region: a.Region, Endpoint: endpoint},
			Keys:    &accounts.Keys{AccessKeyID: keys.AccessKeyID, SecretAccessKey: keys.SecretAccessKey},
		})
	}
	var onHuawei []accounts.Huawei
	for _, a := range known.Huawei {
		onHuawei = append(onHuawei, accounts.Huawei{
			Account:     huaweicloud.Account{Name: a.Name, Project: a.Project, Region: a.Region, Endpoint: endpoint},
			Credentials: huaweicloud.Credentials{AccessKey: huawei.DefaultAccessKey, SecretKey: huawei.DefaultSecretKey},
		})
	}
	// It outlives ctx too: the campaign's end is sent while the demo shuts down.
	hook, shut, err := openHook(context.WithoutCancel(ctx))
	if err != nil {
		return err
	}
	s.oncall = hook
	s.undo = append(s.undo, shut)
	monitors, err := servers.New(servers.Configured{
		Prometheus:   []wire.Server{{Name: monitor, URL: endpoint + monitoring.PrometheusPath, PerSecond: monitorRate}},
		Alertmanager: []wire.Server{{Name: monitor, URL: endpoint + monitoring.AlertmanagerPath, PerSecond: monitorRate}},
	}, nil)
	if err != nil {
		return fmt.Errorf("open the monitoring servers: %w", err)
	}
	//nolint:contextcheck // they end by what it returns
	stop, err := workers.Start(s.client, accounts.New(context.WithoutCancel(ctx), onAWS, onHuawei),
		workers.Options{Channels: hook.channels(), Servers: monitors, WebUI: s.temporal.UIAddress()})
	if err != nil {
		return fmt.Errorf("start the workers: %w", err)
	}
	s.undo = append(s.undo, stop)
	return nil
}

// runsPage is where the Web UI lists the campaign, its pages and its targets' runs.
func (s *stage) runsPage() string {
	return s.temporal.UIAddress() + "/namespaces/" + s.temporal.Namespace() + "/workflows"
}

// session is how people speak with what runs here.
func (s *stage) session() operate.Session {
	return operate.Session{Client: s.client, Namespace: s.temporal.Namespace()}
}

// tidegate is the operator's command, against this stage.
func (s *stage) tidegate(line string) string {
	return "go run ./starter --address " + s.temporal.FrontendAddress() + " " + line
}

// strike stops everything, in the reverse order of its start.
func (s *stage) strike() {
	for _, stop := range slices.Backward(s.undo) {
		stop()
	}
}
