package compare

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/tidegate/tidegate/internal/capture"
	"github.com/tidegate/tidegate/internal/capture/redact"
	"github.com/tidegate/tidegate/internal/simcloud"
	"github.com/tidegate/tidegate/internal/simcloud/fault"
	"github.com/tidegate/tidegate/internal/simcloud/huawei"
)

// pair is a captured exchange and the simulator's answer to the same request.
type pair struct {
	exchange

	simulated any
	got       result
	passed    string // why it was not played; empty: it was
}

// player plays exchanges.
type player struct {
	fleet *fleet
	sim   *simcloud.Simulation
	now   time.Time
	ids   map[string]string // those that clouds made up, by the capture's
	token map[string]string // of Huawei Cloud, by project
	made  map[string]bool   // updates that AWS made, by gateway
	known map[string]bool   // operations of the simulator
}

// play plays all that can be.
func play(all []exchange, f *fleet) ([]pair, error) {
	p := &player{
		fleet: f, now: f.start, ids: map[string]string{}, made: map[string]bool{}, known: map[string]bool{},
		token: map[string]string{},
	}
	for _, op := range simcloud.Operations() {
		p.known[op.Name] = true
	}
	scenario := f.scenario()
	for i := range scenario.AWS.Gateways {
		scenario.AWS.Gateways[i].AWSUpdates = false // at their captured times instead
	}
	scenario.Huawei.Users = []huawei.User{{Domain: "capture", Name: "capture", Password: "capture"}}
	scenario.Huawei.Durations.Token = 10 * 365 * 24 * time.Hour
	sim, err := simcloud.New(scenario, simcloud.Options{Now: func() time.Time { return p.now }})
	if err != nil {
		return nil, fmt.Errorf("make a scenario of the capture: %w", err)
	}
	p.sim = sim
	var out []pair
	for _, e := range all {
		if e.At.After(p.now) {
			p.now = e.At
		}
		one := pair{exchange: e}
		if one.passed = p.passes(e); one.passed == "" {
			p.bringUp(e)
			if err := p.one(&one); err != nil {
				return nil, fmt.Errorf("play exchange %d, %s: %w", e.number, e.name, err)
			}
			if e.answer == nil {
				one.passed = "the cloud gave no answer"
			}
		}
		out = append(out, one)
	}
	return out, nil
}

// passes says why an exchange is not played; empty: it is.
func (p *player) passes(e exchange) string {
	switch {
	case e.Operation == "":
		return "the call was not recognized"
	case e.Service == "iam" || e.Service == "sts":
		return "credentials are not played"
	case !p.known[e.name]:
		return "the simulator does not have the call " + e.name
	case e.Request.Body.Form == capture.Unreadable:
		return "the request was not recorded whole"
	}
	return ""
}

// bringUp has happen what nobody in the capture asked for, as its answers show it.
func (p *player) bringUp(e exchange) {
	for name, g := range p.fleet.gateways {
		if g.update.byAWS && !p.made[name] && !p.now.Before(g.update.start) {
			p.made[name] = true
			_ = p.sim.AWS().UpdateByAWS(g.conf.ID) // a gateway that cannot be updated answers as it does
		}
	}
	named, _, _, ok := e.gatewayOf()
	g := p.fleet.gateways[named]
	if !ok || g == nil {
		return
	}
	switch {
	case e.Operation == "DescribeMaintenanceStartTime" && e.result.ok():
		_ = p.sim.AWS().MoveWindow(g.conf.ID, windowOf(e.answer)) // the owner's; else the answers differ
	case e.Operation == "DescribeGatewayInformation" && g.quiet(e.At):
		state := text(e.answer, "GatewayState")
		if e.result.has("GatewayNotConnected") {
			state = "DISCONNECTED"
		}
		if state != "" && !strings.HasPrefix(state, "<") {
			_ = p.sim.AWS().SetState(g.conf.ID, state) // likewise
		}
	}
}

// quiet is so outside of the gateway's update.
func (g *gateway) quiet(at time.Time) bool {
	u := g.update
	return u.start.IsZero() || at.Before(u.start) || !u.renewed.IsZero() && u.flaps == 0 && at.After(u.renewed)
}

