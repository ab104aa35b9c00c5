package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/tidegate/tidegate/internal/simcloud"
)

const (
	pollEvery = 10 * time.Second // of the peers with a fixed interval, in the scenario's time
	// openedAgo is how long ago windows opened that are not waited for.
	openedAgo = 5 * time.Minute
	// leadLeast and leadEach say how long before the opening a peer starts: it reads the fleet then.
	leadLeast, leadEach = 10 * time.Second, 100 * time.Millisecond
	// idleAfter is when a worker that has nothing to do has started for certain.
	idleAfter = 2 * time.Second
	roleLoop  = "loop"
	roleNaive = "naive"
)

// run is one peer's run over the fleet.
type run struct {
	options  Options
	peer     peer
	folder   string // of its logs
	programs string // where the worker and the dev server are
	job      job
	worker   *process // whatever calls the clouds
	server   *process // nil for a peer without Temporal
}

// play lets a peer maintain the fleet on clouds of its own, and measures it.
func (r *run) play(ctx context.Context) (figures, error) {
	defer r.stop()
	fleet, second := newFleet(r.options), r.options.scaled(time.Second)
	r.job = job{Rate: r.options.Rate, Targets: fleet, Poll: r.options.scaled(pollEvery)}
	if r.peer == terraform {
		r.job.Delay = 10 * second
	}
	var temporal client.Client
	if r.peer.onTemporal() {
		var err error
		if temporal, err = r.startServer(ctx); err != nil {
			return nil, err
		}
		defer temporal.Close()
	}
	sim, err := simcloud.New(scenario(fleet, r.options, r.open(time.Now())), simcloud.Options{})
	if err != nil {
		return nil, fmt.Errorf("make the simulated clouds: %w", err)
	}
	clouds, endpoint, stop, err := serve(ctx, sim)
	if err != nil {
		return nil, err
	}
	defer stop()
	r.job.Endpoint = endpoint
	idle, err := r.maintain(ctx, temporal)
	if err != nil {
		return nil, err
	}
	f := r.used(idle)
	saw := observed{fleet: fleet, opening: r.job.Opening, effects: sim.Effects(), calls: clouds.calls()}
	seen, missing := saw.figures(r.options.Scale)
	if len(missing) > 0 {
		return nil, fmt.Errorf("%d targets were not maintained, such as %s", len(missing), missing[0])
	}
	maps.Copy(f, seen)
	if temporal != nil {
		return f, r.histories(ctx, temporal, f)
	}
	return f, nil
}

// open sets the first time at which an update may start, and gives the start of the windows.
func (r *run) open(now time.Time) (window time.Time) {
	if r.options.alreadyOpen {
		r.job.Opening = now.Add(time.Second)
		return now.Add(-openedAgo)
	}
	lead := leadLeast + time.Duration(r.options.Targets)*leadEach
	// AWS's windows start at whole minutes.
	r.job.Opening = now.Add(lead + time.Minute).Truncate(time.Minute)
	return r.job.Opening
}

// maintain starts the peer's worker, and returns when the fleet is maintained; idle is what the
// worker used before there was anything to do.
func (r *run) maintain(ctx context.Context, temporal client.Client) (idle usage, err error) {
	switch r.peer {
	case script, terraform:
		if r.worker, err = r.again(ctx, roleLoop); err != nil {
			return idle, err
		}
		return idle, r.worker.finish()
	case naive:
		if r.worker, err = r.again(ctx, roleNaive); err != nil {
			return idle, err
		}
	case tidegate:
		if err = r.startTidegate(ctx); err != nil {
			return idle, err
		}
	}
	if err := sleep(ctx, idleAfter); err != nil {
		return idle, err
	}
	idle = r.worker.usage()
	// A worker that ends leaves the workflows waiting for another one.
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-r.worker.ended:
			cancel()
		case <-ctx.Done():
		}
	}()
	if r.peer == naive {
		err = r.naively(ctx, temporal)
	} else {
		err = r.campaign(ctx, temporal)
	}
	select {
	case <-r.worker.ended:
		return idle, fmt.Errorf("the worker ended before its work was done: %s", r.worker.tail())
	default:
		return idle, err
	}
}

// again starts this program once more, in a role that reads its job from standard input.
func (r *run) again(ctx context.Context, role string) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	stdin, err := json.Marshal(r.job)
	if err != nil {
		return nil, fmt.Errorf("write the job of %s: %w", r.peer, err)
	}
	return start(ctx, r.folder, string(r.peer), []string{"HOME=" + r.folder}, stdin, self, "as", role)
}

// act is what the program does in a role.
func act(ctx context.Context, role string, stdin io.Reader) error {
	var j job
	if err := json.NewDecoder(stdin).Decode(&j); err != nil {
		return fmt.Errorf("read the job: %w", err)
	}
	if role == roleNaive {
		return workNaively(ctx, j)
	}
	return loop(ctx, j)
}

// used is what the processes have used.
func (r *run) used(idle usage) figures {
	worker := r.worker.usage()
	f := figures{"worker.peak": worker.peakMB, "worker.cpu": worker.cpu}
	if r.server != nil {
		server := r.server.usage()
		f["worker.idle"], f["server.peak"], f["server.cpu"] = idle.residentMB, server.peakMB, server.cpu
	}
	return f
}

func (r *run) stop() {
	for _, p := range []*process{r.worker, r.server} {
		if p != nil {
			p.stop()
		}
	}
}

// build makes the two programs of which the size matters: what a program does not run is in its
// memory too.
func build(ctx context.Context, folder string) error {
	module := "github.com/tidegate/tidegate/"
	cmd := exec.CommandContext(ctx, "go", "build", "-o", folder, module+"worker", module+"devserver") //nolint:gosec // a new folder
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build the worker and the dev server (bench runs in Tidegate's checkout): %w\n%s", err, out)
	}
	return nil
}
