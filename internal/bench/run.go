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
	roleEmpty = "empty"
)

// run is one peer's run over the fleet.
type run struct {
	options  Options
	peer     peer
	folder   string // of its logs
	programs string // where the worker and the dev server are
	job      job
	worker   *process      // whatever calls the clouds
	server   *process      // nil for a peer without Temporal
	idle     usage         // of a worker before there was anything to do
	empties  int           // activities of an empty workflow
	took     time.Duration // from the start of a round's first workflow to the end of the last
}

// play lets a peer maintain the fleet on clouds of its own, round after round, and measures each round.
func (r *run) play(ctx context.Context) (rounds []figures, err error) {
	defer r.stop()
	second := r.options.scaled(time.Second)
	r.job = job{Rate: r.options.Rate, Poll: r.options.scaled(pollEvery)}
	if r.peer == terraform {
		r.job.Delay = 10 * second
	}
	var temporal client.Client
	if r.peer.onTemporal() {
		if temporal, err = r.startServer(ctx); err != nil {
			return nil, err
		}
		defer temporal.Close()
	}
	clouds, endpoint, stop, err := serve(ctx)
	if err != nil {
		return nil, err
	}
	defer stop()
	r.job.Endpoint = endpoint
	for round := range r.options.Rounds {
		f, err := r.round(ctx, round, clouds, temporal)
		if err != nil {
			return nil, err
		}
		rounds = append(rounds, f)
	}
	if temporal != nil {
		return rounds, r.histories(ctx, temporal, rounds[len(rounds)-1])
	}
	return rounds, nil
}

// round lets the peer maintain the fleet once: each has a new update.
func (r *run) round(ctx context.Context, round int, clouds *tap, temporal client.Client) (figures, error) {
	r.job.Targets = newFleet(r.options, round)
	sim, err := simcloud.New(scenario(r.job.Targets, r.options, r.open(time.Now())), simcloud.Options{})
	if err != nil {
		return nil, fmt.Errorf("make the simulated clouds: %w", err)
	}
	clouds.show(sim)
	if err := r.maintain(ctx, temporal); err != nil {
		return nil, err
	}
	f := r.used()
	if temporal != nil {
		f["took"] = r.took.Seconds()
	}
	if r.peer == empty {
		return f, nil
	}
	saw := observed{fleet: r.job.Targets, opening: r.job.Opening, effects: sim.Effects(), calls: clouds.calls()}
	seen, missing := saw.figures(r.options.Scale)
	if len(missing) > 0 {
		return nil, fmt.Errorf("%d targets were not maintained, such as %s", len(missing), missing[0])
	}
	maps.Copy(f, seen)
	return f, nil
}

// open sets the first time at which an update may start, and gives the start of the windows.
func (r *run) open(now time.Time) (window time.Time) {
	if r.options.alreadyOpen || r.options.Instant {
		r.job.Opening = now.Add(time.Second)
		return now.Add(-openedAgo)
	}
	lead := leadLeast + time.Duration(r.options.Targets)*leadEach
	// AWS's windows start at whole minutes.
	r.job.Opening = now.Add(lead + time.Minute).Truncate(time.Minute)
	return r.job.Opening
}

// maintain starts the peer's worker, and returns when the fleet is maintained. Tidegate's runs on between the rounds.
func (r *run) maintain(ctx context.Context, temporal client.Client) (err error) {
	first := r.worker == nil
	switch {
	case r.peer == script || r.peer == terraform:
		if r.worker, err = r.again(ctx, roleLoop); err != nil {
			return err
		}
		return r.worker.finish()
	case r.peer == naive || r.peer == empty:
		if !first {
			r.worker.stop()
		}
		r.worker, err = r.again(ctx, r.peer.role())
	case first:
		err = r.startTidegate(ctx)
	}
	if err != nil {
		return err
	}
	if first {
		if err := sleep(ctx, idleAfter); err != nil {
			return err
		}
		r.idle = r.worker.usage()
	}
	return r.measured(ctx, temporal)
}

// measured takes how long the maintenance of the fleet takes. A worker that ends leaves the workflows waiting for
// another one.
func (r *run) measured(ctx context.Context, temporal client.Client) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-r.worker.ended:
			cancel()
		case <-ctx.Done():
		}
	}()
	started := time.Now()
	err := r.onTemporal(ctx, temporal)
	r.took = time.Since(started)
	select {
	case <-r.worker.ended:
		return fmt.Errorf("the worker ended before its work was done: %s", r.worker.tail())
	default:
		return err
	}
}

// role is that of the worker of a peer that is no Tidegate.
func (p peer) role() string {
	switch p {
	case naive:
		return roleNaive
	case empty:
		return roleEmpty
	case script, terraform, tidegate:
	}
	return roleLoop
}

// onTemporal has the peer's workflows maintain the fleet.
func (r *run) onTemporal(ctx context.Context, temporal client.Client) error {
	switch r.peer {
	case naive:
		return r.naively(ctx, temporal)
	case empty:
		return r.emptily(ctx, temporal)
	case script, terraform, tidegate:
	}
	return r.campaign(ctx, temporal)
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
	switch role {
	case roleNaive:
		return workNaively(ctx, j)
	case roleEmpty:
		return work(ctx, j, emptyQueue, registerEmpty)
	}
	return loop(ctx, j)
}

// used is what the processes have used.
func (r *run) used() figures {
	worker := r.worker.usage()
	f := figures{"worker.peak": worker.peakMB, "worker.cpu": worker.cpu}
	if r.server != nil {
		server := r.server.usage()
		f["worker.idle"], f["server.peak"], f["server.cpu"] = r.idle.residentMB, server.peakMB, server.cpu
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
