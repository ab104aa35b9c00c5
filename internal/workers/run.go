package workers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"github.com/tidegate/tidegate/activities"
	"github.com/tidegate/tidegate/internal/accounts"
	"github.com/tidegate/tidegate/internal/channels"
	"github.com/tidegate/tidegate/internal/config/connection"
	"github.com/tidegate/tidegate/internal/maintenance"
)

// stopPatience is how long a stopping worker waits for activities under way:
// longer than one outward call, so that none is cut off before its answer, and
// shorter than the 30 s after which Kubernetes kills.
const stopPatience = activities.CallTimeout + 5*time.Second

// run is the worker's life: check, connect, poll until ctx is done, stop.
func (s *settings) run(ctx context.Context, stderr io.Writer) error {
	p, err := s.check(ctx, stderr)
	if err != nil {
		return err
	}
	p.client.Identity = identity(p.queue)
	known := accounts.New(ctx, p.config.AWS, p.config.Huawei)
	health := serveHealth(p.health, p.client.Identity, Queues(p.queue, known))
	defer health.stop()
	c, err := connection.Dial(ctx, p.client, p.logger)
	if err != nil {
		return err
	}
	defer c.Close()
	return p.poll(ctx, c, known, health)
}

// identity is by what Temporal shows this worker, and by what the health check
// finds it among the pollers.
func identity(queue string) string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return fmt.Sprintf("%d@%s@%s", os.Getpid(), host, queue)
}

func (p parts) poll(ctx context.Context, c client.Client, known *accounts.Accounts, health *health) error {
	fatal := make(chan error, 1)
	stop, err := Start(c, known, Options{
		Queue:    p.queue,
		Version:  p.version,
		Channels: channels.New(p.config.Channels),
		WebUI:    p.config.WebUI,
		Each: worker.Options{
			Identity:          p.client.Identity,
			WorkerStopTimeout: stopPatience,
			OnFatalError: func(err error) {
				select {
				case fatal <- err:
				default: // one is enough
				}
			},
		},
	})
	if err != nil {
		return fmt.Errorf("the worker does not start; check that namespace %s exists; to create it: tidegate setup: %w", p.client.Namespace, err)
	}
	health.watch(c)
	p.logger.Info("worker polls", "taskQueue", p.queue, "namespace", p.client.Namespace, "address", p.client.HostPort,
		"awsAccounts", len(p.config.AWS), "huaweiAccounts", len(p.config.Huawei),
		"deployment", p.version.DeploymentName, "buildId", p.version.BuildID)
	failure := p.release(ctx, c, Queues(p.queue, known))
	if failure == nil {
		select {
		case <-ctx.Done():
			p.logger.Info("worker stops", "waitsAtMost", stopPatience)
		case err := <-fatal:
			failure = fmt.Errorf("the worker stopped: %w", err)
		}
	}
	health.watch(nil)
	stop()
	return failure
}

// promoteTimeout is how long a worker tries to become current. Temporal learns
// of it within seconds; the old build stays current meanwhile.
const promoteTimeout = time.Minute

// release makes this build current where that is asked for. One that was replaced
// polls on all the same: runs that are pinned to it need it.
func (p parts) release(ctx context.Context, c client.Client, queues []string) error {
	if p.version == (Version{}) {
		return nil
	}
	byHand := fmt.Sprintf("temporal worker deployment set-current-version --deployment-name %s --build-id %s", p.version.DeploymentName, p.version.BuildID)
	if !p.promote {
		p.logger.Info("unless it is current already, this build only finishes what is pinned to it", "toMakeItCurrent", byHand)
		return nil
	}
	limited, cancel := context.WithTimeout(ctx, promoteTimeout)
	defer cancel()
	switch err := Promote(limited, c, p.version, queues); {
	case err == nil:
		p.logger.Info("this build is current")
	case ctx.Err() != nil:
	case errors.Is(err, ErrReplaced):
		p.logger.Warn("not promoted: "+maintenance.Plain(err), "toMakeItCurrent", byHand)
	default:
		return fmt.Errorf("this build is not current; fix the cause and restart the worker, or make it current by hand: %s: %w", byHand, err)
	}
	return nil
}
