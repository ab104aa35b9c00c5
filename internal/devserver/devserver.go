// Package devserver runs Temporal and its Web UI inside this process, on loopback, with SQLite: for
// the demo, for development, for end-to-end tests and for small installations on one machine. Only
// this package imports go.temporal.io/server; the worker and the operator's command never do.
//
// It has no authentication: anyone who can reach the loopback interface can do everything. Use
// docker-compose.yml or your own cluster for more. Start at Start and Options.
package devserver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"sync"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/temporal"

	"github.com/tidegate/tidegate/internal/namespace"
)

const (
	// NoUI as Options.UIPort leaves the Web UI out.
	NoUI = -1
	// DefaultNamespace is the namespace that clients use when nobody says otherwise.
	DefaultNamespace = "default"

	defaultHost = "127.0.0.1"
)

// Options say what to start. The zero value is a server in memory, on free
// ports of 127.0.0.1, with its Web UI and the namespace "default".
type Options struct {
	// Host is the loopback address to listen on: 127.0.0.1 (the default),
	// another one of 127.0.0.0/8, ::1, or localhost. Anything else is refused.
	Host string
	// Port of the Temporal frontend (gRPC); 0 takes a free one.
	Port int
	// UIPort is the Web UI's; 0 takes a free one, NoUI starts none.
	UIPort int
	// DBFile is the SQLite file that keeps the runs over restarts. It is created
	// if missing, in a folder that must exist; empty keeps everything in memory.
	// A file belongs to the Temporal version that made it: there are no migrations.
	DBFile string
	// Namespace is created if missing; empty means DefaultNamespace.
	Namespace string
	// Retention is how long runs that have ended stay readable in a new namespace: also less than the hour that a server
	// asks for elsewhere. 0 is namespace.DefaultRetention.
	Retention time.Duration
	// SearchAttributes are registered in the namespace if missing.
	SearchAttributes map[string]enumspb.IndexedValueType
	// Logger receives the server's own log; nil discards it.
	Logger *slog.Logger
	// LogLevel is the least level that is logged; nil means slog.LevelError, since
	// the server warns of much that is normal in one process.
	LogLevel slog.Leveler
}

// Server is a running Temporal server, with its Web UI unless that was left out.
type Server struct {
	frontend  string
	ui        *webUI
	namespace string
	temporal  temporal.Server
	database  *config.SQL
	unlock    func()
	log       *slog.Logger
	stopOnce  sync.Once
}

// Start starts the server and returns when it can be used: the namespace, its
// search attributes and the Web UI answer. The context bounds the start only;
// call Stop to end the server. A taken port is a *PortTakenError.
func Start(ctx context.Context, opts Options) (*Server, error) {
	opts, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	unlock, err := lockDatabase(opts.DBFile)
	if err != nil {
		return nil, err
	}
	s := &Server{namespace: opts.Namespace, unlock: unlock, log: opts.Logger}
	if err := s.start(ctx, opts); err != nil {
		s.Stop()
		return nil, err
	}
	return s, nil
}

func (s *Server) start(ctx context.Context, opts Options) error {
	ports, err := reservePorts(opts)
	if err != nil {
		return err
	}
	defer ports.release()
	s.frontend = ports.frontend()

	if s.database, err = openDatabase(opts); err != nil {
		return err
	}
	// From here on the server binds the ports itself.
	ports.release()
	if s.temporal, err = newTemporal(opts, ports, s.database); err != nil {
		return err
	}
	if err := s.temporal.Start(); err != nil {
		return fmt.Errorf("start the embedded Temporal server: %w", err)
	}
	if err := s.ensureAttributes(ctx, opts.SearchAttributes); err != nil {
		return err
	}
	if opts.UIPort == NoUI {
		return nil
	}
	s.ui = newWebUI(opts, s.frontend, ports.ui)
	return s.ui.start(ctx)
}

// ensureAttributes also is the proof that the server answers.
func (s *Server) ensureAttributes(ctx context.Context, attributes map[string]enumspb.IndexedValueType) error {
	c, err := s.NewClient(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := namespace.Ensure(ctx, c, s.namespace, attributes); err != nil {
		return fmt.Errorf("set up the embedded Temporal server: %w", err)
	}
	return nil
}

// FrontendAddress is where Temporal clients connect, as host:port.
func (s *Server) FrontendAddress() string { return s.frontend }

// UIAddress is the Web UI's address, as http://host:port, or empty without one.
func (s *Server) UIAddress() string {
	if s.ui == nil {
		return ""
	}
	return s.ui.address
}

// Namespace is the namespace that the server was started with.
func (s *Server) Namespace() string { return s.namespace }

// NewClient connects to the server's namespace. The caller closes the client,
// before it stops the server.
func (s *Server) NewClient(ctx context.Context) (client.Client, error) {
	c, err := client.DialContext(ctx, client.Options{
		HostPort:  s.frontend,
		Namespace: s.namespace,
		Logger:    log.NewStructuredLogger(s.log),
	})
	if err != nil {
		return nil, fmt.Errorf("connect to the embedded Temporal server at %s: %w", s.frontend, err)
	}
	return c, nil
}

// Stop ends the Web UI and the server. Runs stay in the database file, if there
// is one, and go on when a server is started on it again. Stopping twice is fine.
func (s *Server) Stop() {
	s.stopOnce.Do(func() {
		defer s.unlock()
		if s.ui != nil {
			s.ui.stop()
		}
		if s.temporal == nil {
			return
		}
		if err := s.temporal.Stop(); err != nil {
			s.log.Error("the embedded Temporal server did not stop cleanly", "error", err)
		}
		if err := checkpoint(s.database); err != nil {
			s.log.Error("the database's log stays next to its file; keep both", "error", err)
		}
	})
}

func (o Options) withDefaults() (Options, error) {
	if o.Host == "" || o.Host == "localhost" {
		o.Host = defaultHost
	}
	var faults []error
	if ip := net.ParseIP(o.Host); ip == nil || !ip.IsLoopback() {
		faults = append(faults, fmt.Errorf("host %q is not a loopback address: the embedded server "+
			"asks nobody for a password, so use 127.0.0.1, ::1 or localhost", o.Host))
	}
	faults = append(faults, checkPort(OptionPort, o.Port))
	if o.UIPort != NoUI {
		faults = append(faults, checkPort(OptionUIPort, o.UIPort))
	}
	if o.Namespace == "" {
		o.Namespace = DefaultNamespace
	}
	if o.LogLevel == nil {
		o.LogLevel = slog.LevelError
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	o.Logger = slog.New(atLeast{level: o.LogLevel, Handler: o.Logger.Handler()})
	return o, errors.Join(faults...)
}

func checkPort(option PortOption, port int) error {
	if port < 0 || port > 65535 {
		return fmt.Errorf("%s %s is not a port: use 1 to 65535, or 0 for a free one", option, strconv.Itoa(port))
	}
	return nil
}
