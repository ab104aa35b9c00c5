package report

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
)

// mostRows is how many targets the picture has at most; the tables have all.
const mostRows = 500

// The picture's heights, in pixels.
const (
	headHeight = 58.0
	rowHeight  = 24.0
	labelWidth = 180.0
	rightSpace = 120.0 // for the last row's words
)

// sheetRows is how many targets stand under one head: so many fit a printed page.
const sheetRows = 40

// gantt is the fleet's timeline, measured out.
type gantt struct {
	Width, LabelWidth float64
	Ticks             []tick
	Breaks            []float64
	Decisions         []bar
	Sheets            []sheet
	Left              int // targets that are not drawn
}

// sheet are some of the targets, under a head of their own.
type sheet struct {
	Height, Bottom float64
	Rows           []ganttRow
	Freezes        []bar
}

// ganttRow is one target.
type ganttRow struct {
	Y, TextY float64
	Label    string
	Class    string // of its state
	Bars     []bar
	Note     string // margin or overrun
	NoteX    float64
	NoteBad  bool
}

// bar is a rectangle with its meaning.
type bar struct {
	X, Y, Width, Height float64
	Class               string
	Title               string
}

// ganttOf measures the timeline of a campaign. It has no rows where nothing ran.
func ganttOf(d Document) gantt {
	var work, windows []interval
	var drawn []Target
	for _, t := range d.Targets {
		of := workOf(t, d.AsOf)
		if len(of) == 0 {
			continue
		}
		drawn, work = append(drawn, t), append(work, of...)
		for _, r := range t.Runs {
			if r.Result != nil && r.Result.Window != nil {
				windows = append(windows, interval{r.Result.Window.Start, r.Result.Window.End})
			}
		}
	}
	if len(drawn) == 0 {
		return gantt{}
	}
	a := newAxis(work, windows)
	g := gantt{
		Left: max(0, len(drawn)-mostRows), Width: labelWidth + a.width + rightSpace, LabelWidth: labelWidth,
		Ticks: a.ticks(), Breaks: a.breaks(),
	}
	for targets := range slices.Chunk(most(drawn), sheetRows) {
		g.Sheets = append(g.Sheets, sheetOf(a, targets, d))
	}
	for _, decision := range d.Decisions {
		g.Decisions = append(g.Decisions, bar{
			X: a.at(decision.At), Y: headHeight - 8, Title: fmt.Sprintf("%s %s by %s: %s", stamp(decision.At),
				cmp.Or(decision.Target, d.Name), decision.By, decision.Text()),
		})
	}
	return g
}

// most are as many targets as are drawn, in their order: those that went as planned
// give way to the others.
func most(drawn []Target) []Target {
	left := len(drawn) - mostRows
	rest := slices.Clone(drawn)
	for i := len(rest) - 1; i >= 0 && left > 0; i-- {
		if r := rest[i].Latest(); rest[i].State == fleet.Succeeded && r != nil && r.Overrun == 0 {
			rest = slices.Delete(rest, i, i+1)
			left--
		}
	}
	return rest[:min(len(rest), mostRows)]
}

func sheetOf(a axis, targets []Target, d Document) sheet {
	s := sheet{Bottom: headHeight + float64(len(targets))*rowHeight}
	s.Height = s.Bottom + 6
	for i, t := range targets {
		s.Rows = append(s.Rows, rowOf(a, t, headHeight+float64(i)*rowHeight, d.AsOf))
	}
	for _, f := range d.Plan.Policy.Freezes {
		if b := barOf(a, interval{f.From, f.To}, headHeight, s.Bottom-headHeight); b.Width > 0 {
			b.Class, b.Title = "freeze", fmt.Sprintf("freeze until %s: %s", stamp(f.To), f.Reason)
			s.Freezes = append(s.Freezes, b)
		}
	}
	return s
}

// workOf are the times in which a target was being worked on.
func workOf(t Target, asOf time.Time) (all []interval) {
	for _, r := range t.Runs {
		if r.Start.IsZero() {
			continue // its history is gone
		}
		if r.Result == nil {
			all = append(all, without(interval{r.Start, r.EndBy(asOf)}, holds(r.Failed, r.EndBy(asOf)))...)
			continue
		}
		for _, s := range r.Result.Steps {
			if s.Step != maintenance.StepWait && s.Start != nil && s.End != nil {
				all = append(all, without(interval{*s.Start, *s.End}, holdsIn(s))...)
			}
		}
	}
	return all
}

