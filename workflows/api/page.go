package api

import (
	"encoding/json"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// PageSize is how many of a plan's targets travel in one payload at most: in a campaign's input, or
// in one AddTargets.
const PageSize = 200

// pageBytes is how many bytes of JSON the targets of one payload have at most. Temporal allows 2 MB
// for a payload, and warns at 256 kB; the plan travels with them, and what is read of them later is
// longer: a gateway with its tags, each as long as a label.
const pageBytes = 250_000

// BatchWeight is how much the targets of one batch weigh at most: as many activities does one
// reading of all of them take.
//
// A batch cannot continue as new, since the ends of its children are reported to it. An activity is
// three events, and three more where its end alone wakes the batch; a report of it is as long, and a
// maintenance at most twenty-five.
// So five readings and a maintenance of every target stay below 5,000 events, a tenth of what
// Temporal allows.
const BatchWeight = 60

// Page is how many of the first targets travel in one payload.
func Page(targets []maintenance.Target) int {
	return fitting(targets, PageSize, func(maintenance.Target) int { return 1 })
}

// FirstBatch is how many of the first targets make a batch.
func FirstBatch(targets []maintenance.Target) int {
	return fitting(targets, BatchWeight, Weight)
}

// Weight is how many activities read a target: one its gateway, and one the proxies of each DB
// instance.
func Weight(t maintenance.Target) int { return 1 + len(ByInstance(t.Proxies)) }

// ByInstance are the proxies in their order, those of one DB instance that follow one another
// together.
func ByInstance(proxies []maintenance.ProxyRef) (groups [][]maintenance.ProxyRef) {
	for i, p := range proxies {
		if i > 0 && p.Account == proxies[i-1].Account && p.InstanceID == proxies[i-1].InstanceID {
			last := &groups[len(groups)-1]
			*last = append(*last, p)
			continue
		}
		groups = append(groups, []maintenance.ProxyRef{p})
	}
	return groups
}

// fitting is how many of the first targets fit into the limits: at least one, if there is one.
func fitting(targets []maintenance.Target, most int, weight func(maintenance.Target) int) (n int) {
	weighs, bytes := 0, 0
	for _, t := range targets {
		text, _ := json.Marshal(t) // texts alone always have a JSON form
		weighs, bytes = weighs+weight(t), bytes+len(text)
		if n > 0 && (weighs > most || bytes > pageBytes) {
			break
		}
		n++
	}
	return n
}