func (p *player) one(one *pair) error {
	if !p.script(one.exchange) {
		one.passed = cannotAnswer + " " + one.result.String()
		return nil
	}
	request, body, err := p.request(one.exchange)
	if err != nil {
		return err
	}
	if one.Cloud == "aws" {
		if err := p.sign(request, body, one.exchange); err != nil {
			return err
		}
	} else if err := p.authorize(request); err != nil {
		return err
	}
	status, header, answer := p.ask(request)
	_, one.simulated = redact.Tree(header, answer)
	one.got = resultOf(status, one.simulated)
	p.learn(one.answer, one.simulated)
	return nil
}

// script lets the next call end as the captured one, where no state has it end so; false: the simulator cannot.
func (p *player) script(e exchange) bool {
	p.sim.ClearFaults()
	rule, needed := faultOf(e)
	return !needed || p.sim.Inject(rule) == nil
}

// cannotAnswer starts the reason why an exchange was not played whose code the simulator does not take.
const cannotAnswer = "the simulator cannot answer"

// ask has the simulator answer.
func (p *player) ask(request *http.Request) (int, http.Header, []byte) {
	w := &writer{header: http.Header{}, status: http.StatusOK}
	p.sim.ServeHTTP(w, request)
	return w.status, w.header, w.body.Bytes()
}

type writer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header is the answer's.
func (w *writer) Header() http.Header { return w.header }

// WriteHeader takes the status.
func (w *writer) WriteHeader(status int) { w.status = status }

// Write takes the body.
func (w *writer) Write(b []byte) (int, error) { return w.body.Write(b) } //nolint:wrapcheck // it never fails

// stateCodes are the refusals that follow from a state that the simulator has. All others are scripted.
func stateCodes() []string {
	return []string{
		"GatewayNotConnected", "GatewayNotFound", "VolumeNotFound", "VolumeNotReady", "NotSupported",
		"InvalidSnapshot.NotFound", "ResourceNotFound", "ResourceNotFoundException", "DBS.200543", "DBS.200019",
		"DBS.05000008", "DBS.200086", "DBS.200002", "DBS.270024", "ValidationError", "DBS.200001",
	}
}

var throttle = regexp.MustCompile(`(?i)throttl|limitexceeded|toomanyrequests|slowdown|APIGW\.0308`)

// faultOf is the fault that makes the simulator refuse as the cloud did, where no state of its own does.
func faultOf(e exchange) (fault.Rule, bool) {
	if e.result.ok() || e.result.status == 0 || slices.ContainsFunc(stateCodes(), e.result.has) {
		return fault.Rule{}, false
	}
	outer, inner, _ := strings.Cut(e.result.code, "/")
	rule := fault.Rule{Operation: e.name, Kind: fault.RefusedBefore, Code: outer}
	if inner != "" {
		rule.Code = inner
	}
	switch {
	case throttle.MatchString(rule.Code):
		rule.Kind = fault.Throttled
	case e.result.status >= http.StatusInternalServerError:
		rule.Kind, rule.Status = fault.ServerErrorBefore, e.result.status
	}
	return rule, true
}

// smithyTarget is the prefix of CloudWatch's operations in the JSON protocol.
const smithyTarget = "GraniteServiceVersion20100801."

// request is the captured one with the simulator's ids. CBOR is asked as JSON, which is the same service.
func (p *player) request(e exchange) (*http.Request, []byte, error) {
	at, err := url.Parse(p.replaced(e.Request.URL))
	if err != nil {
		return nil, nil, fmt.Errorf("its URL: %w", err)
	}
	tree := p.translated(e.asked)
	var body []byte
	header := http.Header{}
	for name, value := range e.Request.Headers {
		header.Set(name, value)
	}
	switch e.Request.Body.Form {
	case capture.Query:
		values := url.Values{}
		parameters, _ := tree.(map[string]any)
		for name, value := range parameters {
			values.Set(name, fmt.Sprint(value))
		}
		body = []byte(values.Encode())
	case capture.CBOR:
		header = http.Header{"X-Amz-Target": {smithyTarget + e.Operation}, "Content-Type": {"application/x-amz-json-1.0"}}
		at.Path = "/"
		body, err = json.Marshal(tree)
	case capture.JSON:
		body, err = json.Marshal(tree)
	case capture.XML, capture.Unreadable:
	}
	if err != nil {
		return nil, nil, fmt.Errorf("its body: %w", err)
	}
	if e.Service == "cloudwatch" && e.Request.Body.Form == "" { // DescribeAlarms without a filter
		header = http.Header{"X-Amz-Target": {smithyTarget + e.Operation}, "Content-Type": {"application/x-amz-json-1.0"}}
		at.Path, body = "/", []byte("{}")
	}
	request := (&http.Request{
		Method: e.Request.Method, URL: at, Host: at.Host, Header: header, ContentLength: int64(len(body)),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, RequestURI: at.RequestURI(),
		Body: io.NopCloser(bytes.NewReader(body)),
	})
	return request, body, nil
}

