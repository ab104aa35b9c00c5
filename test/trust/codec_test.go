package trust_test

import (
	"context"
	"net/http"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"github.com/tidegate/tidegate/internal/cli"
	"github.com/tidegate/tidegate/workflows/api"
)

// What Temporal keeps of a campaign is unreadable, and the codec server reads it, as the Web UI and the Temporal CLI
// have it do.
func TestTheCodecServerReadsWhatTemporalKeeps(t *testing.T) {
	s := newStage(t)
	s.encrypted(key("2026", "a"))
	t.Setenv("TIDEGATE_CODEC_TOKEN_FILE", s.write("token", "PLANTED\n"))
	s.done("setup")
	require.Equal(t, 4, s.tidegate("run", s.plan(""), "--detach").status, "there is no worker")
	c, err := s.server.NewClient(t.Context()) // without the key
	require.NoError(t, err)
	t.Cleanup(c.Close)
	kept := started(t, c)
	require.NotContains(t, kept[0].String(), "zephyrtarget")

	at := s.codec("--origin", "http://localhost:8233")
	read := func(token string) ([]*commonpb.Payload, error) {
		return converter.NewRemotePayloadCodec(converter.RemotePayloadCodecOptions{
			Endpoint: at, ModifyRequest: func(r *http.Request) error {
				r.Header.Set("Authorization", "Bearer "+token)
				r.Header.Set("X-Namespace", "default")
				return nil
			},
		}).Decode(kept)
	}
	got, err := read("PLANTED")
	require.NoError(t, err)
	require.Contains(t, string(got[0].GetData()), "zephyrtarget")
	_, err = read("guessed")
	require.ErrorContains(t, err, "sign in with the codec server's token")
}

// started is what a campaign was started with, as Temporal keeps it.
func started(t *testing.T, c client.Client) []*commonpb.Payload {
	t.Helper()
	answer, err := c.WorkflowService().GetWorkflowExecutionHistory(t.Context(), &workflowservice.GetWorkflowExecutionHistoryRequest{
		Namespace: "default", Execution: &commonpb.WorkflowExecution{WorkflowId: api.CampaignWorkflowID("zephyrplan")},
	})
	require.NoError(t, err)
	return answer.GetHistory().GetEvents()[0].GetWorkflowExecutionStartedEventAttributes().GetInput().GetPayloads()
}

// codec runs the codec server on a free port, and gives its address.
func (s *stage) codec(args ...string) string {
	s.t.Helper()
	ctx, stop := context.WithCancel(s.t.Context())
	said, ended := &log{}, make(chan int, 1)
	go func() {
		ended <- cli.Run(ctx, append([]string{"codec", "--listen", "127.0.0.1:0"}, args...), said, said)
	}()
	s.t.Cleanup(func() {
		stop()
		require.Zero(s.t, <-ended)
	})
	address := regexp.MustCompile(`listens at (http://\S+), with the keys 2026\.`)
	require.Eventually(s.t, func() bool { return address.MatchString(said.String()) }, soon, soon/600)
	return address.FindStringSubmatch(said.String())[1]
}

func TestTheCodecServerRefusesToServeEverybody(t *testing.T) { //nolint:paralleltest // a stage sets the environment of the process
	s := newStage(t)
	for want, tc := range map[string]struct {
		keys string
		args []string
	}{
		"--listen :8234: others than this machine could decrypt: set TIDEGATE_CODEC_TOKEN or TIDEGATE_CODEC_TOKEN_FILE, or listen on 127.0.0.1": {key("2026", "a"), []string{"--listen", ":8234"}},
		"--listen 192.0.2.1:8234: others than this machine could decrypt":                                                                       {key("2026", "a"), []string{"--listen", "192.0.2.1:8234"}},
		"--listen temporal.example.com:8234: others than this machine could decrypt":                                                            {key("2026", "a"), []string{"--listen", "temporal.example.com:8234"}},
		`--listen: invalid value "nowhere": must be host:port`:                                                                                  {key("2026", "a"), []string{"--listen", "nowhere"}},
		`--origin: invalid value "https://t.example.com/ui": must be scheme://host[:port] without a path`:                                       {key("2026", "a"), []string{"--origin", "https://t.example.com/ui"}},
		`--origin: invalid value "*": must be scheme://host[:port] without a path`:                                                              {key("2026", "a"), []string{"--origin", "*"}},
		"there is no encryption key: set TIDEGATE_ENCRYPTION_KEYS or TIDEGATE_ENCRYPTION_KEYS_FILE":                                             {"", nil},
		"TIDEGATE_ENCRYPTION_KEYS: key 1: must be ID:KEY":                                                                                       {"2026:PLANTED", nil},
	} {
		t.Setenv("TIDEGATE_ENCRYPTION_KEYS", tc.keys)
		got := s.tidegate(append([]string{"codec"}, tc.args...)...)
		require.Equal(t, 2, got.status, want)
		require.Contains(t, got.errors, want)
		require.NotContains(t, got.errors, "PLANTED")
	}
}
