// Package command is the command simcloud: its flags, and what it prints. The simulated clouds are
// in internal/simcloud. Start at Run.
package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/spf13/cobra"

	"github.com/tidegate/tidegate/internal/program"
	"github.com/tidegate/tidegate/internal/simcloud"
	"github.com/tidegate/tidegate/internal/simcloud/aws"
	"github.com/tidegate/tidegate/internal/simcloud/huawei"
)

const defaultListen = "127.0.0.1:4599"

// Run serves until the context ends, and returns the exit status.
func Run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	return program.Run(ctx, newCommand, args, stdout, stderr)
}

func newCommand() *cobra.Command {
	var listen, file, from string
	command := &cobra.Command{
		Use:   "simcloud",
		Short: "Serve simulated AWS (Storage Gateway, EC2 snapshots, CloudWatch alarms) and Huawei Cloud (TaurusDB proxies) on one port",
		Args:  program.FlagsOnly,
		RunE: func(cmd *cobra.Command, _ []string) error {
			scenario, err := load(file, from)
			if err != nil {
				return program.Usage(err)
			}
			return serve(cmd.Context(), cmd.OutOrStdout(), listen, scenario)
		},
	}
	command.Flags().StringVar(&listen, "listen", defaultListen, "address and port to serve on; port 0 takes a free one; anything but loopback lets others in")
	command.Flags().StringVar(&file, "scenario", "", "YAML file that says what exists and which outcomes it has (docs/reference/simcloud.md); default: a small fleet")
	command.Flags().StringVar(&from, "scenario-from", "", "`capture` of a fleet, a directory or file, to simulate in place of a scenario file (docs/reference/captures.md)")
	command.AddCommand(newHealthcheck(), newCompare(), newScenario())
	return command
}

func serve(ctx context.Context, out io.Writer, listen string, scenario simcloud.Scenario) error {
	sim, err := simcloud.New(scenario, simcloud.Options{})
	if err != nil {
		return program.Usage(fmt.Errorf("the scenario cannot be used: %w", err))
	}
	address, stop, err := sim.Start(ctx, listen)
	if err != nil {
		return program.Usage(fmt.Errorf("--listen %s cannot be used (choose another address or port, or stop what holds it): %w", listen, err))
	}
	defer stop()
	greet(out, address, scenario)
	<-ctx.Done()
	return nil
}

// load is the scenario of a file or of a capture, by default the small fleet.
func load(file, from string) (scenario simcloud.Scenario, err error) {
	switch {
	case from != "" && file != "":
		err = errors.New("--scenario and --scenario-from cannot be used together")
	case from != "":
		if scenario, err = ofCapture(from); err != nil {
			err = fmt.Errorf("--scenario-from cannot be used: %w", err)
		}
	case file != "":
		if scenario, err = simcloud.Load(file); err != nil {
			err = fmt.Errorf("--scenario cannot be used:\n%w", err)
		}
	default:
		scenario, err = simcloud.DefaultScenario()
	}
	return scenario, err
}

// greet prints what a person needs to use the clouds. The secrets are those of
// a simulation.
func greet(out io.Writer, address string, s simcloud.Scenario) {
	awsKey := aws.Credential{AccessKeyID: aws.DefaultAccessKeyID, SecretAccessKey: aws.DefaultSecretAccessKey}
	if len(s.AWS.Credentials) > 0 {
		awsKey = s.AWS.Credentials[0]
	}
	region := aws.DefaultRegion
	if len(s.AWS.Regions) > 0 {
		region = s.AWS.Regions[0]
	}
	huaweiKey := huawei.Credential{AccessKey: huawei.DefaultAccessKey, SecretKey: huawei.DefaultSecretKey}
	if len(s.Huawei.Credentials) > 0 {
		huaweiKey = s.Huawei.Credentials[0]
	}
	url := "http://" + address
	lines := []string{
		"Simulated clouds at " + url + " (Ctrl-C ends them)",
		"  effects  " + url + "/_sim/effects    state  " + url + "/_sim/state    calls  " + url + "/_sim/calls    faults  " +
			url + "/_sim/faults",
		"",
		"export AWS_ENDPOINT_URL=" + url,
		"export AWS_REGION=" + region + " AWS_DEFAULT_REGION=" + region, // the AWS CLI v1 reads the second only
		"export AWS_ACCESS_KEY_ID=" + awsKey.AccessKeyID,
		"export AWS_SECRET_ACCESS_KEY=" + awsKey.SecretAccessKey,
	}
	if awsKey.SessionToken != "" {
		lines = append(lines, "export AWS_SESSION_TOKEN="+awsKey.SessionToken)
	}
	lines = append(lines, "export HUAWEICLOUD_SDK_AK="+huaweiKey.AccessKey,
		"export HUAWEICLOUD_SDK_SK="+huaweiKey.SecretKey)
	if huaweiKey.SecurityToken != "" {
		lines = append(lines, "export HUAWEICLOUD_SDK_SECURITY_TOKEN="+huaweiKey.SecurityToken)
	}
	project := huawei.Project{ID: huawei.DefaultProjectID, Region: huawei.DefaultRegion}
	if len(s.Huawei.Projects) > 0 {
		project = s.Huawei.Projects[0]
	}
	lines = append(lines, "# Huawei Cloud: endpoint "+url+", project "+project.ID+", region "+project.Region)
	for _, line := range lines {
		fmt.Fprintln(out, line) //nolint:errcheck // a closed terminal is no reason to stop serving
	}
	if host, _, err := net.SplitHostPort(address); err == nil && !net.ParseIP(host).IsLoopback() {
		fmt.Fprintln(out, "\nwarning: this address is not loopback, and /_sim/ asks nobody for credentials") //nolint:errcheck // as above
	}
}

// newHealthcheck is for containers, whose images have no shell and no curl.
func newHealthcheck() *cobra.Command {
	var address string
	command := &cobra.Command{
		Use:   "healthcheck",
		Short: "Exit 0 if a simcloud serves at an address",
		Args:  program.FlagsOnly,
		RunE: func(cmd *cobra.Command, _ []string) error {
			err := simcloud.Healthy(cmd.Context(), address)
			if errors.Is(err, simcloud.ErrAddress) {
				return program.Usage(fmt.Errorf("--address %s cannot be used: %w", address, err))
			}
			return err
		},
	}
	command.Flags().StringVar(&address, "address", defaultListen, "where the simcloud listens")
	return command
}
