package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	campaignview "github.com/tidegate/tidegate/internal/cli/campaign"
	"github.com/tidegate/tidegate/internal/live"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/operate"
	"github.com/tidegate/tidegate/internal/printer"
)

// screen shows how the campaign goes.
type screen interface {
	update(m observation, now time.Time)
	close()
}

// newScreen is the live view on a terminal, and lines elsewhere.
func newScreen(ctx context.Context, t terminal, s *stage, c *campaign, start time.Time) screen {
	plain := &lines{out: t.out, start: start, said: map[string]string{}, last: map[string]maintenance.Status{}}
	if !printer.Interactive(t.in, t.out) {
		return plain
	}
	return newView(ctx, t, s, c, plain)
}

// terminal is where the demo is seen, and perhaps typed to. interrupt ends it.
type terminal struct {
	in        io.Reader
	out       io.Writer
	interrupt func()
}

// view is tidegate watch on the whole terminal, and lines once the user has left
// it.
type view struct {
	*lines
	out  io.Writer
	left chan struct{} // closed once the terminal is as it was
}

func newView(ctx context.Context, t terminal, s *stage, c *campaign, plain *lines) *view {
	v := &view{lines: plain, out: t.out, left: make(chan struct{})}
	options := live.Options{
		Name: c.name, Note: "Web UI " + s.runsPage(), By: operate.LoginName(),
		Leave: true, In: t.in, Out: t.out,
	}
	go func() {
		defer close(v.left)
		last, err := live.Run(ctx, options, campaignview.NewSource(s.session(), operate.Started(c.name, c.run)))
		switch {
		case errors.Is(err, live.ErrInterrupted):
			t.interrupt()
		case err != nil && ctx.Err() == nil:
			_, _ = fmt.Fprintf(t.out, "%v; here are lines\n", err) // see printer
		case !last.Ended():
			_, _ = fmt.Fprintf(t.out, "The campaign goes on, in lines; see all of it again with: %s\n", s.tidegate("watch "+c.name)) // see printer
		}
	}()
	return v
}

// update writes what is new once the view is left; what it showed is not said again.
func (v *view) update(m observation, now time.Time) {
	v.lines.out = io.Discard
	select {
	case <-v.left:
		v.lines.out = v.out
	default:
	}
	v.lines.update(m, now)
}

// close waits for the view to end, which it does with the campaign or ctx.
func (v *view) close() { <-v.left }

// place is a step's name with its number, in columns.
func place(step maintenance.Step) string {
	return fmt.Sprintf("%d/%d %-15s", stepNumber(step), len(maintenance.Steps()), step)
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
	counts := make(map[maintenance.ProxyState]int)
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
