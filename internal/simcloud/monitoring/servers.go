package monitoring

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/simcloud/fault"
	"github.com/tidegate/tidegate/internal/simcloud/record"
)

// ErrUnknown is a series, an alert or a page that there is not.
var ErrUnknown = errors.New("unknown")

// Options of simulated monitoring servers. Now, Book and Happened are required.
type Options struct {
	Now      func() time.Time
	Book     *record.Book
	Happened Happened
	Faults   *fault.Engine // nil is none
}

// Servers are the simulated servers. They are an http.Handler; their methods may be called from many goroutines at
// once.
type Servers struct {
	Options

	token string

	mu       sync.Mutex
	delay    time.Duration
	start    time.Time
	series   []Series
	alerts   []Alert
	pages    []Page
	silences []*silence // in the order of their creation
}

// New takes a validated scenario.
func New(s Scenario, opts Options) *Servers {
	s = s.withDefaults()
	return &Servers{
		Options: opts, token: s.Token, delay: s.Delay, start: opts.Now(),
		series: s.Series, alerts: s.Alerts, pages: s.Pages,
	}
}

// The paths below which the servers are found.
const (
	PrometheusPath   = "/prometheus"
	AlertmanagerPath = "/alertmanager"
	PagesPath        = "/http"
)

// Serves is true for a request of one of the servers, by its path.
func Serves(path string) bool {
	return slices.ContainsFunc([]string{PrometheusPath, AlertmanagerPath, PagesPath}, func(prefix string) bool {
		return strings.HasPrefix(path, prefix+"/")
	})
}

// operation is a request that is served.
type operation struct {
	fault.Operation

	method, path string // a path that ends in / has an id behind it
	act          func(s *Servers, c *call) answer
}

// answer is a status and a body, which is JSON unless it is a string.
type answer struct {
	status int
	body   any
}

// call is one request.
type call struct {
	*http.Request

	id     string // behind the operation's path
	body   []byte
	now    time.Time
	strike *fault.Strike
}

func operations() []operation {
	read := func(name, method, path string, act func(s *Servers, c *call) answer) operation {
		return operation{fault.Operation{Name: name, Protocol: fault.Monitoring}, method, path, act}
	}
	write := func(name, method, path string, act func(s *Servers, c *call) answer) operation {
		op := read(name, method, path, act)
		op.Writes = true
		return op
	}
	expire := write(
		"alertmanager:DeleteSilence", http.MethodDelete, AlertmanagerPath+"/api/v2/silence/", (*Servers).expireSilence)
	expire.Bodyless = true
	return []operation{
		read("prometheus:Query", http.MethodPost, PrometheusPath+"/api/v1/query", (*Servers).query),
		read("prometheus:Query", http.MethodGet, PrometheusPath+"/api/v1/query", (*Servers).query),
		read("alertmanager:GetAlerts", http.MethodGet, AlertmanagerPath+"/api/v2/alerts", (*Servers).listAlerts),
		read("alertmanager:GetSilences", http.MethodGet, AlertmanagerPath+"/api/v2/silences", (*Servers).listSilences),
		read("alertmanager:GetSilence", http.MethodGet, AlertmanagerPath+"/api/v2/silence/", (*Servers).getSilence),
		write("alertmanager:PostSilences", http.MethodPost, AlertmanagerPath+"/api/v2/silences", (*Servers).postSilence),
		expire,
		read("http:Get", http.MethodGet, PagesPath+"/", (*Servers).page),
	}
}

// Operations are the calls that are served.
func Operations() []fault.Operation {
	var all []fault.Operation
	for _, op := range operations() {
		if !slices.Contains(all, op.Operation) {
			all = append(all, op.Operation)
		}
	}
	return all
}

// find is the operation of a request, and the id behind its path.
func find(r *http.Request) (operation, string, bool) {
	for _, op := range operations() {
		id, below := strings.CutPrefix(r.URL.Path, op.path)
		if r.Method == op.method && (r.URL.Path == op.path || below && strings.HasSuffix(op.path, "/")) {
			return op, id, true
		}
	}
	return operation{}, "", false
}

const maxBody = 1 << 20 // of a request, in bytes

// ServeHTTP answers one request.
func (s *Servers) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	op, id, known := find(r)
	if !known {
		http.NotFound(w, r)
		return
	}
	s.Book.Call(op.Name)
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		http.Error(w, "the request is too large", http.StatusRequestEntityTooLarge)
		return
	}
	s.wait(r)
	if s.token != "" && r.Header.Get("Authorization") != "Bearer "+s.token {
		reply(w, unauthorized())
		return
	}
	c := &call{Request: r, id: id, body: body, now: s.Now()}
	c.strike = s.Faults.Strike(op.Operation, func() []string { return []string{id} })
	var out answer
	if !c.strike.Prevents() {
		out = op.act(s, c)
	}
	if failed, is := c.failure(op); is {
		out = failed
	}
	c.strike.Deliver(w, r, func(w http.ResponseWriter) { reply(w, out) })
}

// wait lets a slow server be slow.
func (s *Servers) wait(r *http.Request) {
	s.mu.Lock()
	delay := s.delay
	s.mu.Unlock()
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-r.Context().Done():
	case <-timer.C:
	}
}

// page is an application's.
func (s *Servers) page(c *call) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := slices.IndexFunc(s.pages, func(p Page) bool { return p.Path == "/"+c.id })
	if at < 0 {
		return answer{http.StatusNotFound, "404 page not found\n"}
	}
	p := s.pages[at]
	status, _ := strconv.Atoi(valueAt(script{s.start, p.Value, p.Changes}.spells(s.Happened), c.now)) // validated
	return answer{status, http.StatusText(status) + "\n"}
}

// Set gives a series, by its name, or a page, by its path, a value from now on.
func (s *Servers) Set(name, value string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	after := s.Now().Sub(s.start)
	for i := range s.series {
		if one := &s.series[i]; one.Name == name {
			return set(&one.Changes, value, after, isNumber, "a number, NaN, +Inf, -Inf or none")
		}
	}
	for i := range s.pages {
		if one := &s.pages[i]; one.Path == name {
			return set(&one.Changes, value, after, isStatus, "an HTTP status from 200 to 599")
		}
	}
	return fmt.Errorf("%w series or page %q: see GET /_sim/state for those that there are", ErrUnknown, name)
}

func set(changes *[]Change, value string, after time.Duration, ok func(string) bool, want string) error {
	if !ok(value) {
		return maintenance.Invalid("value", value, want)
	}
	*changes = append(slices.Clone(*changes), Change{Value: value, After: after})
	return nil
}

// SetAlert lets the alerts that have all these labels fire, or not, from now on, whatever a series says.
func (s *Servers) SetAlert(labels map[string]string, value string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if value != firing && value != resolved {
		return maintenance.Invalid("value", value, "firing or resolved")
	}
	found := false
	for i := range s.alerts {
		if one := &s.alerts[i]; hasAll(one.Labels, labels) {
			found = true
			one.While = While{}
			one.Changes = append(slices.Clone(one.Changes), Change{Value: value, After: s.Now().Sub(s.start)})
		}
	}
	if !found {
		return fmt.Errorf("%w alert %s: see GET /_sim/state for those that there are", ErrUnknown, keyOf(labels))
	}
	return nil
}

func hasAll(labels, some map[string]string) bool {
	for name, value := range some {
		if labels[name] != value {
			return false
		}
	}
	return true
}

// SetDelay is how long every answer takes from now on.
func (s *Servers) SetDelay(delay time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.delay = delay
}
