package aws

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/tidegate/tidegate/internal/simcloud/aws/cloudwatch"
	"github.com/tidegate/tidegate/internal/simcloud/aws/wire"
	"github.com/tidegate/tidegate/internal/simcloud/fault"
	"github.com/tidegate/tidegate/internal/simcloud/record"
)

// Options of a simulated AWS.
type Options struct {
	// Book takes the calls and effects; required.
	Book *record.Book
	// Now is the simulated clock; nil is time.Now.
	Now func() time.Time
	// WallClock is what signatures are dated against, since the callers sign by
	// the real time whatever the simulated clock says; nil is time.Now.
	WallClock func() time.Time
	// Faults decide which calls go wrong; nil is none.
	Faults *fault.Engine
}

// Cloud is one simulated AWS. It is an http.Handler that speaks the protocols of its services;
// its methods may be called from many goroutines at once.
type Cloud struct {
	book       *record.Book
	now        func() time.Time
	gate       *wire.Gate
	noUpdate   string
	timing     Timing
	account    string
	operations map[string]served
	faults     *fault.Engine

	mu        sync.Mutex
	gateways  []*gateway // sorted by ARN
	byARN     map[string]*gateway
	byID      map[string]*gateway
	volumes   map[string]*volume // by ARN
	snapshots snapshots
	alarms    *cloudwatch.Service
	made      int
}

// New builds the cloud of a scenario. A scenario that Validate refuses is
// refused here with the same FieldErrors.
func New(s Scenario, opts Options) (*Cloud, error) {
	if opts.Book == nil {
		return nil, fmt.Errorf("simulated AWS: Options.Book is missing: give it a record.Book")
	}
	if err := s.Validate(); err != nil {
		return nil, fmt.Errorf("simulated AWS: %w", err)
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.WallClock == nil {
		opts.WallClock = time.Now
	}
	s = s.withDefaults()
	c := &Cloud{
		book: opts.Book, now: opts.Now, gate: wire.NewGate(s.keys(), s.Regions, opts.WallClock),
		noUpdate: s.NoUpdate, timing: s.Timing, account: s.Credentials[0].Account,
		operations: map[string]served{}, faults: opts.Faults,
		byARN: map[string]*gateway{}, byID: map[string]*gateway{}, volumes: map[string]*volume{},
		snapshots: newSnapshots(),
	}
	for _, op := range operations() {
		c.operations[op.Name] = op
	}
	start := c.now()
	c.alarms = cloudwatch.New(s.alarms(), s.LateMutes, c.book, start)
	for _, g := range s.Gateways {
		c.addGateway(g, start)
	}
	c.sortGateways()
	return c, nil
}

// withDefaults fills in what the scenario leaves out.
func (s Scenario) withDefaults() Scenario {
	if len(s.Credentials) == 0 {
		s.Credentials = []Credential{{AccessKeyID: DefaultAccessKeyID, SecretAccessKey: DefaultSecretAccessKey}}
	}
	creds := make([]Credential, len(s.Credentials))
	for i, cred := range s.Credentials {
		setDefault(&cred.Account, DefaultAccount)
		creds[i] = cred
	}
	s.Credentials = creds
	setDefault(&s.NoUpdate, noUpdateAccepted)
	setDefault(&s.LateMutes, cloudwatch.LateMutesActive)
	s.Timing = s.Timing.Over(DefaultTiming())
	gateways := make([]Gateway, len(s.Gateways))
	for i, g := range s.Gateways {
		setDefault(&g.Account, creds[0].Account)
		setDefault(&g.NoUpdate, s.NoUpdate)
		g.Timing = g.Timing.Over(s.Timing)
		gateways[i] = g.withDefaults()
	}
	s.Gateways = gateways
	return s
}

// alarms are the scenario's, with their defaults.
func (s Scenario) alarms() []cloudwatch.Alarm {
	account := DefaultAccount
	if len(s.Credentials) > 0 {
		account = cmp.Or(s.Credentials[0].Account, DefaultAccount)
	}
	out := make([]cloudwatch.Alarm, len(s.Alarms))
	for i, a := range s.Alarms {
		out[i] = a.WithDefaults(DefaultRegion, account)
	}
	return out
}

// keys are the credentials as the gate takes them.
func (s Scenario) keys() []wire.Key {
	var out []wire.Key
	for _, cred := range s.Credentials {
		out = append(out, wire.Key(cred))
	}
	return out
}

func (g Gateway) withDefaults() Gateway {
	setDefault(&g.Name, g.ID)
	setDefault(&g.Region, DefaultRegion)
	setDefault(&g.Type, typeCached)
	setDefault(&g.State, stateRunning)
	setDefault(&g.Timezone, "GMT")
	setDefault(&g.HostEnvironment, "VMWARE")
	setDefault(&g.Version, "1.2.3")
	setDefault(&g.AutomaticUpdatePolicy, policyAll)
	setSize(&g.Cache.SizeGiB)
	setSize(&g.UploadBuffer.SizeGiB)
	if g.Cache.UsedPercent == nil {
		g.Cache.UsedPercent = new(60.0)
	}
	if g.LastUpdatedAgo == 0 {
		g.LastUpdatedAgo = 30 * 24 * time.Hour
	}
	if g.Window.empty() {
		g.Window = Window{HourOfDay: new(3), MinuteOfHour: new(0), DayOfWeek: new(0)}
	}
	return g
}

// setSize takes the smallest size that AWS allows for a cache or an upload buffer.
func setSize(gib *int) {
	if *gib == 0 {
		*gib = 150
	}
}

func setDefault(field *string, value string) {
	if *field == "" {
		*field = value
	}
}

// newID is an id that looks random and is the same in every run of a scenario.
// The caller holds the lock.
func (c *Cloud) newID(prefix string, digits int) string {
	c.made++
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d", prefix, c.made))
	return prefix + hex.EncodeToString(sum[:])[:digits]
}

// ServeHTTP answers one request of any service.
func (c *Cloud) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	call, err := wire.Decode(r, c.now())
	var out any
	if err == nil {
		out, err = c.answer(call)
	}
	call.Strike.Deliver(w, r, func(w http.ResponseWriter) { call.Answer(w, out, err) })
}

// answer is the one path of every operation: authenticate, act. A scripted
// fault keeps the call from acting, replaces its answer, or does both.
func (c *Cloud) answer(call *wire.Call) (out any, err *wire.Error) {
	c.book.Call(call.Service + ":" + call.Operation)
	if err := c.gate.Authenticate(call); err != nil {
		return nil, err
	}
	op, known := c.operations[call.Service+":"+call.Operation]
	if !known {
		return nil, call.UnknownOperation()
	}
	call.Strike = c.faults.Strike(op.Operation, func() []string { return c.resources(call) })
	if !call.Strike.Prevents() {
		out, err = c.act(op, call)
	}
	if failed := call.Failure(); failed != nil {
		return nil, failed
	}
	return out, err
}

// act carries the call out, alone.
func (c *Cloud) act(op served, call *wire.Call) (any, *wire.Error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return op.act(c, call)
}

// effect notes a change that the caller made.
func (c *Cloud) effect(call *wire.Call, resource string, detail map[string]string) {
	call.Effect(c.book, resource, detail)
}