// holds are the times in which a run waited for a person.
func holds(failed []maintenance.StepFailure, end time.Time) (all []interval) {
	for _, f := range failed {
		all = append(all, interval{f.At, f.At.Add(f.Held(end))})
	}
	return all
}

// holdsIn are those of a step that has ended.
func holdsIn(s maintenance.StepReport) (all []interval) {
	for _, f := range s.Failed {
		all = append(all, interval{f.At, f.At.Add(f.Held(*s.End))})
	}
	return all
}

// without is a time without others, which lie in it and follow one another.
func without(whole interval, others []interval) (left []interval) {
	for _, other := range others {
		if other.from.After(whole.from) {
			left = append(left, interval{whole.from, other.from})
		}
		whole.from = other.to
	}
	if whole.to.After(whole.from) || len(others) == 0 {
		left = append(left, whole)
	}
	return left
}

func barOf(a axis, i interval, y, height float64) bar {
	from, to := a.at(i.from), a.at(i.to)
	return bar{X: from, Y: y, Width: to - from, Height: height}
}

// thinnest is how wide a bar is at least: a step of a second is one.
const thinnest = 2

func rowOf(a axis, t Target, y float64, asOf time.Time) ganttRow {
	row := ganttRow{Y: y, TextY: y + rowHeight*0.68, Label: t.Name, Class: string(t.State)}
	draw := func(i interval, class, title string, inset float64) {
		b := barOf(a, i, y+inset, rowHeight-2*inset)
		b.Width, b.Class, b.Title = max(b.Width, thinnest), class, t.Name+": "+title
		row.Bars = append(row.Bars, b)
		row.NoteX = max(row.NoteX, b.X+b.Width+6)
	}
	for _, r := range t.Runs {
		if r.Start.IsZero() {
			continue
		}
		if r.Result == nil {
			unrecorded(draw, r, asOf)
			continue
		}
		steps(draw, *r.Result)
		if w := r.Result.Window; w != nil {
			b := barOf(a, interval{w.Start, w.End}, y+2, rowHeight-4)
			b.Class, b.Title = "window", fmt.Sprintf("%s: window %s to %s", t.Name, stamp(w.Start), stamp(w.End))
			row.Bars = slices.Insert(row.Bars, 0, b)
			if r.Result.Overrun > 0 {
				draw(interval{w.End, w.End.Add(r.Result.Overrun.Std())}, "overrun",
					"past the window's end by "+dur(r.Result.Overrun), 2)
			}
		}
		row.Note, row.NoteBad = marginOf(*r.Result)
	}
	return row
}

// unrecorded draws a run of which there is no record, or none yet.
func unrecorded(draw func(i interval, class, title string, inset float64), r Run, asOf time.Time) {
	class, title := "open", r.Ended+", no record"
	if r.Ended == RunRunning {
		class, title = "progress", "in progress"
	}
	end := r.EndBy(asOf)
	for _, piece := range without(interval{r.Start, end}, holds(r.Failed, end)) {
		draw(piece, class, title, 6)
	}
	for _, f := range r.Failed {
		drawHold(draw, f, end)
	}
}

func drawHold(draw func(i interval, class, title string, inset float64), f maintenance.StepFailure, end time.Time) {
	held := f.Held(end)
	draw(interval{f.At, f.At.Add(held)}, "held", fmt.Sprintf("%s held for %s", f.Step, dur(maintenance.Duration(held))), 6)
}

// steps draws a run's steps that took time.
func steps(draw func(i interval, class, title string, inset float64), r maintenance.Result) {
	for _, s := range r.Steps {
		if s.Start == nil || s.End == nil || !s.End.After(*s.Start) || s.Step == maintenance.StepWait {
			continue
		}
		class := "step " + string(s.Step)
		if s.State == maintenance.StepFailed {
			class += " broken"
		}
		for _, piece := range without(interval{*s.Start, *s.End}, holdsIn(s)) {
			draw(piece, class, fmt.Sprintf("%s %s, %s", s.Step, s.State, dur(maintenance.Duration(s.Took()))), 6)
		}
		for _, f := range s.Failed {
			drawHold(draw, maintenance.StepFailure{Step: s.Step, FailedAttempt: f}, *s.End)
		}
	}
}

// marginOf says how far from its window's end a run ended its work.
func marginOf(r maintenance.Result) (text string, bad bool) {
	switch {
	case r.Overrun > 0:
		return "over by " + dur(r.Overrun), true
	case r.Margin > 0:
		return "margin " + dur(r.Margin), false
	}
	return "", false
}
