package simcloud_test

import (
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/simcloud"
	"github.com/tidegate/tidegate/internal/simcloud/aws"
	"github.com/tidegate/tidegate/internal/simcloud/fault"
	"github.com/tidegate/tidegate/internal/simcloud/huawei"
	"github.com/tidegate/tidegate/internal/simcloud/monitoring"
)

// states are the rules that an answer of the admin side shows.
func states(t *testing.T, text string) []map[string]any {
	t.Helper()
	var out []map[string]any
	require.NoError(t, json.Unmarshal([]byte(text), &out), text)
	return out
}

func TestAdminAddsListsAndClearsFaults(t *testing.T) {
	t.Parallel()
	url := "http://" + serve(t, fleet(t)) + "/_sim/faults"
	status, text := ask(t, http.MethodGet, url, "", nil)
	require.Equal(t, http.StatusOK, status)
	require.Empty(t, states(t, text))

	status, text = ask(t, http.MethodPost, url, `{"operation": "ec2:*", "kind": "throttled", "retryAfter": "2s", "times": 3}`, nil)
	require.Equal(t, http.StatusOK, status, text)
	require.Len(t, states(t, text), 1)
	status, text = ask(t, http.MethodPost, url, `[
		{"operation": "storagegateway:CreateSnapshot", "resource": "vol-0A00AAA1", "nth": 2, "kind": "lost-after"},
		{"operation": "taurusdb:*", "probability": 0.25, "seed": 7, "kind": "hang-after", "limit": "90s"}
	]`, nil)
	require.Equal(t, http.StatusOK, status, text)
	all := states(t, text)
	require.Len(t, all, 3)
	require.Equal(t, map[string]any{
		"id": 3.0, "seen": 0.0, "fired": 0.0,
		"rule": map[string]any{"operation": "taurusdb:*", "probability": 0.25, "seed": 7.0, "kind": "hang-after", "limit": "1m30s"},
	}, all[2])

	shown, err := json.Marshal(all[2]["rule"])
	require.NoError(t, err)
	status, _ = ask(t, http.MethodPost, url, string(shown), nil)
	require.Equal(t, http.StatusOK, status, "what is shown can be sent back")

	status, text = ask(t, http.MethodDelete, url, "", nil)
	require.Equal(t, http.StatusOK, status)
	require.Empty(t, states(t, text))
	_, text = ask(t, http.MethodGet, url+"/kinds", "", nil)
	require.Len(t, states(t, text), len(fault.Kinds()))
}

func TestAdminRefusesFaultsThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	url := "http://" + serve(t, fleet(t)) + "/_sim/faults"
	for body, want := range map[string]string{
		``:                                      "body:1:1: is empty: must be a YAML document with fields among operation, resource, nth",
		`{"operation": "ec2:*", "kind": "lost"`: "body",
		`{"operation": "ec2:*", "sort": "lost-after"}`:                          `body:1:24: sort: is an unknown field: must be one of operation, resource`,
		`[{"operation": "ec2:*", "sort": "lost-after"}]`:                        `body:1:25: [0].sort: is an unknown field: must be one of operation, resource`,
		`{"operation": "ec2:*", "kind": "hang-after", "limit": "soon"}`:         `limit: invalid value "soon": must be a number with a unit`,
		`{"operation": "ec2:*", "kind": "gone"}`:                                `faults[0].kind: invalid value "gone": must be one of refused-before`,
		`[{"operation": "*", "kind": "echo"}, {"operation": "", "kind": "x"}]`:  `faults[1].operation is required: must be a pattern`,
		`{"operation": "taurusdb:UpgradeProxy", "kind": "lost-after"}`:          "taurusdb:UpgradeProxyVersion",
		`{"operation": "ec2:*", "kind": "conflict"}`:                            `must be one that conflict can befall`,
		`{"operation": "ec2:*", "kind": "echo", "status": 200, "nth": -1}`:      `faults[0].status: invalid value "200": must be an HTTP status from 400 to 599`,
		`{"operation": "ec2:*", "kind": "lost-after", "code": "InternalError"}`: `faults[0].code: invalid value "InternalError": must be nothing: lost-after takes no parameters`,
	} {
		status, text := ask(t, http.MethodPost, url, body, nil)
		require.Equal(t, http.StatusBadRequest, status, body)
		var answer map[string]string
		require.NoError(t, json.Unmarshal([]byte(text), &answer))
		require.Contains(t, answer["error"], want, body)
	}
	_, text := ask(t, http.MethodPost, url, `{"operation": "ec2:*", "kind": "gone"}`, nil)
	var answer map[string]string
	require.NoError(t, json.Unmarshal([]byte(text), &answer))
	require.Equal(t, "faults[0].kind", answer["field"])
	require.Equal(t, "gone", answer["value"])
	require.Contains(t, answer["want"], "lost-after")
	_, text = ask(t, http.MethodGet, url, "", nil)
	require.Empty(t, states(t, text))
}

