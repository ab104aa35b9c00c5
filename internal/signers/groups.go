package signers

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/signing"
)

// Groups are those of a worker's configuration, by their names. Many goroutines may use them at once.
type Groups struct {
	now atomic.Pointer[map[string]*Group]
}

// NewGroups makes groups known under their names, which must be unique.
func NewGroups(all []*Group) *Groups {
	g := &Groups{}
	known := make(map[string]*Group, len(all))
	for _, group := range all {
		known[group.Name()] = group
	}
	g.now.Store(&known)
	return g
}

// Replace takes the groups of another one in the place of these.
func (g *Groups) Replace(by *Groups) { g.now.Store(by.now.Load()) }

// Check is Group.Check for the group of that name. That there is none is an error that wraps
// maintenance.ErrNotReady, since other workers may have it: it is no answer, and never a yes.
func (g *Groups) Check(
	group string, s signing.Signature, wanted signing.Statement, at time.Time, maxAge time.Duration,
) (signing.Verified, error) {
	found := (*g.now.Load())[group]
	if found == nil {
		return signing.Verified{}, fmt.Errorf("%w: this worker's configuration has no group of signers %q: "+
			"add it under signers", maintenance.ErrNotReady, group)
	}
	return found.Check(s, wanted, at, maxAge)
}
