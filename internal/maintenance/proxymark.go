package maintenance

import (
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"
)

// MaxInstanceTags is how many tags a DB instance can have (TaurusDB user guide, "Managing
// Tags").
const MaxInstanceTags = 20

// maxInstanceValue is how many characters a tag's value has at most. Keys have 36, and
// both digits, Latin letters, - and _ (API reference, BatchTagAction; the console allows
// no dots).
const maxInstanceValue = 43

// ProxyMark marks a proxy whose reads were moved to the primary for a while.
type ProxyMark struct {
	Mark
	// MasterWeight is the primary's read weight, which a run leaves alone.
	MasterWeight int `json:"masterWeight"`
	// Owner are the weights of the replicas before, in the order of the nodes' ids.
	Owner []MarkedWeight `json:"owner"`
}

// MarkedWeight is the weight of a replica in a mark, which has no room for its id.
type MarkedWeight struct {
	Node   string `json:"node"` // the node's name in marks: see nodeKey
	Weight int    `json:"weight"`
}

// NewProxyMark marks a proxy that routes by these weights.
func NewProxyMark(by Mark, routing ProxyRouting) ProxyMark {
	m := ProxyMark{Mark: by, MasterWeight: routing.MasterWeight}
	m.Since = by.Since.UTC().Truncate(time.Second)
	for _, n := range routing.byID() {
		m.Owner = append(m.Owner, MarkedWeight{Node: nodeKey(n.ID), Weight: n.Weight})
	}
	return m
}

// Same is true where both are one mark, or neither is there.
func (m *ProxyMark) Same(other *ProxyMark) bool {
	if m == nil || other == nil {
		return m == other
	}
	return m.Mark == other.Mark && m.MasterWeight == other.MasterWeight && slices.Equal(m.Owner, other.Owner)
}

// Restored is what a proxy that shows the routing now is to have again. ok is false where
// a weight is not the one that the run set: someone has decided otherwise since, and all
// stays as it is. Replicas that were added since keep their weights.
func (m ProxyMark) Restored(now ProxyRouting) (to ProxyRouting, ok bool) {
	to = ProxyRouting{Mode: now.Mode, MasterWeight: now.MasterWeight}
	for _, n := range now.byID() {
		if before, marked := m.before(n); marked {
			if n.Weight != 0 {
				return now, false
			}
			ok = true
			n.Weight = before
		}
		to.ReadWeights = append(to.ReadWeights, n)
	}
	if !ok || now.Mode != routeByWeight || now.MasterWeight != m.MasterWeight {
		return now, false
	}
	return to, true
}

// Returned is true where a proxy that shows the routing now has the weights that were there
// before: of each replica that the mark has and that is still there.
func (m ProxyMark) Returned(now ProxyRouting) bool {
	return now.Mode == routeByWeight && now.MasterWeight == m.MasterWeight &&
		!slices.ContainsFunc(now.ReadWeights, func(n NodeWeight) bool {
			before, marked := m.before(n)
			return marked && n.Weight != before
		})
}

// before is the weight that a replica had before, where the mark has it.
func (m ProxyMark) before(n NodeWeight) (weight int, marked bool) {
	i := slices.IndexFunc(m.Owner, func(w MarkedWeight) bool { return w.Node == nodeKey(n.ID) })
	if i < 0 {
		return 0, false
	}
	return m.Owner[i].Weight, true
}

// Found is the proxy's setting as it was found with this mark.
func (m ProxyMark) Found(proxyID string, now ProxyRouting) Marked {
	var owner []int
	for _, w := range m.Owner {
		owner = append(owner, w.Weight)
	}
	found := Marked{
		Setting: "read weights of proxy " + proxyID, Tag: proxyMarkKey(proxyID, 0),
		Owner: weightsText(m.MasterWeight, owner), Set: weightsText(m.MasterWeight, make([]int, len(owner))), Mark: m.Mark,
	}
	found.Now = found.Set
	if _, ok := m.Restored(now); !ok {
		// Where the words are the same, the replicas are not.
		if found.Now = now.String(); found.Now == found.Set {
			found.Now += ", of other replicas"
		}
	}
	return found
}

