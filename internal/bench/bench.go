// Package bench maintains one simulated fleet with Tidegate and with three alternatives, one after
// the other, and compares them: a plain script, polling as Terraform's providers do, and a naive
// Temporal workflow. It measures by what the simulated clouds saw, not by what the peers say. It
// asserts nothing about correctness: test/ does. Start at Run.
package bench

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/tidegate/tidegate/internal/program"
)

// peer is one way to maintain a fleet.
type peer string

const (
	script    peer = "script"    // goroutines and a fixed interval, nothing durable
	terraform peer = "terraform" // as the script, with a delay before the first poll
	naive     peer = "naive"     // a Temporal workflow a target, a timer and an activity a poll
	tidegate  peer = "tidegate"
	empty     peer = "empty" // a Temporal workflow a target that does as many empty activities as Tidegate
)

// peers are all of them, in the order in which they run.
func peers() []peer { return []peer{script, terraform, naive, tidegate, empty} }

func (p peer) onTemporal() bool { return p == naive || p == tidegate || p == empty }

// The bounds of what can be asked for, and the size of the short form.
const (
	mostTargets, mostScale, mostRate, mostRounds = 10_000, 1000, 100_000, 10
	shortTargets, shortScale                     = 10, 120
)

// Options are what a comparison is made of.
type Options struct {
	Targets int     `json:"targets"`
	Proxies float64 `json:"proxies"` // share of the targets that have one
	Scale   float64 `json:"scale"`   // so much faster than in reality do the clouds work
	Rate    float64 `json:"rate"`    // calls a second of an account
	Seed    uint64  `json:"seed"`
	Rounds  int     `json:"rounds"` // of updates on the same fleet; the last one is compared
	// Instant clouds need no time, and all windows are open: only the engine does.
	Instant bool     `json:"instant,omitempty"`
	Peers   []string `json:"peers"`

	// Worker are flags of Tidegate's worker, besides those that it needs.
	Worker []string `json:"worker,omitempty"`

	programs    string // where the worker and the dev server are; empty: they are built
	alreadyOpen bool   // for tests: the windows are not waited for
}

// scaled is a duration of the scenario in wall time.
func (o Options) scaled(d time.Duration) time.Duration {
	return max(time.Millisecond, time.Duration(float64(d)/o.Scale))
}

// check reports everything that cannot be used.
func (o Options) check() error {
	var errs []error
	want := func(ok bool, flag string, value any, expected string) {
		if !ok {
			errs = append(errs, fmt.Errorf("invalid --%s %v: must be %s", flag, value, expected))
		}
	}
	want(o.Targets >= 1 && o.Targets <= mostTargets, "targets", o.Targets, fmt.Sprintf("1 to %d", mostTargets))
	want(o.Proxies >= 0 && o.Proxies <= 1, "proxies", o.Proxies, "0 to 1, the share of the targets that have one")
	want(o.Scale >= 1 && o.Scale <= mostScale, "scale", o.Scale, fmt.Sprintf("1 (real time) to %d", mostScale))
	want(o.Rate > 0 && o.Rate <= mostRate, "rate", o.Rate, fmt.Sprintf("a number above 0, to %d", mostRate))
	want(o.Rounds >= 1 && o.Rounds <= mostRounds, "rounds", o.Rounds, fmt.Sprintf("1 to %d", mostRounds))
	want(len(o.Peers) > 0, "peers", "", fmt.Sprint("one or more of ", peers()))
	for _, name := range o.Peers {
		want(slices.Contains(peers(), peer(name)), "peers", name, fmt.Sprint("one or more of ", peers()))
		want(peer(name) != empty || o.Instant, "peers", name, "used with --instant: it does not wait for clouds")
	}
	return errors.Join(errs...)
}

// Run runs the command and returns its exit status.
func Run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	return program.Run(ctx, command, args, stdout, stderr)
}

// wanted is how a comparison is shown and judged.
type wanted struct {
	form, file, baseline string
	compareScale         float64
}

