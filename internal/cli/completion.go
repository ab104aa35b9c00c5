package cli

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/tidegate/tidegate/internal/cli/schedule"
	"github.com/tidegate/tidegate/internal/cli/shell"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/maintenance/health"
	"github.com/tidegate/tidegate/internal/operate"
	"github.com/tidegate/tidegate/internal/operate/action"
	"github.com/tidegate/tidegate/internal/operate/schedules"
	"github.com/tidegate/tidegate/internal/printer"
	"github.com/tidegate/tidegate/workflows/api"
)

// completer gives what may stand at the place of an argument, with a description
// after a tab.
type completer = cobra.CompletionFunc

// completions has the shell complete every argument and flag. What is not said
// here is not completed: cobra would offer the folder's files.
func completions(root *cobra.Command, a *shell.App) {
	byPath := completers(a)
	each(root, func(cmd *cobra.Command) {
		path := strings.TrimPrefix(cmd.CommandPath(), root.Name()+" ")
		complete, ok := byPath[path]
		if !ok && !cmd.HasSubCommands() {
			complete = cobra.NoFileCompletions
		}
		cmd.ValidArgsFunction = complete
		cmd.Flags().VisitAll(func(f *pflag.Flag) { completeFlag(cmd, f) })
		cmd.PersistentFlags().VisitAll(func(f *pflag.Flag) { completeFlag(cmd, f) })
	})
}

func each(cmd *cobra.Command, do func(*cobra.Command)) {
	do(cmd)
	for _, below := range cmd.Commands() {
		each(below, do)
	}
}

// completers are those of the commands that have arguments.
func completers(a *shell.App) map[string]completer {
	file := files("yaml", "yml", "json")
	subject := asking(a, either(campaigns(true), maintenances(true)), targets(""))
	all := map[string]completer{
		"run": argument(file), "plan": argument(file), "check": argument(file, cobra.NoFileCompletions),
		"validate": file, "doctor": argument(file),
		"watch": asking(a, either(campaigns(true), maintenances(true))), "status": subject,
		"report": asking(a, campaigns(true)),
	}
	for _, o := range action.All() {
		all[o.Update] = asking(a, actionCompleters(o)...)
	}
	all["schedule create"] = argument(cobra.NoFileCompletions, file)
	all["schedule update"] = argument(asking(a, scheduleNames()), file)
	all["schedule describe"] = asking(a, scheduleNames())
	for _, o := range schedule.Instructions() {
		all["schedule "+o.Name] = asking(a, scheduleNames())
	}
	return all
}

// actionCompleters are those of an action's arguments: only what runs can apply.
func actionCompleters(o action.Action) []asker {
	var second []asker
	switch o.Campaign {
	case action.OfTarget, action.OfEither:
		second = []asker{targets(o.Update)}
	case action.OfCheck:
		second = []asker{blockingChecks(), targets("")}
	}
	switch {
	case o.Update == api.ReleaseUpdate:
		return []asker{quarantined()}
	case o.To == nil:
		return append([]asker{campaigns(false)}, second...)
	}
	return append([]asker{either(campaigns(false), maintenances(false))}, second...)
}

