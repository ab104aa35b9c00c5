package polling

import (
	"cmp"
	"encoding/binary"
	"hash/fnv"
	"maps"
	"slices"
	"time"
)

const (
	// mostKept is how many changes of a kind are remembered, mostKinds of how many kinds, and mostUsed by how many the
	// polls of one change go: to look for a likeness in more of them costs time and finds little more.
	mostKept, mostKinds, mostUsed = 96, 64, 24
	// round is the time within which changes that started count as started together.
	round = time.Hour
)

// Memory is the changes that ended lately, by their kind. It holds no name of a target, and is bounded.
type Memory map[string][]Change

// Change is one that has ended.
type Change struct {
	Started time.Time `json:"started"`
	Took    Span      `json:"took"`
}

// Add remembers changes, each once. Those of older rounds are forgotten first. Of a round that is larger than the
// memory a random part is kept: those that ended first, or last, would tell of quick ones, or of slow ones, only.
func (m Memory) Add(more Memory) {
	for _, kind := range slices.Sorted(maps.Keys(more)) {
		all := m[kind]
		for _, c := range more[kind] {
			c.Started = c.Started.UTC().Truncate(time.Second)
			if at, known := slices.BinarySearchFunc(all, c, byRound); !known {
				all = slices.Insert(slices.Clone(all), at, c)
			}
		}
		m[kind] = all[max(0, len(all)-mostKept):]
	}
	for len(m) > mostKinds {
		delete(m, slices.MinFunc(slices.Sorted(maps.Keys(m)), func(a, b string) int {
			return m.latest(a).Compare(m.latest(b))
		}))
	}
}

func (m Memory) latest(kind string) time.Time {
	if all := m[kind]; len(all) > 0 {
		return all[len(all)-1].Started
	}
	return time.Time{}
}

// byRound orders changes by when they started, and those that started together at random, but always alike.
func byRound(a, b Change) int {
	return cmp.Or(a.Started.Truncate(round).Compare(b.Started.Truncate(round)), cmp.Compare(a.random(), b.random()),
		a.Started.Compare(b.Started), cmp.Compare(a.Took.After, b.Took.After), cmp.Compare(a.Took.By, b.Took.By))
}

func (c Change) random() uint64 {
	h := fnv.New64a()
	for _, n := range []int64{c.Started.Unix(), int64(c.Took.After), int64(c.Took.By)} {
		_ = binary.Write(h, binary.LittleEndian, n) // a hash never fails
	}
	return h.Sum64()
}

// Before are the durations, for Learn, of changes of a kind that had ended when another started. Later ones are left
// out: of changes that started together the quick ones end first, and would mislead the polls of the others.
func (m Memory) Before(kind string, started time.Time) (seen []Span) {
	for _, c := range m[kind] {
		if c.Started.Add(c.Took.By.Std()).Before(started) {
			seen = append(seen, c.Took)
		}
	}
	n := len(seen)
	for i := range min(n, mostUsed) { // spread over all of them; the newest is always among them
		seen[i] = seen[(i+1)*n/min(n, mostUsed)-1]
	}
	return seen[:min(n, mostUsed)]
}
