package channels_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/activities"
	"github.com/tidegate/tidegate/internal/channels"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/secretscan"
)

const secret = "PlantedSecret0123456789abcdef"

var message = activities.Message{Title: "q4: files-1 failed", Text: "files-1 failed.\ntidegate status q4 files-1"}

// receiver is a webhook that keeps what it gets.
func receiver(t *testing.T, answer http.HandlerFunc) (address string, got chan string) {
	t.Helper()
	got = make(chan string, 100)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			body = []byte(err.Error())
		}
		got <- r.URL.Path + " " + string(body)
		if answer != nil {
			answer(w, r)
		}
	}))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://"), got
}

func oncall(address string) *channels.Channels {
	return channels.New([]channels.Channel{{Name: "oncall", Address: channels.Address(address)}})
}

func TestAMessageArrivesWithItsTitle(t *testing.T) {
	t.Parallel()
	address, got := receiver(t, nil)
	require.NoError(t, oncall("generic://"+address+"/hook?disabletls=yes&template=json").Tell(t.Context(), "oncall", message))
	require.JSONEq(t, `{"title":"q4: files-1 failed","message":"files-1 failed.\ntidegate status q4 files-1"}`, strings.TrimPrefix(<-got, "/hook "))
	require.NoError(t, oncall("generic+http://"+address+"/plain").Tell(t.Context(), "oncall", message))
	require.Equal(t, "/plain q4: files-1 failed\nfiles-1 failed.\ntidegate status q4 files-1", <-got)
	require.Empty(t, got)
}

func TestAnUnknownChannelIsNotFound(t *testing.T) {
	t.Parallel()
	c := channels.New([]channels.Channel{{Name: "oncall"}, {Name: "team"}})
	require.NoError(t, c.CheckChannels([]string{"team", "oncall"}))
	err := c.CheckChannels([]string{"team", "nobody"})
	require.ErrorIs(t, err, maintenance.ErrNotFound)
	require.EqualError(t, err, `the worker's configuration has no channel "nobody"; it has: oncall, team`)
	require.ErrorIs(t, c.Tell(t.Context(), "nobody", message), maintenance.ErrNotFound)
}

func TestTheAddressIsInNoError(t *testing.T) {
	t.Parallel()
	echo, _ := receiver(t, func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, r.URL.String()+r.Header.Get("Authorization"), http.StatusForbidden)
	})
	closed := httptest.NewServer(nil)
	closed.Close()
	gone := strings.TrimPrefix(closed.URL, "http://")
	for address, want := range map[string]string{
		"generic+http://" + gone + "/" + secret:                                         "connection refused",
		"generic+http://" + echo + "/" + secret:                                         "403 Forbidden",
		"generic://" + echo + "/" + secret + "?disabletls=yes&@Authorization=" + secret: "403 Forbidden",
		"generic+http://me:" + secret + "@" + gone + "/x":                               "connection refused",
		"smtp://me:" + secret + "@" + gone + "/?from=a@example.com&to=b@example.com":    "connection refused",
		"gotify://" + gone + "/" + secret + "?disabletls=yes":                           "",
		"ntfy://:" + secret + "@" + gone + "/topic?scheme=http":                         "",
		"matrix://:" + secret + "@" + gone + "/?disableTLS=yes":                         "",
		"slack://" + secret + "@nowhere":                                                "",
		"generic://" + secret + "\x7f":                                                  "",
		secret:                                                                          "",
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		err := oncall(address).Tell(ctx, "oncall", message)
		cancel()
		require.Error(t, err, address)
		require.ErrorContains(t, err, want)
		require.Empty(t, secretscan.Find([]byte(err.Error()), secretscan.Secret{Name: "the address", Value: secret}), err.Error())
		if valid := channels.Address(address).Validate(); valid != nil {
			require.Empty(t, secretscan.Find([]byte(valid.Error()), secretscan.Secret{Name: "the address", Value: secret}))
		}
	}
}

func TestTheAddressIsNeverPrinted(t *testing.T) {
	t.Parallel()
	c := channels.Channel{Name: "oncall", Address: secret}
	text, err := json.Marshal(c)
	require.NoError(t, err)
	all := fmt.Sprintf("%v %+v %#v %s %q %s %v", c, c, &c, c.Address, c.Address, text, slog.AnyValue(c.Address).Resolve())
	require.Empty(t, secretscan.Find([]byte(all), secretscan.Secret{Name: "the address", Value: secret}), all)
}

