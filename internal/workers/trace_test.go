package workers_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/tidegate/tidegate/internal/secretscan"
	"github.com/tidegate/tidegate/internal/simcloud/aws"
	"github.com/tidegate/tidegate/workflows/api"
)

// collected are the spans that an OTLP collector was sent.
type collected struct {
	t     *testing.T
	mu    sync.Mutex
	spans map[string]*tracepb.Span // by id
	text  []byte                   // all that was sent, as JSON
}

func (c *collected) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	var sent collector.ExportTraceServiceRequest
	if err != nil || r.URL.Path != "/v1/traces" || proto.Unmarshal(body, &sent) != nil {
		c.t.Errorf("%s is no request of OTLP: %v", r.URL.Path, err)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	text, _ := protojson.Marshal(&sent)
	c.text = append(c.text, text...)
	for _, resource := range sent.GetResourceSpans() {
		for _, scope := range resource.GetScopeSpans() {
			for _, span := range scope.GetSpans() {
				c.spans[string(span.GetSpanId())] = span
			}
		}
	}
}

// find is a span with a name that ends one path of names, root first; nil: it was not sent, or what is above it.
func (c *collected) find(path ...string) *tracepb.Span {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, span := range c.spans {
		if span.GetName() == path[len(path)-1] && c.below(span, path[:len(path)-1]) {
			return span
		}
	}
	return nil
}

// below is true if the names stand above the span in this order, others between them, the first as its root.
func (c *collected) below(span *tracepb.Span, names []string) bool {
	for {
		parent := c.spans[string(span.GetParentSpanId())]
		switch {
		case parent == nil:
			return len(names) == 0 && len(span.GetParentSpanId()) == 0
		case len(names) > 0 && parent.GetName() == names[len(names)-1]:
			names = names[:len(names)-1]
		}
		span = parent
	}
}

// A campaign, its targets, their activities and the requests to the clouds are one trace, which tells no secret and no
// payload.
func TestACampaignIsOneTrace(t *testing.T) {
	t.Parallel()
	all := &collected{t: t, spans: map[string]*tracepb.Span{}}
	receiver := httptest.NewServer(all)
	t.Cleanup(receiver.Close)
	hook := &webhook{titles: make(chan string, 100)}
	oncall := httptest.NewServer(hook)
	t.Cleanup(oncall.Close)
	s := newStage(t, strings.TrimPrefix(oncall.URL, "http://"))
	s.env = append(s.env, "OTEL_EXPORTER_OTLP_ENDPOINT="+receiver.URL, "OTEL_BSP_SCHEDULE_DELAY=100")
	s.work()
	run := s.run()
	require.Contains(t, <-hook.titles, "needs approval")
	update, err := s.client.UpdateWorkflow(t.Context(), client.UpdateWorkflowOptions{
		WorkflowID: run.GetID(), UpdateName: api.ApproveUpdate, WaitForStage: client.WorkflowUpdateStageCompleted,
		Args: []any{api.CampaignAction{Action: api.Action{By: "bob", Why: "a reason that is a payload"}}},
	})
	require.NoError(t, err)
	require.NoError(t, update.Get(t.Context(), nil))
	require.Error(t, run.Get(t.Context(), nil), "one target fails")

	campaign, target := "RunWorkflow:Campaign", "RunWorkflow:GatewayMaintenance"
	require.Eventually(t, func() bool {
		return all.find(campaign, target, "RunActivity:TriggerUpdate", "UpdateGatewaySoftwareNow") != nil
	}, 20*time.Second, 50*time.Millisecond, s.logs.String())
	request := all.find(campaign, target, "RunActivity:TriggerUpdate", "UpdateGatewaySoftwareNow")
	attributes := map[string]string{}
	for _, a := range request.GetAttributes() {
		attributes[a.GetKey()] = a.GetValue().GetStringValue()
	}
	require.Equal(t, map[string]string{"cloud.provider": "aws", "rpc.method": "UpdateGatewaySoftwareNow", "tidegate.account": "sim"}, attributes)
	require.Less(t, request.GetStartTimeUnixNano(), request.GetEndTimeUnixNano())
	all.mu.Lock()
	defer all.mu.Unlock()
	require.Contains(t, string(all.text), "tidegate-worker")
	require.NotContains(t, string(all.text), "a reason that is a payload")
	for name, secret := range map[string]string{"channel": secretPath, "secret access key": aws.DefaultSecretAccessKey} {
		require.Empty(t, secretscan.Find(all.text, secretscan.Secret{Name: name, Value: secret}))
	}
}

func TestTracesThatCannotBeMeantAreRefused(t *testing.T) {
	t.Parallel()
	s := newStage(t, freeAddress(t))
	s.env = append(s.env, "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:1", "OTEL_EXPORTER_OTLP_PROTOCOL=carrier-pigeon")
	s.work()
	require.Eventually(t, func() bool {
		return strings.Contains(s.logs.String(), `OTEL_EXPORTER_OTLP_PROTOCOL: invalid value "carrier-pigeon": must be http/protobuf or grpc`)
	}, 20*time.Second, 50*time.Millisecond)
}
