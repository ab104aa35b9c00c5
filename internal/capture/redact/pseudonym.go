package redact

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/netip"
	"regexp"
	"strings"
)

// Pseudonyms puts a name in the place of an id, ARN, address or name: always the same for the same one under a key,
// of the same form, and of no use to anybody who has not the key.
type Pseudonyms struct {
	key   []byte
	words map[string]bool // the kinds of resources in ARNs
}

// NewPseudonyms takes the key: 32 random bytes.
func NewPseudonyms(key []byte) Pseudonyms { return Pseudonyms{key: key, words: arnWords()} }

// digest is the keyed hash of a value. The kind keeps an id and a name that are spelt alike apart.
func (p Pseudonyms) digest(kind, value string) []byte {
	mac := hmac.New(sha256.New, p.key)
	mac.Write([]byte(kind + "\x00" + value))
	return mac.Sum(nil)
}

func (p Pseudonyms) hex(kind, value string, digits int) string {
	return hex.EncodeToString(p.digest(kind, value))[:digits]
}

func (p Pseudonyms) digits(kind, value string, count int) string {
	sum := p.digest(kind, value)
	text := fmt.Sprintf("%020d", binary.BigEndian.Uint64(sum))
	return text[len(text)-count:]
}

// The forms of ids. AWS has 8 or 17 hexadecimal digits after a resource's prefix; Storage Gateway writes volumes' in
// upper case and EC2 in lower. Huawei Cloud has 32, and two letters and two digits for the kind of a database's part.
var (
	prefixedForm = regexp.MustCompile(`^([a-z]{1,5})-([0-9A-Fa-f]{8}|[0-9A-Fa-f]{17})$`)
	uuidForm     = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
	hashForm     = regexp.MustCompile(`^([0-9a-f]{32})([a-z]{2}\d{2})?$`)
	accountForm  = regexp.MustCompile(`^\d{12}$`)
	macForm      = regexp.MustCompile(`^([0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}$`)
	iqnForm      = regexp.MustCompile(`^iqn\.\d{4}-\d{2}\.`)
	hostForm     = regexp.MustCompile(`^([A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,24}(:\d{1,5})?$`)
	partForm     = regexp.MustCompile(`^aws(-[a-z]{2,4}){0,2}$`)
	serviceForm  = regexp.MustCompile(`^[a-z][a-z0-9-]{1,20}$`)
)

// ID is the pseudonym of any value.
func (p Pseudonyms) ID(value string) string {
	switch {
	case value == "" || value == "self": // EC2's word for the caller's own account
		return value
	case strings.HasPrefix(value, "arn:"):
		return p.arn(value)
	case prefixedForm.MatchString(value):
		m := prefixedForm.FindStringSubmatch(value)
		return m[1] + "-" + p.sameHex(m[1], m[2])
	case uuidForm.MatchString(value):
		h := p.hex("uuid", strings.ToLower(value), 32)
		return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
	case hashForm.MatchString(value):
		m := hashForm.FindStringSubmatch(value)
		return p.hex("hash", value, 32) + m[2]
	case accountForm.MatchString(value):
		return p.account(value)
	}
	return p.addressOrName(value)
}

func (p Pseudonyms) account(value string) string { return p.digits("account", value, 12) }

// sameHex are as many digits in the same case. Digits alone stay digits alone: nobody could tell their case.
func (p Pseudonyms) sameHex(kind, value string) string {
	lower := strings.ToLower(value)
	switch {
	case !strings.ContainsAny(lower, "abcdef"):
		return p.digits(kind, lower, len(value))
	case lower != value:
		return strings.ToUpper(p.hex(kind, lower, len(value)))
	default:
		return p.hex(kind, lower, len(value))
	}
}

func (p Pseudonyms) addressOrName(value string) string {
	if at, err := netip.ParseAddr(value); err == nil {
		return p.address(at)
	}
	if at, err := netip.ParseAddrPort(value); err == nil {
		return netip.AddrPortFrom(netip.MustParseAddr(p.address(at.Addr())), at.Port()).String()
	}
	switch {
	case macForm.MatchString(value):
		h := p.hex("mac", strings.ToLower(value), 10)
		return "02:" + h[:2] + ":" + h[2:4] + ":" + h[4:6] + ":" + h[6:8] + ":" + h[8:]
	case iqnForm.MatchString(value):
		return "iqn.1997-05.com.example:" + p.hex("iqn", value, 12)
	case hostForm.MatchString(value):
		return p.Host(value)
	}
	return "name-" + p.hex("name", value, 12)
}

// address is one of those for documentation (RFC 5737, RFC 3849). There are 768 of IPv4, so that two may be one.
func (p Pseudonyms) address(at netip.Addr) string {
	sum := p.digest("address", at.String())
	if at.Is4() {
		nets := [3]string{"192.0.2", "198.51.100", "203.0.113"}
		return fmt.Sprintf("%s.%d", nets[int(sum[0])%len(nets)], sum[1])
	}
	return fmt.Sprintf("2001:db8::%x:%x", binary.BigEndian.Uint16(sum), binary.BigEndian.Uint16(sum[2:]))
}

// Host is the pseudonym of a host's name, with its port.
func (p Pseudonyms) Host(value string) string {
	name, port, has := strings.Cut(value, ":")
	out := "host-" + p.hex("host", strings.ToLower(name), 12) + ".example"
	if has {
		out += ":" + port
	}
	return out
}

// arnWords are the kinds of resources in ARNs.
func arnWords() map[string]bool {
	words := map[string]bool{"": true}
	for word := range strings.FieldsSeq("gateway volume snapshot tape share device target role user assumed-role group " +
		"policy key alias alarm alarm-mute-rule instance log-group log-stream root federated-user * topic secret vpce") {
		words[word] = true
	}
	return words
}

var arnToken = regexp.MustCompile(`[^:/]+`)

// arn keeps partition, service, region and the kinds of resources.
func (p Pseudonyms) arn(value string) string {
	parts := strings.SplitN(value, ":", 6)
	if len(parts) < 6 || !partForm.MatchString(parts[1]) || !serviceForm.MatchString(parts[2]) ||
		parts[3] != "" && !regionForm.MatchString(parts[3]) {
		return "arn:aws:unknown:::" + p.hex("name", value, 12)
	}
	if parts[4] != "" && parts[4] != "aws" {
		parts[4] = p.account(parts[4])
	}
	parts[5] = arnToken.ReplaceAllStringFunc(parts[5], func(token string) string {
		if p.words[token] {
			return token
		}
		return p.ID(token)
	})
	return strings.Join(parts, ":")
}
