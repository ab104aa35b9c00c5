package trust_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"
	"google.golang.org/grpc"
	"google.golang.org/grpc/keepalive"

	"github.com/tidegate/tidegate/internal/simcloud/aws"
	"github.com/tidegate/tidegate/internal/simcloud/huawei"
	"github.com/tidegate/tidegate/test/certificates"
)

// hangUp tells the worker, which is in this process, that files have changed.
func (s *stage) hangUp() {
	s.t.Helper()
	self, err := os.FindProcess(os.Getpid())
	require.NoError(s.t, err)
	require.NoError(s.t, self.Signal(syscall.SIGHUP))
}

// untilSaid waits for a line of a worker's log.
func (s *stage) untilSaid(said *log, want string) {
	s.t.Helper()
	require.Eventually(s.t, func() bool { return strings.Contains(said.String(), want) }, soon, soon/600, "the worker never said %s", want)
}

func (s *stage) read(name string) string {
	s.t.Helper()
	text, err := os.ReadFile(s.path(name))
	require.NoError(s.t, err)
	return string(text)
}

const awsLogin = "[default]\naws_access_key_id = " + aws.DefaultAccessKeyID + "\naws_secret_access_key = "

// The worker starts with wrong credentials, and takes up the right ones; and a channel that has moved.
func TestCredentialsAndChannelsThatChangeAreTakenUp(t *testing.T) {
	s := newStage(t)
	var got atomic.Pointer[string]
	channel := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got.Store(new(string(body)))
	}))
	t.Cleanup(channel.Close)
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "HUAWEICLOUD_SDK_SK", "CHANNEL_URL"} {
		t.Setenv(name, "")
	}
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", s.write("aws", awsLogin+"PLANTED\n"))
	t.Setenv("HUAWEICLOUD_SDK_SK_FILE", s.write("sk", "PLANTED\n"))
	t.Setenv("CHANNEL_URL_FILE", s.write("channel", "generic://127.0.0.1:1/?disabletls=yes\n"))
	s.done("setup")
	said, _ := s.work()
	s.untilSaid(said, "worker polls")
	plan := s.plan("notify: [{channel: zephyrchannel, on: [ended]}]")
	s.until("FAIL   account", "doctor", plan)

	s.write("aws", awsLogin+aws.DefaultSecretAccessKey+"\n")
	s.write("sk", huawei.DefaultSecretKey+"\n")
	s.write("channel", "generic://"+strings.TrimPrefix(channel.URL, "http://")+"/PLANTED?disabletls=yes\n")
	s.hangUp()
	s.untilSaid(said, "changed files taken up")
	require.Contains(t, s.done("run", plan), "2 of 2 targets succeeded")
	require.Eventually(t, func() bool { return got.Load() != nil }, soon, soon/600)
	require.Contains(t, *got.Load(), "zephyrplan")
	require.NotContains(t, said.String(), "PLANTED")
}

// A file that is broken changes nothing, and is said; the next that can be read counts. Nobody tells the worker.
func TestABrokenFileKeepsWhatWasThereAndANewAccountIsTakenUp(t *testing.T) { //nolint:paralleltest // a stage sets the environment of the process
	s := newStage(t)
	s.done("setup")
	address := freeAddress(t)
	said, _ := s.work("--health-listen", address)
	s.untilSaid(said, "worker polls")
	ready := func() string {
		answer, err := http.Get("http://" + address + "/readyz") //nolint:noctx // a test's
		require.NoError(t, err)
		defer answer.Body.Close() //nolint:errcheck // it is read
		text, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		return string(text)
	}
	good := s.read("accounts.yaml")

	s.write("accounts.yaml", good+"azure: []\n")
	s.untilSaid(said, "a changed file cannot be used; what it said before stays in force")
	require.Contains(t, said.String(), "azure: is an unknown field")
	require.Contains(t, ready(), "azure: is an unknown field")
	require.Contains(t, s.done("run", s.plan("")), "2 of 2 targets succeeded")

	s.write("accounts.yaml", strings.Replace(good, "aws: [", "aws: [{name: zephyrnew, region: us-east-1, endpoint: "+endpoint(good)+"}, ", 1))
	s.untilSaid(said, "all files can be read again")
	s.until("tidegate-aws-zephyrnew", "doctor", s.write("new.yaml", strings.NewReplacer("zephyrplan", "zephyrother", "zephyraccount", "zephyrnew").Replace(s.read("plan.yaml"))))
	require.Contains(t, s.done("run", s.path("new.yaml")), "2 were up to date")
	require.Eventually(t, func() bool {
		text := ready()
		return strings.Contains(text, `"ready"`) && !strings.Contains(text, "azure")
	}, soon, soon/60)
}

