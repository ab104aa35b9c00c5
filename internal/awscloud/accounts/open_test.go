package accounts_test

import (
	"encoding/xml"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/awscloud/accounts"
	"github.com/tidegate/tidegate/internal/maintenance"
	sim "github.com/tidegate/tidegate/internal/simcloud/aws"
	"github.com/tidegate/tidegate/internal/simcloud/record"
)

const arn = "arn:aws:storagegateway:us-east-1:123456789012:gateway/sgw-12A3456B"

func example() accounts.Option {
	return accounts.WithCredentials(credentials.NewStaticCredentialsProvider(sim.DefaultAccessKeyID, sim.DefaultSecretAccessKey, ""))
}

func TestValidateReportsEveryWrongFieldAtOnce(t *testing.T) {
	t.Parallel()
	err := accounts.Account{
		Region: "Virginia", Endpoint: "127.0.0.1:4599", AssumeRole: "tidegate",
	}.Validate()
	for _, field := range []string{"name is required", "region: ", "endpoint: ", "assumeRole: "} {
		require.ErrorContains(t, err, field)
	}
	require.ErrorContains(t, accounts.Account{Name: "a", Region: "us-east-1", ExternalID: "x"}.Validate(), "externalId: ")
	require.ErrorContains(t, accounts.Account{Name: "a", Region: "us-east-1", Endpoint: "https://u:p@x"}.Validate(), "endpoint: ")
	require.NoError(t, accounts.Account{
		Name: "a", Region: "us-gov-west-1", Endpoint: "http://127.0.0.1:4599", AssumeRole: "arn:aws-us-gov:iam::123456789012:role/ops/Tidegate", ExternalID: "x",
	}.Validate())
}

// What is wrong about an endpoint may be the password in it.
func TestAWrongEndpointsPasswordIsNotRepeated(t *testing.T) {
	t.Parallel()
	const secret = "planted-secret"
	for _, endpoint := range []string{
		"https://tidegate:" + secret + "@proxy.example:4599",
		"https://" + secret + "@proxy.example",
		"tidegate:" + secret + "@proxy.example",
		"https://tidegate:" + secret + "%zz@proxy.example",
		"https://tidegate:" + secret + "/x@proxy.example",
	} {
		account := accounts.Account{Name: "a", Region: "us-east-1", Endpoint: endpoint}
		err := account.Validate()
		require.ErrorContains(t, err, "endpoint: ")
		require.NotContains(t, err.Error(), secret)
		_, err = accounts.Open(t.Context(), account, example())
		require.Error(t, err)
		require.NotContains(t, err.Error(), secret)
	}
}

func TestOpenRefusesAWrongAccountByName(t *testing.T) {
	t.Parallel()
	_, err := accounts.Open(t.Context(), accounts.Account{Name: "prod"}, example())
	require.ErrorContains(t, err, `open AWS account "prod": region is required`)
	var field *maintenance.FieldError
	require.ErrorAs(t, err, &field)
}

// AWS_CA_BUNDLE makes the SDK's loader refuse a plain client.
func TestOpenTakesAPlainClientUnderACABundle(t *testing.T) {
	t.Setenv("AWS_CA_BUNDLE", caBundle(t))
	server := simulated(t, record.New(time.Now))
	cloud, err := accounts.Open(t.Context(), accounts.Account{Name: "prod", Region: "us-east-1", Endpoint: server.URL},
		example(), accounts.WithHTTPClient(server.Client()))
	require.NoError(t, err)
	_, err = cloud.Gateway(t.Context(), arn)
	require.NoError(t, err)
}

// caBundle is any certificate in PEM: the loader only wants to parse it.
func caBundle(t *testing.T) string {
	t.Helper()
	server := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	file := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(file, pemOf(server.Certificate().Raw), 0o600))
	return file
}

