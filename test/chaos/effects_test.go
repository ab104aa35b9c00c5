package chaos_test

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/health"
	"github.com/tidegate/tidegate/internal/simcloud/aws"
	"github.com/tidegate/tidegate/internal/simcloud/huawei"
	"github.com/tidegate/tidegate/internal/simcloud/record"
)

// effect is one change that a cloud made, without what differs from run to run:
// two that are alike are one change made twice.
type effect struct {
	kind     string // as record.Effect's
	resource string // of a snapshot, its volume
	change   string
}

// The calls that mute alarms. A silence that is lengthened is no second one.
const (
	postSilence, deleteSilence = "alertmanager:PostSilences", "alertmanager:DeleteSilence"
	lengthened                 = "changed"
)

// unfinished stands for a snapshot that is none.
const unfinished maintenance.RecoveryPoint = "not completed"

func updates(g aws.Gateway) []effect {
	return []effect{{"storagegateway:UpdateGatewaySoftwareNow", arn(g), oldSoftware + " -> " + newSoftware}}
}

func automaticUpdates(g aws.Gateway) []effect {
	const kind = "storagegateway:UpdateMaintenanceStartTime"
	return []effect{
		{"storagegateway:AddTagsToResource", arn(g), ""},
		{kind, arn(g), string(maintenance.EmergencyVersionsOnly)},
		{kind, arn(g), string(maintenance.AllVersions)},
		{"storagegateway:RemoveTagsFromResource", arn(g), ""},
	}
}

func snapshots(g aws.Gateway, point maintenance.RecoveryPoint) []effect {
	var all []effect
	for v := range g.Volumes {
		all = append(all, effect{"storagegateway:CreateSnapshot", volume(g, v), string(point)})
	}
	return all
}

// volume is a volume as EC2 names it.
func volume(g aws.Gateway, n int) string { return strings.ToLower(g.Volumes[n].ID) }

func shifts(p huawei.Proxy) []effect {
	const kind = "taurusdb:SetGaussMySqlProxyWeight"
	const tags = "taurusdb:BatchTagAction"
	return []effect{
		{tags, p.ID, "create"},
		{kind, p.ID, "[200 300] -> [0 0]"},
		{kind, p.ID, "[0 0] -> [200 300]"},
		{tags, p.ID, "delete"},
	}
}

func upgrades(p huawei.Proxy) []effect {
	return []effect{{"taurusdb:UpgradeProxyVersion", p.ID, oldKernel + " -> " + newKernel}}
}

// silences are those of a gateway's mute.
func silences(g aws.Gateway) []effect {
	return []effect{{postSilence, g.ID, "created"}, {deleteSilence, g.ID, "expired"}}
}

func concat(lists ...[]effect) []effect { return slices.Concat(lists...) }

// identify reduces an entry of the clouds' ledger to the effect that it is.
func identify(e record.Effect) effect {
	d := e.Detail
	seen := effect{kind: e.Kind, resource: e.Resource}
	if d["volume"] != "" {
		seen.resource = strings.ToLower(maintenance.GatewayID(d["volume"]))
	}
	for name := range d {
		if proxy, ok := strings.CutPrefix(name, "tag:tg0-"); ok { // of a DB instance: its mark of a proxy
			seen.resource = proxy + "po01"
		}
	}
	if mark, ours := health.ParseMuteMark(d["comment"]); ours {
		seen.resource = mark.GatewayID
	}
	// A snapshot's key: tidegate/RUN/ROUND/POINT/VOLUME.
	key := strings.Split(d["description"], "/")
	switch {
	case d["to"] != "":
		seen.change = strings.TrimSpace(d["from"] + " -> " + d["to"] + " " + d["outcome"])
	case len(key) > 3:
		seen.change = key[3]
	case d["status"] != "":
		seen.change = d["status"]
	case d["action"] != "":
		seen.change = d["action"]
	default:
		seen.change = cmp.Or(d["readonly"], d["automaticUpdatePolicy"], d["change"])
	}
	return seen
}

// tally counts how often each effect took place, but for what the test itself
// did on the simulator's own side.
func tally(effects []record.Effect) map[effect]int {
	counts := map[effect]int{}
	for _, e := range effects {
		if seen := identify(e); !strings.HasPrefix(e.Kind, "admin:") && seen.change != lengthened {
			counts[seen]++
		}
	}
	return counts
}

// intended is every effect that the fleet's outcomes ask for.
func intended(members []member) map[effect]int {
	counts := map[effect]int{}
	for _, m := range members {
		for _, e := range m.effects {
			counts[e]++
		}
	}
	return counts
}

// calls are the effects that we make, in an order of their own.
func calls(members []member) []effect {
	var all []effect
	for _, m := range members {
		for _, e := range m.effects {
			if !strings.HasPrefix(e.kind, "vendor:") {
				all = append(all, e)
			}
		}
	}
	return all
}

// miscounts are the effects that did not take place as often as intended.
func miscounts(want, got map[effect]int) []string {
	all := maps.Clone(want)
	maps.Copy(all, got)
	var faults []string
	for e := range all {
		if want[e] != got[e] {
			faults = append(faults, fmt.Sprintf("%s of %s, %s: took place %d times, should be %d", e.kind, e.resource, e.change, got[e], want[e]))
		}
	}
	slices.Sort(faults)
	return faults
}
