package awscloud_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
)

var sentinels = []error{
	maintenance.ErrNotConnected, maintenance.ErrThrottled, maintenance.ErrUnavailable, maintenance.ErrUnknownOutcome,
	maintenance.ErrNotFound, maintenance.ErrDenied, maintenance.ErrInvalid, maintenance.ErrUnsupported, maintenance.ErrNotReady,
	maintenance.ErrBusy, maintenance.ErrRejected, maintenance.ErrUpToDate, maintenance.ErrNoWindow, maintenance.ErrAmbiguousWindow,
}

func requireSentinel(t *testing.T, err, want error) {
	t.Helper()
	for _, sentinel := range sentinels {
		if sentinel == want { //nolint:errorlint // the list holds the sentinels themselves
			require.ErrorIs(t, err, sentinel)
		} else {
			require.NotErrorIs(t, err, sentinel)
		}
	}
}

// exception is a body in Storage Gateway's form.
func exception(name, code, message string) string {
	return fmt.Sprintf(`{"__type":%q,"message":%q,"error":{"errorCode":%q,"errorDetails":{}}}`, name, message, code)
}

func plain(name, message string) string {
	return fmt.Sprintf(`{"__type":%q,"message":%q}`, name, message)
}

// Each form of an error, and what it is for a read and for a write that is
// sent once. Where the two differ the outcome of the write is not known.
func TestEveryErrorFormHasItsSentinel(t *testing.T) {
	t.Parallel()
	const invalid, internal = "InvalidGatewayRequestException", "InternalServerError"
	unknown := maintenance.ErrUnknownOutcome
	for _, c := range []struct {
		name        string
		status      int
		body        string
		read, write error
	}{
		{"not connected, inner code", 400, exception(invalid, "GatewayNotConnected", "x"), maintenance.ErrNotConnected, nil},
		{"not connected, exception", 400, plain("GatewayNotConnected", "x"), maintenance.ErrNotConnected, nil},
		{"not connected, words", 400, plain(invalid, "The specified gateway is not connected."), maintenance.ErrNotConnected, nil},
		{
			"not connected, errorDetails a string", 400,
			`{"__type":"InvalidGatewayRequestException","message":"x","error":{"errorCode":"GatewayNotConnected","errorDetails":"x"}}`, maintenance.ErrNotConnected, nil,
		},
		{"not found, inner code", 400, exception(invalid, "GatewayNotFound", "x"), maintenance.ErrNotFound, nil},
		{"not found, exception", 400, plain("GatewayNotFound", "x"), maintenance.ErrNotFound, nil},
		{"not found, words", 400, plain(invalid, "The specified gateway was not found."), maintenance.ErrNotFound, nil},
		{"volume not found", 400, exception(invalid, "VolumeNotFound", "x"), maintenance.ErrNotFound, nil},
		{"volume not found, words", 400, plain(invalid, "The specified volume was not found."), maintenance.ErrNotFound, nil},
		{"volume not ready", 400, exception(invalid, "VolumeNotReady", "x"), maintenance.ErrNotReady, nil},
		{"volume not ready, words", 400, plain(invalid, "The specified volume is not ready."), maintenance.ErrNotReady, nil},
		{"snapshot in progress, not in the enumeration", 400, exception(invalid, "SnapshotInProgressException", "x"), maintenance.ErrBusy, nil},
		{"not supported", 400, exception(invalid, "NotSupported", "x"), maintenance.ErrUnsupported, nil},
		{"not supported, words", 400, plain(invalid, "The specified operation is not supported."), maintenance.ErrUnsupported, nil},
		{"not supported, words of us-east-2", 400, plain(invalid, "This operation is not valid for the specified gateway"), maintenance.ErrUnsupported, nil},
		{"wrong type, not in the enumeration", 400, exception(invalid, "UnsupportedOperationForGatewayType", "x"), maintenance.ErrUnsupported, nil},
		{"outdated", 400, exception(invalid, "OutdatedGateway", "x"), maintenance.ErrUnsupported, nil},
		{"parameters", 400, exception(invalid, "InvalidParameters", "x"), maintenance.ErrInvalid, nil},
		{"validation", 400, plain("ValidationException", "x"), maintenance.ErrInvalid, nil},
		{"validation, with a name space", 400, plain("com.amazon.coral.validate#ValidationException", "x"), maintenance.ErrInvalid, nil},
		{"throttled", 400, plain("ThrottlingException", "Rate exceeded"), maintenance.ErrThrottled, nil},
		{"throttled by 503", 503, plain("ThrottlingException", "Rate exceeded"), maintenance.ErrThrottled, nil},
		{"access denied", 400, plain("AccessDeniedException", "User is not authorized to perform"), maintenance.ErrDenied, nil},
		{"unauthorized, inner code", 400, exception(invalid, "UnauthorizedOperation", "x"), maintenance.ErrDenied, nil},
		{"expired token", 400, plain("ExpiredTokenException", "x"), maintenance.ErrDenied, nil},
		{"unknown key", 400, plain("UnrecognizedClientException", "x"), maintenance.ErrDenied, nil},
		{"wrong signature", 400, plain("InvalidSignatureException", "x"), maintenance.ErrDenied, nil},
		{"incomplete signature", 400, plain("IncompleteSignatureException", "x"), maintenance.ErrDenied, nil},
		{"no key", 403, plain("InvalidClientTokenId", "x"), maintenance.ErrDenied, nil},

		{"gateway internal", 400, exception(invalid, "GatewayInternalError", "x"), maintenance.ErrUnavailable, unknown},
		{"gateway internal, words", 400, plain(invalid, "A gateway internal error occurred."), maintenance.ErrUnavailable, unknown},
		{"proxy busy", 400, exception(invalid, "GatewayProxyNetworkConnectionBusy", "x"), maintenance.ErrUnavailable, nil},
		{"internal, 400 as the API reference has it", 400, exception(internal, "InternalError", "x"), maintenance.ErrUnavailable, unknown},
		{"internal, 500 as the user guide has it", 500, exception(internal, "InternalError", "x"), maintenance.ErrUnavailable, unknown},
		{"internal, no inner code", 400, plain(internal, "x"), maintenance.ErrUnavailable, unknown},
		{"internal, a refusal inside", 400, exception(internal, "GatewayNotConnected", "x"), maintenance.ErrNotConnected, unknown},
		{"internal failure", 500, plain("InternalFailure", "x"), maintenance.ErrUnavailable, unknown},
		{"service unavailable", 503, plain("ServiceUnavailable", "x"), maintenance.ErrUnavailable, nil},
		{"service unavailable error", 400, plain("ServiceUnavailableError", "x"), maintenance.ErrUnavailable, nil},
		{"request timeout", 400, plain("RequestTimeout", "x"), maintenance.ErrUnavailable, unknown},
		{"request timeout, 408", 408, plain("RequestTimeoutException", "x"), maintenance.ErrUnavailable, unknown},
		{"a limit, in words alone", 400, plain(invalid, "You have reached the snapshot limit"), maintenance.ErrRejected, nil},
		{"a limit, in words alone, 500", 500, plain(invalid, "You have reached the snapshot limit"), maintenance.ErrUnavailable, unknown},
		{"a code of tomorrow", 400, exception(invalid, "GatewayAsleep", "x"), maintenance.ErrRejected, nil},
		{"an exception of tomorrow", 400, plain("GatewayAsleepException", "x"), maintenance.ErrRejected, nil},
		{"an exception of tomorrow, 500", 500, plain("GatewayAsleepException", "x"), maintenance.ErrUnavailable, unknown},
		{"no code, client", 400, `{}`, maintenance.ErrUnavailable, unknown},
		{"no code, server", 502, `{}`, maintenance.ErrUnavailable, unknown},
		{"a proxy's page", 502, `<html>Bad Gateway</html>`, maintenance.ErrUnavailable, unknown},
		{"a proxy's page, 403", 403, `<html>Forbidden</html>`, maintenance.ErrUnavailable, unknown},
		{"success, a page", 200, `<html>Log in</html>`, maintenance.ErrUnavailable, unknown},
		{"success, wrong types", 200, `{"GatewayARN":7,"SnapshotId":7}`, maintenance.ErrUnavailable, unknown},
		{"success, cut", 200, `{"GatewayARN":"arn:aw`, maintenance.ErrUnavailable, unknown},
		{"success, empty", 200, ``, maintenance.ErrUnavailable, unknown},
		{"success, nothing in it", 200, `{}`, maintenance.ErrUnavailable, unknown},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			aws := answers(t, says(c.status, c.body))
			if c.write == nil {
				c.write = c.read
			}
			_, err := aws.cloud().Gateway(t.Context(), gatewayARN)
			requireSentinel(t, err, c.read)
			requireSentinel(t, aws.cloud().UpdateSoftware(t.Context(), gatewayARN), c.write)
			_, err = aws.cloud().CreateSnapshot(t.Context(), volumeARN, "tidegate/run/after/vol-1122aabb")
			requireSentinel(t, err, c.write)
			require.Len(t, aws.received(), 3, "one request each")
			requireNoSecrets(t, err)
		})
	}
}