func TestScenarioFilesFaultsAreInForceAndInTheGoAPI(t *testing.T) {
	t.Parallel()
	s, err := simcloud.Parse("fleet.yaml", []byte(`aws:
  gateways: [{id: sgw-0A000001}]
faults:
  - operation: storagegateway:*
    kind: throttled
    retryAfter: 2s
    nth: 1
`))
	require.NoError(t, err)
	require.Equal(t, []fault.Rule{{Operation: "storagegateway:*", Kind: fault.Throttled, RetryAfter: 2 * time.Second, Nth: 1}}, s.Faults)
	sim, err := simcloud.New(s, simcloud.Options{})
	require.NoError(t, err)
	require.Len(t, sim.Faults(), 1)
	require.NoError(t, sim.Inject(fault.Rule{Operation: "taurusdb:*", Kind: fault.LostAfter}))
	require.Len(t, sim.Faults(), 2)
	require.ErrorContains(t, sim.Inject(fault.Rule{}), "faults[0].kind")
	sim.ClearFaults()
	require.Empty(t, sim.Faults())
}

func TestScenarioFilesWrongFaultsAreNamedWithTheirPlace(t *testing.T) {
	t.Parallel()
	_, err := simcloud.Parse("fleet.yaml", []byte(`aws:
  noUpdate: maybe
faults:
  - {operation: ec2:*, kind: lost-after}
  - operation: ec3:*
    kind: lost-after
    status: 500
  - operation: ec2:*
`))
	for _, want := range []string{
		`fleet.yaml:2:13: aws.noUpdate: invalid value "maybe"`,
		`fleet.yaml:5:16: faults[1].operation: invalid value "ec3:*": must be a pattern`,
		`fleet.yaml:7:13: faults[1].status: invalid value "500": must be nothing`,
		`fleet.yaml:8:5: faults[2].kind: is required`,
	} {
		require.ErrorContains(t, err, want)
	}
	_, err = simcloud.New(simcloud.Scenario{Faults: []fault.Rule{{Operation: "ec2:*"}}}, simcloud.Options{})
	require.ErrorContains(t, err, "faults[0].kind")
}

func TestServerEndsThoughACallHangs(t *testing.T) {
	t.Parallel()
	sim, err := simcloud.New(simcloud.Scenario{}, simcloud.Options{})
	require.NoError(t, err)
	require.NoError(t, sim.Inject(fault.Rule{Operation: "iam:*", Kind: fault.HangBefore}))
	address, stop, err := sim.Start(t.Context(), "127.0.0.1:0")
	require.NoError(t, err)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+address+"/v3/auth/tokens", strings.NewReader("{}"))
	require.NoError(t, err)
	ended := make(chan error, 1)
	go func() {
		reply, err := http.DefaultClient.Do(r)
		if err == nil {
			err = reply.Body.Close()
		}
		ended <- err
	}()
	require.Eventually(t, func() bool { return sim.Faults()[0].Fired == 1 }, time.Minute, time.Millisecond)
	stop()
	require.Error(t, <-ended)
}

func TestOperationsAreNamedOnce(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, op := range simcloud.Operations() {
		require.False(t, seen[op.Name], op.Name)
		require.NotEmpty(t, op.Protocol)
		seen[op.Name] = true
	}
	require.Len(t, seen, len(aws.Operations())+len(huawei.Operations())+len(monitoring.Operations()))
}

// row is a kind in the page's table.
func row(info fault.Info) string {
	done, calls, parameters := "no", "writes", ""
	if info.Done {
		done = "yes"
	}
	if info.Reads {
		calls = "all"
	}
	switch info.Kind {
	case fault.NumbersAsStrings:
		calls = "JSON answers with numbers"
	case fault.Conflict:
		calls = "TaurusDB's writes"
	case fault.ErrorDetailsAsString:
		calls = "Storage Gateway's"
	case fault.EmptyObject:
		calls = "JSON and CloudWatch answers"
	default:
	}
	if len(info.Parameters) > 0 {
		parameters = "`" + strings.Join(info.Parameters, "`, `") + "`"
	}
	return "| `" + string(info.Kind) + "` | " + done + " | " + calls + " | " + parameters + " | " + info.Does + " |\n"
}

func TestPagesTableIsTheCatalogue(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/reference/simcloud.md")
	require.NoError(t, err)
	table := ""
	for _, info := range fault.Kinds() {
		table += row(info)
	}
	require.Contains(t, string(text), table)
}

func TestPagesFaultsAndRequestsAreValid(t *testing.T) {
	t.Parallel()
	url, posted := "http://"+serve(t, fleet(t))+"/_sim", 0
	for _, page := range []string{"simcloud.md", "simcloud-monitoring.md"} {
		text, err := os.ReadFile("../../docs/reference/" + page)
		require.NoError(t, err)
		for _, block := range strings.Split(string(text), "```yaml\n")[1:] {
			example, _, _ := strings.Cut(block, "```")
			_, err := simcloud.Parse(page, []byte(example))
			require.NoError(t, err)
		}
		for line := range strings.Lines(string(text)) {
			path, body, found := strings.Cut(line, " -d '")
			if !found || !strings.HasPrefix(line, "curl -s $S") || strings.Contains(line, "snap-") {
				continue
			}
			_, path, _ = strings.Cut(path, "$S")
			body, _, _ = strings.Cut(body, "'")
			status, answer := ask(t, http.MethodPost, url+strings.TrimSpace(path), body, nil)
			require.Equal(t, http.StatusOK, status, "%s\n%s", line, answer)
			posted++
		}
	}
	require.Greater(t, posted, 20)
}
