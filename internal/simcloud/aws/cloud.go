package aws

import (
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/signer/v4"

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

// Cloud is one simulated AWS. It is an http.Handler that speaks both protocols;
// its methods may be called from many goroutines at once.
type Cloud struct {
	book       *record.Book
	now        func() time.Time
	wall       func() time.Time
	wallStart  time.Time
	regions    []string
	noUpdate   string
	timing     Timing
	account    string
	keys       map[string]Credential
	signer     *v4.Signer
	operations map[string]served
	faults     *fault.Engine

	mu        sync.Mutex
	gateways  []*gateway // sorted by ARN
	byARN     map[string]*gateway
	byID      map[string]*gateway
	volumes   map[string]*volume // by ARN
	snapshots snapshots
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
		book: opts.Book, now: opts.Now, wall: opts.WallClock, wallStart: opts.WallClock(),
		regions: s.Regions, noUpdate: s.NoUpdate, timing: s.Timing, account: s.Credentials[0].Account, signer: v4.NewSigner(),
		keys:       map[string]Credential{},
		operations: map[string]served{}, faults: opts.Faults,
		byARN: map[string]*gateway{}, byID: map[string]*gateway{}, volumes: map[string]*volume{},
		snapshots: newSnapshots(),
	}
	for _, cred := range s.Credentials {
		c.keys[cred.AccessKeyID] = cred
	}
	for _, op := range operations() {
		c.operations[op.Name] = op
	}
	start := c.now()
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
	s.Timing = s.Timing.over(DefaultTiming())
	gateways := make([]Gateway, len(s.Gateways))
	for i, g := range s.Gateways {
		setDefault(&g.Account, creds[0].Account)
		setDefault(&g.NoUpdate, s.NoUpdate)
		g.Timing = g.Timing.over(s.Timing)
		gateways[i] = g.withDefaults()
	}
	s.Gateways = gateways
	return s
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
	if g.LastUpdatedAgo == 0 {
		g.LastUpdatedAgo = 30 * 24 * time.Hour
	}
	if g.Window.empty() {
		g.Window = Window{HourOfDay: new(3), MinuteOfHour: new(0), DayOfWeek: new(0)}
	}
	return g
}

func setDefault(field *string, value string) {
	if *field == "" {
		*field = value
	}
}

// newRequestID is a random id in the form that AWS uses.
func newRequestID() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // it never fails since Go 1.24
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// newID is an id that looks random and is the same in every run of a scenario.
// The caller holds the lock.
func (c *Cloud) newID(prefix string, digits int) string {
	c.made++
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d", prefix, c.made))
	return prefix + hex.EncodeToString(sum[:])[:digits]
}

// ServeHTTP answers one request of either service.
func (c *Cloud) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	call, err := decode(r)
	call.now = c.now()
	call.id = newRequestID()
	var out any
	if err == nil {
		out, err = c.answer(call)
	}
	call.strike.Deliver(w, r, func(w http.ResponseWriter) { call.protocol.encode(w, call, out, err) })
}

// answer is the one path of every operation: authenticate, act. A scripted
// fault keeps the call from acting, replaces its answer, or does both.
func (c *Cloud) answer(call *call) (out any, err *apiError) {
	c.book.Call(call.service + ":" + call.operation)
	if err := c.authenticate(call); err != nil {
		return nil, err
	}
	op, known := c.operations[call.service+":"+call.operation]
	if !known {
		return nil, cmp.Or(notSimulated(call.service, call.operation), call.protocol.unknownOperation(call.operation))
	}
	call.strike = c.faults.Strike(op.Operation, func() []string { return c.resources(call) })
	if !call.strike.Prevents() {
		out, err = c.act(op, call)
	}
	if failed := c.failure(call); failed != nil {
		return nil, failed
	}
	return out, err
}

// act carries the call out, alone.
func (c *Cloud) act(op served, call *call) (any, *apiError) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return op.act(c, call)
}

// effect notes a change that the caller made.
func (c *Cloud) effect(call *call, resource string, detail map[string]string) {
	detail["account"] = call.account
	if id := call.http.Header.Get("Amz-Sdk-Invocation-Id"); id != "" {
		detail["invocation"] = id
	}
	c.book.EffectAt(call.now, call.service+":"+call.operation, resource, call.id, detail)
}