// argument picks the completer of the argument that is being typed.
func argument(each ...completer) completer {
	return func(cmd *cobra.Command, args []string, started string) ([]string, cobra.ShellCompDirective) {
		if len(args) >= len(each) {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return each[len(args)](cmd, args, started)
	}
}

func files(endings ...string) completer {
	return cobra.FixedCompletions(endings, cobra.ShellCompDirectiveFilterFileExt)
}

// completeFlag completes a flag's value.
func completeFlag(cmd *cobra.Command, f *pflag.Flag) {
	words := map[string][]string{
		"output": {printer.FormTable, printer.FormJSON, printer.FormYAML},
		"format": {"md", "html", "json"},
		"snapshot": {
			string(maintenance.SnapshotAfter), string(maintenance.SnapshotBefore),
			string(maintenance.SnapshotBoth), string(maintenance.SnapshotNever),
		},
		"on-window-end":  {string(maintenance.WindowEndHold), string(maintenance.WindowEndFinish)},
		"on-failure":     {string(maintenance.OnFailureCompensate), string(maintenance.OnFailureHold)},
		"proxy-parallel": {"1", "2", "3", "4"},
		"day-of-week":    {"0\tSunday", "1", "2", "3", "4", "5", "6\tSaturday"},
		"not-before":     {"now\ttake an earlier one back"},
	}
	byFlag := map[string]completer{
		"state": list(string(fleet.Waiting), string(fleet.Armed), string(fleet.Running), string(fleet.Held),
			string(fleet.Succeeded), string(fleet.Failed), string(fleet.Skipped), string(fleet.UpToDate)),
		"checks": cobra.FixedCompletions([]string{"yaml", "yml", "json"}, cobra.ShellCompDirectiveFilterFileExt),
		"file":   cobra.FixedCompletions([]string{"md", "html", "json"}, cobra.ShellCompDirectiveFilterFileExt),
		"verify": cobra.FixedCompletions([]string{"md", "html", "json"}, cobra.ShellCompDirectiveFilterFileExt),
	}
	complete, special := byFlag[f.Name]
	switch {
	case f.Value.Type() == "bool" || f.Name == "config-file" || strings.HasSuffix(f.Name, "-path"):
		return // the shell's own files, or nothing to say
	case words[f.Name] != nil:
		complete = cobra.FixedCompletions(words[f.Name], cobra.ShellCompDirectiveNoFileComp)
	case !special:
		complete = cobra.NoFileCompletions
	}
	// It fails only for a flag that is not there, or was completed already.
	_ = cmd.RegisterFlagCompletionFunc(f.Name, complete) // it is there
}

// list completes words with commas between them.
func list(words ...string) completer {
	return func(_ *cobra.Command, _ []string, started string) ([]string, cobra.ShellCompDirective) {
		before := started[:strings.LastIndexByte(started, ',')+1]
		var left []string
		for _, word := range words {
			if !slices.Contains(strings.Split(before, ","), word) {
				left = append(left, before+word)
			}
		}
		return left, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	}
}

// completeTimeout is how long a shell's user waits for a completion at most, with
// the connection.
const completeTimeout = 2 * time.Second

// mostCompleted is how many workflows are read for one completion.
const mostCompleted = 200

// asker asks Temporal what an argument may be: what starts with what is typed, as
// far as it can tell. args are those before it.
type asker func(ctx context.Context, c operate.Session, args []string, started string) ([]string, error)

// asking completes by asking Temporal. Where that does not answer in time there is
// nothing to choose from, and no error: someone is typing.
func asking(a *shell.App, each ...asker) completer {
	return func(cmd *cobra.Command, args []string, started string) ([]string, cobra.ShellCompDirective) {
		const directive = cobra.ShellCompDirectiveNoFileComp
		if len(args) >= len(each) || (started != "" && !shell.CampaignForm.MatchString(started)) {
			return nil, directive
		}
		ctx, cancel := context.WithTimeout(cmd.Context(), completeTimeout)
		defer cancel()
		a.Connection.Timeout = min(a.Connection.Timeout, completeTimeout)
		c, err := a.Dial(ctx)
		if err != nil {
			cobra.CompDebugln(err.Error(), false)
			return nil, directive
		}
		defer c.Close()
		found, err := each[len(args)](ctx, c, args, started)
		if err != nil {
			cobra.CompDebugln(err.Error(), false)
		}
		found = slices.DeleteFunc(found, func(line string) bool { return !strings.HasPrefix(line, started) })
		return found, directive
	}
}

// either asks both; what the first found comes first.
func either(first, second asker) asker {
	return func(ctx context.Context, c operate.Session, args []string, started string) ([]string, error) {
		found, err := first(ctx, c, args, started)
		if err != nil {
			return found, err
		}
		more, err := second(ctx, c, args, started)
		return append(found, more...), err
	}
}

// campaigns asks for their names; ended: also of those that have ended.
func campaigns(ended bool) asker {
	return workflowsOf(api.CampaignName, api.CampaignWorkflowID(""), ended,
		func(info *workflowpb.WorkflowExecutionInfo) string {
			return "campaign, " + cmp.Or(operate.AttributeOf(info, operate.StateAttribute),
				strings.ToLower(info.GetStatus().String()))
		})
}

// maintenances asks for the gateways that have one.
func maintenances(ended bool) asker {
	return workflowsOf(api.GatewayMaintenanceName, api.GatewayWorkflowID(""), ended,
		func(info *workflowpb.WorkflowExecutionInfo) string {
			text := "gateway, " + cmp.Or(operate.AttributeOf(info, operate.StateAttribute),
				strings.ToLower(info.GetStatus().String()))
			return text + printer.Prefixed(", of ", operate.AttributeOf(info, operate.CampaignAttribute))
		})
}

// quarantined asks for the gateways that are.
func quarantined() asker {
	return workflowsOf(api.QuarantineName, api.QuarantineWorkflowID(""), false,
		func(info *workflowpb.WorkflowExecutionInfo) string {
			return "quarantined since " + printer.ClockOrDash(info.GetStartTime().AsTime())
		})
}

// workflowsOf asks for workflows of a type by the prefix of their ids, without it.
func workflowsOf(name, prefix string, ended bool, describe func(*workflowpb.WorkflowExecutionInfo) string) asker {
	return func(ctx context.Context, c operate.Session, _ []string, started string) ([]string, error) {
		status := "ExecutionStatus = 'Running'"
		if ended {
			status = "ExecutionStatus != 'ContinuedAsNew'"
		}
		page, err := c.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{
			PageSize: mostCompleted,
			Query:    fmt.Sprintf("WorkflowType = '%s' AND %s AND WorkflowId STARTS_WITH '%s%s'", name, status, prefix, started),
		})
		if err != nil {
			return nil, fmt.Errorf("find what starts with %s: %w", prefix+started, err)
		}
		seen := map[string]bool{}
		var found []string
		for _, info := range page.GetExecutions() { // the last of each id first
			id := strings.TrimPrefix(info.GetExecution().GetWorkflowId(), prefix)
			if !seen[id] {
				found = append(found, id+"\t"+describe(info))
			}
			seen[id] = true
		}
		slices.Sort(found)
		return found, nil
	}
}

