// Package servers has the monitoring servers of the worker's configuration by their names: Prometheus, Alertmanager,
// and whatever answers over HTTP. Plans name a server, never an address.
//
// It reads no file (internal/config does). What is asked of each kind is in the packages below. Start at New and
// Servers.
package servers

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/tidegate/tidegate/activities"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/health"
	"github.com/tidegate/tidegate/internal/servers/alertmanager"
	"github.com/tidegate/tidegate/internal/servers/httpcheck"
	"github.com/tidegate/tidegate/internal/servers/prometheus"
	"github.com/tidegate/tidegate/internal/servers/wire"
)

// Configured are the servers of a configuration. Names are unique within a kind.
type Configured struct{ Prometheus, Alertmanager, HTTP []wire.Server }

// Servers finds servers by their kind and name. It may be used by many goroutines at once.
type Servers struct{ now atomic.Pointer[known] }

// known are the servers of one configuration.
type known struct {
	prometheus   map[string]*prometheus.Server
	alertmanager map[string]*alertmanager.Server
	http         map[string]*httpcheck.Server
}

var _ activities.Servers = (*Servers)(nil)

// Sign makes the transports that sign requests for an AWS account of the worker's configuration.
type Sign func(account string) (func(http.RoundTripper) http.RoundTripper, error)

// New opens the servers. It sends nothing. Its error names each server that cannot be used as it is configured.
func New(c Configured, sign Sign) (*Servers, error) {
	var errs [3]error
	k := &known{}
	k.prometheus, errs[0] = open(c.Prometheus, sign, prometheus.New)
	k.alertmanager, errs[1] = open(c.Alertmanager, sign, alertmanager.New)
	k.http, errs[2] = open(c.HTTP, sign, httpcheck.New)
	s := &Servers{}
	s.now.Store(k)
	return s, errors.Join(errs[:]...)
}

// Replace takes the servers of another one in the place of these.
func (s *Servers) Replace(by *Servers) { s.now.Store(by.known()) }

// known are the servers now.
func (s *Servers) known() *known {
	if k := s.now.Load(); k != nil {
		return k
	}
	return &known{}
}

func open[T any](all []wire.Server, sign Sign, open func(wire.Server) (T, error)) (map[string]T, error) {
	found := make(map[string]T, len(all))
	var errs []error
	for _, server := range all {
		var err error
		if server.AWSAccount != "" {
			server.Signed, err = sign(server.AWSAccount)
		}
		if err == nil {
			found[server.Name], err = open(server)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("open the server %q: %w", server.Name, err))
		}
	}
	return found, errors.Join(errs...)
}

// Prometheus is the Prometheus server of a name.
func (s *Servers) Prometheus(name string) (*prometheus.Server, error) {
	return find(s.known().prometheus, kindPrometheus, name)
}

// Alertmanager is the Alertmanager of a name.
func (s *Servers) Alertmanager(name string) (*alertmanager.Server, error) {
	return find(s.known().alertmanager, kindAlertmanager, name)
}

// HTTP is the HTTP server of a name.
func (s *Servers) HTTP(name string) (*httpcheck.Server, error) {
	return find(s.known().http, kindHTTP, name)
}

// The kinds of servers, as the configuration's sections are called.
const (
	kindPrometheus   = "prometheus"
	kindAlertmanager = "alertmanager"
	kindHTTP         = "http"
)

func find[T any](known map[string]T, kind, name string) (T, error) {
	found, ok := known[name]
	if !ok {
		return found, &UnknownError{Kind: kind, Name: name, Known: slices.Sorted(maps.Keys(known))}
	}
	return found, nil
}

// UnknownError says that the worker's configuration has no server of a kind and name. It is a maintenance.ErrNotFound.
type UnknownError struct {
	Kind, Name string
	Known      []string // the names that there are, sorted
}

// Error names the server and those that there are.
func (e *UnknownError) Error() string {
	known := strings.Join(e.Known, ", ")
	if known == "" {
		known = "none"
	}
	return fmt.Sprintf("the worker's configuration has no %s server %q; it has: %s", e.Kind, e.Name, known)
}

// Unwrap is maintenance.ErrNotFound.
func (e *UnknownError) Unwrap() error { return maintenance.ErrNotFound }

// Check names every server, given by its kind and name such as prometheus/prod, that there is none of.
func (s *Servers) Check(named []string) error {
	var errs []error
	for _, each := range named {
		kind, name, _ := strings.Cut(each, "/")
		var err error
		switch kind {
		case kindPrometheus:
			_, err = s.Prometheus(name)
		case kindAlertmanager:
			_, err = s.Alertmanager(name)
		case kindHTTP:
			_, err = s.HTTP(name)
		default:
			err = fmt.Errorf("%w: servers of kind %q are not known to this worker", maintenance.ErrInvalid, kind)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// Try asks every server something harmless, all at once, and says which answer: sorted by kind and name.
func (s *Servers) Try(ctx context.Context) []activities.ServerTried {
	var (
		trying sync.WaitGroup
		mu     sync.Mutex
		tried  []activities.ServerTried
	)
	try := func(kind, name string, ask func(context.Context) error) {
		trying.Go(func() {
			err := ask(ctx)
			mu.Lock()
			defer mu.Unlock()
			tried = append(tried, activities.ServerTried{Kind: kind, Name: name, Err: err})
		})
	}
	for name, one := range s.known().prometheus {
		try(kindPrometheus, name, one.Try)
	}
	for name, one := range s.known().alertmanager {
		try(kindAlertmanager, name, one.Try)
	}
	for name, one := range s.known().http {
		try(kindHTTP, name, func(ctx context.Context) error { return tryHTTP(ctx, one) })
	}
	trying.Wait()
	slices.SortFunc(tried, func(a, b activities.ServerTried) int {
		return strings.Compare(a.Kind+"/"+a.Name, b.Kind+"/"+b.Name)
	})
	return tried
}

// tryHTTP takes any answer for one, but for those that say that the login is wrong: which paths there are is for plans
// to know.
func tryHTTP(ctx context.Context, s *httpcheck.Server) error {
	status, err := s.Status(ctx, health.HTTPQuestion{Path: "/"})
	if err == nil && (status == http.StatusUnauthorized || status == http.StatusForbidden) {
		return fmt.Errorf("%w: it answers HTTP %d; check its token, password or certificate in the worker's accounts file",
			maintenance.ErrDenied, status)
	}
	return err
}
