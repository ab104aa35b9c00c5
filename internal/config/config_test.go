package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/accounts"
	awsaccounts "github.com/tidegate/tidegate/internal/awscloud/accounts"
	"github.com/tidegate/tidegate/internal/config"
	"github.com/tidegate/tidegate/internal/huaweicloud"
)

const project = "0123456789abcdef0123456789abcdef"

// env is an environment of some variables.
func env(pairs ...string) func(string) string {
	vars := map[string]string{}
	for _, pair := range pairs {
		name, value, _ := strings.Cut(pair, "=")
		vars[name] = value
	}
	return func(name string) string { return vars[name] }
}

func keys() func(string) string {
	return env("HUAWEICLOUD_SDK_AK=the-ak", "HUAWEICLOUD_SDK_SK=the-sk")
}

func TestEveryFieldOfAValidFileArrives(t *testing.T) {
	t.Parallel()
	c, err := config.Parse("accounts.yaml", []byte(`
aws:
  - name: prod
    region: eu-central-1
    profile: storage
    assumeRole: arn:aws:iam::123456789012:role/tidegate
    externalId: "0042"
    perSecond: 2.5
  - name: sim
    region: us-east-1
    endpoint: http://127.0.0.1:4599
huawei:
  - name: prod
    project: "01234567890123456789012345678901"
    region: eu-west-101
    endpoint: https://gaussdb.example.com
    iamEndpoint: https://iam.example.com
    auth: password
    envPrefix: PROD_
    user: tidegate
    domain: example
  - name: digits
    project: 01234567890123456789012345678901
    region: ap-southeast-3
    perSecond: "100000"
`), env("PROD_HW_USER_PASSWORD=the-password", "HW_AUTH_TOKEN=the-token"))
	require.NoError(t, err)
	require.Equal(t, []accounts.AWS{
		{Account: awsaccounts.Account{
			Name: "prod", Region: "eu-central-1", Profile: "storage",
			AssumeRole: "arn:aws:iam::123456789012:role/tidegate", ExternalID: "0042",
		}, PerSecond: 2.5},
		{Account: awsaccounts.Account{Name: "sim", Region: "us-east-1", Endpoint: "http://127.0.0.1:4599"}, PerSecond: 20},
	}, c.AWS)
	require.Equal(t, []accounts.Huawei{
		{
			Account: huaweicloud.Account{
				Name: "prod", Project: "01234567890123456789012345678901", Region: "eu-west-101",
				Endpoint: "https://gaussdb.example.com", IAMEndpoint: "https://iam.example.com",
			},
			Credentials: huaweicloud.Credentials{User: "tidegate", Domain: "example", Password: "the-password"},
			PerSecond:   20,
		},
		{
			Account:     huaweicloud.Account{Name: "digits", Project: "01234567890123456789012345678901", Region: "ap-southeast-3"},
			Credentials: huaweicloud.Credentials{Token: "the-token"},
			PerSecond:   100_000,
		},
	}, c.Huawei)
}

func TestARateIsANumberThatTemporalCanKeep(t *testing.T) {
	t.Parallel()
	parse := func(rate string) (config.Config, error) {
		return config.Parse("a.yaml", []byte("aws: [{name: a, region: us-east-1, perSecond: "+rate+"}]\nhuawei: [{name: h, project: \""+project+"\", region: ap-southeast-3, perSecond: "+rate+"}]\n"), keys())
	}
	for text, want := range map[string]float64{"null": 20, "0.01": 0.01, "1": 1, "1e3": 1000, "100000": 100_000} {
		c, err := parse(text)
		require.NoError(t, err, text)
		require.Equal(t, []float64{want, want}, []float64{c.AWS[0].PerSecond, c.Huawei[0].PerSecond}, text)
	}
	for _, text := range []string{"0", "-1", "100000.1", "1e9", "many", ".nan", "NaN", ".inf", "Inf", `""`, "1/2", "[20]"} {
		_, err := parse(text)
		require.ErrorContains(t, err, "a.yaml:1:", text)
		require.ErrorContains(t, err, "aws[0].perSecond", text)
		require.ErrorContains(t, err, "huawei[0].perSecond", text)
	}
}