// The ecosystem's own variables: credentials and endpoint from the environment.
func TestOpenFollowsTheEnvironment(t *testing.T) {
	server := simulated(t, record.New(time.Now))
	t.Setenv("AWS_ACCESS_KEY_ID", sim.DefaultAccessKeyID)
	t.Setenv("AWS_SECRET_ACCESS_KEY", sim.DefaultSecretAccessKey)
	t.Setenv("AWS_SESSION_TOKEN", "")
	t.Setenv("AWS_ENDPOINT_URL", server.URL)
	cloud, err := accounts.Open(t.Context(), accounts.Account{Name: "prod", Region: "us-east-1"})
	require.NoError(t, err)
	_, err = cloud.Gateway(t.Context(), arn)
	require.NoError(t, err)
	_, err = cloud.Snapshots(t.Context(), "vol-1122aabb", "key")
	require.NoError(t, err)
}

func TestOpenUsesTheProfile(t *testing.T) {
	server := simulated(t, record.New(time.Now))
	file := filepath.Join(t.TempDir(), "config")
	require.NoError(t, os.WriteFile(file, []byte("[profile ops]\naws_access_key_id = "+sim.DefaultAccessKeyID+
		"\naws_secret_access_key = "+sim.DefaultSecretAccessKey+"\nendpoint_url = "+server.URL+"\n"), 0o600))
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL", "AWS_PROFILE"} {
		t.Setenv(name, "")
	}
	t.Setenv("AWS_CONFIG_FILE", file)
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", file)
	cloud, err := accounts.Open(t.Context(), accounts.Account{Name: "prod", Region: "us-east-1", Profile: "ops"})
	require.NoError(t, err)
	_, err = cloud.Gateway(t.Context(), arn)
	require.NoError(t, err)

	_, err = accounts.Open(t.Context(), accounts.Account{Name: "prod", Region: "us-east-1", Profile: "nobody"})
	require.ErrorContains(t, err, `open AWS account "prod": `)
	require.ErrorContains(t, err, "nobody")
}

func TestOpenAssumesTheRole(t *testing.T) {
	book := record.New(time.Now)
	world, err := sim.New(sim.Scenario{
		Credentials: []sim.Credential{{AccessKeyID: "ASIAROLE", SecretAccessKey: "role-secret", SessionToken: "role-token"}},
		Gateways:    []sim.Gateway{{ID: "sgw-12A3456B"}},
	}, sim.Options{Book: book})
	require.NoError(t, err)
	server := httptest.NewServer(world)
	t.Cleanup(server.Close)
	var role, externalID, session string
	sts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		role, externalID, session = r.FormValue("RoleArn"), r.FormValue("ExternalId"), r.FormValue("RoleSessionName")
		writeRole(t, w)
	}))
	t.Cleanup(sts.Close)
	t.Setenv("AWS_ENDPOINT_URL_STS", sts.URL)
	cloud, err := accounts.Open(t.Context(), accounts.Account{
		Name: "prod", Region: "us-east-1", Endpoint: server.URL, AssumeRole: "arn:aws:iam::123456789012:role/Tidegate", ExternalID: "ticket-7",
	}, example())
	require.NoError(t, err)
	_, err = cloud.Gateway(t.Context(), arn)
	require.NoError(t, err)
	require.Equal(t, []string{"arn:aws:iam::123456789012:role/Tidegate", "ticket-7", "tidegate"}, []string{role, externalID, session})
}

func TestARoleThatIsRefusedIsDenied(t *testing.T) {
	sts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		if _, err := w.Write([]byte(`<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>User: x is not authorized to perform: sts:AssumeRole</Message></Error><RequestId>r-1</RequestId></ErrorResponse>`)); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(sts.Close)
	t.Setenv("AWS_ENDPOINT_URL_STS", sts.URL)
	cloud, err := accounts.Open(t.Context(), accounts.Account{
		Name: "prod", Region: "us-east-1", Endpoint: "http://127.0.0.1:1", AssumeRole: "arn:aws:iam::123456789012:role/Tidegate",
	}, example())
	require.NoError(t, err)
	err = cloud.UpdateSoftware(t.Context(), arn)
	require.ErrorIs(t, err, maintenance.ErrDenied)
	require.NotErrorIs(t, err, maintenance.ErrUnknownOutcome)
	require.ErrorContains(t, err, "no usable credentials")
	require.ErrorContains(t, err, "(STS, HTTP 403, request id r-1)")
}

