// Package redact takes out of an exchange with a cloud whatever nobody else may read, before anything of it is
// written: what the table (known.txt) does not list becomes a placeholder that keeps the type, ids and names become
// pseudonyms of the same form. Credentials, tokens and signatures are in no list, and so have no way through.
//
// It does no I/O. Start at New and Exchange.
package redact

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/tidegate/tidegate/internal/capture"
)

// Raw is an exchange as it went over the wire.
type Raw struct {
	At      time.Time
	Took    time.Duration // until the answer's headers
	Account string        // its name in the accounts file
	Attempt int

	Method string
	URL    *url.URL
	Header http.Header
	Body   Bytes

	Status       int // 0: no answer
	AnswerHeader http.Header
	Answer       Bytes
	Failure      string // see capture.Exchange
}

// Bytes is a body, or its start.
type Bytes struct {
	Start []byte
	Size  int // all of it
}

// Redactor writes exchanges for others. It may be used by many goroutines at once.
type Redactor struct {
	names Pseudonyms
	table table
	// listed are the paths of members that the table has for a service, with all that lead there.
	listed map[string]map[string]bool

	header     map[string]*regexp.Regexp
	parameters map[string]class
}

// New makes the Redactor of a key, which must not be known to those who read what it writes.
func New(key []byte) (*Redactor, error) {
	t, err := parse(knownText)
	if err != nil {
		return nil, err
	}
	r := &Redactor{
		names: NewPseudonyms(key), table: t, listed: map[string]map[string]bool{}, header: headerForms(),
		parameters: queryWords(),
	}
	for at, members := range t {
		if r.listed[at.service] == nil {
			r.listed[at.service] = map[string]bool{}
		}
		for path := range members {
			for ; path != ""; path, _, _ = cutLast(path, ".") {
				r.listed[at.service][strings.TrimSuffix(path, "[]")] = true
				r.listed[at.service][path] = true
			}
		}
	}
	return r, nil
}

func cutLast(s, separator string) (before, after string, found bool) {
	if i := strings.LastIndex(s, separator); i >= 0 {
		return s[:i], s[i+len(separator):], true
	}
	return "", s, false
}

// Exchange is what may be written of an exchange.
func (r *Redactor) Exchange(raw Raw) capture.Exchange {
	form, tree := raw.Body.tree(raw.Header)
	var query map[string]any
	if form == capture.Query {
		query, _ = tree.(map[string]any)
	}
	c := recognize(raw.Method, raw.URL, raw.Header, query)
	asked := place{c.service, c.operation, Asked}
	e := capture.Exchange{
		At: raw.At.UTC(), Took: float64(raw.Took.Microseconds()) / 1000, Cloud: c.cloud, Service: c.service,
		Operation: c.operation, Region: c.region, Attempt: raw.Attempt, Failure: raw.Failure,
		Request: capture.Request{
			Method: method(raw.Method), URL: r.url(c, raw.URL), Headers: r.headers(raw.Header),
			Body: r.body(asked, form, tree, raw.Body.Size),
		},
	}
	if raw.Account != "" {
		e.Account = r.names.ID(raw.Account)
	}
	if raw.Status == 0 {
		return e
	}
	answered := place{c.service, c.operation, Answered}
	if raw.Status >= http.StatusBadRequest {
		answered.side = Failed
	}
	form, tree = raw.Answer.tree(raw.AnswerHeader)
	e.Response = &capture.Response{
		Status: raw.Status, Headers: r.headers(raw.AnswerHeader), Body: r.body(answered, form, tree, raw.Answer.Size),
	}
	return e
}

func (b Bytes) tree(header http.Header) (capture.Form, any) {
	if len(b.Start) < b.Size {
		return capture.Unreadable, nil
	}
	return Tree(header, b.Start)
}

func (r *Redactor) body(at place, form capture.Form, tree any, size int) capture.Body {
	body := capture.Body{Form: form, Bytes: size}
	if parameters, is := tree.(map[string]any); is && form == capture.Query {
		body.Value = r.query(at, parameters)
	} else {
		body.Value = r.tree(at, "", tree)
	}
	return body
}

