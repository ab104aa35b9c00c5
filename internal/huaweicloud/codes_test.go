package huaweicloud_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// Every code that the API references document, and what it means whatever the HTTP
// status. Only a failure of the service leaves open whether a change was made.
func TestTheCodeDecidesWhetherAChangeWasRefused(t *testing.T) {
	t.Parallel()
	for _, group := range []struct {
		is    error
		codes string
	}{
		{maintenance.ErrInvalid, "DBS.200001 DBS.200004 DBS.200006 DBS.280001 DBS.290000 DBS.270025 DBS.270026 DBS.270027 DBS.280404"},
		{maintenance.ErrUpToDate, "DBS.05000008"},
		{
			maintenance.ErrRejected,
			"DBS.05000001 DBS.05000012 DBS.200316 DBS.280406 DBS.280449 DBS.200046 DBS.290003 DBS.280214 DBS.201203 DBS.201208",
		},
		{maintenance.ErrNotReady, "DBS.200086"},
		{
			maintenance.ErrBusy,
			"DBS.200011 DBS.200019 DBS.200047 DBS.201014 DBS.201015 DBS.201202 DBS.201205 DBS.212006 DBS.212033 DBS.05000084",
		},
		{
			maintenance.ErrNotFound,
			"DBS.200543 DBS.270024 DBS.200932 DBS.200002 DBS.200008 DBS.200045 DBS.200408 DBS.200602 DBS.201028",
		},
		{
			maintenance.ErrDenied,
			"DBS.200010 DBS.200044 DBS.200604 DBS.201003 DBS.280015 DBS.280056 APIGW.0301 APIGW.0303 APIGW.0310",
		},
		{maintenance.ErrThrottled, "APIGW.0308 APIG.0308"},
		{maintenance.ErrUnsupported, "APIGW.0101"},
		{
			maintenance.ErrUnavailable,
			"DBS.05000000 DBS.108000 DBS.108002 DBS.108005 DBS.200005 DBS.200208 DBS.213002 DBS.213004 DBS.290006 DBS.290015",
		},
	} {
		for code := range strings.FieldsSeq(group.codes) {
			for _, status := range []int{400, 403, 404, 409, 500, 503} {
				t.Run(code, func(t *testing.T) {
					t.Parallel()
					cloud := open(t, newServer(t, always(dbs(status, code))).URL, keys())
					require.ErrorIs(t, read(t.Context(), cloud), group.is)
					changed := group.is
					if changed == maintenance.ErrUnavailable { //nolint:errorlint // the sentinel itself
						changed = maintenance.ErrUnknownOutcome
					}
					require.ErrorIs(t, change(t.Context(), cloud), changed)
				})
			}
		}
	}
}

// What is cut off where room is short is what the cloud said.
func TestTheCloudsWordsComeLast(t *testing.T) {
	t.Parallel()
	err := change(t.Context(), open(t, newServer(t, always(dbs(403, "DBS.200010"))).URL, keys()))
	require.ErrorContains(t, err, "refused for lack of permission; check the credentials of Huawei Cloud account")
	require.Regexp(t, `that they may \S+: HTTP 403 DBS\.200010 "the cloud's text"$`, err.Error())

	err = read(t.Context(), open(t, newServer(t, always(canned{status: 404, body: "<html>nginx</html>"})).URL, keys()))
	require.ErrorContains(t, err, "this is not an answer of TaurusDB; if it persists, check the endpoint http://127.0.0.1:")
	require.Regexp(t, `: HTTP 404 "<html>nginx</html>"$`, err.Error())
}
