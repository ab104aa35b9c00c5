package schedule

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/tidegate/tidegate/internal/cli/campaign"
	"github.com/tidegate/tidegate/internal/cli/shell"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/namespace"
	"github.com/tidegate/tidegate/internal/operate"
	"github.com/tidegate/tidegate/internal/operate/schedules"
	"github.com/tidegate/tidegate/internal/printer"
	"github.com/tidegate/tidegate/workflows/api"
	"github.com/tidegate/tidegate/workflows/webui"
)

// scheduleCreate is a schedule that is to be made.
type scheduleCreate struct {
	when      whenFlags
	catchup   maintenance.Duration
	note, by  string
	queue     string
	paused    bool
	name      string
	file      string
	plan      campaign.PlanFile
	scheduled client.ScheduleSpec
}

// defaultCatchup is how late a campaign may start. Temporal's own default is a
// year.
const defaultCatchup = maintenance.Duration(time.Hour)

// minCatchup is the least that Temporal knows.
const minCatchup = 10 * time.Second

func newCreate(a *shell.App) *cobra.Command {
	s := &scheduleCreate{catchup: defaultCatchup}
	cmd := &cobra.Command{
		Use:   `create NAME FILE (--cron "0 2 * * 1" | --calendar "Mon 02:00" | --every 168h)`,
		Short: "Create a schedule that starts the campaign of a plan repeatedly",
		Long: "create makes a schedule. The schedule stores a copy of the plan, with its freezes in UTC. If the plan file\n" +
			"or a calendar of freezes changes, run schedule update. A start is skipped while the schedule's last\n" +
			"campaign still runs. After a failed campaign the schedule pauses.",
		Example: "  tidegate schedule create weekly plan.yaml --calendar \"Mon 02:00\"\n" +
			"  tidegate schedule create monthly plan.yaml --cron \"0 2 1 * *\" --note CHG-1234 --paused",
		Args: shell.Arguments("NAME", "FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			s.name, s.file = args[0], args[1]
			return s.create(cmd, a)
		},
	}
	s.when.register(cmd)
	s.when.faults.Text(cmd, &s.catchup, "catchup", "duration", shell.WantDuration, "how late a campaign may start after Temporal was down; must be less than the plan's window")
	cmd.Flags().StringVar(&s.note, "note", "", "note about the schedule")
	cmd.Flags().BoolVar(&s.paused, "paused", false, "create it paused; schedule resume starts it")
	cmd.Flags().StringVar(&s.queue, "task-queue", api.TaskQueue, "Temporal task queue of the workers")
	cmd.Flags().StringVar(&s.by, "by", "", "your name, for the record (default: your login name)")
	a.OutputFlag(cmd)
	return cmd
}

func (s *scheduleCreate) create(cmd *cobra.Command, a *shell.App) error {
	var err error
	errs := []error{scheduleArgument(s.name), a.CheckOutput(), shell.Who(cmd, &s.by)}
	s.scheduled, err = s.when.spec(cmd)
	errs = append(errs, err)
	if s.queue == "" {
		errs = append(errs, maintenance.Invalid("--task-queue", "", "a name, such as tidegate"))
	}
	s.plan, err = schedulablePlan(cmd, s.file, time.Now())
	if err == nil {
		err = checkCatchup(s.catchup, s.plan)
	}
	c, err := a.Dial(cmd.Context(), append(errs, err)...)
	if err != nil {
		return err
	}
	defer c.Close()
	if _, err := c.ScheduleClient().Create(cmd.Context(), s.options()); err != nil {
		return s.failure(cmd.Context(), c, err)
	}
	cmd.PrintErrf("Created the schedule %s.\n", s.name)
	printFreezes(cmd, s.name, s.file, s.plan, time.Now())
	return describe(a, cmd, c, s.name)
}

// schedulablePlan reads a plan file that a schedule can keep: a schedule's input
// is one payload.
func schedulablePlan(cmd *cobra.Command, path string, now time.Time) (campaign.PlanFile, error) {
	p, err := campaign.ReadPlan(cmd, path, now)
	if err != nil {
		return p, err
	}
	if n, most := len(p.Plan.Targets), api.Page(p.Plan.Targets); n > most {
		return p, fmt.Errorf("%s names %d targets, and a schedule takes at most %d of this size; use selectors, which also find new gateways",
			path, n, most)
	}
	return p, nil
}

// checkCatchup keeps a campaign from starting when the windows that it was meant
// for are over.
func checkCatchup(catchup maintenance.Duration, p campaign.PlanFile) error {
	if length := p.Plan.Policy.WindowLength; catchup >= length || catchup.Std() < minCatchup {
		return maintenance.Invalid("--catchup", catchup.String(), fmt.Sprintf(
			"10s or more, and less than the plan's window.duration, %s: a campaign that starts later has missed its windows", length))
	}
	return nil
}

func (s *scheduleCreate) options() client.ScheduleOptions {
	note := s.note
	if note == "" {
		note = "created by " + s.by
	}
	return client.ScheduleOptions{
		ID:             s.name,
		Spec:           s.scheduled,
		Action:         campaignAction(s.plan, s.queue, s.name, s.by),
		Overlap:        enumspb.SCHEDULE_OVERLAP_POLICY_SKIP,
		CatchupWindow:  s.catchup.Std(),
		PauseOnFailure: true,
		Note:           note,
		Paused:         s.paused,
		Memo:           map[string]any{schedules.MemoAbout: s.note},
	}
}

