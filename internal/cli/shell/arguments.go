package shell

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// NoSuchCommand refuses an argument of a command that has only commands, and names the nearest of those.
func NoSuchCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	hint := fmt.Sprintf("see %s --help", cmd.CommandPath())
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		hint = "did you mean " + strings.Join(near, ", ") + "?"
	}
	return Usage(fmt.Errorf("unknown command %q; %s", args[0], hint))
}

// Arguments demands so many arguments, named as in the command's usage.
func Arguments(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) < len(names):
			return Usage(fmt.Errorf("%s is required; see %s --help", names[len(args)], cmd.CommandPath()))
		case len(args) > len(names):
			return Usage(fmt.Errorf("unexpected argument %q; see %s --help", args[len(names)], cmd.CommandPath()))
		}
		return nil
	}
}

// AtMostOne is for a command that takes a FILE or none.
func AtMostOne(cmd *cobra.Command, args []string) error {
	if len(args) > 1 {
		return Usage(fmt.Errorf("unexpected argument %q; see %s --help", args[1], cmd.CommandPath()))
	}
	return nil
}

var gatewayIDForm = regexp.MustCompile(`^sgw-[0-9A-Fa-f]{8,17}$`)

// GatewayArgument is a gateway's id, also where its ARN was given.
func GatewayArgument(arg string) (string, error) {
	id := maintenance.GatewayID(arg)
	if !gatewayIDForm.MatchString(id) {
		return "", maintenance.Invalid("gateway", arg, "a gateway id such as sgw-12A3456B, or a gateway ARN")
	}
	return id, nil
}

// CampaignForm is that of a campaign's name, and of its workflow's id, in which a
// schedule puts a time.
var CampaignForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._:-]*$`)

const wantSubject = "a campaign name, a gateway id such as sgw-12A3456B, or a gateway ARN"

// IsGateway is true for what stands for a gateway, perhaps wrongly written.
func IsGateway(arg string) bool {
	return strings.HasPrefix(arg, "sgw-") || strings.HasPrefix(arg, "arn:")
}

// CampaignArgument judges what stands for a campaign.
func CampaignArgument(arg string) error {
	if IsGateway(arg) || !CampaignForm.MatchString(arg) {
		return maintenance.Invalid("campaign", arg, "a campaign name, as in the plan, or a workflow id")
	}
	return nil
}

// SubjectArgument judges what stands for a gateway or a campaign. It gives the
// gateway's id; none for a campaign.
func SubjectArgument(arg string) (gatewayID string, err error) {
	if IsGateway(arg) {
		return GatewayArgument(arg)
	}
	if !CampaignForm.MatchString(arg) {
		return "", maintenance.Invalid("campaign or gateway", arg, wantSubject)
	}
	return "", nil
}

// TargetArgument is a target name or a gateway id, as campaigns know it.
func TargetArgument(arg string) (string, error) {
	if IsGateway(arg) {
		return GatewayArgument(arg)
	}
	if !CampaignForm.MatchString(arg) {
		return "", maintenance.Invalid("target", arg, "a target name or a gateway id")
	}
	return arg, nil
}