// targets asks a campaign, the first argument, for its targets' names; for their
// gateways' ids where such a one is started. With an update: of those about which the
// campaign would take it.
func targets(update string) asker {
	return func(ctx context.Context, c operate.Session, args []string, started string) ([]string, error) {
		if shell.IsGateway(args[0]) {
			return nil, nil
		}
		g, err := operate.FindCampaign(ctx, c, args[0])
		if err != nil {
			return nil, err
		}
		rows, err := operate.AllRows(ctx, c, g)
		var found []string
		for _, r := range rows {
			if update != "" && !api.TargetMay(update, r.State, fleet.Unavailable(r.Blocker)) {
				continue
			}
			name := r.Name
			if shell.IsGateway(started) {
				name = r.Gateway
			}
			found = append(found, name+"\t"+string(r.State)+printer.Prefixed(", ", string(r.Blocker)))
		}
		return found, err
	}
}

// blockingChecks asks a campaign or a gateway's maintenance, the first argument, for the health checks that do not
// pass.
func blockingChecks() asker {
	return func(ctx context.Context, c operate.Session, args []string, _ string) ([]string, error) {
		var found []string
		add := func(check, state string) {
			line := check + "\t" + state
			if !slices.Contains(found, line) {
				found = append(found, line)
			}
		}
		if shell.IsGateway(args[0]) {
			status, err := operate.ReadStatus(ctx, c, api.GatewayWorkflowID(args[0]), "")
			for _, r := range status.Checks {
				if r.State != string(health.Passing) {
					add(r.Check, r.State)
				}
			}
			return found, err
		}
		g, err := operate.FindCampaign(ctx, c, args[0])
		if err != nil {
			return nil, err
		}
		var status fleet.Status
		err = g.Ask(ctx, c, api.StatusQuery, &status)
		for _, line := range status.Checks {
			add(line.Check, string(line.State))
		}
		return found, err
	}
}

// scheduleNames asks for the names of the schedules that start campaigns.
func scheduleNames() asker {
	return func(ctx context.Context, c operate.Session, _ []string, _ string) ([]string, error) {
		all, err := schedules.List(ctx, c)
		if err != nil {
			return nil, err
		}
		found := make([]string, 0, len(all))
		for _, s := range all {
			text := s.When
			if s.Paused {
				text = "paused"
			}
			found = append(found, s.Name+"\t"+strings.ReplaceAll(text, "\n", "; "))
		}
		return found, nil
	}
}