func method(given string) string {
	switch given {
	case http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodHead, http.MethodPatch:
		return given
	}
	return "<method>"
}

// The hosts whose names say nothing of who calls them: those of the clouds' own regions, and this machine.
var openHost = regexp.MustCompile(`^([a-z0-9-]{2,30}(\.[a-z]{2,5}(-[a-z]{2,10}){1,3}-\d{1,3})?\.` +
	`(amazonaws\.com(\.cn)?|amazonaws\.eu|api\.aws|myhuaweicloud\.(com|eu))|localhost|127\.0\.0\.1)(:\d{1,5})?$`)

// words of the paths of the clouds' calls.
var pathWord = regexp.MustCompile(`^(v3(\.\d)?|service|operation|GraniteServiceVersion\d{8}|auth|tokens|projects|instances|` +
	`proxies|proxy|taurusproxy|proxy-version|upgrade-version|weight|route-mode|restart|tags|action|jobs|immediate-jobs|` +
	`scheduled-jobs|schedule-tasks|exist)?$`)

// queryWords are the parameters of a URL that are written as the class says.
func queryWords() map[string]class {
	return map[string]class{
		"id": asID, "job_id": asID, "instance_id": asID, "job_name": asWord, "status": asWord, "offset": asNumber,
		"limit": asNumber, "start_time": asTime, "end_time": asTime, "nocatalog": asBool, "name": asID,
	}
}

func (r *Redactor) url(c call, at *url.URL) string {
	host := at.Host
	if !openHost.MatchString(host) {
		host = r.host(host)
	}
	segments := strings.Split(at.Path, "/")
	for i, segment := range segments {
		if !pathWord.MatchString(segment) && segment != c.operation {
			segments[i] = r.names.ID(segment)
		}
	}
	out := url.URL{Scheme: "http", Host: host, Path: strings.Join(segments, "/")}
	if at.Scheme == "https" {
		out.Scheme = "https"
	}
	query := url.Values{}
	for name, values := range at.Query() {
		class, listed := r.parameters[name]
		for _, value := range values {
			query.Add(member(name, listed), r.text(class, value))
		}
	}
	out.RawQuery = query.Encode()
	return out.String()
}

func (r *Redactor) host(host string) string {
	if address := r.names.ID(host); !strings.HasPrefix(address, "name-") {
		return address
	}
	return r.names.Host(host)
}

// The headers that are written. Each has a form, so that nothing else comes along.
func headerForms() map[string]*regexp.Regexp {
	return map[string]*regexp.Regexp{
		"Content-Type":     regexp.MustCompile(`^[a-z]{2,20}/[a-z0-9.+-]{2,60}(; ?charset=[A-Za-z0-9-]{2,20})?$`),
		"X-Amz-Target":     regexp.MustCompile(`^[A-Za-z]{2,40}_\d{8}\.[A-Za-z]{2,80}$`),
		"Smithy-Protocol":  regexp.MustCompile(`^rpc-v2-cbor$`),
		"X-Amzn-Errortype": codeForm,
		"X-Amzn-Query-Error": regexp.MustCompile(
			`^[A-Za-z.]{2,60};(Sender|Receiver)$`),
		"Amz-Sdk-Request": regexp.MustCompile(`^attempt=\d{1,3}; max=\d{1,3}$`),
		"Retry-After":     regexp.MustCompile(`^(\d{1,6}|[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT)$`),
		"Date":            regexp.MustCompile(`^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$`),
	}
}

func (r *Redactor) headers(all http.Header) map[string]string {
	out := map[string]string{}
	for name, form := range r.header {
		value := all.Get(name)
		switch {
		case value == "":
		case form.MatchString(value):
			out[name] = value
		default:
			out[name] = fmt.Sprintf("<string %d>", len(value))
		}
	}
	return out
}