// Tags are the mark as tags of the proxy's DB instance: as few as hold it, with the keys
// tg0-..., tg1-... and the digits of the proxy's id. Their values together are
//
//	2te5xs3_5pT0zVzGqkq8XhqVbQ8YdX_gateway-sgw-12A3456B_default_003f9a2s1c2s_01k3
//
// which are how many tags they are; since when, in seconds to base 36; the run's id to
// base 62, or as it is after a -; the run's workflow; the namespace; the primary's weight
// and each replica's short name and weight, to base 36; a checksum. Z and two hexadecimal
// digits stand for any byte but -, digits, and Latin letters without Z. What is too long
// for nine tags, or ambiguous, is ErrUnsupported: a mark is never cut.
func (m ProxyMark) Tags(proxyID string) (map[string]string, error) {
	text, err := m.text()
	if err != nil {
		return nil, fmt.Errorf("mark proxy %s: %w", proxyID, err)
	}
	tags := map[string]string{}
	for part := range slices.Chunk([]byte(text), maxInstanceValue) {
		tags[proxyMarkKey(proxyID, len(tags))] = string(part)
	}
	return tags, nil
}

// ProxyMarkOf reads the mark of a proxy among the tags of its DB instance; nil: it has
// none. Other tags are nobody's business here. One that cannot be read, in whole, is
// ErrInvalid, never none.
func ProxyMarkOf(proxyID string, tags map[string]string) (*ProxyMark, error) {
	keys := ProxyMarkKeys(proxyID, tags)
	if len(keys) == 0 {
		return nil, nil //nolint:nilnil // there is none
	}
	text := tags[proxyMarkKey(proxyID, 0)]
	// More tags than it says are left of a longer mark that it replaced.
	for i := 1; i < min(tagCount(text), maxMarkTags); i++ {
		text += tags[proxyMarkKey(proxyID, i)]
	}
	m, err := parseProxyMark(text)
	if err != nil {
		return nil, fmt.Errorf("the tags %s of its DB instance say that a run has moved the reads of proxy %s for a while, and not what its read weights were. "+
			"Set them to the intended value, then remove the tags (docs/runbook.md, Marks): %w", strings.Join(keys, ", "), proxyID, err)
	}
	return &m, nil
}

// ProxyMarkKeys are the keys of the tags that mark a proxy, sorted.
func ProxyMarkKeys(proxyID string, tags map[string]string) (keys []string) {
	for i := range maxMarkTags {
		key := proxyMarkKey(proxyID, i)
		if _, marked := tags[key]; marked {
			keys = append(keys, key)
		}
	}
	return keys
}

// InstanceTagRoom says why a DB instance's tags have no room for a proxy's mark; empty:
// they have.
func InstanceTagRoom(mark, tags map[string]string) string {
	wanted := 0
	for key := range mark {
		if _, there := tags[key]; !there {
			wanted++
		}
	}
	if len(tags)+wanted <= MaxInstanceTags {
		return ""
	}
	return fmt.Sprintf("it has %d tags, TaurusDB allows %d, and the mark needs %d: remove %d",
		len(tags), MaxInstanceTags, wanted, len(tags)+wanted-MaxInstanceTags)
}

// maxMarkTags is how many tags one mark has at most: their number is one digit.
const maxMarkTags = 9

// proxyMarkKey is the key of one tag of a proxy's mark, of 36 characters.
func proxyMarkKey(proxyID string, i int) string {
	return fmt.Sprintf("tg%d-%s", i, strings.TrimSuffix(proxyID, "po01"))
}

// tagCount is how many tags the text that starts so has.
func tagCount(text string) int {
	if text == "" {
		return 0
	}
	return int(text[0] - '0')
}

// text is what the tags' values are together.
func (m ProxyMark) text() (string, error) {
	weights, err := m.weights()
	if err != nil {
		return "", err
	}
	text := strings.Join([]string{
		strconv.FormatInt(m.Since.Unix(), 36), shortRun(m.RunID), markText(m.WorkflowID), markText(m.Namespace), weights,
	}, "_")
	text += "_" + base36(crc32.ChecksumIEEE([]byte(text)), 4)
	n := (1 + len(text) + maxInstanceValue - 1) / maxInstanceValue
	if n > maxMarkTags {
		return "", fmt.Errorf("%w: the mark has %d characters, which is more than %d tags hold", ErrUnsupported, len(text), maxMarkTags)
	}
	return strconv.Itoa(n) + text, nil
}

