// Package huawei is the simulated Huawei Cloud: the operations of TaurusDB's proxies, and those
// of IAM that their callers need, over HTTP in the vendor's own forms, with real signatures,
// real tokens and jobs that take their time. The faults that a script can play are in ../fault.
//
// Start at Scenario, what can be described, and operations, what is served. State follows from
// what was asked for and from the clock: nothing runs in the background, and whatever has
// fallen due is put into effect by the next call.
package huawei

import (
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/tidegate/tidegate/internal/simcloud/fault"
	"github.com/tidegate/tidegate/internal/simcloud/record"
)

// Options are what a Cloud needs from the simulation around it.
type Options struct {
	// Book receives effects and calls; nil means a book of the Cloud's own.
	Book *record.Book
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Faults decide which calls go wrong; nil means none.
	Faults *fault.Engine
}

// Cloud is one simulated Huawei Cloud: an http.Handler that serves every
// endpoint (TaurusDB and IAM) under /v3/. Make one with New.
type Cloud struct {
	clock     func() time.Time
	book      *record.Book
	mux       *http.ServeMux
	faults    *fault.Engine
	durations Durations
	versions  []string

	mu          sync.Mutex
	projects    []Project
	users       []User
	credentials map[string]Credential
	locks       map[string]keyLock
	tokens      map[string]token
	instances   []*instance
	jobs        []*job
}

// New builds the cloud that the scenario describes. Its error lists every
// setting that cannot be used.
func New(s Scenario, o Options) (*Cloud, error) {
	if err := s.Validate(); err != nil {
		return nil, fmt.Errorf("the huawei scenario cannot be used: %w", err)
	}
	s = s.withDefaults()
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Book == nil {
		o.Book = record.New(o.Now)
	}
	c := &Cloud{
		clock:       o.Now,
		book:        o.Book,
		faults:      o.Faults,
		durations:   s.Durations,
		versions:    s.Versions,
		projects:    s.Projects,
		users:       s.Users,
		credentials: map[string]Credential{},
		locks:       map[string]keyLock{},
		tokens:      map[string]token{},
	}
	for _, credential := range s.Credentials {
		c.credentials[credential.AccessKey] = credential
	}
	for _, described := range s.Instances {
		c.addInstance(described)
	}
	c.mux = c.routes()
	return c, nil
}

// ServeHTTP answers one call of the cloud's API.
func (c *Cloud) ServeHTTP(w http.ResponseWriter, r *http.Request) { c.mux.ServeHTTP(w, r) }

// Settle puts into effect whatever has fallen due, so that the Book shows what
// the vendor did by itself up to now. Every call does so too.
func (c *Cloud) Settle() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.settle(c.now())
}

func (c *Cloud) now() time.Time { return c.clock() }
