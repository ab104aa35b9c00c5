package faultmatrix_test

import (
	"context"
	"flag"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/tidegate/tidegate/internal/namespace"
	"github.com/tidegate/tidegate/test/faultmatrix"
	"github.com/tidegate/tidegate/workflows/webui"
)

var (
	only   = flag.String("cell", "", "play only what matches this regular expression, such as 'CreateSnapshot.*lost'")
	atOnce = flag.Int("cells", 16, "play so many cells at once")
)

// patience is how long one cell may take, on a machine that has more to do.
const patience = 10 * time.Minute

// played is one thing of the list that was played.
type played struct {
	name     string
	scenario faultmatrix.Scenario
	cell     *faultmatrix.Cell // nil for a scenario without a fault of the matrix
	promise  faultmatrix.Promise

	faults []string // how the run differs from the promise
	took   time.Duration
}

// everything is the whole list: what takes long goes first.
func everything() []*played {
	var all []*played
	for _, s := range slices.Concat(faultmatrix.Relentless(), faultmatrix.Misfortunes(), faultmatrix.Plays()) {
		all = append(all, &played{name: s.Name, scenario: s, promise: s.Promise})
	}
	for _, c := range faultmatrix.Cells() {
		all = append(all, &played{name: c.Name(), scenario: c.Call.Scenario, cell: &c, promise: c.Promise()})
	}
	return all
}

func TestEveryPromiseIsKept(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("plays every fault, in real time: minutes")
	}
	require.NoError(t, namespace.Ensure(t.Context(), engine.GetDefaultClient(), engine.GetDefaultNamespace(), webui.SearchAttributes()))
	chosen := regexp.MustCompile(*only)
	all := slices.DeleteFunc(everything(), func(p *played) bool { return !chosen.MatchString(p.name) })
	var group errgroup.Group
	group.SetLimit(*atOnce)
	for number, p := range all {
		group.Go(func() error {
			p.judge(t.Context(), number)
			return nil
		})
	}
	require.NoError(t, group.Wait())
	t.Logf("What came of each call and fault (- was not played, !! is not as promised):\n%s", matrix(all))
	for _, p := range all {
		t.Run(p.name, func(t *testing.T) {
			t.Logf("%s in %s", p.promise.End, p.took.Round(time.Millisecond))
			require.Empty(t, p.faults, strings.Join(p.faults, "\n"))
		})
	}
}

// matrix is the table of what was played.
func matrix(all []*played) string {
	return faultmatrix.Matrix(func(c faultmatrix.Cell) string {
		at := slices.IndexFunc(all, func(p *played) bool { return p.name == c.Name() })
		switch {
		case at < 0:
			return "-"
		case len(all[at].faults) > 0:
			return "!! " + c.Text()
		}
		return c.Text()
	})
}

// judge plays it and compares what came with what is promised.
func (p *played) judge(ctx context.Context, number int) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	start := time.Now()
	out, err := play(ctx, number, p.scenario, p.cell)
	p.took = time.Since(start)
	if err != nil {
		p.wrong("it was not played: %v", err)
		return
	}
	if out.result.State != p.promise.End || out.result.Quarantined != p.promise.Quarantined {
		p.wrong("it ended %s (quarantined: %t) in place of %s (%t): %s",
			out.result.State, out.result.Quarantined, p.promise.End, p.promise.Quarantined, out.result.Summary)
	}
	if !slices.Equal(out.effects, p.promise.Effects) {
		p.wrong("the clouds' ledger holds %q in place of %q: %s", out.effects, p.promise.Effects, out.result.Summary)
	}
	if p.promise.SettingsBack() && out.before != out.after {
		p.wrong("the settings are %s in place of %s", out.after, out.before)
	}
	if p.promise.SettingsBack() && len(out.open) > 0 {
		p.wrong("unfinished snapshots are left: %q", out.open)
	}
	if out.early != "" {
		p.wrong("%s", out.early)
	}
	if p.cell != nil && out.fired == 0 {
		p.wrong("the fault never struck")
	}
	if len(out.leaks) > 0 {
		p.wrong("the history holds credentials: %q", out.leaks)
	}
}

func (p *played) wrong(format string, args ...any) {
	p.faults = append(p.faults, fmt.Sprintf(format, args...))
}