func TestFaultsAreReportedAllAtOnceWithTheirPlaces(t *testing.T) {
	t.Parallel()
	_, err := config.Parse("a.yaml", []byte(`aws:
  - name: Prod
    region: nowhere
    endpiont: http://x
  - name: twice
    region: us-east-1
    externalId: only
  - name: twice
    region: [us-east-1]
  - just text
huawei:
  - name: h
    project: short
    region: ap-southeast-3
    auth: magic
    user: someone
  - name: h
    project: `+project+`
    endpoint: http://127.0.0.1/path
    auth: aksk
azure: []
`), env())
	require.EqualError(t, err, strings.Join([]string{
		`a.yaml:2:11: aws[0].name: invalid value "Prod": must be 1 to 63 lower-case letters, digits, dots, underscores or dashes`,
		`a.yaml:3:13: aws[0].region: invalid value "nowhere": must be an AWS region such as us-east-1`,
		`a.yaml:4:5: aws[0].endpiont: is an unknown field (did you mean endpoint?): must be one of name, region, endpoint, profile, assumeRole, externalId, perSecond, approvals (credentials come from the environment or from files of their own, never from this file)`,
		`a.yaml:7:17: aws[1].externalId: invalid value "only": must be to be left out where no role is assumed`,
		`a.yaml:8:11: aws[2].name: invalid value "twice": must be unique in aws`,
		`a.yaml:9:13: aws[2].region: is a list, expected a string`,
		`a.yaml:10:5: aws[3]: is a string, expected a mapping with fields among name, region, endpoint, profile, assumeRole, externalId, perSecond, approvals`,
		`a.yaml:13:14: huawei[0].project: invalid value "short": must be the project's id: 32 letters and digits`,
		`a.yaml:15:11: huawei[0].auth: invalid value "magic": must be aksk, token or password; or left out, to use what the environment has`,
		`a.yaml:16:11: huawei[0].user: invalid value "someone": must be left out unless auth is password`,
		`a.yaml:17:5: huawei[1]: no credentials in the environment: set HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK; or name files by the same with _FILE at the end`,
		`a.yaml:17:11: huawei[1].name: invalid value "h": must be unique in huawei`,
		`a.yaml:19:15: huawei[1].endpoint: invalid value "http://127.0.0.1/path": must be a host name or URL of TaurusDB without a path, or a region whose endpoint the SDK knows`,
		`a.yaml:21:1: azure: is an unknown field: must be one of aws, huawei, channels, webUI, servers, signers (credentials come from the environment or from files of their own, never from this file)`,
	}, "\n"))
}

func TestAFileThatIsNoAccountsFileIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, want string }{
		"empty":        {"", `a.yaml:1:1: is empty: must be a YAML document with fields among aws, huawei, channels, webUI, servers, signers`},
		"only comment": {"# nothing\n", `a.yaml:1:1: is empty: must be a YAML document with fields among aws, huawei, channels, webUI, servers, signers`},
		"no account":   {"aws:\n", `a.yaml:1:1: names no account: must be at least one account under aws or huawei`},
		"a list":       {"- aws\n", `a.yaml:1:1: is a list, expected a mapping with fields among aws, huawei, channels, webUI, servers, signers`},
		"section text": {"aws: prod\n", `a.yaml:1:6: aws: is a string, expected a list`},
		"two documents": {
			"aws:\n---\nhuawei:\n", `a.yaml:3:1: is a second document, or a directive: must be one document, without directives`,
		},
		"not YAML":  {"aws: [\n", `a.yaml:1:6: is not YAML: sequence end token ']' not found`},
		"key twice": {"aws: []\naws: []\n", `a.yaml:2:1: aws: is given twice`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := config.Parse("a.yaml", []byte(c.text), keys())
			require.EqualError(t, err, c.want)
		})
	}
}

func TestASecretInTheFileIsNeverRepeated(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"as a field":            "huawei:\n  - name: h\n    secretKey: PLANTED-SECRET\n",
		"in a field of another": "huawei:\n  - name: h\n    secret: {key: PLANTED-SECRET}\n",
		"as an account":         "aws:\n  - PLANTED-SECRET\n",
		"as a section":          "huawei: PLANTED-SECRET\n",
		"as the file":           "PLANTED-SECRET\n",
		"on several lines":      "aws:\n  - name: a\n    region: us-east-1\n    profile: |\n      BEGIN\n      PLANTED-SECRET\n",
		"after a star":          "aws:\n  - name: a\n    region: us-east-1\n    profile: *PLANTED-SECRET\n",
		"after a bar":           "aws:\n  - name: a\n    profile: |PLANTED-SECRET\n",
		"with an at":            "huawei:\n  - name: h\n    user: me@PLANTED-SECRET\n",
		"alongside a tab":       "huawei:\n  - name: h\n    secretKey: \"PLANTED-SECRET\n",
		"in an URL":             "aws:\n  - name: a\n    region: us-east-1\n    endpoint: http://me:PLANTED-SECRET@127.0.0.1\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := config.Parse("a.yaml", []byte(text), env("HW_AUTH_TOKEN=bad token PLANTED-SECRET"))
			require.Error(t, err)
			require.NotContains(t, err.Error(), "PLANTED-SECRET")
		})
	}
}

