package fault

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const defaultLimit = 5 * time.Minute

// Strike is a fault on its way to one call. A nil Strike is none.
type Strike struct {
	rule Rule
}

// Rule is the rule that struck; its zero value for a nil Strike.
func (s *Strike) Rule() Rule {
	if s == nil {
		return Rule{}
	}
	return s.rule
}

// Prevents reports whether the call must not take effect.
func (s *Strike) Prevents() bool { return s != nil && !s.rule.Done() }

// Deliver sends what encode writes as the fault would have it, or does not
// send it. encode writes the call's answer, or the cloud's own form of a fault
// that is an error answer.
func (s *Strike) Deliver(w http.ResponseWriter, r *http.Request, encode func(http.ResponseWriter)) {
	if after := s.Rule().RetryAfter; after != 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(after.Seconds())))
	}
	switch s.Rule().Kind {
	case LostBefore:
		cut(w, true)
	case LostAfter:
		cut(w, false)
	case HangBefore, HangAfter:
		s.hang(r)
		cut(w, false)
	case HTML502:
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusBadGateway)
		_, _ = io.WriteString(w, badGateway) // a client that has gone away
	case TruncatedJSON:
		mangle(w, encode, func(_ string, body []byte) []byte { return body[:len(body)/2] })
	case NumbersAsStrings:
		mangle(w, encode, quoteNumbers)
	case EmptyObject:
		mangle(w, encode, func(contentType string, _ []byte) []byte { return []byte(emptyObject(contentType)) })
	case RefusedBefore, Throttled, ServerErrorBefore, ServerErrorAfter, ErrorDetailsAsString, ExpiredCredentials,
		ClockSkew,
		Conflict, Echo, "": // the cloud's own error, or no fault at all
		encode(w)
	}
}

// badGateway is nginx's page, which stands for that of any proxy.
const badGateway = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n" +
	"<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"

// hang waits until the client is tired of it.
func (s *Strike) hang(r *http.Request) {
	limit := s.rule.Limit
	if limit == 0 {
		limit = defaultLimit
	}
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-r.Context().Done():
	case <-timer.C:
	}
}

// cut ends the connection without an answer: the client meets a reset or the
// end of the stream.
func cut(w http.ResponseWriter, reset bool) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		// Only a server that is not HTTP/1.1; better a loud answer than an empty 200.
		http.Error(w, "the simulator cannot cut this connection: "+err.Error(), http.StatusInternalServerError)
		return
	}
	if tcp, ok := conn.(*net.TCPConn); ok && reset {
		_ = tcp.SetLinger(0) // the connection ends either way
	}
	_ = conn.Close() // that is the fault
}

// emptyObject is an answer without members.
func emptyObject(contentType string) string {
	switch {
	case strings.Contains(contentType, "cbor"):
		return "\xa0"
	case strings.Contains(contentType, "xml"):
		return "<Response/>"
	}
	return "{}"
}

// mangle sends what encode writes with another body, which change makes of its content type and itself.
func mangle(w http.ResponseWriter, encode func(http.ResponseWriter), change func(kind string, body []byte) []byte) {
	kept := &answer{header: http.Header{}, status: http.StatusOK}
	encode(kept)
	maps.Copy(w.Header(), kept.header)
	w.WriteHeader(kept.status)
	_, _ = w.Write(change(kept.header.Get("Content-Type"), kept.body.Bytes())) // a client that has gone away
}

// answer keeps an answer instead of sending it.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header is the answer's.
func (a *answer) Header() http.Header { return a.header }

// WriteHeader keeps the status.
func (a *answer) WriteHeader(status int) { a.status = status }

// Write keeps the body.
func (a *answer) Write(p []byte) (int, error) {
	return a.body.Write(p) //nolint:wrapcheck // bytes.Buffer never fails
}

// quoteNumbers makes strings of all numbers of a JSON text.
func quoteNumbers(_ string, body []byte) []byte {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var value any
	err := decoder.Decode(&value)
	quoted, encodeErr := json.Marshal(quote(value))
	if err := errors.Join(err, encodeErr); err != nil {
		return fmt.Appendf(nil, "the simulator cannot quote the numbers of its own answer: %v", err)
	}
	return quoted
}

func quote(value any) any {
	switch v := value.(type) {
	case json.Number:
		return v.String()
	case map[string]any:
		for name, member := range v {
			v[name] = quote(member)
		}
	case []any:
		for i, member := range v {
			v[i] = quote(member)
		}
	}
	return value
}
