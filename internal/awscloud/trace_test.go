package awscloud_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/awscloud"
	"github.com/tidegate/tidegate/internal/calltrace"
	"github.com/tidegate/tidegate/internal/maintenance"
)

func TestEachRequestIsReportedWithItsOutcome(t *testing.T) {
	t.Parallel()
	read := func(ctx context.Context, c *awscloud.Cloud) { _, _ = c.Gateway(ctx, gatewayARN) }
	trigger := func(ctx context.Context, c *awscloud.Cloud) { _ = c.UpdateSoftware(ctx, gatewayARN) }
	ok := says(200, `{"GatewayARN":"`+gatewayARN+`"}`)
	broken := func(http.ResponseWriter, request) { panic(http.ErrAbortHandler) } //nolint:forbidigo // as net/http wants it
	for name, c := range map[string]struct {
		do        func(context.Context, *awscloud.Cloud)
		answer    func(http.ResponseWriter, request)
		operation string
		outcome   error
	}{
		"an answer":              {read, ok, "DescribeGatewayInformation", nil},
		"throttled":              {read, says(400, plain("ThrottlingException", "Rate exceeded")), "DescribeGatewayInformation", maintenance.ErrThrottled},
		"a read without answer":  {read, broken, "DescribeGatewayInformation", maintenance.ErrUnavailable},
		"a write":                {trigger, ok, "UpdateGatewaySoftwareNow", nil},
		"a write without answer": {trigger, broken, "UpdateGatewaySoftwareNow", maintenance.ErrUnknownOutcome},
		"a write that was refused": {
			trigger, says(400, exception("InvalidGatewayRequestException", "GatewayNotConnected", "gone")),
			"UpdateGatewaySoftwareNow", maintenance.ErrNotConnected,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var seen []calltrace.Request
			ctx := calltrace.With(t.Context(), func(_ context.Context, r calltrace.Request) { seen = append(seen, r) })
			c.do(ctx, answers(t, c.answer).cloud())
			require.Len(t, seen, 1)
			require.Equal(t, "aws prod "+c.operation, seen[0].Cloud+" "+seen[0].Account+" "+seen[0].Operation)
			require.ErrorIs(t, seen[0].Err, c.outcome)
			require.Positive(t, seen[0].Took)
		})
	}
}

// Each page of a listing is a request.
func TestEachPageIsReported(t *testing.T) {
	t.Parallel()
	page := 0
	stub := answers(t, func(w http.ResponseWriter, _ request) {
		page++
		marker := ""
		if page < 3 {
			marker = `,"Marker":"more"`
		}
		write(w, 200, `{"Tags":[]`+marker+`}`)
	})
	var seen []string
	ctx := calltrace.With(t.Context(), func(_ context.Context, r calltrace.Request) { seen = append(seen, r.Operation) })
	_, err := stub.cloud().Tags(ctx, gatewayARN)
	require.NoError(t, err)
	require.Equal(t, []string{"ListTagsForResource", "ListTagsForResource", "ListTagsForResource"}, seen)
}
