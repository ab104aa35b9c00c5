package faultmatrix_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/proto"

	"github.com/tidegate/tidegate/internal/endrecord"
	"github.com/tidegate/tidegate/internal/huaweicloud"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/namespace"
	"github.com/tidegate/tidegate/internal/report"
	"github.com/tidegate/tidegate/internal/secretscan"
	"github.com/tidegate/tidegate/internal/simcloud"
	"github.com/tidegate/tidegate/internal/simcloud/fault"
	"github.com/tidegate/tidegate/internal/simcloud/huawei"
	"github.com/tidegate/tidegate/test/faultmatrix"
	"github.com/tidegate/tidegate/workflows/api"
	"github.com/tidegate/tidegate/workflows/webui"
)

const (
	// label is planted where everybody may read it: what is not found here would
	// not be found anywhere.
	label = "planted-label-0123456789-which-all-may-read"
	// The passwords within the URLs of an endpoint and of a proxy.
	endpointPassword = "planted-endpoint-password-0123456789"
	proxyPassword    = "planted-pw-0123"
)

// behindProxy is an endpoint that only the HTTP proxy of TestMain leads to.
const behindProxy = "http://clouds.invalid"

// diary is what the worker, the SDKs and the programs' own logger write at their
// most talkative, and talkative the client whose workers do so.
var (
	diary     = &transcript{}
	talkative client.Client
	repeated  = &transcript{} // by the HTTP proxy
)

// startProxy starts an HTTP proxy that answers everything with what it was sent,
// and makes it this process's, with a password in its URL.
func startProxy() (stop func()) {
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		w.WriteHeader(http.StatusBadGateway)
		out := io.MultiWriter(w, repeated)
		fmt.Fprintln(out, "<html>cannot pass on", err, fault.EchoOf(r, body)) //nolint:errcheck // a client that has gone away
	}))
	address := "http://operator:" + proxyPassword + "@" + proxy.Listener.Addr().String()
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY"} {
		if err := os.Setenv(name, address); err != nil {
			slog.Error("the proxy's variables cannot be set", "error", err)
		}
	}
	return proxy.Close
}

// transcript is a log of everything, and evidence for the search.
type transcript struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write keeps what was logged.
func (t *transcript) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.Write(p)
}

func (t *transcript) bytes() []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	return bytes.Clone(t.text.Bytes())
}

// exposed is one maintenance in which the clouds repeat what they were sent.
type exposed struct {
	scenario faultmatrix.Scenario
	account  func(l *lab, endpoint string) error // changes the accounts
	faults   []fault.Rule
	cancel   bool                 // the run is cancelled once a call has failed
	end      maintenance.EndState // empty: whatever it is
}

