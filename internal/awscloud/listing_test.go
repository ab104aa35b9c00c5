package awscloud_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
)

func TestGatewaysGivesAPageAsAWSListsIt(t *testing.T) {
	t.Parallel()
	stub := answers(t, says(200, `{"Gateways":[{"GatewayARN":"`+gatewayARN+`","GatewayId":"sgw-12A3456B","GatewayName":"Store 7",
		"GatewayType":"CACHED","GatewayOperationalState":"ACTIVE","SoftwareVersion":"1.2.3","SomethingNew":[1]},
		{"GatewayARN":"`+gatewayARN+`0"}],"Marker":"m-2"}`))
	page, next, err := stub.cloud().Gateways(t.Context(), "")
	require.NoError(t, err)
	require.Equal(t, "m-2", next)
	require.Equal(t, []maintenance.Gateway{
		{ARN: gatewayARN, ID: "sgw-12A3456B", Name: "Store 7", Type: "CACHED", State: "ACTIVE", SoftwareVersion: "1.2.3"},
		{ARN: gatewayARN + "0", ID: "sgw-12A3456B0"},
	}, page)
	_, _, err = stub.cloud().Gateways(t.Context(), "m-1")
	require.NoError(t, err)
	require.Equal(t, "ListGateways", stub.received()[0].Operation)
	require.Equal(t, map[string]any{"Limit": float64(100)}, stub.received()[0].Body)
	require.Equal(t, map[string]any{"Limit": float64(100), "Marker": "m-1"}, stub.received()[1].Body)
}

func TestAnAccountWithoutGatewaysHasOneEmptyPage(t *testing.T) {
	t.Parallel()
	page, next, err := answers(t, says(200, `{"Gateways":[]}`)).cloud().Gateways(t.Context(), "")
	require.NoError(t, err)
	require.Empty(t, page)
	require.Empty(t, next)
}

// Discovery that seems to find nothing would end a campaign well that has done
// nothing; one that turns in a circle would never end.
func TestAListThatCannotBeIsNoAnswer(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"nothing":               `{}`,
		"a gateway without ARN": `{"Gateways":[{"GatewayId":"sgw-12A3456B"}]}`,
		"the same page again":   `{"Gateways":[],"Marker":"m-1"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, err := answers(t, says(200, body)).cloud().Gateways(t.Context(), "m-1")
			requireSentinel(t, err, maintenance.ErrUnavailable)
			require.ErrorContains(t, err, "list the gateways in us-east-1")
		})
	}
	_, _, err := answers(t, says(400, plain("ThrottlingException", "Rate exceeded"))).cloud().Gateways(t.Context(), "")
	requireSentinel(t, err, maintenance.ErrThrottled)
}