// campaignAction starts the campaign as tidegate run does, in the name of the person who
// gave the schedule its plan: that person may not approve it either.
func campaignAction(p campaign.PlanFile, queue, schedule, by string) *client.ScheduleWorkflowAction {
	start := campaign.StartOptions(p, api.CampaignWorkflowID(p.Plan.Name), queue)
	in := campaign.Input(p, by)
	in.Schedule = schedule
	return &client.ScheduleWorkflowAction{
		ID:                    start.ID,
		Workflow:              api.CampaignName,
		Args:                  []any{in},
		TaskQueue:             start.TaskQueue,
		Memo:                  start.Memo,
		TypedSearchAttributes: start.TypedSearchAttributes,
		StaticSummary:         start.StaticSummary,
		StaticDetails:         start.StaticDetails,
	}
}

// failure is why Temporal did not make the schedule. A namespace without the search
// attributes is refused like a wrong time: only a read shows which it was.
func (s *scheduleCreate) failure(ctx context.Context, c operate.Session, err error) error {
	if errors.Is(err, temporal.ErrScheduleAlreadyRunning) {
		return fmt.Errorf("the schedule %s already exists, and nothing was changed; to show it: tidegate schedule describe %s; "+
			"to give it the plan, run: tidegate schedule update %s %s; to delete it: tidegate schedule delete %s --why TEXT", s.name, s.name, s.name, s.file, s.name)
	}
	if _, invalid := errors.AsType[*serviceerror.InvalidArgument](err); !invalid {
		return schedules.Failure(c.Namespace, s.name, "create", err)
	}
	ctx, cancel := context.WithTimeout(ctx, operate.AnswerTimeout)
	defer cancel()
	missing, lookErr := namespace.Missing(ctx, c, c.Namespace, webui.SearchAttributes())
	switch {
	case len(missing) > 0:
		return fmt.Errorf("create the schedule %s: namespace %s lacks search attributes of Tidegate; nothing was created; to register them: tidegate setup --namespace %s",
			s.name, c.Namespace, c.Namespace)
	case lookErr == nil && s.when.cron != "":
		return shell.Usage(fmt.Errorf("%w: Temporal says %w", maintenance.Invalid("--cron", s.when.cron, "an existing time"),
			err))
	}
	return fmt.Errorf("create the schedule %s: nothing was created; to check the setup: tidegate doctor: %w", s.name, err)
}

// freezesAhead is how far recurring freezes are written out when a plan file is
// read.
const freezesAhead = 400 * 24 * time.Hour

// printFreezes says what a schedule's campaigns do not know of by themselves.
func printFreezes(cmd *cobra.Command, name, file string, p campaign.PlanFile, now time.Time) {
	campaign.PrintWarnings(cmd, p.Plan)
	when := "when it changes"
	if end := schedules.FreezesEnd(p.Plan.Policy.Freezes); end.IsZero() {
		cmd.PrintErrln("The plan has no future freezes.")
	} else {
		written := now.Add(freezesAhead).UTC().Format(time.DateOnly)
		cmd.PrintErrf("The plan's freezes are known until %s; recurring events were expanded until %s.\n", printer.Clock(&end), written)
		when += ", and before " + written
	}
	cmd.PrintErrf("The schedule stores a copy of the file; %s, run: tidegate schedule update %s %s\n", when, name, file)
}

// newUpdate is the command that gives a schedule a changed plan.
func newUpdate(a *shell.App) *cobra.Command {
	var by string
	cmd := &cobra.Command{
		Use:   "update NAME FILE",
		Short: "Update the plan of a schedule",
		Long: "update reads the plan file and its freezes again, for the campaigns that the schedule starts from now on.\n" +
			"A running campaign keeps the plan that it started with. The times, the pause and the notes stay.",
		Example: "  tidegate schedule update weekly plan.yaml",
		Args:    shell.Arguments("NAME", "FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := schedulablePlan(cmd, args[1], time.Now())
			c, err := a.Dial(cmd.Context(), scheduleArgument(args[0]), a.CheckOutput(), shell.Who(cmd, &by), err)
			if err != nil {
				return err
			}
			defer c.Close()
			if err := updateSchedule(cmd.Context(), c, args[0], p, by); err != nil {
				return err
			}
			cmd.PrintErrf("The schedule %s has its new plan.\n", args[0])
			printFreezes(cmd, args[0], args[1], p, time.Now())
			return describe(a, cmd, c, args[0])
		},
	}
	cmd.Flags().StringVar(&by, "by", "", "your name, for the record (default: your login name)")
	a.OutputFlag(cmd)
	return cmd
}

func updateSchedule(ctx context.Context, c operate.Session, name string, p campaign.PlanFile, by string) error {
	s, err := schedules.Find(ctx, c, name)
	if err != nil {
		return err
	}
	if before := s.Input().Plan.Name; before != p.Plan.Name {
		return shell.Usage(fmt.Errorf("the schedule %s is for the plan %s, not for %s; to create another: tidegate schedule create", name, before, p.Plan.Name))
	}
	if err := checkCatchup(maintenance.Duration(s.Described.Schedule.Policy.CatchupWindow), p); err != nil {
		return shell.Usage(fmt.Errorf("delete the schedule and create it again: %w", err))
	}
	action := campaignAction(p, s.Action.TaskQueue, name, by)
	err = s.Update(ctx,
		client.ScheduleUpdateOptions{DoUpdate: func(in client.ScheduleUpdateInput) (*client.ScheduleUpdate, error) {
			changed := in.Description.Schedule
			changed.Action = action
			return &client.ScheduleUpdate{Schedule: &changed}, nil
		}})
	if err != nil {
		return schedules.Failure(c.Namespace, name, "update", err)
	}
	return s.Until(ctx, func(d *client.ScheduleDescription) bool {
		return d.Info.LastUpdateAt.After(s.Described.Info.LastUpdateAt)
	})
}