// everyEnd are maintenances that end in every way, with every way to be let in.
func everyEnd() map[string]exposed {
	gateway, proxy, login := faultmatrix.Whole(), faultmatrix.Proxy(), faultmatrix.ByPassword()
	now := func(operation string, from int) []fault.Rule {
		return []fault.Rule{{Operation: operation, Kind: fault.Echo, From: from}}
	}
	// Errors that are retried: they come to light among the pending activities.
	again := func(code string) (rules []fault.Rule) {
		for _, op := range simcloud.Operations() {
			rule := fault.Rule{Operation: op.Name, Kind: fault.Echo, Code: code, Status: http.StatusInternalServerError, Nth: 1}
			if !op.Writes {
				rule.Nth, rule.Probability, rule.Seed = 0, 0.2, 7
			}
			rules = append(rules, rule)
		}
		return rules
	}
	return map[string]exposed{
		"AWS keys, retried":                {scenario: gateway, faults: again("InternalServerError"), end: maintenance.StateCompleted},
		"AWS keys, refused at once":        {scenario: gateway, faults: now("storagegateway:*", 1), end: maintenance.StateFailed},
		"AWS keys, refused to EC2":         {scenario: gateway, faults: now("ec2:*", 1), end: maintenance.StatePartial},
		"AWS keys, refused at the trigger": {scenario: gateway, faults: now("storagegateway:UpdateGatewaySoftwareNow", 1), end: maintenance.StateCompensated},
		"AWS keys, nothing is put back":    {scenario: gateway, faults: now("storagegateway:UpdateMaintenanceStartTime", 2), end: maintenance.StateCompensationFailed},
		"AWS keys, cancelled":              {scenario: gateway, faults: again("InternalServerError"), cancel: true},
		"Huawei keys, retried":             {scenario: proxy, faults: again("DBS.05000000"), end: maintenance.StateCompleted},
		"Huawei keys, refused at once":     {scenario: proxy, faults: now("taurusdb:*", 1), end: maintenance.StateFailed},
		"Huawei keys, refused later":       {scenario: proxy, faults: now("taurusdb:UpgradeProxyVersion", 1), end: maintenance.StateCompensated},
		"a password, retried":              {scenario: login, faults: again("DBS.05000000"), end: maintenance.StateCompleted},
		"a password, refused by IAM":       {scenario: login, faults: now("iam:*", 1), end: maintenance.StateFailed},
		"a password, refused later":        {scenario: login, faults: now("taurusdb:UpgradeProxyVersion", 1), end: maintenance.StateFailed},
		"a given token, retried":           {scenario: proxy, account: givenToken, faults: again("DBS.05000000"), end: maintenance.StateCompleted},
		"a given token, refused":           {scenario: proxy, account: givenToken, faults: now("taurusdb:*", 3)},
		"AWS's endpoint with a password": {scenario: gateway, cancel: true, account: func(l *lab, _ string) error {
			l.aws.Endpoint = "http://operator:" + endpointPassword + "@127.0.0.1:1"
			return nil
		}},
		"Huawei's endpoint with a password": {scenario: proxy, cancel: true, account: func(l *lab, _ string) error {
			l.huawei.Endpoint = "http://operator:" + endpointPassword + "@127.0.0.1:1"
			return nil
		}},
		"IAM's endpoint with a password": {scenario: login, cancel: true, account: func(l *lab, _ string) error {
			l.huawei.IAMEndpoint = "http://operator:" + endpointPassword + "@127.0.0.1:1"
			return nil
		}},
		"AWS behind a proxy that repeats": {scenario: gateway, cancel: true, account: func(l *lab, _ string) error {
			l.aws.Endpoint = behindProxy
			return nil
		}},
		"Huawei behind a proxy that repeats": {scenario: proxy, cancel: true, account: func(l *lab, _ string) error {
			l.huawei.Endpoint = behindProxy
			return nil
		}},
		"IAM behind a proxy that repeats": {scenario: login, cancel: true, account: func(l *lab, _ string) error {
			l.huawei.IAMEndpoint = behindProxy
			return nil
		}},
	}
}

// givenToken has the account use a token that someone else fetched.
func givenToken(l *lab, endpoint string) error {
	question := fmt.Sprintf(`{"auth":{"identity":{"methods":["password"],"password":{"user":{"name":%q,"password":%q,"domain":{"name":%q}}}},"scope":{"project":{"id":%q}}}}`,
		iamUser, iamPassword, iamDomain, huawei.DefaultProjectID)
	answer, err := http.Post(endpoint+"/v3/auth/tokens", "application/json", bytes.NewBufferString(question)) //nolint:noctx // the simulated IAM
	if err != nil {
		return err
	}
	defer answer.Body.Close() //nolint:errcheck // nothing is read
	l.huawei.Credentials = huaweicloud.Credentials{Token: answer.Header.Get("X-Subject-Token")}
	return nil
}

