package huaweicloud

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/request"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/response"

	"github.com/tidegate/tidegate/internal/bounded"
)

// replyError is an answer of the cloud that is not the one asked for, with all
// that it says: the SDK's own error loses half-filled codes and every header.
type replyError struct {
	status     int
	wellFormed bool   // the body is an error in one of Huawei's forms
	code       string // DBS.200019, APIGW.0308, ...; "" where there is none
	text       string // the cloud's text, or the raw body; not scrubbed
	requestID  string
	retryAfter time.Duration // 0 where the cloud does not say
}

// Error is for the SDK, which hands the error back; see failure.
func (e *replyError) Error() string {
	return fmt.Sprintf("HTTP %d %s", e.status, e.code)
}

// replies is the SDK's error handler.
type replies struct {
	now      func() time.Time
	bodyless bool // success has no body
}

// HandleError lets only a 2xx with a JSON object pass, or one without a body where the
// API has none. Anything else the SDK would decode into an empty answer, or (the body
// null) panic on.
func (r replies) HandleError(_ *request.DefaultHttpRequest, resp *response.DefaultHttpResponse) error {
	body, err := io.ReadAll(resp.Response.Body)
	resp.Response.Body = io.NopCloser(bytes.NewReader(body))
	ok := resp.Response.StatusCode/100 == 2
	if ok && err == nil && (isObject(body) || r.bodyless && len(body) == 0) {
		return nil
	}
	reply := newReplyError(resp.Response, body, err, r.now())
	if ok && err == nil {
		reply.text = fmt.Sprintf("the body is not a JSON object: %q", body)
	}
	return reply
}

func isObject(body []byte) bool {
	return bytes.HasPrefix(bytes.TrimSpace(body), []byte("{")) && json.Valid(body)
}

// newReplyError reads every form of error that Huawei's services and gateways
// have been seen to send. broken is what ended the body before its end; nil: nothing
// did.
func newReplyError(resp *http.Response, body []byte, broken error, now time.Time) *replyError {
	e := &replyError{
		status:     resp.StatusCode,
		requestID:  cmp.Or(resp.Header.Get("X-Request-Id"), resp.Header.Get("X-IAM-Trace-Id")),
		retryAfter: parseRetryAfter(resp.Header.Get("Retry-After"), now),
	}
	if means, ok := bounded.TooLarge(broken); ok {
		e.text = means
		return e
	}
	if broken != nil {
		e.text = fmt.Sprintf("the body breaks off (%v): %q", broken, body)
		return e
	}
	var members map[string]any
	if json.Unmarshal(body, &members) == nil {
		e.read(members)
	}
	e.wellFormed = e.code != "" || e.text != ""
	e.text = cmp.Or(e.text, string(body))
	return e
}

// read takes the first code and text, here or one level down: IAM wraps them
// in "error" and has a number for a code.
func (e *replyError) read(members map[string]any) {
	e.code = firstText(members, "error_code", "errCode", "code")
	e.text = firstText(members, "error_msg", "externalMessage", "message")
	e.requestID = cmp.Or(e.requestID, firstText(members, "request_id"))
	if e.code != "" || e.text != "" {
		return
	}
	for _, value := range members {
		if inner, ok := value.(map[string]any); ok {
			e.read(inner)
		}
		if e.code != "" || e.text != "" {
			return
		}
	}
}

func firstText(members map[string]any, names ...string) string {
	for _, name := range names {
		if text, ok := members[name].(string); ok && text != "" {
			return text
		}
	}
	return ""
}

// normalCode is the code as newer regions write it.
func (e *replyError) normalCode() string {
	if rest, ok := strings.CutPrefix(e.code, "APIG."); ok {
		return "APIGW." + rest
	}
	return e.code
}

// refusesToken is true when a new token may help: the call was turned away at
// the door, so it may be sent again.
func (e *replyError) refusesToken() bool {
	if e.status == http.StatusUnauthorized {
		return e.normalCode() != codeClockSkew
	}
	return e.code == codeInvalidToken || strings.Contains(strings.ToLower(e.text), "token must be updated")
}

// parseRetryAfter reads seconds or a date; 0 stands for neither.
func parseRetryAfter(header string, now time.Time) time.Duration {
	if seconds, err := strconv.Atoi(header); err == nil {
		return max(0, time.Duration(seconds)*time.Second)
	}
	if at, err := http.ParseTime(header); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}

// describe is what the cloud said, for an operator.
func (e *replyError) describe(clean func(string) string) string {
	text := fmt.Sprintf("HTTP %d", e.status)
	if e.code != "" {
		text += " " + clean(e.code)
	}
	if e.text != "" {
		text += " " + strconv.Quote(clean(e.text))
	}
	if e.requestID != "" {
		text += ", request " + clean(e.requestID)
	}
	return text
}
