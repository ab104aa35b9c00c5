package command

import (
	"encoding/json"
	"fmt"

	"github.com/goccy/go-yaml"
	"github.com/spf13/cobra"

	"github.com/tidegate/tidegate/internal/capture"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/program"
	"github.com/tidegate/tidegate/internal/simcloud"
	"github.com/tidegate/tidegate/internal/simcloud/compare"
)

// newCompare is the command that holds a capture against the simulated clouds.
func newCompare() *cobra.Command {
	var file, output string
	command := &cobra.Command{
		Use:   "compare CAPTURE",
		Short: "Compare what clouds answered with what the simulated ones answer to the same",
		Long: "compare plays the requests of a capture (a directory, or one of its files) against simulated clouds in the\n" +
			"same states, and reports what differs: members, types, words, error codes, order, and how long things took\n" +
			"against the settings of a scenario. It asks no cloud.\n\n" +
			"Exit status: 0 no difference, 1 differences, 2 usage error.",
		Example: "  simcloud compare capture\n  simcloud compare capture --scenario fleet.yaml --output json",
		Args:    oneCapture,
		RunE: func(cmd *cobra.Command, args []string) error {
			if output != "text" && output != "json" {
				return program.Usage(maintenance.Invalid("--output", output, "text or json"))
			}
			reference, err := load(file, "")
			if err != nil {
				return program.Usage(err)
			}
			read, err := capture.Read(args[0])
			if err != nil {
				return program.Usage(err)
			}
			report, err := compare.Compare(read, reference)
			if err != nil {
				return err
			}
			return show(cmd, report, output)
		},
	}
	command.Flags().StringVar(&file, "scenario", "", "YAML file with the settings that times are compared with; default: those of the small fleet")
	command.Flags().StringVarP(&output, "output", "o", "text", "text or json")
	return command
}

// show prints a report, and ends with an error where it has differences.
func show(cmd *cobra.Command, report compare.Report, output string) (err error) {
	if output == "json" {
		encoder := json.NewEncoder(cmd.OutOrStdout())
		encoder.SetIndent("", "  ")
		err = encoder.Encode(report)
	} else {
		err = report.Print(cmd.OutOrStdout())
	}
	if err != nil {
		return fmt.Errorf("print the report: %w", err)
	}
	if n := len(report.Differences); n > 0 {
		return fmt.Errorf("the clouds of the capture differ from the simulated ones: %s", maintenance.Counted(n, "difference", "differences"))
	}
	return nil
}

// newScenario is the command that prints a capture's scenario, for people to change.
func newScenario() *cobra.Command {
	return &cobra.Command{
		Use:   "scenario CAPTURE",
		Short: "Print the scenario file of a capture's fleet, as it was at the start",
		Args:  oneCapture,
		RunE: func(cmd *cobra.Command, args []string) error {
			scenario, err := ofCapture(args[0])
			if err != nil {
				return program.Usage(err)
			}
			text, err := yaml.Marshal(scenario)
			if err == nil {
				_, err = cmd.OutOrStdout().Write(text)
			}
			if err != nil {
				return fmt.Errorf("print the scenario: %w", err)
			}
			return nil
		},
	}
}

// ofCapture makes a scenario of a capture.
func ofCapture(path string) (simcloud.Scenario, error) {
	read, err := capture.Read(path)
	if err != nil {
		return simcloud.Scenario{}, err
	}
	return compare.Scenario(read)
}

// oneCapture wants the path of a capture.
func oneCapture(cmd *cobra.Command, args []string) error {
	if len(args) != 1 {
		return program.Usage(fmt.Errorf("one CAPTURE is required, a directory or a file; see %s --help", cmd.CommandPath()))
	}
	return nil
}
