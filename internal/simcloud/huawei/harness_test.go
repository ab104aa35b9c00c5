package huawei_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/auth/basic"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/config"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/sdkerr"
	gaussdb "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/gaussdb/v3"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/gaussdb/v3/model"
	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/simcloud/fault"
	"github.com/tidegate/tidegate/internal/simcloud/huawei"
	"github.com/tidegate/tidegate/internal/simcloud/record"
)

const (
	oldVersion = "2.24.03.000"
	newVersion = "2.26.06.000"
	orders     = "7c1d2e3f4a5b4c6d8e9f0a1b2c3d4e01po01"
	reports    = "7c1d2e3f4a5b4c6d8e9f0a1b2c3d4e02po01"
)

// clock starts at the real time, which the SDK signs with, and is moved by hand.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Move(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(by)
}

// sim is one simulated cloud behind HTTP, with an SDK client for it.
type sim struct {
	*gaussdb.GaussDBClient
	t      *testing.T
	clock  *clock
	book   *record.Book
	faults *fault.Engine
	cloud  *huawei.Cloud
	url    string
	admin  string
}

// oneProxy is a scenario of one instance with the proxy "orders".
func oneProxy(change func(*huawei.Proxy)) huawei.Scenario {
	s := huawei.DefaultScenario()
	s.Instances[0].Proxies = s.Instances[0].Proxies[:1]
	if change != nil {
		change(&s.Instances[0].Proxies[0])
	}
	return s
}

func withOutcome(outcome huawei.Outcome) huawei.Scenario {
	return oneProxy(func(p *huawei.Proxy) { p.Outcome = outcome })
}

func start(t *testing.T, s huawei.Scenario) *sim {
	t.Helper()
	c := &clock{now: time.Now()}
	book, faults := record.New(c.Now), fault.New(huawei.Operations())
	cloud, err := huawei.New(s, huawei.Options{Book: book, Now: c.Now, Faults: faults})
	require.NoError(t, err)
	server := httptest.NewServer(cloud)
	t.Cleanup(server.Close)
	admin := httptest.NewServer(cloud.AdminHandler())
	t.Cleanup(admin.Close)
	return &sim{
		GaussDBClient: client(t, server.URL, huawei.Credential{
			AccessKey: huawei.DefaultAccessKey, SecretKey: huawei.DefaultSecretKey,
		}, huawei.DefaultProjectID),
		t: t, clock: c, book: book, faults: faults, cloud: cloud, url: server.URL, admin: admin.URL,
	}
}

func client(t *testing.T, url string, credential huawei.Credential, project string) *gaussdb.GaussDBClient {
	t.Helper()
	return build(t, url, credential, project, config.DefaultHttpConfig())
}

// through is a client with the default credentials whose requests go through
// the transport after they were signed.
func through(t *testing.T, url string, transport http.RoundTripper) *gaussdb.GaussDBClient {
	t.Helper()
	credential := huawei.Credential{AccessKey: huawei.DefaultAccessKey, SecretKey: huawei.DefaultSecretKey}
	settings := config.DefaultHttpConfig()
	settings.RoundTripper = transport
	return build(t, url, credential, huawei.DefaultProjectID, settings)
}

func build(t *testing.T, url string, c huawei.Credential, project string, settings *config.HttpConfig) *gaussdb.GaussDBClient {
	t.Helper()
	credentials, err := basic.NewCredentialsBuilder().WithAk(c.AccessKey).WithSk(c.SecretKey).
		WithSecurityToken(c.SecurityToken).WithProjectId(project).SafeBuild()
	require.NoError(t, err)
	hc, err := gaussdb.GaussDBClientBuilder().WithEndpoint(url).WithCredential(credentials).
		WithHttpConfig(settings.WithUserAgent("tidegate-test")).SafeBuild()
	require.NoError(t, err)
	return gaussdb.NewGaussDBClient(hc)
}

