// Package simcloud is the two clouds, simulated over HTTP on one port: AWS Storage Gateway
// with EC2's snapshots and CloudWatch's alarms, and Huawei Cloud's TaurusDB proxies with its IAM; and alongside them a
// Prometheus, an Alertmanager and the pages of applications. A scenario says what
// exists and its outcomes; the admin side under /_sim/ shows the effects, which are the
// ground truth of every test, and changes the world while it runs.
//
// The clouds themselves are in aws and huawei, what monitors them in monitoring, how a call can fail in fault, the
// effects in record. Start at Scenario and New.
package simcloud

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/tidegate/tidegate/internal/simcloud/admin"
	"github.com/tidegate/tidegate/internal/simcloud/aws"
	"github.com/tidegate/tidegate/internal/simcloud/fault"
	"github.com/tidegate/tidegate/internal/simcloud/huawei"
	"github.com/tidegate/tidegate/internal/simcloud/monitoring"
	"github.com/tidegate/tidegate/internal/simcloud/record"
)

// Options of a simulation. The zero value is fit for use.
type Options struct {
	// Now is the clouds' clock; nil is time.Now. AWS's signatures are dated
	// against the wall clock all the same, Huawei's against this one.
	Now func() time.Time
}

// Simulation is both clouds. It is an http.Handler; its methods may be called
// from many goroutines at once.
type Simulation struct {
	book       *record.Book
	faults     *fault.Engine
	aws        *aws.Cloud
	huawei     *huawei.Cloud
	monitoring *monitoring.Servers
	admin      http.Handler
}

// New builds the simulation of a scenario, or says everything that is wrong with it.
func New(s Scenario, opts Options) (*Simulation, error) {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	book, faults := record.New(opts.Now), fault.New(Operations())
	if err := faults.Inject(s.Faults...); err != nil {
		return nil, fmt.Errorf("build the faults section: %w", err)
	}
	awsCloud, err := aws.New(s.AWS, aws.Options{Book: book, Now: opts.Now, Faults: faults})
	if err != nil {
		return nil, fmt.Errorf("build the aws section: %w", err)
	}
	huaweiCloud, err := huawei.New(s.Huawei, huawei.Options{Book: book, Now: opts.Now, Faults: faults})
	if err != nil {
		return nil, fmt.Errorf("build the huawei section: %w", err)
	}
	if err := s.Monitoring.Validate(s.gateways()); err != nil {
		return nil, fmt.Errorf("build the monitoring section: %w", err)
	}
	servers := monitoring.New(s.Monitoring, monitoring.Options{
		Book: book, Now: opts.Now, Faults: faults, Happened: awsCloud.Happened,
	})
	sim := &Simulation{book: book, faults: faults, aws: awsCloud, huawei: huaweiCloud, monitoring: servers}
	sim.admin = sim.adminHandler()
	return sim, nil
}

// Operations are all calls that the two clouds and the monitoring servers serve.
func Operations() []fault.Operation {
	return slices.Concat(aws.Operations(), huawei.Operations(), monitoring.Operations())
}

// AWS is the simulated AWS, for changes from within the process.
func (s *Simulation) AWS() *aws.Cloud { return s.aws }

// Huawei is the simulated Huawei Cloud, for changes from within the process.
func (s *Simulation) Huawei() *huawei.Cloud { return s.huawei }

// Monitoring are the simulated monitoring servers, for changes from within the process.
func (s *Simulation) Monitoring() *monitoring.Servers { return s.monitoring }

// Effects are all changes that took place up to now, including those that the
// clouds made by themselves, in the order in which they were found.
func (s *Simulation) Effects() []record.Effect {
	s.aws.Settle()
	s.huawei.Settle()
	return s.book.Effects()
}

// Calls counts the calls so far by operation, served or refused.
func (s *Simulation) Calls() map[string]int { return s.book.Calls() }

// Inject lets calls go wrong from now on as the rules say: all of them, or none
// and an error that names every field that cannot be used.
func (s *Simulation) Inject(rules ...fault.Rule) error { return s.faults.Inject(rules...) }

// Faults are the rules, in the order of their injection, and how often each has struck.
func (s *Simulation) Faults() []fault.State { return s.faults.Faults() }

// ClearFaults takes all rules away. A call that hangs goes on hanging.
func (s *Simulation) ClearFaults() { s.faults.Clear() }

// ServeHTTP tells the clouds apart as their own front doors cannot be: AWS by
// its signature, target or protocol header, Huawei Cloud and the monitoring servers by their paths, the admin side by
// /_sim/.
func (s *Simulation) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case strings.HasPrefix(r.URL.Path, adminPrefix):
		s.admin.ServeHTTP(w, r)
	case monitoring.Serves(r.URL.Path):
		s.monitoring.ServeHTTP(w, r)
	case isAWS(r):
		s.aws.ServeHTTP(w, r)
	case strings.HasPrefix(r.URL.Path, "/v3/"), strings.HasPrefix(r.URL.Path, "/v3.1/"):
		s.huawei.ServeHTTP(w, r)
	default:
		notFound(w, r)
	}
}

func isAWS(r *http.Request) bool {
	return r.Header.Get("X-Amz-Target") != "" || r.Header.Get("Smithy-Protocol") != "" ||
		strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256") ||
		r.URL.Path == "/" && strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded")
}

func notFound(w http.ResponseWriter, r *http.Request) {
	admin.Reply(w, http.StatusNotFound, map[string]string{
		"error": fmt.Sprintf("%s %s belongs to neither simulated cloud: AWS requests carry an AWS4-HMAC-SHA256 signature, "+
			"Huawei Cloud's start with /v3/, those of monitoring servers with /prometheus/, /alertmanager/ or /http/, and the simulator's own side is GET %s", r.Method, r.URL.Path, adminPrefix),
	})
}
