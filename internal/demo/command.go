// Package demo runs a whole campaign in one process: an embedded Temporal with its Web UI, two
// simulated clouds, a worker, and the campaign of plan.yaml over the gateways of scenario.yaml. It
// also plays the operators, and compares every outcome with the expected one. Nothing in it is used
// in production. Start at Run.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tidegate/tidegate/internal/program"
	"github.com/tidegate/tidegate/internal/rehearsal"
	"github.com/tidegate/tidegate/internal/report"
)

// The default ports are next to the well-known ones (7233, 8233, 4599), so
// that the demo runs next to a dev server.
const (
	defaultTemporalPort = 17233
	defaultUIPort       = 18233
	defaultSimPort      = 14599
)

// options are what the flags say.
type options struct {
	temporalPort, uiPort, simPort uint16
	exit, ask                     bool
	report                        string

	rehearse, inventory string
	within              time.Duration
	faults              []string
}

// Run runs the demo and returns the exit status: 0 where every outcome came out as it should.
func Run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	return program.Run(ctx, command, args, stdout, stderr)
}

func command() *cobra.Command {
	var opts options
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Run the main job in one process: Temporal, its Web UI, simulated clouds, a campaign over 22 gateways.",
		Long: "Run the main job in one process: an embedded Temporal with its Web UI, two simulated clouds,\n" +
			"a worker, and the campaign of internal/demo/plan.yaml over 22 gateways with different outcomes, in the live view\n" +
			"of tidegate watch on a terminal, else in lines. It takes about two minutes, then stays up for\n" +
			"browsing. Everything is on loopback and in memory, but for the report.\n\n" +
			"With --rehearse it runs a plan of your own instead, on simulated clouds that are made of an inventory\n" +
			"(tidegate inventory --output json): the windows open in their order within minutes, and no cloud is called.",
		Example: "  demo\n  demo --exit --report report.html\n" +
			"  demo --rehearse campaign.yaml --inventory inventory.json --fault orders=never-comes-back",
		Args: program.FlagsOnly,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := opts.check(cmd.Context()); err != nil {
				return program.Usage(err)
			}
			if opts.rehearse == "" {
				return play(cmd.Context(), opts, cmd.InOrStdin(), cmd.OutOrStdout())
			}
			r, err := readRehearsal(opts, time.Now())
			if err != nil {
				return program.Usage(err)
			}
			return rehearse(cmd.Context(), opts, r, cmd.InOrStdin(), cmd.OutOrStdout())
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&opts.exit, "exit", false, "end when the campaign has ended, instead of staying up for browsing")
	flags.BoolVar(&opts.ask, "ask", false, "leave the campaign's approval to you, and in a rehearsal every decision, instead of deciding after some seconds")
	flags.StringVar(&opts.rehearse, "rehearse", "", "rehearse the plan of `file`")
	flags.StringVar(&opts.inventory, "inventory", "", "the `file` that tidegate inventory --output json has written; needed by --rehearse")
	flags.DurationVar(&opts.within, "within", 3*time.Minute, "how long the windows of a rehearsal are spread over, in whole minutes (1m to 1h)")
	flags.StringArrayVar(&opts.faults, "fault", nil, "what is to go wrong in a rehearsal, as `NAME=KIND`: a target, a gateway or a proxy, and one of "+
		strings.Join(rehearsal.Kinds(), ", ")+"; may be repeated")
	flags.StringVar(&opts.report, "report", "", "write the campaign's report to `file`: HTML or Markdown where it ends in .html or .md, else JSON (default a new HTML file in the temporary folder)")
	flags.Uint16Var(&opts.uiPort, "ui-port", defaultUIPort, "`port` of the Web UI; 0 takes a free one")
	flags.Uint16Var(&opts.temporalPort, "temporal-port", defaultTemporalPort, "`port` of Temporal; 0 takes a free one")
	flags.Uint16Var(&opts.simPort, "sim-port", defaultSimPort, "`port` of the simulated clouds; 0 takes a free one")
	return cmd
}

// check reports, before anything is started, every port and path that cannot
// be used.
func (o options) check(ctx context.Context) error {
	var errs []error
	for _, port := range []struct {
		flag   string
		number uint16
	}{
		{"--ui-port", o.uiPort},
		{"--temporal-port", o.temporalPort},
		{"--sim-port", o.simPort},
	} {
		if port.number == 0 {
			continue
		}
		l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", loopback(port.number))
		if err != nil {
			errs = append(errs, fmt.Errorf("%s %d cannot be used; choose another port with %[1]s (0 takes a free one): %[3]w", port.flag, port.number, err))
			continue
		}
		// All are held until the end: two flags may name the same port.
		defer func() { _ = l.Close() }() // it was never served
	}
	if o.rehearse == "" && (o.inventory != "" || len(o.faults) > 0) {
		errs = append(errs, errors.New("--inventory is for --rehearse PLAN, and so is --fault"))
	}
	if o.report != "" {
		if err := report.Check(o.report); err != nil {
			errs = append(errs, fmt.Errorf("--report: %w", err))
		}
	}
	return errors.Join(errs...)
}

func loopback(port uint16) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(int(port))) }