// A file of signers that is broken leaves those who were there; one that is right again counts, and so does a list of
// revoked keys.
func TestSignersThatChangeAreTakenUp(t *testing.T) {
	s := newStage(t)
	s.done("setup")
	t.Setenv("SSH_AUTH_SOCK", "")
	lines := map[string]string{}
	for _, name := range []string{"alice", "bob", "carol"} {
		lines[name] = name + "@example.com " + s.signingKey(name)
	}
	everybody := lines["alice"] + lines["bob"] + lines["carol"]
	s.write("allowed", everybody)
	s.write("revoked", "")
	s.write("accounts.yaml", s.read("accounts.yaml")+"signers: [{name: leads, allowedSigners: allowed, revoked: revoked}]\n")
	said, _ := s.work()
	s.untilSaid(said, "worker polls")
	require.Equal(t, 4, s.tidegate("run", s.plan("approvals: {signers: leads, count: 2}"), "--key", s.path("alice")).status)
	approve := func(by string) answer {
		return s.tidegate("approve", "zephyrplan", "--why", "CHG-1", "--key", s.path(by))
	}

	s.write("allowed", everybody+"dave@example.com force "+strings.SplitN(lines["bob"], " ", 2)[1])
	s.hangUp()
	s.untilSaid(said, `allowed:4: has the unknown option`)
	s.write("revoked", strings.SplitN(lines["bob"], " ", 2)[1])
	require.Equal(t, 0, approve("carol").status, "the others are there still")
	s.write("allowed", everybody)
	s.hangUp()
	s.untilSaid(said, "all files can be read again")
	refused := approve("bob")
	require.NotEqual(t, 0, refused.status)
	require.Contains(t, refused.out+refused.errors, "the key was revoked")
	s.write("revoked", "")
	s.hangUp()
	require.Eventually(t, func() bool { return approve("bob").status == 0 }, soon, soon/60)
	s.until("2 of 2 targets succeeded", "status", "zephyrplan")
	require.NotContains(t, said.String(), "PRIVATE KEY")
}

// signingKey makes a private key in a file of that name, and gives its public line.
func (s *stage) signingKey(name string) string {
	s.t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(s.t, err)
	block, err := ssh.MarshalPrivateKey(private, "")
	require.NoError(s.t, err)
	s.write(name, string(pem.EncodeToMemory(block)))
	public, err := ssh.NewPublicKey(private.Public())
	require.NoError(s.t, err)
	return string(ssh.MarshalAuthorizedKey(public))
}

// endpoint is that of the clouds in an accounts file.
func endpoint(accounts string) string {
	_, rest, _ := strings.Cut(accounts, "endpoint: ")
	found, _, _ := strings.Cut(rest, "}")
	return found
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	return l.Addr().String()
}

// A running worker takes up an API key and a client certificate that replace those before they are refused.
func TestTheLoginToTemporalIsReplacedUnderARunningCampaign(t *testing.T) {
	s := newStage(t)
	// Connections take no call after some seconds, so that there are handshakes. A call in progress has longer: a task
	// that is lost with its poll costs ten seconds.
	f := s.guard(nil, grpc.KeepaliveParams(keepalive.ServerParameters{MaxConnectionAge: 2 * time.Second, MaxConnectionAgeGrace: 20 * time.Second}))
	f.letIn("PLANTED-1")
	t.Setenv("TEMPORAL_API_KEY_FILE", s.write("api-key", "PLANTED-1\n"))
	s.done("setup")
	said, _ := s.work()
	require.Equal(t, 4, s.tidegate("run", s.plan("approvals: {count: 1}"), "--by", "someone").status)

	f.letIn("PLANTED-1", "PLANTED-2")
	s.write("api-key", "PLANTED-2\n")
	require.Eventually(t, func() bool { return *f.usedKey.Load() == "PLANTED-2" }, soon, soon/600)
	f.letIn("PLANTED-2")

	other, err := certificates.New(t.TempDir())
	require.NoError(t, err)
	replaced, err := other.Issue("client", certificates.Here())
	require.NoError(t, err)
	both := f.conf.Load().Clone()
	both.ClientCAs = x509.NewCertPool()
	both.ClientCAs.AddCert(f.authority.Cert)
	both.ClientCAs.AddCert(other.Cert)
	f.conf.Store(both)
	for _, file := range []string{"client.pem", "client.key"} { // in between they do not belong together
		text, err := os.ReadFile(other.Path(file))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(filepath.Dir(f.authority.Path(file)), file), text, 0o600))
	}
	require.Eventually(t, func() bool { return f.usedCert.Load().Cmp(replaced.Leaf.SerialNumber) == 0 }, soon, soon/600)
	only := f.conf.Load().Clone()
	only.ClientCAs = other.Pool()
	f.conf.Store(only)

	s.done("approve", "zephyrplan", "--by", "alice", "--why", "test")
	s.done("watch", "zephyrplan", "--plain")
	require.NotContains(t, said.String(), "PLANTED")
}