func TestCredentialsAreFoundByWayAndPrefix(t *testing.T) {
	t.Parallel()
	all := []string{
		"HUAWEICLOUD_SDK_AK=ak", "HUAWEICLOUD_SDK_SK=sk", "HW_AUTH_TOKEN=token",
		"HW_USER_NAME=user", "HW_USER_PASSWORD=password", "HW_DOMAIN_NAME=domain", "B_OS_AUTH_TOKEN=other",
	}
	for name, c := range map[string]struct {
		lines string
		want  huaweicloud.Credentials
	}{
		"what the environment holds": {"", huaweicloud.Credentials{AccessKey: "ak", SecretKey: "sk"}},
		"keys":                       {"auth: aksk", huaweicloud.Credentials{AccessKey: "ak", SecretKey: "sk"}},
		"token":                      {"auth: token", huaweicloud.Credentials{Token: "token"}},
		"password":                   {"auth: password", huaweicloud.Credentials{User: "user", Password: "password", Domain: "domain"}},
		"password of a named user":   {"auth: password\n    user: u2", huaweicloud.Credentials{User: "u2", Password: "password", Domain: "domain"}},
		"another prefix":             {"envPrefix: B_", huaweicloud.Credentials{Token: "other"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := "huawei:\n  - name: h\n    project: " + project + "\n    region: ap-southeast-3\n    " + c.lines + "\n"
			got, err := config.Parse("a.yaml", []byte(text), env(all...))
			require.NoError(t, err)
			require.Equal(t, c.want, got.Huawei[0].Credentials)
		})
	}
}

func TestMissingCredentialsNameTheVariablesToSet(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ lines, env, want string }{
		"any": {"", "", "no credentials in the environment: set HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK; or HW_AUTH_TOKEN; or HW_USER_NAME, HW_USER_PASSWORD and HW_DOMAIN_NAME"},
		"token under a prefix": {
			"auth: token\n    envPrefix: B_", "HW_AUTH_TOKEN=x",
			"no credentials in the environment: set B_HW_AUTH_TOKEN",
		},
		"half a pair under a prefix": {"envPrefix: B_", "B_HUAWEICLOUD_SDK_AK=x", "with the prefix B_: environment variables HUAWEICLOUD_SDK_*"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := "huawei:\n  - name: h\n    project: " + project + "\n    region: ap-southeast-3\n    " + c.lines + "\n"
			_, err := config.Parse("a.yaml", []byte(text), env(c.env))
			require.ErrorContains(t, err, "a.yaml:2:5: huawei[0]: "+c.want)
		})
	}
}

func TestLoadNamesTheFileThatIsMissing(t *testing.T) {
	t.Parallel()
	_, err := config.Load(filepath.Join(t.TempDir(), "none.yaml"), env())
	require.ErrorIs(t, err, os.ErrNotExist)
	require.ErrorContains(t, err, "none.yaml")
}

// The file that docker-compose.yml mounts is read by this package.
func TestTheComposeFileOfAccountsIsValid(t *testing.T) {
	t.Parallel()
	c, err := config.Load(filepath.Join("..", "..", "deploy", "compose", "accounts.yaml"), keys())
	require.NoError(t, err)
	require.Len(t, c.AWS, 1)
	require.Len(t, c.Huawei, 1)
}

// The example of docs/reference/configuration.md is a valid file.
func TestTheDocumentedExampleIsValid(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "reference", "configuration.md"))
	require.NoError(t, err)
	_, rest, found := strings.Cut(string(text), "```yaml\n")
	require.True(t, found)
	example, _, found := strings.Cut(rest, "```")
	require.True(t, found)
	c, err := config.Parse("docs", []byte(example), env(
		"PROD_HUAWEICLOUD_SDK_AK=ak", "PROD_HUAWEICLOUD_SDK_SK=sk", "LAB_HW_USER_PASSWORD=password",
	))
	require.NoError(t, err)
	require.Len(t, c.AWS, 2)
	require.Len(t, c.Huawei, 2)
}
