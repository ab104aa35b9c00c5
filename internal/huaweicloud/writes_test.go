package huaweicloud_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
)

func TestUpgradeReadsTheVerdictOnItsProxy(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		results string
		job     string
		err     error
		says    string
	}{
		"accepted":                    {results: `[{"instance_id":"` + proxy + `","workflow_id":"w","state":"ACCEPT","error_message":null}]`, job: "w"},
		"accepted without id":         {results: `[{"workflow_id":"w","state":"ACCEPT"}]`, job: "w"},
		"accepted by the instance id": {results: `[{"instance_id":"` + instance + `","workflow_id":"w","state":"ACCEPT"}]`, job: "w"},
		"another proxy rejected first": {
			results: `[{"instance_id":"` + other + `","state":"REJECT"},{"instance_id":"` + proxy + `","workflow_id":"w","state":"ACCEPT"}]`,
			job:     "w",
		},
		"rejected": {
			results: `[{"instance_id":"` + other + `","workflow_id":"w","state":"ACCEPT"},{"instance_id":"` + proxy +
				`","state":"REJECT","error_message":"Upgrade failed due to insufficient subnet ip"}]`,
			err: maintenance.ErrRejected, says: "insufficient subnet ip",
		},
		"another proxy alone": {results: `[{"instance_id":"` + other + `","workflow_id":"w","state":"ACCEPT"}]`, err: maintenance.ErrUnknownOutcome},
		"two without ids":     {results: `[{"workflow_id":"w","state":"ACCEPT"},{"state":"REJECT"}]`, err: maintenance.ErrUnknownOutcome},
		"the vendor's example": {
			results: `[{"workflow_id":"w-1","state":"ACCEPT","error_message":null},{"workflow_id":"w-2","state":"REJECT","error_message":"Upgrade failed due to insufficient subnet ip"}]`,
			err:     maintenance.ErrUnknownOutcome, says: `0 of 2 elements of update_result speak of it: ACCEPT (instance_id "", workflow_id "w-1"), REJECT (instance_id "", workflow_id "w-2") "Upgrade failed due to insufficient subnet ip"`,
		},
		"rejected with a workflow": {
			results: `[{"workflow_id":"w-2","state":"REJECT","error_message":"Upgrade failed due to insufficient subnet ip"}]`,
			err:     maintenance.ErrRejected, says: "insufficient subnet ip",
		},
		"none":                   {results: `[]`, err: maintenance.ErrUnknownOutcome},
		"null":                   {results: `null`, err: maintenance.ErrUnknownOutcome},
		"of another type":        {results: `"soon"`, err: maintenance.ErrUnknownOutcome, says: `HTTP 200 "not decodable`},
		"accepted without job":   {results: `[{"instance_id":"` + proxy + `","state":"ACCEPT"}]`, err: maintenance.ErrUnknownOutcome},
		"accepted with an error": {results: `[{"workflow_id":"w","state":"ACCEPT","error_message":"but"}]`, err: maintenance.ErrUnknownOutcome, says: `"w"`},
		"unheard-of state":       {results: `[{"workflow_id":"w","state":"QUEUE"}]`, err: maintenance.ErrUnknownOutcome, says: `"QUEUE"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := newServer(t, always(canned{
				body: `{"update_result":` + tc.results + `}`, header: map[string]string{"X-Request-Id": "req-1"},
			}))

			job, err := open(t, srv.URL, keys()).Upgrade(t.Context(), instance, proxy, "2.23.12.000", "2.24.03.000")

			require.Equal(t, tc.job, job)
			require.ErrorIs(t, err, tc.err)
			if tc.err != nil {
				require.ErrorContains(t, err, "upgrade proxy "+proxy+" of instance "+instance+" from 2.23.12.000 to 2.24.03.000: ")
				require.ErrorContains(t, err, tc.says)
				require.ErrorContains(t, err, ", request req-1")
			}
			requests := srv.requests()
			require.Len(t, requests, 1)
			require.Equal(t, "POST", requests[0].method)
			require.Equal(t, "/v3/"+project+"/instances/"+instance+"/proxy/"+proxy+"/upgrade-version", requests[0].path)
			require.JSONEq(t, `{"source_version":"2.23.12.000","target_version":"2.24.03.000"}`, requests[0].body)
		})
	}
}

func TestReadWeightsAreSetWithZeros(t *testing.T) {
	t.Parallel()
	srv := newServer(t, always(canned{body: `{"job_id":"j"}`}))

	job, err := open(t, srv.URL, keys()).SetReadWeights(t.Context(), instance, proxy, maintenance.ProxyRouting{
		ReadWeights: []maintenance.NodeWeight{{ID: "r1"}, {ID: "r2", Weight: 1000}},
	})

	require.NoError(t, err)
	require.Equal(t, "j", job)
	require.Equal(t, "PUT", srv.requests()[0].method)
	require.Equal(t, "/v3/"+project+"/instances/"+instance+"/proxy/"+proxy+"/weight", srv.requests()[0].path)
	require.JSONEq(t, `{"master_weight":0,"readonly_nodes":[{"id":"r1","weight":0},{"id":"r2","weight":1000}]}`, srv.requests()[0].body)
}

func TestRestartGivesItsJob(t *testing.T) {
	t.Parallel()
	srv := newServer(t, always(canned{status: 202, body: `{"job_id":"j"}`}))

	job, err := open(t, srv.URL, keys()).Restart(t.Context(), instance, proxy)

	require.NoError(t, err)
	require.Equal(t, "j", job)
	require.Equal(t, "/v3/"+project+"/instances/"+instance+"/proxy/"+proxy+"/restart", srv.requests()[0].path)
}

func TestWhatIsWrongIsNotSent(t *testing.T) {
	t.Parallel()
	srv := newServer(t, always(canned{body: `{"job_id":"j"}`}))
	cloud := open(t, srv.URL, keys())
	weights := func(routing maintenance.ProxyRouting) error {
		_, err := cloud.SetReadWeights(t.Context(), instance, proxy, routing)
		return err
	}
	_, noJob := cloud.Job(t.Context(), "")
	_, noInstance := cloud.Proxies(t.Context(), "../"+instance)
	_, noProxy := cloud.Restart(t.Context(), instance, "{project_id}")

	for _, err := range []error{
		noJob, noInstance, noProxy,
		weights(maintenance.ProxyRouting{Mode: 1}),
		weights(maintenance.ProxyRouting{MasterWeight: 1001}),
		weights(maintenance.ProxyRouting{ReadWeights: []maintenance.NodeWeight{{ID: "r", Weight: -1}}}),
	} {
		require.ErrorIs(t, err, maintenance.ErrInvalid)
		require.ErrorContains(t, err, "not sent")
	}
	require.Empty(t, srv.requests())
}
