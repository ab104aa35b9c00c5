package workers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"github.com/tidegate/tidegate/activities"
	"github.com/tidegate/tidegate/internal/calltrace"
	"github.com/tidegate/tidegate/internal/config/connection"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/metrics"
	"github.com/tidegate/tidegate/internal/metrics/fleetstate"
	"github.com/tidegate/tidegate/internal/operate"
	"github.com/tidegate/tidegate/internal/program"
	"github.com/tidegate/tidegate/internal/tracing"
)

// StopTimeout is how long a stopping worker waits for activities under way: longer than one outward call, so that none
// is cut off before its answer. Whatever stops workers must give them longer: deploy/kubernetes, docker-compose.yml.
const StopTimeout = activities.CallTimeout + 5*time.Second

// run is the worker's life: check, connect, poll until ctx is done, stop.
func (s *settings) run(ctx context.Context, stderr io.Writer) error {
	p, err := s.check(ctx, stderr)
	if err != nil {
		return err
	}
	if p.recorder != nil {
		p.logger.Warn("recording the exchanges with clouds; look through the files before you hand them on", "capture", s.capture)
		defer p.recorder.Close()
	}
	p.client.Identity = identity(p.queue)
	r, err := newReloader(ctx, s, p)
	if err != nil {
		return err
	}
	defer signal.Stop(r.hangup)
	state := fleetstate.New(time.Now)
	counted := metrics.New(state)
	p.client.MetricsHandler = counted.SDK()
	traces, err := p.trace(ctx)
	if err != nil {
		return err
	}
	defer p.flush(traces) //nolint:contextcheck // the worker's own is done by then
	r.health = p.serve(counted)
	defer r.health.stop()
	c, err := connection.Dial(ctx, p.client, p.logger)
	if err != nil {
		return err
	}
	defer c.Close()
	state.Of(operate.Session{Client: c, Namespace: p.client.Namespace}, p.queue)
	r.client = c
	options := Options{
		Recorder: p.recorder,
		Queue:    p.queue, Version: p.version, Channels: r.channels, Servers: r.servers, Signers: r.signers,
		WebUI: p.config.WebUI,
		Requested: func(ctx context.Context, request calltrace.Request) {
			counted.Requested(ctx, request)
			traces.Requested(ctx, request)
		},
		Each: worker.Options{Identity: p.client.Identity, WorkerStopTimeout: StopTimeout},
	}
	s.tuning.apply(&options.Each)
	worker.SetStickyWorkflowCacheSize(s.tuning.CachedWorkflows)
	if p.health != nil {
		options.State = state
	}
	return r.poll(ctx, options)
}

// trace has the client send traces, where the environment asks for it.
func (p *parts) trace(ctx context.Context) (*tracing.Traces, error) {
	traces, err := tracing.FromEnvironment(ctx, os.Getenv, program.ThisBuild().Version)
	if err != nil {
		return nil, program.Usage(err)
	}
	interceptors, err := traces.Interceptors()
	p.client.Interceptors = append(p.client.Interceptors, interceptors...)
	return traces, err
}

// flush sends what is left of the traces when the worker has stopped.
func (p *parts) flush(traces *tracing.Traces) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second) //nolint:forbidigo // the worker's own is done
	defer cancel()
	if err := traces.Stop(ctx); err != nil {
		p.logger.Warn(maintenance.Plain(err))
	}
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

func (r *reloader) poll(ctx context.Context, o Options) error {
	p := r.parts
	fatal := make(chan error, 1)
	o.Each.OnFatalError = func(err error) {
		select {
		case fatal <- err:
		default: // one is enough
		}
	}
	if err := r.start(o); err != nil { //nolint:contextcheck // its workers end by r.end
		return fmt.Errorf("the worker does not start; check that namespace %s exists; to create it: tidegate setup: %w", p.client.Namespace, err)
	}
	p.logger.Info("worker polls", "taskQueue", p.queue, "namespace", p.client.Namespace, "address", p.client.HostPort,
		"awsAccounts", len(p.config.AWS), "huaweiAccounts", len(p.config.Huawei),
		"deployment", p.version.DeploymentName, "buildId", p.version.BuildID)
	failure := p.release(ctx, r.client, Queues(p.queue, r.known))
	if failure == nil {
		failure = r.follow(ctx, fatal)
	}
	if failure == nil {
		p.logger.Info("worker stops", "waitsAtMost", StopTimeout)
	}
	r.end()
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
