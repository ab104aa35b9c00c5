package wire_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/awscloud/wire"
	"github.com/tidegate/tidegate/internal/maintenance"
)

const secret = "PlantedSecret/abcdefghijklmnop+Q=="

func TestSecretsWithANameBeforeThemAreHidden(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"X-Amz-Security-Token: " + secret,
		"x-amz-security-token=" + secret,
		"Authorization: " + secret,
		"Proxy-Authorization: Basic " + secret,
		"authorization=Bearer " + secret,
		"AWS4-HMAC-SHA256 Credential=" + secret + "/20261121/us-east-1, SignedHeaders=host, Signature=" + secret,
		`{"SecretAccessKey":"` + secret + `"}`,
		`{"SessionToken" : "` + secret + `"}`,
		"aws_secret_access_key = " + secret,
		"AWS_SESSION_TOKEN=" + secret,
		"all is well\nthe canonical request was " + secret,
	} {
		err := wire.Start("read a profile").Failed(errors.New(text))
		require.NotContains(t, err.Error(), "Planted", text)
	}
}

func TestWhatPeopleNeedIsNotHidden(t *testing.T) {
	t.Parallel()
	const text = "User: arn:aws:sts::123456789012:assumed-role/TidegateMaintenance/worker is not authorized to perform: storagegateway:UpdateGatewaySoftwareNow"
	require.ErrorContains(t, wire.Start("start").Failed(errors.New(text)), text)
	const expired = "Signature expired: 20261121T020000Z is now earlier than 20261121T030000Z"
	require.ErrorContains(t, wire.Start("start").Failed(errors.New(expired)), expired)
}

func TestALongAnswerIsCut(t *testing.T) {
	t.Parallel()
	err := wire.Start("describe gateway %s", "sgw-1").Failed(errors.New(strings.Repeat("ä", 100_000)))
	require.Less(t, len(err.Error()), 1200)
	require.True(t, strings.HasSuffix(err.Error(), "ä..."))
}

func TestACallThatWasNeverHandedOnIsInvalidAndNotAmbiguous(t *testing.T) {
	t.Parallel()
	for _, err := range []error{
		wire.Start("start").Failed(errors.New("endpoint rule error")),
		wire.Start("start").FailedOnce(errors.New("endpoint rule error")),
	} {
		require.ErrorIs(t, err, maintenance.ErrInvalid)
		require.ErrorContains(t, err, "nothing was sent")
	}
}

func TestACallThatWasHandedToAnUnknownTransportIsAmbiguous(t *testing.T) {
	t.Parallel()
	call := wire.Start("start")
	broken := errors.New("broken")
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://127.0.0.1:1", http.NoBody)
	require.NoError(t, err)
	_, err = call.Over(clientFunc(func(*http.Request) (*http.Response, error) { return nil, broken }), "prod").Do(request) //nolint:bodyclose // there is none
	require.ErrorIs(t, err, broken)
	require.ErrorIs(t, call.FailedOnce(err), maintenance.ErrUnknownOutcome)
	require.ErrorIs(t, call.Failed(err), maintenance.ErrUnavailable)
}

type clientFunc func(*http.Request) (*http.Response, error)

func (f clientFunc) Do(r *http.Request) (*http.Response, error) { return f(r) }
