package monitoring

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"

	"github.com/tidegate/tidegate/internal/simcloud/fault"
)

func reply(w http.ResponseWriter, a answer) {
	if text, is := a.body.(string); is {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(a.status)
		_, _ = io.WriteString(w, text) // a client that has gone away
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(a.status)
	if a.body != nil {
		_ = json.NewEncoder(w).Encode(a.body) // as above
	}
}

func unauthorized() answer { return answer{http.StatusUnauthorized, "Unauthorized\n"} }

// refusal is an error in the server's own form.
func refusal(operation string, status int, code, message string) answer {
	switch {
	case strings.HasPrefix(operation, "prometheus:"):
		return answer{status, promError{"error", code, message}}
	case strings.HasPrefix(operation, "alertmanager:"):
		return answer{status, jsonText(message)}
	}
	return answer{status, message + "\n"}
}

// jsonText is a string that is sent as JSON.
type jsonText string

// failure is the error answer of the fault that befalls the call; false where none does, or one of another sort.
func (c *call) failure(op operation) (answer, bool) {
	rule := c.strike.Rule()
	status, code, message := 0, "", ""
	switch rule.Kind {
	case fault.RefusedBefore: // by what guards the server: neither has roles of its own
		status, message = http.StatusForbidden, "Forbidden"
	case fault.Throttled:
		status, message = http.StatusTooManyRequests, "Too Many Requests"
	case fault.ServerErrorBefore, fault.ServerErrorAfter:
		status, code, message = http.StatusInternalServerError, "internal", "the storage failed"
	case fault.ExpiredCredentials:
		status, message = http.StatusUnauthorized, "Unauthorized"
	case fault.ClockSkew:
		status, message = http.StatusForbidden, "Signature expired"
	case fault.Echo:
		status, code, message = http.StatusBadRequest, "bad_data", fault.EchoOf(c.Request, c.body)
	case fault.LostBefore, fault.LostAfter, fault.HangBefore, fault.HangAfter, fault.HTML502, fault.TruncatedJSON,
		fault.NumbersAsStrings, fault.EmptyObject, // the answer itself goes wrong: Strike.Deliver
		fault.ErrorDetailsAsString, fault.Conflict, "": // others'
		return answer{}, false
	}
	own := code != "" || rule.Code != ""
	if rule.Code != "" {
		code = rule.Code
	}
	if rule.Status != 0 {
		status = rule.Status
	}
	if rule.Message != "" {
		message = rule.Message
	}
	if !own { // of a proxy before the server
		return answer{status, message + "\n"}, true
	}
	return refusal(op.Name, status, code, message), true
}
