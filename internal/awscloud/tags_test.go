package awscloud_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
)

func TestTagsReadsEveryPage(t *testing.T) {
	t.Parallel()
	stub := answers(t, func(w http.ResponseWriter, r request) {
		if r.Body["Marker"] == "b" {
			write(w, 200, `{"ResourceARN":"`+gatewayARN+`","Tags":[{"Key":"b","Value":""}]}`)
			return
		}
		write(w, 200, `{"ResourceARN":"`+gatewayARN+`","Marker":"b","Tags":[{"Key":"a","Value":"1"}]}`)
	})
	found, err := stub.cloud().Tags(t.Context(), gatewayARN)
	require.NoError(t, err)
	require.Equal(t, map[string]string{"a": "1", "b": ""}, found)
	require.Len(t, stub.received(), 2)
	require.Equal(t, "ListTagsForResource", stub.received()[0].Operation)
}

func TestAListOfTagsThatIsNoneOrDoesNotEndIsNotReadAsNoTags(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`{}`, `{"ResourceARN":"` + gatewayARN + `","Marker":"again","Tags":[]}`} {
		_, err := answers(t, says(200, body)).cloud().Tags(t.Context(), gatewayARN)
		requireSentinel(t, err, maintenance.ErrUnavailable)
	}
	none, err := answers(t, says(200, `{"ResourceARN":"`+gatewayARN+`","Tags":[]}`)).cloud().Tags(t.Context(), gatewayARN)
	require.NoError(t, err)
	require.Empty(t, none)
}

func TestTagAndUntagSendOneTag(t *testing.T) {
	t.Parallel()
	stub := answers(t, says(200, `{"ResourceARN":"`+gatewayARN+`"}`))
	require.NoError(t, stub.cloud().Tag(t.Context(), gatewayARN, maintenance.AutomaticUpdatesTag, "was=ALL_VERSIONS"))
	require.NoError(t, stub.cloud().Untag(t.Context(), gatewayARN, maintenance.AutomaticUpdatesTag))
	for i, want := range []struct{ operation, body string }{
		{"AddTagsToResource", `{"ResourceARN":"` + gatewayARN + `","Tags":[{"Key":"tidegate:automatic-updates","Value":"was=ALL_VERSIONS"}]}`},
		{"RemoveTagsFromResource", `{"ResourceARN":"` + gatewayARN + `","TagKeys":["tidegate:automatic-updates"]}`},
	} {
		require.Equal(t, want.operation, stub.received()[i].Operation)
		sent, err := json.Marshal(stub.received()[i].Body)
		require.NoError(t, err)
		require.JSONEq(t, want.body, string(sent))
	}
	requireSentinel(t, answers(t, says(200, `{}`)).cloud().Tag(t.Context(), gatewayARN, "a", "b"), maintenance.ErrUnavailable)
	requireSentinel(t, answers(t, says(200, `{}`)).cloud().Untag(t.Context(), gatewayARN, "a"), maintenance.ErrUnavailable)
}

func TestMoreTagsThanAWSTakesIsARefusal(t *testing.T) {
	t.Parallel()
	full := exception("InvalidGatewayRequestException", "InvalidParameters", "a resource has at most 50 tags")
	requireSentinel(t, answers(t, says(400, full)).cloud().Tag(t.Context(), gatewayARN, "a", "b"), maintenance.ErrInvalid)
}