// A channel that takes messages and never answers holds up its own at most.
func TestADeadChannelEndsWithItsDeadlineAndTakesNoMoreThanEight(t *testing.T) {
	t.Parallel()
	silence, over := context.WithCancel(t.Context())
	dead, got := receiver(t, func(http.ResponseWriter, *http.Request) { <-silence.Done() })
	t.Cleanup(over)
	alive, _ := receiver(t, nil)
	c := channels.New([]channels.Channel{
		{Name: "dead", Address: channels.Address("generic+http://" + dead)}, {Name: "alive", Address: channels.Address("generic+http://" + alive)},
	})
	soon := func() context.Context {
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		t.Cleanup(cancel)
		return ctx
	}
	for range 8 {
		require.ErrorIs(t, c.Tell(soon(), "dead", message), maintenance.ErrUnknownOutcome)
		<-got
	}
	err := c.Tell(soon(), "dead", message)
	require.EqualError(t, err, `not sent: 8 earlier messages to the channel "dead" still have no answer`)
	require.NotErrorIs(t, err, maintenance.ErrUnknownOutcome)
	require.NoError(t, c.Tell(t.Context(), "alive", message))
	require.Empty(t, got)
	over()
	require.Eventually(t, func() bool { return c.Tell(t.Context(), "dead", message) == nil }, time.Minute, 10*time.Millisecond)
}

func TestWhatShoutrrrCannotUseIsRefused(t *testing.T) {
	t.Parallel()
	for _, address := range []string{
		"generic+https://example.com/hook", "generic://example.com/?template=json", "slack://hook:AAAAAAAAA-BBBBBBBBB-123456789123456789123456@webhook",
		"smtp://user:password@mail.example.com:587/?from=a@example.com&to=b@example.com", "pagerduty:///eb243592faa24ba2a5511afdf565c889",
		"teams://11111111-4444-4444-8444-cccccccccccc@22222222-4444-4444-8444-cccccccccccc/33333333012222222222333333333344/44444444-4444-4444-8444-cccccccccccc/V2ESyij_gAljSoUQHvZoZYzlpAoAXExyOl26dlf1xHEx05?host=contoso.webhook.office.com",
		"matrix://:token@matrix.example.com/",
	} {
		require.NoError(t, channels.Address(address).Validate(), address)
	}
	for address, want := range map[string]string{
		"":                          "is not a shoutrrr URL",
		"xoxb-1234":                 "is not a shoutrrr URL",
		"https://hooks.example.com": "names a service that cannot receive messages: must be one of bark, discord",
		"logger://":                 "names a service that cannot receive messages",
		"slack://wrong":             "is not a URL of the service slack",
	} {
		require.ErrorContains(t, channels.Address(address).Validate(), want, address)
	}
}

func TestTheDocumentedAddressesAreValidAndAllEventsAreExplained(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "how-to", "add-a-notification.md"))
	require.NoError(t, err)
	rows := regexp.MustCompile("(?m)^\\| [^|]+ \\| `([a-z+]+://[^`]+)` \\|").FindAllStringSubmatch(string(text), -1)
	require.Len(t, rows, 8)
	for _, row := range rows {
		require.NoError(t, channels.Address(row[1]).Validate(), row[1])
	}
	for _, event := range maintenance.Events() {
		require.Contains(t, string(text), "| `"+string(event)+"` |")
	}
}

// The services below have a transport of their own, which no default bounds.
func TestAnAnswerWithoutBoundIsGivenUp(t *testing.T) { //nolint:paralleltest // it measures what is allocated
	piece := strings.Repeat("x", 1<<20)
	endless := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		for range 40 {
			if _, err := io.WriteString(w, piece); err != nil {
				return
			}
		}
	}))
	t.Cleanup(endless.Close)
	at := strings.TrimPrefix(endless.URL, "http://")
	for name, address := range map[string]string{
		"mattermost": "mattermost://" + at + "/" + secret + "?disabletls=yes",
		"gotify":     "gotify://" + at + "/AzyoeNS.D4iJLVa?disabletls=yes",
		"ntfy":       "ntfy://" + at + "/topic?scheme=http",
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			err := oncall(address).Tell(t.Context(), "oncall", message)
			runtime.ReadMemStats(&after)
			require.Error(t, err)
			require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(10<<20), "allocated")
		})
	}
}
