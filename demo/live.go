package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/term"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// screen shows how the campaign goes.
type screen interface {
	update(m moment, now time.Time)
	close()
}

// newScreen draws bars on a terminal, and writes lines elsewhere.
func newScreen(out io.Writer, targets []member, begin time.Time) screen {
	if width, height, ok := terminal(out); ok {
		return newBars(out, targets, width, height)
	}
	return &lines{out: out, begin: begin, said: map[string]string{}, last: map[string]maintenance.Status{}}
}

// terminal is the size of the terminal that out is, if it is one whose cursor can
// be moved.
func terminal(out io.Writer) (width, height int, ok bool) {
	file, isFile := out.(*os.File)
	if !isFile || os.Getenv("TERM") == "dumb" || !term.IsTerminal(int(file.Fd())) {
		return 0, 0, false
	}
	width, height, err := term.GetSize(int(file.Fd()))
	return width, height, err == nil
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
	case s.Blocker == maintenance.BlockedByFailure:
		return "HELD until a person decides: " + s.Reason
	case s.Blocker == maintenance.BlockedByWindow && s.Next != nil:
		return "AWS may be first; goes on in " + countdown(s.Next.Sub(now))
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

// countdown writes a duration as m:ss, a long one as hours; one that is over is
// 0:00.
func countdown(d time.Duration) string {
	seconds := int(max(d, 0).Round(time.Second).Seconds())
	if seconds >= 2*3600 {
		return fmt.Sprintf("%d hours", seconds/3600)
	}
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

func waits(s maintenance.Status) bool { return s.Blocker != maintenance.NotBlocked }
