package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/term"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// screen shows how far the targets are, by their place in the fleet. Its
// methods may be called from many goroutines at once.
type screen interface {
	update(target int, status maintenance.Status)
	close()
}

// newScreen draws bars on a terminal, and writes lines elsewhere.
func newScreen(out io.Writer, fleet []member, begin time.Time) screen {
	if width, ok := terminal(out); ok {
		return newBars(out, fleet, width)
	}
	return &lines{out: out, fleet: fleet, begin: begin, last: make([]maintenance.Status, len(fleet))}
}

// terminal is the width of the terminal that out is, if it is one whose cursor
// can be moved.
func terminal(out io.Writer) (width int, ok bool) {
	file, isFile := out.(*os.File)
	if !isFile || os.Getenv("TERM") == "dumb" || !term.IsTerminal(int(file.Fd())) {
		return 0, false
	}
	width, _, err := term.GetSize(int(file.Fd()))
	return width, err == nil
}

// headline says in a few words where a run is.
func headline(s maintenance.Status, now time.Time) string {
	switch {
	case s.Step == "":
		return "starts"
	case s.Result != nil && s.Result.State != maintenance.StateCompleted && len(s.Proxies) > 0:
		return string(s.Result.State) + "  " + proxiesSoFar(s.Proxies)
	case s.Result != nil:
		return string(s.Result.State) + "  " + s.Result.Summary
	}
	return place(s.Step) + " " + activity(s, now)
}

// place is a step's name with its number, in columns.
func place(step maintenance.Step) string {
	return fmt.Sprintf("%d/%d %-15s", stepNumber(step), len(maintenance.Steps()), step)
}

// activity is what a run does, or why it does not, at this moment.
func activity(s maintenance.Status, now time.Time) string {
	switch {
	case s.Blocker == maintenance.BlockedByApproval:
		return "waits for an approval"
	case s.Blocker == maintenance.BlockedByWindow && s.Next != nil:
		return "the window opens in " + countdown(s.Next.Sub(now))
	case waits(s) && s.Next != nil:
		return fmt.Sprintf("waits (%s), may begin in %s", s.Blocker, countdown(s.Next.Sub(now)))
	case waits(s):
		return fmt.Sprintf("waits (%s)", s.Blocker)
	case s.PastNoReturn:
		return "past the point of no return"
	case s.Step == maintenance.StepProxies:
		return proxiesSoFar(s.Proxies)
	case len(s.Snapshots) > 0 && (s.Step == maintenance.StepSnapshot || s.Step == maintenance.StepUpdate):
		return fmt.Sprintf("%d of %d snapshots completed", completed(s.Snapshots), len(s.Snapshots))
	}
	return ""
}

func completed(snapshots []maintenance.SnapshotOutcome) int {
	n := 0
	for _, s := range snapshots {
		if s.Completed {
			n++
		}
	}
	return n
}

// proxiesSoFar counts the proxies by state, in the order in which they come.
func proxiesSoFar(proxies []maintenance.ProxyOutcome) string {
	counts := map[maintenance.ProxyState]int{}
	var order []maintenance.ProxyState
	for _, p := range proxies {
		if counts[p.State]++; counts[p.State] == 1 {
			order = append(order, p.State)
		}
	}
	text := ""
	for _, state := range order {
		if text != "" {
			text += ", "
		}
		text += fmt.Sprintf("%d %s", counts[state], state)
	}
	return text
}

// countdown writes a duration as m:ss; one that is over is 0:00.
func countdown(d time.Duration) string {
	seconds := int(max(d, 0).Round(time.Second).Seconds())
	return fmt.Sprintf("%d:%02d", seconds/60, seconds%60)
}

// stepNumber is a step's place, from 1; 0 for none.
func stepNumber(step maintenance.Step) int {
	for i, s := range maintenance.Steps() {
		if s == step {
			return i + 1
		}
	}
	return 0
}

func over(state maintenance.StepState) bool {
	return state == maintenance.StepDone || state == maintenance.StepSkipped || state == maintenance.StepFailed
}

// lines writes one line for each thing that happened to a target, with the
// time since the demo's begin.
type lines struct {
	out   io.Writer
	fleet []member
	begin time.Time

	mu   sync.Mutex
	last []maintenance.Status
}

func (l *lines) update(target int, status maintenance.Status) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	for _, text := range news(l.last[target], status, now) {
		_, _ = fmt.Fprintf(l.out, "%6.1fs  %-*s %s\n", now.Sub(l.begin).Seconds(), nameWidth, l.fleet[target].target.Name, text) //nolint:errcheck // a closed pipe does not stop the maintenances
	}
	l.last[target] = status
}

func (l *lines) close() {}

// news is what a status says that the one before did not.
func news(before, after maintenance.Status, now time.Time) []string {
	var texts []string
	for _, d := range after.Decisions[min(len(before.Decisions), len(after.Decisions)):] {
		texts = append(texts, fmt.Sprintf("%s by %s: %s", d.What, d.By, d.Why))
	}
	texts = append(texts, newlySettled(before.Ledger, after.Ledger)...)
	texts = append(texts, newlyOver(before.Steps, after.Steps)...)
	if waits(after) && (after.Blocker != before.Blocker || after.Reason != before.Reason) {
		texts = append(texts, fmt.Sprintf("%s waits (%s): %s%s", place(after.Step), after.Blocker, after.Reason, in(after.Next, now)))
	}
	if after.Result != nil && before.Result == nil {
		texts = append(texts, fmt.Sprintf("%s. %s", after.Result.State, after.Result.Summary))
	}
	return texts
}

func newlySettled(before, after []maintenance.Change) []string {
	var texts []string
	for i, c := range after {
		if settled(c.State) && (i >= len(before) || before[i].State != c.State) {
			texts = append(texts, fmt.Sprintf("%s: %s", c.State, c.What))
		}
	}
	return texts
}

func newlyOver(before, after []maintenance.StepReport) []string {
	var texts []string
	for i, step := range after {
		if over(step.State) && (i >= len(before) || !over(before[i].State)) {
			texts = append(texts, fmt.Sprintf("%s %s: %s", place(step.Step), step.State, step.Note))
		}
	}
	return texts
}

func waits(s maintenance.Status) bool { return s.Blocker != maintenance.NotBlocked }

// settled is true for the two ends of a compensation.
func settled(s maintenance.ChangeState) bool {
	return s == maintenance.ChangeTakenBack || s == maintenance.ChangeStuck
}

func in(next *time.Time, now time.Time) string {
	if next == nil {
		return ""
	}
	return "; in " + countdown(next.Sub(now))
}