// everyEnd above says what is played; this plays it and searches all that it left.
func TestNothingThatARunLeavesHoldsACredential(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("plays every end of a run, in real time")
	}
	require.NoError(t, namespace.Ensure(t.Context(), engine.GetDefaultClient(), engine.GetDefaultNamespace(), webui.SearchAttributes()))
	ends := everyEnd()
	for number, name := range slices.Sorted(maps.Keys(ends)) {
		e := ends[name]
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, evidence := e.play(t, number)
			secrets := append(l.secrets(),
				secretscan.Secret{Name: "endpoint's password", Value: endpointPassword}, secretscan.Secret{Name: "proxy's password", Value: proxyPassword})
			for kind, text := range evidence {
				require.Empty(t, secretscan.Find(text, secrets...), kind)
				require.NotEmpty(t, secretscan.Find(text, secretscan.Secret{Name: "label", Value: label}), "the label is not found in: %s", kind)
			}
			if l.aws.Endpoint == l.endpoint && l.huawei.Endpoint == l.endpoint && l.huawei.IAMEndpoint == l.endpoint {
				require.NotEmpty(t, secretscan.Find(l.said.bytes(), secrets...), "the clouds repeated no credential")
			}
		})
	}
	t.Cleanup(func() { // when all are done
		require.NotEmpty(t, secretscan.Find(repeated.bytes(), secretscan.Secret{Name: "proxy's password", Value: proxyPassword}))
		text := diary.bytes()
		require.NotEmpty(t, secretscan.Find(text, secretscan.Secret{Name: "label", Value: label}))
		require.Contains(t, string(text), "AssessGateway")
		require.Empty(t, secretscan.Find(text, append(planted(),
			secretscan.Secret{Name: "endpoint's password", Value: endpointPassword}, secretscan.Secret{Name: "proxy's password", Value: proxyPassword})...))
	})
}

// play runs the maintenance to its end, and is all that can be read of it.
func (e exposed) play(t *testing.T, number int) (*lab, map[string][]byte) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	l, err := newLab(10_000+number, e.scenario, nil)
	require.NoError(t, err)
	l.client, l.queue = talkative, fmt.Sprintf("%s-%d", label, number)
	l.stage.Target.Name = label
	if e.account != nil {
		l.prepare = func() error { return e.account(l, l.endpoint) }
	}
	require.NoError(t, l.sim.Inject(e.faults...))
	stop, err := l.start(ctx)
	require.NoError(t, err)
	defer stop()
	evidence := map[string][]byte{"what a running maintenance shows": l.watch(ctx, t, e.cancel)}

	var result maintenance.Result
	failed := l.run.Get(ctx, &result)
	evidence["error"] = fmt.Appendf(nil, "%s: %v %+v %#v", l.run.GetID(), failed, failed, failed)
	result, err = endrecord.Of(ctx, l.run)
	require.NoError(t, err)
	if e.end != "" {
		require.Equal(t, e.end, result.State, result.Summary)
	}
	for _, form := range []report.Format{report.JSON, report.HTML, report.Markdown} {
		evidence["report as "+string(form)], err = report.Render(
			report.Document{Targets: []report.Target{{Name: result.Target, Runs: []report.Run{{Result: &result}}}}}, form)
		require.NoError(t, err)
	}
	evidence["history"], err = l.history(ctx, l.run.GetID(), l.run.GetRunID())
	require.NoError(t, err)
	if result.Quarantined {
		evidence["quarantine"], err = l.history(ctx, api.QuarantineWorkflowID(l.GatewayID()), "")
		require.NoError(t, err)
	}
	return l, evidence
}

// watch keeps what everybody can see of a run until it has ended: its description
// with memo, search attributes and the last failures of pending activities, and
// the answers to queries. Where it is to be cancelled, that is done once a call
// has failed.
func (l *lab) watch(ctx context.Context, t *testing.T, cancel bool) []byte {
	t.Helper()
	var shown bytes.Buffer
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		described, err := l.client.DescribeWorkflowExecution(ctx, l.run.GetID(), l.run.GetRunID())
		require.NoError(t, err)
		text, err := proto.Marshal(described)
		require.NoError(t, err)
		shown.Write(text)
		if described.GetWorkflowExecutionInfo().GetStatus() != enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING {
			return shown.Bytes()
		}
		for _, query := range []string{api.StatusQuery, "__temporal_workflow_metadata", "__stack_trace"} {
			answer, err := l.client.QueryWorkflow(ctx, l.run.GetID(), l.run.GetRunID(), query)
			if err != nil {
				fmt.Fprintf(&shown, "%v", err) // not every query is answered at every moment
				continue
			}
			var raw converter.RawValue
			require.NoError(t, answer.Get(&raw))
			shown.Write(raw.Payload().GetData())
		}
		for _, pending := range described.GetPendingActivities() {
			if cancel && pending.GetLastFailure() != nil {
				require.NoError(t, l.client.CancelWorkflow(ctx, l.run.GetID(), l.run.GetRunID()))
				cancel = false
			}
		}
		<-tick.C
	}
}
