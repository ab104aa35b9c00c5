package secretscan_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/secretscan"
)

const secret = `planted/Secret+0123456789"&=\abcdefghij`

func TestEveryFormOfASecretIsFound(t *testing.T) {
	t.Parallel()
	quoted, err := json.Marshal(map[string]string{"key": secret})
	require.NoError(t, err)
	again, err := json.Marshal(map[string]string{"message": string(quoted)})
	require.NoError(t, err)
	for name, text := range map[string]string{
		"in JSON within JSON":         string(again),
		"plain":                       "Authorization: " + secret + " and more",
		"in JSON":                     string(quoted),
		"in a URL's query":            "http://host/?key=" + url.QueryEscape(secret) + "&x=1",
		"in a URL's path":             "http://host/" + url.PathEscape(secret) + "/x",
		"in hexadecimal":              hex.EncodeToString([]byte("user:" + secret)),
		"cut after its first half":    "Authorization: " + secret[:len(secret)/2] + "...",
		"cut before its second half":  "..." + secret[len(secret)/2:],
		"in base64, nothing before":   base64.StdEncoding.EncodeToString([]byte(secret)),
		"in base64, one byte before":  base64.StdEncoding.EncodeToString([]byte("u" + secret + "x")),
		"in base64, two bytes before": base64.URLEncoding.EncodeToString([]byte("u:" + secret + "xy")),
		"in base64, user and secret":  base64.StdEncoding.EncodeToString([]byte("operator:" + secret)),
		"half of it, in base64":       base64.StdEncoding.EncodeToString([]byte("operator:" + secret[:len(secret)/2])),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found := secretscan.Find([]byte(text), secretscan.Secret{Name: "another", Value: "nowhere-to-be-seen"}, secretscan.Secret{Name: "the key", Value: secret})
			require.Len(t, found, 1, text)
			require.True(t, strings.HasPrefix(found[0], "the key ("), found[0])
		})
	}
}

func TestWhatHoldsNoSecretIsClean(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "planted", secret[:len(secret)/2-1], secret[len(secret)/2+1:], strings.ToUpper(secret),
		base64.StdEncoding.EncodeToString([]byte("operator:")), base64.StdEncoding.EncodeToString([]byte(secret[:10])),
	} {
		require.Empty(t, secretscan.Find([]byte(text), secretscan.Secret{Name: "the key", Value: secret}), text)
	}
}