// sign signs for the account of the gateway that is named, or of the others of the same name.
func (p *player) sign(request *http.Request, body []byte, e exchange) error {
	_, region, account, ok := e.gatewayOf()
	if !ok {
		region, account = e.Region, p.fleet.owners[e.Account]
	}
	if e.Region != "" {
		region = e.Region
	}
	service := map[string]string{"cloudwatch": "monitoring"}[e.Service]
	if service == "" {
		service = e.Service
	}
	id, secret := key(account)
	if account == "" {
		id, secret = p.anyKey()
	}
	hash := sha256.Sum256(body)
	err := v4.NewSigner().SignHTTP(context.Background(), sdk.Credentials{AccessKeyID: id, SecretAccessKey: secret}, //nolint:forbidigo // it does no I/O
		request, hex.EncodeToString(hash[:]), service, region, time.Now())
	if err != nil {
		return fmt.Errorf("sign it: %w", err)
	}
	return nil
}

// anyKey is that of the first account, or the simulator's own.
func (p *player) anyKey() (id, secret string) {
	for _, name := range slices.Sorted(maps.Keys(p.fleet.gateways)) {
		return key(p.fleet.gateways[name].conf.Account)
	}
	return "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
}

// authorize gives a request a token for its project.
func (p *player) authorize(request *http.Request) error {
	project, _, _, _ := path(request.URL.String())
	if p.token[project] == "" {
		body := fmt.Sprintf(`{"auth":{"identity":{"methods":["password"],"password":{"user":{"name":"capture","password":"capture",`+
			`"domain":{"name":"capture"}}}},"scope":{"project":{"id":%q}}}}`, project)
		at := &url.URL{Scheme: "http", Host: "simcloud", Path: "/v3/auth/tokens"}
		_, header, _ := p.ask(&http.Request{
			Method: http.MethodPost, URL: at, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)),
		})
		if p.token[project] = header.Get("X-Subject-Token"); p.token[project] == "" {
			return fmt.Errorf("the simulator gives no token for project %s", project)
		}
	}
	request.Header.Set("X-Auth-Token", p.token[project])
	return nil
}

// replaced has the simulator's ids in place of the capture's.
func (p *player) replaced(s string) string {
	if own, known := p.ids[s]; known {
		return own
	}
	if strings.HasPrefix(s, "http") {
		for theirs, own := range p.ids {
			s = strings.ReplaceAll(s, theirs, own)
		}
	}
	return s
}

func (p *player) translated(tree any) any {
	switch v := tree.(type) {
	case string:
		return p.replaced(v)
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, inner := range v {
			out[name] = p.translated(inner)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, inner := range v {
			out[i] = p.translated(inner)
		}
		return out
	}
	return tree
}

// madeUp are the members with ids that clouds make up.
func madeUp(member string) bool {
	switch member {
	case "SnapshotId", "workflow_id", "job_id", "Marker", "nextToken", "NextToken":
		return true
	}
	return false
}

// learn takes the ids that both clouds made up, each its own.
func (p *player) learn(theirs, own any) {
	a, isA := theirs.(map[string]any)
	b, isB := own.(map[string]any)
	if isA && isB {
		for name, value := range a {
			x, isX := value.(string)
			y, isY := b[name].(string)
			made := madeUp(name) || name == "id" && strings.HasSuffix(x, "no07") // a database's node
			if isX && isY && made && x != "" && y != "" {
				p.ids[x] = y
				continue
			}
			p.learn(value, b[name])
		}
		return
	}
	listA, isA := theirs.([]any)
	listB, isB := own.([]any)
	if isA && isB && len(listA) == len(listB) {
		for i := range listA {
			p.learn(listA[i], listB[i])
		}
	}
}
