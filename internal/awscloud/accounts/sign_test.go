package accounts_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/stretchr/testify/require"

	awsaccounts "github.com/tidegate/tidegate/internal/awscloud/accounts"
)

func TestRequestsAreSignedForTheAccount(t *testing.T) {
	t.Parallel()
	type request struct {
		header http.Header
		body   string
	}
	got := make(chan request, 2)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			body = []byte(err.Error())
		}
		got <- request{r.Header, string(body)}
	}))
	t.Cleanup(server.Close)
	account := awsaccounts.Account{Name: "prod", Region: "eu-central-1"}
	signed, err := awsaccounts.Signed(t.Context(), account,
		awsaccounts.WithCredentials(credentials.NewStaticCredentialsProvider("AKIAPLANTEDACCESSKEY", "PlantedSecretKey", "PlantedToken")))
	require.NoError(t, err)
	client := &http.Client{Transport: signed(http.DefaultTransport)}
	for _, body := range []string{"query=up", ""} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, strings.NewReader(body))
		require.NoError(t, err)
		answer, err := client.Do(request)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		sent := <-got
		require.Equal(t, body, sent.body)
		require.Regexp(t, `^AWS4-HMAC-SHA256 Credential=AKIAPLANTEDACCESSKEY/\d{8}/eu-central-1/aps/aws4_request, SignedHeaders=.*, Signature=[0-9a-f]{64}$`, sent.header.Get("Authorization"))
		require.Equal(t, "PlantedToken", sent.header.Get("X-Amz-Security-Token"))
		require.Empty(t, request.Header.Get("Authorization"), "the client's own request is left alone")
	}
	_, err = awsaccounts.Signed(t.Context(), awsaccounts.Account{Name: "prod"})
	require.ErrorContains(t, err, `open AWS account "prod": `)
}
