package devserver

import (
	"errors"
	"fmt"
	"net"
	"runtime"
	"strconv"
	"syscall"

	"go.temporal.io/server/common/primitives"
)

// PortOption names the option that a port came from, so that a main can name
// its flag.
type PortOption string

// The options that set a port.
const (
	OptionPort   PortOption = "Port"   // OptionPort is Options.Port, the Temporal frontend's.
	OptionUIPort PortOption = "UIPort" // OptionUIPort is Options.UIPort, the Web UI's.
)

// PortTakenError says that someone else listens on a port that was asked for.
type PortTakenError struct {
	Option PortOption // Option that asked for the port.
	Host   string     // Host is the loopback address.
	Port   int        // Port is the taken one.
}

// Error names the address. A main should add the flag that moves it.
func (e *PortTakenError) Error() string {
	return "another program already listens on " + net.JoinHostPort(e.Host, strconv.Itoa(e.Port))
}

// ports holds the addresses of one server. All of them are bound at the same
// time, so that no two are alike, until release hands them over to their servers.
type ports struct {
	host     string
	services map[primitives.ServiceName]int
	ui       int // 0 without a Web UI.
	held     []*reservation
}

// reservation is a port that is bound on behalf of a server to come.
type reservation struct {
	net.Listener
	free bool // free means that the system chose it.
}

func reservePorts(opts Options) (*ports, error) {
	p := &ports{host: opts.Host, services: make(map[primitives.ServiceName]int)}
	err := p.reserveAll(opts)
	if err != nil {
		p.release()
		return nil, err
	}
	return p, nil
}

func (p *ports) reserveAll(opts Options) error {
	var err error
	// The chosen ports come first, lest a free one happens to be one of them.
	if p.services[primitives.FrontendService], err = p.reserve(OptionPort, opts.Port); err != nil {
		return err
	}
	if opts.UIPort != NoUI {
		if p.ui, err = p.reserve(OptionUIPort, opts.UIPort); err != nil {
			return err
		}
	}
	for _, service := range []primitives.ServiceName{
		primitives.HistoryService, primitives.MatchingService, primitives.WorkerService,
	} {
		if p.services[service], err = p.reserve("", 0); err != nil {
			return err
		}
	}
	return nil
}

func (p *ports) reserve(option PortOption, port int) (int, error) {
	l, err := net.Listen("tcp", net.JoinHostPort(p.host, strconv.Itoa(port))) //nolint:noctx // binding does not block
	if errors.Is(err, syscall.EADDRINUSE) {
		return 0, &PortTakenError{Option: option, Host: p.host, Port: port}
	}
	if err != nil {
		return 0, fmt.Errorf("listen on %s: %w", net.JoinHostPort(p.host, strconv.Itoa(port)), err)
	}
	p.held = append(p.held, &reservation{Listener: l, free: port == 0})
	addr, ok := l.Addr().(*net.TCPAddr)
	if !ok {
		return 0, fmt.Errorf("listen on %s: %T is not a TCP address", p.host, l.Addr())
	}
	return addr.Port, nil
}

// release frees the ports. It may be called again.
func (p *ports) release() {
	for _, r := range p.held {
		if r.free {
			r.keepFromOthers()
		}
		_ = r.Close() // a listener that was never served has nothing to lose
	}
	p.held = nil
}

// keepFromOthers leaves a connection in TIME_WAIT on a port that the system
// chose: Linux hands such a port to nobody who asks for a free one, but lets us
// bind it by number. Without it another test may get it before our server binds it.
func (r *reservation) keepFromOthers() {
	if runtime.GOOS != "linux" {
		return
	}
	dialed, err := net.Dial(r.Addr().Network(), r.Addr().String()) //nolint:noctx // our own listener's backlog answers
	if err != nil {
		return
	}
	defer func() { _ = dialed.Close() }() // nothing was sent
	// The side that closes first is the one that waits.
	if accepted, err := r.Accept(); err == nil {
		_ = accepted.Close() // nothing was sent
	}
}

func (p *ports) address(port int) string { return net.JoinHostPort(p.host, strconv.Itoa(port)) }

func (p *ports) frontend() string { return p.address(p.services[primitives.FrontendService]) }
