package compare

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/tidegate/tidegate/internal/capture"
)

// exchange is one that got an answer, or none, with what is read of it again and again.
type exchange struct {
	capture.Exchange

	number int // from 1, by time
	name   string
	asked  any
	answer any // nil: none
	result result
}

// result is how a call ended.
type result struct {
	status int    // 0: no answer
	code   string // of an error; Storage Gateway's inner one after a slash
}

func (r result) ok() bool { return r.status >= 200 && r.status < 300 }

// String is the result for people.
func (r result) String() string {
	if r.status == 0 {
		return "no answer"
	}
	return strings.TrimSpace(fmt.Sprintf("%d %s", r.status, r.code))
}

// has says whether the code, or a part of it, is this one.
func (r result) has(code string) bool {
	outer, inner, _ := strings.Cut(r.code, "/")
	return !r.ok() && (outer == code || inner == code)
}

func read(c capture.Capture) []exchange {
	all := make([]exchange, len(c.Exchanges))
	for i, e := range c.Exchanges {
		all[i] = exchange{
			Exchange: e, number: i + 1, name: e.Service + ":" + e.Operation, asked: e.Request.Body.Value,
		}
		if e.Response != nil {
			all[i].answer = e.Response.Body.Value
			all[i].result = resultOf(e.Response.Status, all[i].answer)
		}
	}
	return all
}

func resultOf(status int, answer any) result {
	r := result{status: status}
	if status < http.StatusBadRequest {
		return r
	}
	for _, path := range []string{
		"__type", "code", "Response.Errors.Error.Code", "ErrorResponse.Error.Code", "error_code", "errCode", "error.code",
	} {
		if r.code = text(answer, path); r.code != "" {
			break
		}
	}
	r.code = r.code[strings.LastIndexByte(r.code, '#')+1:]
	if inner := strings.TrimSpace(text(answer, "error.errorCode")); inner != "" {
		r.code += "/" + inner
	}
	return r
}

// get walks a tree along names with dots; nil: there is nothing.
func get(tree any, path string) any {
	for name := range strings.SplitSeq(path, ".") {
		object, is := tree.(map[string]any)
		if !is {
			return nil
		}
		tree = object[name]
	}
	return tree
}

// text is a text or number there; empty where there is neither.
func text(tree any, path string) string {
	switch v := get(tree, path).(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	}
	return ""
}

// number is a number there, or nil.
func number(tree any, path string) *int {
	var n int
	if _, err := fmt.Sscanf(text(tree, path), "%d", &n); err != nil {
		return nil
	}
	return &n
}

// list are the elements there.
func list(tree any, path string) []any {
	all, _ := get(tree, path).([]any)
	return all
}

// texts are the texts of a list.
func texts(tree any, path string) (out []string) {
	for _, one := range list(tree, path) {
		if s, is := one.(string); is {
			out = append(out, s)
		}
	}
	return out
}

var gatewayARN = regexp.MustCompile(`^(arn:aws[a-z-]*:storagegateway:([a-z0-9-]+):(\d{12}):gateway/(sgw-[0-9A-F]+))(/.*)?$`)

// arn is the gateway's of an ARN, with region, account and id; false for another one.
func arn(of string) (gateway, region, account, id string, ok bool) {
	m := gatewayARN.FindStringSubmatch(of)
	if m == nil {
		return "", "", "", "", false
	}
	return m[1], m[2], m[3], m[4], true
}

// gatewayOf is the gateway that a request names.
func (e exchange) gatewayOf() (gateway, region, account string, ok bool) {
	for _, path := range []string{"GatewayARN", "VolumeARN", "ResourceARN"} {
		if g, r, a, _, ok := arn(text(e.asked, path)); ok {
			return g, r, a, true
		}
	}
	for _, volume := range texts(e.asked, "VolumeARNs") {
		gateway, region, account, _, ok = arn(volume)
		break
	}
	return gateway, region, account, ok
}

// seconds are a duration's, for people.
func seconds(d time.Duration) string { return d.Round(10 * time.Millisecond).String() }
