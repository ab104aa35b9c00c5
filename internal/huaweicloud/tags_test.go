package huaweicloud_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
)

func TestTagsAreReadPageByPage(t *testing.T) {
	t.Parallel()
	srv := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		var tags []string
		for n := range 100 {
			if r.URL.Query().Get("offset") == "0" {
				tags = append(tags, fmt.Sprintf(`{"key":"k%d","value":"v%d"}`, n, n))
			}
		}
		if tags == nil {
			tags = []string{`{"key":"last","value":""}`}
		}
		canned{body: `{"tags":[` + strings.Join(tags, ",") + `],"total_count":101}`}.write(w)
	})
	tags, err := open(t, srv.URL, keys()).Tags(t.Context(), instance)
	require.NoError(t, err)
	require.Len(t, tags, 101)
	require.Equal(t, "v7", tags["k7"])
	require.Contains(t, tags, "last")
	require.Len(t, srv.requests(), 2)
	require.Equal(t, "/v3/"+project+"/instances/"+instance+"/tags", srv.requests()[0].path)
}

// To miss a mark means to take what Tidegate left for the owner's setting.
func TestAListOfTagsThatIsNotWholeIsAnError(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"no tags":                `{"total_count":0}`,
		"fewer than there are":   `{"tags":[{"key":"k","value":"v"}],"total_count":2}`,
		"tags of another type":   `{"tags":"none"}`,
		"an answer with no body": ``,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := newServer(t, always(canned{body: body}))
			_, err := open(t, srv.URL, keys()).Tags(t.Context(), instance)
			require.ErrorIs(t, err, maintenance.ErrUnavailable)
		})
	}
}

func TestTagsAreSetAndTakenOff(t *testing.T) {
	t.Parallel()
	srv := newServer(t, always(canned{}))
	cloud := open(t, srv.URL, keys())
	require.NoError(t, cloud.Tag(t.Context(), instance, map[string]string{"b": "2", "a": ""}))
	require.NoError(t, cloud.Untag(t.Context(), instance, []string{"a", "b"}))
	requests := srv.requests()
	require.Len(t, requests, 2)
	for _, r := range requests {
		require.Equal(t, "POST", r.method)
		require.Equal(t, "/v3/"+project+"/instances/"+instance+"/tags/action", r.path)
	}
	require.JSONEq(t, `{"action":"create","tags":[{"key":"a","value":""},{"key":"b","value":"2"}]}`, requests[0].body)
	require.JSONEq(t, `{"action":"delete","tags":[{"key":"a"},{"key":"b"}]}`, requests[1].body)
}

func TestAChangeOfTagsThatIsNotAnsweredMayHaveBeenMade(t *testing.T) {
	t.Parallel()
	srv := newServer(t, always(canned{status: 500, body: `{"error_code":"DBS.200005","error_msg":"server error"}`}))
	cloud := open(t, srv.URL, keys())
	require.ErrorIs(t, cloud.Tag(t.Context(), instance, map[string]string{"a": "1"}), maintenance.ErrUnknownOutcome)
	require.ErrorIs(t, cloud.Untag(t.Context(), instance, []string{"a"}), maintenance.ErrUnknownOutcome)
	require.ErrorIs(t, cloud.Tag(t.Context(), "../x", map[string]string{"a": "1"}), maintenance.ErrInvalid)
}