func command() *cobra.Command {
	var o Options
	var w wanted
	var short bool
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Maintain one simulated fleet with Tidegate and with its alternatives, and compare them.",
		Long: "Maintain one simulated fleet with a plain script, with polling as Terraform's providers do, with a\n" +
			"naive Temporal workflow and with Tidegate, one after the other, and compare what the simulated clouds\n" +
			"saw of each. docs/performance.md explains the figures.",
		Example:           "  bench --targets 20\n  bench --short --baseline internal/bench/baseline.json",
		Args:              program.FlagsOnly,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
		RunE: func(cmd *cobra.Command, _ []string) error {
			if short {
				for flag, value := range map[string]string{
					"targets": fmt.Sprint(shortTargets), "scale": fmt.Sprint(shortScale), "proxies": "0.5",
					"peers": "script,tidegate",
				} {
					if !cmd.Flags().Changed(flag) {
						_ = cmd.Flags().Set(flag, value) // they are of the flags' kinds
					}
				}
			}
			return w.compare(cmd.Context(), o, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	flags := cmd.Flags()
	flags.IntVar(&o.Targets, "targets", 200, "number of targets, all of whose windows open at once")
	flags.Float64Var(&o.Proxies, "proxies", 0.25, "share of the targets that have a proxy, 0 to 1")
	flags.Float64Var(&o.Scale, "scale", 30, "how much faster than real clouds the simulated ones work")
	flags.BoolVar(&o.Instant, "instant", false,
		"the clouds need no time, every window is open, and no gateway has volumes: tells what the engine can do")
	flags.Float64Var(&o.Rate, "rate", 1000, "calls (of Tidegate: activities) a second for each account, in wall time")
	flags.Uint64Var(&o.Seed, "seed", 1, "seed of the durations")
	flags.IntVar(&o.Rounds, "rounds", 1, "rounds of updates on the same fleet: Tidegate learns from those before the last, which is compared")
	flags.StringSliceVar(&o.Peers, "peers", []string{"script", "terraform", "naive", "tidegate"},
		"which peers run; with --instant also empty, a workflow that does as many empty activities")
	flags.StringArrayVar(&o.Worker, "worker", nil, "`flag` of Tidegate's worker, such as --worker=--activity-pollers=10; may be repeated")
	flags.StringVar(&o.programs, "programs", "", "`folder` of worker and devserver, as make build fills it (default: build them)")
	flags.BoolVar(&short, "short", false,
		fmt.Sprintf("a short form for CI: %d targets at scale %d, script and tidegate only", shortTargets, shortScale))
	flags.StringVarP(&w.form, "output", "o", "table", "table or json")
	flags.StringVar(&w.file, "json", "", "also write the comparison as JSON to this `file`")
	flags.StringVar(&w.baseline, "baseline", "", "JSON `file` of an earlier comparison: fail when a ratio of Tidegate's got worse by a fifth")
	flags.Float64Var(&w.compareScale, "compare-scale", 0, "also run the script and Tidegate at this `scale`: tells the engine's share of the makespan")
	cmd.AddCommand(&cobra.Command{
		Use: "as ROLE", Hidden: true, Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return act(cmd.Context(), args[0], cmd.InOrStdin()) },
	})
	return cmd
}

// check reports everything that cannot be used, and reads the baseline, if any.
func (w wanted) check(o Options) (*Comparison, error) {
	errs := []error{o.check()}
	if w.form != "table" && w.form != "json" {
		errs = append(errs, fmt.Errorf("invalid --output %q: must be table or json", w.form))
	}
	if o.Scale = w.compareScale; o.Scale != 0 && (o.Scale < 1 || o.Scale > mostScale) {
		errs = append(errs, fmt.Errorf("invalid --compare-scale %v: must be 1 to %d", w.compareScale, mostScale))
	}
	if err := errors.Join(errs...); err != nil || w.baseline == "" {
		return nil, err
	}
	return readBaseline(w.baseline)
}

// compare runs the comparison, shows it, and fails where it got worse.
func (w wanted) compare(ctx context.Context, o Options, stdout, stderr io.Writer) error {
	earlier, err := w.check(o)
	if err == nil && earlier != nil {
		err = earlier.comparable(o)
	}
	if err != nil {
		return program.Usage(err)
	}
	progress := func(format string, args ...any) { _, _ = fmt.Fprintf(stderr, format+"\n", args...) } // nobody reads it
	result, err := measure(ctx, o, progress)
	if err != nil {
		return err
	}
	if w.compareScale != 0 {
		o.Scale, o.Peers = w.compareScale, []string{string(script), string(tidegate)}
		again, err := measure(ctx, o, progress)
		if err != nil {
			return err
		}
		result.OtherScale = &again
	}
	if err := w.show(result, stdout); err != nil || earlier == nil {
		return err
	}
	return worse(earlier.Ratios, result.Ratios)
}

// show prints a comparison, and writes it to the file that is wanted.
func (w wanted) show(result Comparison, out io.Writer) error {
	text, err := json.MarshalIndent(result, "", "  ")
	if err != nil {
		return fmt.Errorf("write the comparison as JSON: %w", err)
	}
	if w.file != "" {
		if err := os.WriteFile(w.file, append(text, '\n'), 0o644); err != nil { //nolint:gosec // no secret is in it
			return fmt.Errorf("write --json: %w", err)
		}
	}
	if w.form == "table" {
		text = []byte(result.table())
	}
	if _, err := fmt.Fprintln(out, string(text)); err != nil {
		return fmt.Errorf("print the comparison: %w", err)
	}
	return nil
}

// measure lets the peers run one after the other.
func measure(ctx context.Context, o Options, progress func(string, ...any)) (Comparison, error) {
	result := Comparison{
		Options: o, CPUs: runtime.NumCPU(), CriticalPath: criticalPath(newFleet(o, o.Rounds-1)).Seconds(),
		Figures: make(map[peer]figures), Earlier: make(map[peer][]figures),
	}
	folder, err := os.MkdirTemp("", "tidegate-bench-")
	if err != nil {
		return result, fmt.Errorf("make a folder for the programs: %w", err)
	}
	defer func() { _ = os.RemoveAll(folder) }() // nothing in it is needed any more
	programs := o.programs
	if programs == "" && slices.ContainsFunc(o.Peers, func(name string) bool { return peer(name).onTemporal() }) {
		progress("building the worker and the dev server")
		if err := build(ctx, folder); err != nil {
			return result, err
		}
		programs = folder
	}
	for _, p := range peers() {
		if !slices.Contains(o.Peers, string(p)) {
			continue
		}
		started := time.Now()
		r := run{
			options: o, peer: p, folder: filepath.Join(folder, string(p)), programs: programs,
			empties: int(math.Round(cmp.Or(result.Figures[tidegate]["activities"], emptyUsually))),
		}
		if err := os.Mkdir(r.folder, 0o700); err != nil {
			return result, fmt.Errorf("make a folder for the logs: %w", err)
		}
		rounds, err := r.play(ctx)
		if err != nil {
			return result, fmt.Errorf("%s: %w", p, err)
		}
		result.Figures[p], result.Earlier[p] = rounds[len(rounds)-1], rounds[:len(rounds)-1]
		progress("%s: done in %s", p, time.Since(started).Round(time.Second))
	}
	result.Ratios = result.ratios()
	return result, nil
}
