package campaign

import (
	"strings"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/tidegate/tidegate/activities"
	"github.com/tidegate/tidegate/activities/names"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/workflows/call"
	"github.com/tidegate/tidegate/workflows/target"
	"github.com/tidegate/tidegate/workflows/webui"
)

// judgeMarks notes what runs that have ended have left on a target, which is work to do.
// It fails where a mark may be somebody's: the target is then read again later. A target
// that is unavailable otherwise is read again once that has ended.
func (r *batch) judgeMarks(ctx workflow.Context, l *line, found ...maintenance.Marked) error {
	if len(found) == 0 {
		return nil
	}
	judged, err := call.Do(ctx, r.reading(surveyLimit, "which run has marked "+l.Target.Gateway.ID()+"?"),
		call.Engine.JudgeMarks,
		activities.MarksLookup{Marks: found, Pace: r.in.Plan.Policy.Pace})
	if err != nil {
		return err
	}
	for _, m := range judged {
		if bars := m.Bars(); bars != "" && l.obstacle.WorkflowID == "" {
			return temporal.NewNonRetryableApplicationError(bars, names.TypeMarked, nil)
		}
		if m.Leftover() {
			l.Marks, l.Anomalies = append(l.Marks, m), append(l.Anomalies, m.String())
		}
	}
	return nil
}

// tellUnmarkable says which settings the plan wants changed for a while that are not, since
// the gateway has no room for the mark.
func (l *line) tellUnmarkable(policy maintenance.Policy, out activities.SurveyOutput) {
	wanted := policy.AutomaticUpdates == maintenance.AutomaticUpdatesHold && out.Gateway.UpdateOffered()
	if wanted && out.Full != "" && len(out.Marks) == 0 && target.Holdable(out.AutomaticUpdates) {
		l.Anomalies = append(l.Anomalies, target.NotHeld(out.AutomaticUpdates, out.Full))
	}
}

// leftovers are the marks of a target in a note.
func leftovers(marks []maintenance.Marked) string {
	var all []string
	for _, m := range marks {
		all = append(all, m.String())
	}
	return webui.CutNote(strings.Join(all, "; "))
}
