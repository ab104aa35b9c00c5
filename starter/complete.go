package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/operate"
	"github.com/tidegate/tidegate/internal/show"
	"github.com/tidegate/tidegate/workflows/api"
)

// completer gives what may stand at the place of an argument, with a description
// after a tab.
type completer = cobra.CompletionFunc

// completions has the shell complete every argument and flag. What is not said
// here is not completed: cobra would offer the folder's files.
func completions(root *cobra.Command, a *app) {
	byPath := a.completers()
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
func (a *app) completers() map[string]completer {
	file := files("yaml", "yml", "json")
	subject := a.live(either(campaigns(true), maintenances(true)), targets(""))
	all := map[string]completer{
		"run": argument(file), "plan": argument(file), "validate": file, "doctor": argument(file),
		"watch": a.live(either(campaigns(true), maintenances(true))), "status": subject, "report": a.live(campaigns(true)),
	}
	for _, o := range operate.Orders() {
		all[o.Update] = a.live(orderCompleters(o)...)
	}
	all["schedule create"] = argument(cobra.NoFileCompletions, file)
	all["schedule update"] = argument(a.live(schedules()), file)
	all["schedule describe"] = a.live(schedules())
	for _, o := range scheduleOrders() {
		all["schedule "+o.name] = a.live(schedules())
	}
	return all
}

// orderCompleters are those of an order's arguments: only what runs can obey.
func orderCompleters(o operate.Order) []asker {
	var second []asker
	if o.Campaign == operate.OfTarget || o.Campaign == operate.OfEither {
		second = []asker{targets(o.Update)}
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
	return func(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
		if len(args) >= len(each) {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return each[len(args)](cmd, args, begun)
	}
}

func files(endings ...string) completer {
	return cobra.FixedCompletions(endings, cobra.ShellCompDirectiveFilterFileExt)
}

// completeFlag completes a flag's value.
func completeFlag(cmd *cobra.Command, f *pflag.Flag) {
	words := map[string][]string{
		"output":         {show.FormTable, show.FormJSON, show.FormYAML},
		"format":         {"md", "html", "json"},
		"snapshot":       {string(maintenance.SnapshotAfter), string(maintenance.SnapshotBefore), string(maintenance.SnapshotBoth), string(maintenance.SnapshotNever)},
		"on-window-end":  {string(maintenance.WindowEndHold), string(maintenance.WindowEndFinish)},
		"on-failure":     {string(maintenance.OnFailureCompensate), string(maintenance.OnFailureHold)},
		"proxy-parallel": {"1", "2", "3", "4"},
		"day-of-week":    {"0\tSunday", "1", "2", "3", "4", "5", "6\tSaturday"},
		"not-before":     {"now\ttake an earlier one back"},
	}
	byFlag := map[string]completer{
		"state":  list(string(fleet.Waiting), string(fleet.Running), string(fleet.Held), string(fleet.Succeeded), string(fleet.Failed), string(fleet.Skipped), string(fleet.Current)),
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
	_ = cmd.RegisterFlagCompletionFunc(f.Name, complete) //nolint:errcheck // it is there
}

// list completes words with commas between them.
func list(words ...string) completer {
	return func(_ *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
		before := begun[:strings.LastIndexByte(begun, ',')+1]
		var left []string
		for _, word := range words {
			if !slices.Contains(strings.Split(before, ","), word) {
				left = append(left, before+word)
			}
		}
		return left, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	}
}