// A proxy between here and AWS may answer {} with success. A gateway that seems
// to have no volumes would be updated without snapshots.
func TestSuccessWithNothingInItIsNoAnswer(t *testing.T) {
	t.Parallel()
	aws := answers(t, says(200, `{}`))
	_, err := aws.cloud().Schedule(t.Context(), gatewayARN)
	requireSentinel(t, err, maintenance.ErrUnavailable)
	_, err = aws.cloud().Volumes(t.Context(), maintenance.Gateway{ARN: gatewayARN, Type: "CACHED"})
	requireSentinel(t, err, maintenance.ErrUnavailable)
	requireSentinel(t, aws.cloud().SetAutomaticUpdates(t.Context(), gatewayARN, maintenance.AllVersions), maintenance.ErrUnavailable)
}

func TestAnErrorSaysWhatWasDoneToWhatAndKeepsAWSsWords(t *testing.T) {
	t.Parallel()
	aws := answers(t, says(400, exception("InvalidGatewayRequestException", "GatewayNotConnected", "The specified gateway is not connected.")))
	_, err := aws.cloud().Gateway(t.Context(), gatewayARN)
	require.EqualError(t, err, "describe gateway sgw-12A3456B: the gateway is not connected: "+
		"InvalidGatewayRequestException/GatewayNotConnected: The specified gateway is not connected. "+
		"(Storage Gateway, HTTP 400, request id gur28r2rqlgb8vvs0mq17hlgij1q8glle1qeu3kpgg6f0kstauu0)")
}

// A service may repeat the request in its refusal, token and all.
func TestNoErrorRepeatsWhatTheRequestCarried(t *testing.T) {
	t.Parallel()
	aws := answers(t, func(w http.ResponseWriter, r request) {
		write(w, 400, plain("InvalidSignatureException", fmt.Sprintf(
			"The token %s is wrong, Authorization: %s. AccessKeyId=%s\n\nThe Canonical String for this request should have been\n'POST\n/\nx-amz-security-token:%s'",
			r.Header.Get("X-Amz-Security-Token"), r.Header.Get("Authorization"), accessKey, r.Header.Get("X-Amz-Security-Token"))))
	})
	_, err := aws.cloud().Gateway(t.Context(), gatewayARN)
	requireSentinel(t, err, maintenance.ErrDenied)
	require.ErrorContains(t, err, "The token [hidden] is wrong")
	require.NotContains(t, err.Error(), "Canonical")
	require.NotContains(t, err.Error(), "SignedHeaders=content")
	require.Equal(t, sessionToken, aws.received()[0].Header.Get("X-Amz-Security-Token"))
	requireNoSecrets(t, err)
	requireNoSecrets(t, aws.cloud().UpdateSoftware(t.Context(), gatewayARN))
}