// parseProxyMark reads what text writes, and nothing else.
func parseProxyMark(text string) (ProxyMark, error) {
	fields := strings.Split(text[min(1, len(text)):], "_")
	fields = append(fields, make([]string, 6)...)
	seconds, wrong := strconv.ParseInt(fields[0], 36, 64)
	m := ProxyMark{Mark: Mark{
		WorkflowID: unmarkText(fields[2]), RunID: longRun(fields[1]), Namespace: unmarkText(fields[3]),
		Since: time.Unix(seconds, 0).UTC(),
	}}
	wrong = errors.Join(wrong, m.readWeights(fields[4]))
	complete := m.WorkflowID != "" && m.RunID != "" && m.Namespace != "" && m.Since.Year() <= 9999 // as JSON writes times
	if again, err := m.text(); wrong != nil || err != nil || !complete || again != text {
		return ProxyMark{}, fmt.Errorf("%w: the mark %q cannot be read", ErrInvalid, text)
	}
	return m, nil
}

// The widths of a replica in a mark: two digits to base 36 are 1295 at most, and a weight
// is 1000 at most.
const (
	nodeWidth   = 4
	weightWidth = 2
)

func (m ProxyMark) weights() (string, error) {
	var text strings.Builder
	known := map[string]bool{}
	for i, w := range append([]MarkedWeight{{Weight: m.MasterWeight}}, m.Owner...) {
		if w.Weight < 0 || w.Weight > maxMarkWeight {
			return "", fmt.Errorf("%w: a read weight of %d is not 0 to %d", ErrUnsupported, w.Weight, maxMarkWeight)
		}
		if i > 0 && len(w.Node) != nodeWidth || known[w.Node] {
			return "", fmt.Errorf("%w: its replicas cannot be distinguished in a mark", ErrUnsupported)
		}
		known[w.Node] = true
		text.WriteString(w.Node + base36(uint32(w.Weight), weightWidth))
	}
	return text.String(), nil
}

// maxMarkWeight is the largest read weight (API reference).
const maxMarkWeight = 1000

// readWeights reads what weights writes. What is no number is an error; whether the rest
// is what weights would write, parseProxyMark finds out.
func (m *ProxyMark) readWeights(text string) (wrong error) {
	weight := func(digits string) int {
		n, err := strconv.ParseUint(digits, 36, 16)
		wrong = errors.Join(wrong, err)
		return int(n)
	}
	m.MasterWeight = weight(text[:min(weightWidth, len(text))])
	const width = nodeWidth + weightWidth
	for text = text[min(weightWidth, len(text)):]; len(text) >= width; text = text[width:] {
		m.Owner = append(m.Owner, MarkedWeight{Node: text[:nodeWidth], Weight: weight(text[nodeWidth:width])})
	}
	return wrong
}

// nodeKey is a node's name in marks: four characters made of its whole id.
func nodeKey(id string) string { return base36(crc32.ChecksumIEEE([]byte(id)), nodeWidth) }

// base36 are the last digits of n to base 36.
func base36(n uint32, width int) string {
	digits := strings.Repeat("0", width) + strconv.FormatUint(uint64(n), 36)
	return digits[len(digits)-width:]
}

// shortRun is a run's id to base 62 where it is a UUID, as the server's are.
func shortRun(id string) string {
	raw, err := hex.DecodeString(strings.ReplaceAll(id, "-", ""))
	if short := new(big.Int).SetBytes(raw).Text(62); err == nil && longRun(short) == id {
		return short
	}
	return "-" + markText(id)
}

// longRun reads what shortRun writes.
func longRun(short string) string {
	if text, as := strings.CutPrefix(short, "-"); as {
		return unmarkText(text)
	}
	n, ok := new(big.Int).SetString(short, 62)
	if !ok || n.BitLen() > 128 {
		return ""
	}
	id := fmt.Sprintf("%032x", n)
	return strings.Join([]string{id[:8], id[8:12], id[12:16], id[16:20], id[20:]}, "-")
}

// plainInMark are the characters that stand for themselves: Z is for the others.
const plainInMark = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXY0123456789-"

func markText(s string) string { return escape(s, plainInMark, "Z") }

func unmarkText(s string) string { return unescape(s, "Z") }