func writeRole(t *testing.T, w http.ResponseWriter) {
	t.Helper()
	type credential struct {
		AccessKeyID string `xml:"AccessKeyId"`
		Secret      string `xml:"SecretAccessKey"`
		Token       string `xml:"SessionToken"`
		Expiration  string
	}
	var answer struct {
		XMLName struct{}                         `xml:"AssumeRoleResponse"`
		Result  struct{ Credentials credential } `xml:"AssumeRoleResult"`
	}
	answer.Result.Credentials = credential{"ASIAROLE", "role-secret", "role-token", "2099-01-01T00:00:00Z"}
	if err := xml.NewEncoder(w).Encode(answer); err != nil {
		t.Error(err)
	}
}

func TestTheUserAgentNamesTidegate(t *testing.T) {
	t.Parallel()
	var agent string
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { agent = r.UserAgent() }))
	t.Cleanup(server.Close)
	cloud, err := accounts.Open(t.Context(), accounts.Account{Name: "prod", Region: "us-east-1", Endpoint: server.URL}, example())
	require.NoError(t, err)
	_, err = cloud.Gateway(t.Context(), arn)
	require.Error(t, err)
	require.Contains(t, strings.Fields(agent), "tidegate")
}

// What a person meets first who set up nothing.
func TestAMachineWithoutCredentialsIsDenied(t *testing.T) {
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	nowhere := filepath.Join(t.TempDir(), "none")
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_PROFILE": "",
		"AWS_CONFIG_FILE": nowhere, "AWS_SHARED_CREDENTIALS_FILE": nowhere,
	} {
		t.Setenv(name, value)
	}
	cloud, err := accounts.Open(t.Context(), accounts.Account{Name: "prod", Region: "us-east-1", Endpoint: "http://127.0.0.1:1"})
	require.NoError(t, err)
	_, err = cloud.Gateway(t.Context(), arn)
	require.ErrorIs(t, err, maintenance.ErrDenied)
	err = cloud.DeleteSnapshot(t.Context(), "snap-00000001")
	require.ErrorIs(t, err, maintenance.ErrDenied)
}

// The SDK's own rules find the endpoint, also of a region that they do not list.
func TestARegionOfTomorrowIsSpokenTo(t *testing.T) {
	t.Parallel()
	for region, host := range map[string]string{
		"eu-atlantis-7":   "storagegateway.eu-atlantis-7.amazonaws.com",
		"eusc-de-east-1":  "storagegateway.eusc-de-east-1.amazonaws.eu",
		"moon-west-1":     "storagegateway.moon-west-1.amazonaws.com",
		"cn-northwest-11": "storagegateway.cn-northwest-11.amazonaws.com.cn",
	} {
		t.Run(region, func(t *testing.T) {
			t.Parallel()
			var asked string
			client := asking(func(r *http.Request) { asked = r.URL.Host })
			cloud, err := accounts.Open(t.Context(), accounts.Account{Name: "x", Region: region},
				accounts.WithCredentials(credentials.NewStaticCredentialsProvider("AKIAEXAMPLE", "x", "")), accounts.WithHTTPClient(client))
			require.NoError(t, err)
			_, _, err = cloud.Gateways(t.Context(), "")
			require.Error(t, err)
			require.Equal(t, host, asked)
		})
	}
}

// asking notes what is asked, and answers nothing.
type asking func(*http.Request)

func (a asking) Do(r *http.Request) (*http.Response, error) {
	a(r)
	return nil, errors.New("nobody there")
}
