package target

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tidegate/tidegate/internal/config/fault"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/workflows/api"
)

// Flags are those that name a target.
type Flags struct {
	name, account, gateway string
	proxies, labels        []string
}

// NewTargetFlags adds the flags that name a target to a command.
func NewTargetFlags(cmd *cobra.Command) *Flags {
	t := &Flags{}
	flags := cmd.Flags()
	flags.StringVar(&t.name, "name", "", "display name of the target")
	flags.StringVar(&t.account, "account", "", "AWS account of the gateway, as named in the worker's accounts file")
	flags.StringVar(&t.gateway, "gateway", "", "ARN of the gateway")
	flags.StringArrayVar(&t.proxies, "proxy", nil,
		"TaurusDB proxy ACCOUNT/INSTANCE_ID/PROXY_ID[@VERSION] that belongs to the gateway; may be repeated, the first is the canary")
	flags.StringArrayVar(&t.labels, "label", nil, "label KEY=VALUE; may be repeated")
	return t
}

// result is the target that the flags say, with what is wrong with them.
func (t *Flags) result() (maintenance.Target, []error) {
	target := maintenance.Target{Name: t.name, Gateway: maintenance.GatewayRef{Account: t.account, ARN: t.gateway}}
	var errs []error
	var numbers []int // of the target's proxies, as they were given
	for i, text := range t.proxies {
		parts := strings.Split(text, "/")
		if len(parts) != 3 {
			errs = append(errs, maintenance.Invalid("--proxy", text, "ACCOUNT/INSTANCE_ID/PROXY_ID or ACCOUNT/INSTANCE_ID/PROXY_ID@VERSION"))
			continue
		}
		id, version, _ := strings.Cut(parts[2], "@")
		numbers = append(numbers, i+1)
		target.Proxies = append(target.Proxies, maintenance.ProxyRef{
			Account: parts[0], InstanceID: parts[1], ProxyID: id, Version: version,
		})
	}
	for _, text := range t.labels {
		key, value, ok := strings.Cut(text, "=")
		if !ok || key == "" {
			errs = append(errs, maintenance.Invalid("--label", text, "KEY=VALUE"))
			continue
		}
		if target.Labels == nil {
			target.Labels = map[string]string{}
		}
		target.Labels[key] = value
	}
	return target, append(errs, renamed(target.Validate(), func(field string) string {
		return targetFlag(field,
			numbers)
	})...)
}

var proxyField = regexp.MustCompile(`^target\.proxies\[(\d+)\]\.(\w+)$`)

// targetFlag is the flag by which a field of the target was given; numbers are
// those of its proxies on the command line.
func targetFlag(field string, numbers []int) string {
	switch field {
	case "target.name":
		return "--name"
	case "target.gateway.account":
		return "--account"
	case "target.gateway.arn":
		return "--gateway"
	}
	if m := proxyField.FindStringSubmatch(field); m != nil {
		if i, err := strconv.Atoi(m[1]); err == nil && i < len(numbers) {
			return fmt.Sprintf("--proxy (number %d), %s", numbers[i], m[2])
		}
	}
	return field
}

// renamed are the faults of a validation, each under the name by which the
// person gave the value.
func renamed(err error, name func(field string) string) []error {
	fields := fault.Fields(err)
	errs := make([]error, 0, len(fields))
	for _, f := range fields {
		errs = append(errs, maintenance.Invalid(name(f.Field), f.Value, f.Want))
	}
	return errs
}

// ConflictsWithFile are the flags that were given though the file says what they say.
func ConflictsWithFile(cmd *cobra.Command, policy *PolicyFlags) []error {
	names := []string{"name", "account", "gateway", "proxy", "label", "freeze", "approval", "shift-reads", "checks"}
	names = append(names, slices.Sorted(maps.Values(policy.names))...)
	var errs []error
	for _, name := range names {
		if cmd.Flags().Changed(name) {
			errs = append(errs, fmt.Errorf("--%s: cannot be combined with FILE; set it in the plan file", name))
		}
	}
	return errs
}

// FromFlags is what to start as the flags say it, with what is wrong with them.
func FromFlags(target *Flags, policy *PolicyFlags) (api.MaintenanceInput, []error) {
	t, errs := target.result()
	p, wrongs := policy.result()
	return api.MaintenanceInput{Target: t, Policy: p}, append(errs, wrongs...)
}