// upgrade asks for the upgrade of the proxy "orders".
func (s *sim) upgrade(from, to string) (*[]model.ProxyUpgradeVersionDetail, error) {
	answer, err := s.UpgradeProxyVersion(&model.UpgradeProxyVersionRequest{
		InstanceId: huawei.DefaultInstanceID, ProxyId: orders,
		Body: &model.ProxyUpgradeProxyVersionRequest{SourceVersion: from, TargetVersion: to},
	})
	if err != nil {
		return nil, err
	}
	return answer.UpdateResult, nil
}

// accepted asks for the upgrade and gives the workflow's id.
func (s *sim) accepted() string {
	s.t.Helper()
	result, err := s.upgrade(oldVersion, newVersion)
	require.NoError(s.t, err)
	require.Len(s.t, *result, 1)
	require.Equal(s.t, "ACCEPT", *(*result)[0].State)
	return *(*result)[0].WorkflowId
}

// version is the version that the proxy "orders" runs.
func (s *sim) version() string {
	s.t.Helper()
	answer, err := s.ShowProxyVersion(&model.ShowProxyVersionRequest{
		InstanceId: huawei.DefaultInstanceID, ProxyId: orders, EngineName: "taurusproxy",
	})
	require.NoError(s.t, err)
	return *answer.CurrentVersion
}

// shown is the proxy as the list shows it.
func (s *sim) shown(id string) model.MysqlShowProxyResponseV3 {
	s.t.Helper()
	answer, err := s.ShowGaussMySqlProxyList(&model.ShowGaussMySqlProxyListRequest{InstanceId: huawei.DefaultInstanceID})
	require.NoError(s.t, err)
	for _, p := range *answer.ProxyList {
		if *p.Proxy.PoolId == id {
			return p
		}
	}
	require.Fail(s.t, "the proxy is not in the list", id)
	return model.MysqlShowProxyResponseV3{}
}

func (s *sim) job(id string) *model.GetJobInfoDetail {
	s.t.Helper()
	answer, err := s.ShowGaussMySqlJobInfo(&model.ShowGaussMySqlJobInfoRequest{Id: id})
	require.NoError(s.t, err)
	return answer.Job
}

// effects are the kinds of the effects so far.
func (s *sim) effects() []string {
	kinds := []string{}
	for _, e := range s.book.Effects() {
		kinds = append(kinds, e.Kind)
	}
	return kinds
}

// refused is the error code and status of a call that the cloud refused.
func refused(t *testing.T, err error) (int, string) {
	t.Helper()
	var answer *sdkerr.ServiceResponseError
	require.ErrorAs(t, err, &answer)
	require.NotEmpty(t, answer.RequestId)
	return answer.StatusCode, answer.ErrorCode
}

// requireRefused checks that a call was refused with this status and code.
func requireRefused(t *testing.T, err error, status int, code string) {
	t.Helper()
	gotStatus, gotCode := refused(t, err)
	require.Equal(t, code, gotCode)
	require.Equal(t, status, gotStatus)
}

// answer is a plain HTTP answer, its body decoded.
type answer struct {
	status int
	header http.Header
	body   map[string]any
	raw    []byte
}

// decode reads an answer's body into a type.
func decode[T any](t *testing.T, a answer) T {
	t.Helper()
	var decoded T
	require.NoError(t, json.Unmarshal(a.raw, &decoded), string(a.raw))
	return decoded
}

// call makes a plain HTTP call; header is "Name: value" lines.
func call(t *testing.T, method, url, body string, header ...string) answer {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, bytes.NewBufferString(body))
	require.NoError(t, err)
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		request.Header.Set(name, value)
	}
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer func() { require.NoError(t, response.Body.Close()) }()
	raw, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	decoded := map[string]any{}
	require.NoError(t, json.Unmarshal(raw, &decoded), string(raw))
	return answer{response.StatusCode, response.Header, decoded, raw}
}
