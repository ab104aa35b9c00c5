package huaweicloud_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/huaweicloud"
)

// hidden fails where text shows a secret, or half of one.
func hidden(t *testing.T, text string, secrets ...string) {
	t.Helper()
	for _, secret := range secrets {
		if secret != "" {
			require.NotContains(t, text, secret[:len(secret)/2])
			require.NotContains(t, text, secret[len(secret)/2:])
		}
	}
}

func secretsOf(c huaweicloud.Credentials) []string {
	return []string{c.AccessKey, c.SecretKey, c.SecurityToken, c.Token, c.Password}
}

func everyWay() map[string]huaweicloud.Credentials {
	return map[string]huaweicloud.Credentials{
		"keys":  {AccessKey: keyID, SecretKey: keySecret, SecurityToken: plantedToken},
		"token": {Token: plantedToken},
		"login": {User: "operator", Password: password, Domain: "acme"},
	}
}

func TestCredentialsAreNeverPrinted(t *testing.T) {
	t.Parallel()
	for name, c := range everyWay() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := open(t, "http://127.0.0.1:1", c)
			for _, v := range []any{
				c, &c, cloud, *cloud,
				struct{ C huaweicloud.Credentials }{c},
				struct{ c *huaweicloud.Cloud }{cloud},
				map[string]huaweicloud.Credentials{"x": c},
			} {
				for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
					hidden(t, fmt.Sprintf(verb, v), secretsOf(c)...)
				}
				var logged bytes.Buffer
				slog.New(slog.NewTextHandler(&logged, nil)).Info("x", "v", v)
				slog.New(slog.NewJSONHandler(&logged, nil)).Info("x", "v", v)
				hidden(t, logged.String(), secretsOf(c)...)
			}
			asJSON, err := json.Marshal(c)
			require.NoError(t, err)
			asYAML, err := yaml.Marshal(c)
			require.NoError(t, err)
			hidden(t, string(asJSON)+string(asYAML), secretsOf(c)...)
		})
	}
}

// echo answers with all that it was sent, as text within an error.
func echo(w http.ResponseWriter, r *http.Request) {
	var all strings.Builder
	if err := r.Header.Write(&all); err != nil {
		all.WriteString("no header")
	}
	text, err := json.Marshal(fmt.Sprintf("%s secret=%s password=%s", all.String(), keySecret, password))
	if err != nil {
		text = []byte("null")
	}
	canned{
		status: 401, body: `{"error_code":"APIGW.0301","error_msg":` + string(text) + `}`,
		header: map[string]string{"X-Request-Id": r.Header.Get("X-Auth-Token")},
	}.write(w)
}

// echoRaw answers by what is neither an error nor an answer.
func echoRaw(status int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(status)
		if err := r.Header.Write(w); err != nil {
			return
		}
		asJSON, err := json.Marshal(password)
		if err == nil {
			canned{body: strings.Repeat("x ", 140) + keySecret + string(asJSON) + keyID}.write(w)
		}
	}
}

// leakyTransport fails with all that it was to send.
type leakyTransport struct{}

func (leakyTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	return nil, errors.Join(err, fmt.Errorf("cannot send %v %s", r.Header, body))
}

func TestErrorsHoldNoSecret(t *testing.T) {
	t.Parallel()
	issue := func(next http.HandlerFunc) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/auth/tokens") {
				canned{status: 201, header: map[string]string{"X-Subject-Token": plantedToken}}.write(w)
				return
			}
			next(w, r)
		}
	}
	for name, c := range everyWay() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			own := append(secretsOf(c), plantedToken) // given, or fetched
			for _, answer := range []http.HandlerFunc{
				echo, echoRaw(502), echoRaw(200), issue(echo), issue(echoRaw(502)), issue(echoRaw(200)),
				issue(always(canned{body: `{"update_result":[{"state":"REJECT","error_message":"` + plantedToken + `"}]}`})),
				issue(always(canned{body: `{"update_result":"` + plantedToken + `","current_version":{"` + plantedToken + `":1}}`})),
			} {
				cloud := open(t, newServer(t, answer).URL, c)
				for _, err := range []error{read(t.Context(), cloud), change(t.Context(), cloud)} {
					require.Error(t, err)
					hidden(t, fmt.Sprintf("%v %+v", err, err), own...)
				}
			}
			leaky := openWith(t, "http://127.0.0.1:1", c, huaweicloud.Options{Transport: leakyTransport{}})
			err := change(t.Context(), leaky)
			require.ErrorContains(t, err, "cannot send")
			hidden(t, err.Error(), own...)
		})
	}
}

// An HTTP proxy has credentials of its own, which no one told the adapter.
func TestErrorsHoldNoCredentialOfAProxy(t *testing.T) {
	t.Parallel()
	const basic = "b3BlcmF0b3I6cHc=" // short, as a proxy's may be
	for _, body := range []string{
		"<html>\nProxy-Authorization: Basic " + basic + "\n</html>",
		`{"error_msg":"bad gateway, proxy-authorization=Bearer ` + basic + `, sent","error_code":"X"}`,
		`{"error_code":"X","error_msg":"{\"Authorization\": \"` + basic + `\"}"}`,
	} {
		cloud := open(t, newServer(t, always(canned{status: 502, body: body})).URL, everyWay()["keys"])
		err := read(t.Context(), cloud)
		require.Error(t, err)
		require.NotContains(t, err.Error(), basic)
	}
}
