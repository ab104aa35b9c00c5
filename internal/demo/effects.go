package demo

import (
	"cmp"
	"strings"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/health"
	"github.com/tidegate/tidegate/internal/simcloud/record"
)

// effect is one change that a cloud made, without what differs from run to
// run: two that are alike would be one change made twice.
type effect struct {
	kind     string // as record.Effect's
	resource string // of a snapshot, its volume
	change   string // what distinguishes two of a kind
}

func updates(arn string) effect {
	return effect{"storagegateway:UpdateGatewaySoftwareNow", arn, change(oldSoftware, newSoftware)}
}

// snapshot is one snapshot of a gateway's volume, by the number of its id.
func snapshot(arn, volume string) effect {
	return effect{"storagegateway:CreateSnapshot", arn + "/volume/vol-" + volume, string(maintenance.PointAfter)}
}

// upgrade is what the upgrade of a proxy makes, with its reads moved away
// meanwhile.
func upgrade(proxy, weights string) []effect {
	return append(aside(proxy, weights), effect{"taurusdb:UpgradeProxyVersion", proxy, change(oldKernel, newKernel)})
}

// aside is a proxy whose reads are moved away for a while, and which is marked meanwhile.
func aside(proxy, weights string) []effect {
	return []effect{
		marks(proxy, "create"), reads(proxy, weights, "[0 0]"), reads(proxy, "[0 0]", weights), marks(proxy, "delete"),
	}
}

// silence is one silence of a gateway's alerts, from its start to its end.
func silence(gateway string) []effect {
	return []effect{{"alertmanager:PostSilences", gateway, "created"}, {"alertmanager:DeleteSilence", gateway, "expired"}}
}

// marks are changes of the mark that stands in the tags of the proxy's DB instance.
func marks(proxy, action string) effect { return effect{"taurusdb:BatchTagAction", proxy, action} }

// moves is the demo's own act: it moves a gateway's window.
func moves(arn string) effect { return effect{"admin:Window", arn, ""} }

func reads(proxy, from, to string) effect {
	return effect{"taurusdb:SetGaussMySqlProxyWeight", proxy, change(from, to)}
}

func change(from, to string) string { return from + " -> " + to }

// identify reduces an entry of the clouds' ledger to the effect that it is.
func identify(e record.Effect) effect {
	d := e.Detail
	seen := effect{kind: e.Kind, resource: cmp.Or(d["volume"], e.Resource)}
	mute, isMute := health.ParseMuteMark(d["comment"])
	switch {
	case isMute:
		seen.resource, seen.change = mute.GatewayID, silenceChange(d)
	case d["to"] != "":
		seen.change = strings.TrimSpace(change(d["from"], d["to"]) + " " + d["outcome"])
	case strings.HasPrefix(d["description"], "tidegate/"):
		// A snapshot's key: tidegate/RUN/ROUND/POINT/VOLUME.
		if parts := strings.Split(d["description"], "/"); len(parts) > 3 {
			seen.change = parts[3]
		}
	case d["action"] != "":
		seen.resource, seen.change = markedProxy(d), d["action"]
	default:
		seen.change = d["readonly"]
	}
	return seen
}

// silenceChange says what was done to a silence, and how many of the same are in force after it where that is more than
// one.
func silenceChange(detail map[string]string) string {
	if n := detail["inForce"]; n != "0" && n != "1" {
		return detail["change"] + ", with " + n + " in force"
	}
	return detail["change"]
}

// markedProxy is the proxy whose mark a change of tags is about.
func markedProxy(detail map[string]string) string {
	for name := range detail {
		if proxy, ok := strings.CutPrefix(name, "tag:tg0-"); ok {
			return proxy + "po01"
		}
	}
	return ""
}

// tally counts how often each effect took place.
func tally(effects []record.Effect) map[effect]int {
	counts := make(map[effect]int, len(effects))
	for _, e := range effects {
		counts[identify(e)]++
	}
	return counts
}

// intended is every effect that the targets' outcomes ask for.
func intended(targets []member) map[effect]int {
	counts := map[effect]int{}
	for _, m := range targets {
		for _, e := range m.expect.effects {
			counts[e]++
		}
	}
	return counts
}

func (e effect) String() string {
	return strings.TrimSpace(e.kind + " of " + maintenance.GatewayID(e.resource) + " " + e.change)
}

func compare(a, b effect) int {
	return cmp.Or(strings.Compare(a.kind, b.kind), strings.Compare(a.resource, b.resource),
		strings.Compare(a.change, b.change))
}
