package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/channels"
	"github.com/tidegate/tidegate/internal/config"
)

const anAccount = "aws: [{name: a, region: us-east-1}]\n"

func TestChannelsComeFromTheEnvironment(t *testing.T) {
	t.Parallel()
	c, err := config.Parse("a.yaml", []byte(anAccount+`
channels:
  - {name: oncall, urlFrom: ONCALL_URL}
  - {name: a, urlFrom: TEAM_2_URL}
`), env("ONCALL_URL=generic+https://example.com/hook", "TEAM_2_URL=pagerduty:///eb243592faa24ba2a5511afdf565c889"))
	require.NoError(t, err)
	require.Equal(t, []channels.Channel{
		{Name: "oncall", Address: "generic+https://example.com/hook"}, {Name: "a", Address: "pagerduty:///eb243592faa24ba2a5511afdf565c889"},
	}, c.Channels)
}

func TestFaultsOfChannelsRepeatNoAddress(t *testing.T) {
	t.Parallel()
	_, err := config.Parse("a.yaml", []byte(anAccount+`channels:
  - {name: oncall, urlFrom: "slack://hook:PLANTED-1@webhook"}
  - {name: "slack://hook:PLANTED-2@webhook", urlFrom: GOOD}
  - {name: twice, urlFrom: UNSET}
  - {name: twice, urlFrom: BAD}
  - {name: none, url: "slack://hook:PLANTED-3@webhook"}
  - {name: other, urlFrom: HTTP}
  - just text
`), env("GOOD=generic+https://example.com", "BAD=slack://hook:PLANTED-4@webhook", "HTTP=https://hooks.example.com/PLANTED-5"))
	require.ErrorContains(t, err, "\n")
	require.NotContains(t, err.Error(), "PLANTED")
	for _, want := range []string{
		"a.yaml:3:29: channels[0].urlFrom: invalid value: must be the name of the environment variable",
		"a.yaml:4:12: channels[1].name: invalid value: must be 1 to 63 lower-case",
		"channels[2].urlFrom: the environment variable UNSET is not set: must be set to a shoutrrr URL",
		`channels[3].name: invalid value "twice": must be unique in channels`,
		"channels[3].urlFrom: the value of the environment variable BAD is not a URL of the service slack",
		"channels[4].url: is an unknown field",
		"channels[4].urlFrom: is required",
		"channels[5].urlFrom: the value of the environment variable HTTP names a service that cannot receive messages",
		"channels[6]: is a string",
	} {
		require.ErrorContains(t, err, want)
	}
}

// The Web UI's address goes out in messages: it is a URL without credentials.
func TestTheAddressOfTheWebUI(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"https://temporal.example.com":   "https://temporal.example.com",
		"http://localhost:8233/":         "http://localhost:8233",
		"https://ops.example.com/ui/":    "https://ops.example.com/ui",
		"temporal.example.com":           "",
		"ftp://temporal.example.com":     "",
		"https://":                       "",
		"https://me:PLANTED@example.com": "",
		"https://example.com/?t=PLANTED": "",
	} {
		c, err := config.Parse("a.yaml", []byte(anAccount+"webUI: "+address+"\n"), env())
		if want == "" {
			require.ErrorContains(t, err, "webUI: invalid value: must be the URL of Temporal's Web UI without credentials", address)
			require.NotContains(t, err.Error(), "PLANTED")
			continue
		}
		require.NoError(t, err)
		require.Equal(t, want, c.WebUI)
	}
}

func TestTheDocumentedChannelsAreValid(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "reference", "configuration.md"))
	require.NoError(t, err)
	_, rest, found := strings.Cut(string(text), "### Channels")
	require.True(t, found)
	_, rest, found = strings.Cut(rest, "```yaml\n")
	require.True(t, found)
	example, _, found := strings.Cut(rest, "```")
	require.True(t, found)
	c, err := config.Parse("docs", []byte(anAccount+example), env("TIDEGATE_ONCALL_URL=generic+https://example.com"))
	require.NoError(t, err)
	require.Len(t, c.Channels, 1)
}

func TestAFileOfChannelsAloneNamesNoAccount(t *testing.T) {
	t.Parallel()
	_, err := config.Parse("a.yaml", []byte("channels: [{name: a, urlFrom: A}]\n"), env("A=generic+https://example.com"))
	require.ErrorContains(t, err, "names no account")
}
