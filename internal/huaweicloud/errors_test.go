package huaweicloud_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/huaweicloud"
	"github.com/tidegate/tidegate/internal/maintenance"
)

func read(ctx context.Context, c *huaweicloud.Cloud) error {
	_, err := c.Kernel(ctx, instance, proxy)
	return err
}

func change(ctx context.Context, c *huaweicloud.Cloud) error {
	_, err := c.Upgrade(ctx, instance, proxy, "2.23.12.000", "2.24.03.000")
	return err
}

func dbs(status int, code string) canned {
	return canned{status: status, body: fmt.Sprintf(`{"error_code":%q,"error_msg":"the cloud's text"}`, code)}
}

func TestEachErrorOfTheCloudHasItsSentinel(t *testing.T) {
	t.Parallel()
	const html = "<html>\n<body>Bad Gateway</body></html>"
	for name, tc := range map[string]struct {
		reply      canned
		want       error
		wantChange error // where it differs for a call that changes something
	}{
		"parameter":                {reply: dbs(400, "DBS.200001"), want: maintenance.ErrInvalid},
		"no such version pair":     {reply: dbs(400, "DBS.280001"), want: maintenance.ErrInvalid},
		"malformed id":             {reply: dbs(400, "DBS.280404"), want: maintenance.ErrInvalid},
		"unknown code, 400":        {reply: dbs(400, "DBS.999999"), want: maintenance.ErrRejected},
		"unknown code, 500":        {reply: dbs(500, "DBS.999999"), want: maintenance.ErrUnavailable, wantChange: maintenance.ErrUnknownOutcome},
		"unknown code, 408":        {reply: dbs(408, "DBS.999999"), want: maintenance.ErrUnavailable, wantChange: maintenance.ErrUnknownOutcome},
		"words alone":              {reply: canned{status: 400, body: `{"error_msg":"You have reached the limit"}`}, want: maintenance.ErrRejected},
		"a page, 404":              {reply: canned{status: 404, body: html}, want: maintenance.ErrUnavailable, wantChange: maintenance.ErrUnknownOutcome},
		"a page, 403":              {reply: canned{status: 403, body: html}, want: maintenance.ErrUnavailable, wantChange: maintenance.ErrUnknownOutcome},
		"a refusal broken off":     {reply: canned{status: 400, body: `{"error_code":"DBS.200019","error_msg":"x`, header: map[string]string{"Content-Length": "500"}}, want: maintenance.ErrUnavailable, wantChange: maintenance.ErrUnknownOutcome},
		"newest already":           {reply: dbs(400, "DBS.05000008"), want: maintenance.ErrUpToDate},
		"customer service":         {reply: dbs(400, "DBS.05000012"), want: maintenance.ErrRejected},
		"storage full":             {reply: dbs(409, "DBS.200316"), want: maintenance.ErrRejected},
		"quota":                    {reply: dbs(413, "DBS.200046"), want: maintenance.ErrRejected},
		"status forbids for now":   {reply: dbs(400, "DBS.200086"), want: maintenance.ErrNotReady},
		"busy":                     {reply: dbs(409, "DBS.200019"), want: maintenance.ErrBusy},
		"busy, said as 500":        {reply: dbs(500, "DBS.200019"), want: maintenance.ErrBusy},
		"backup in progress":       {reply: dbs(409, "DBS.201205"), want: maintenance.ErrBusy},
		"unknown code, 409":        {reply: dbs(409, "DBS.999999"), want: maintenance.ErrBusy},
		"code alone":               {reply: canned{status: 400, body: `{"error_code":"DBS.200019"}`}, want: maintenance.ErrBusy},
		"code in other names":      {reply: canned{status: 400, body: `{"errCode":"DBS.200019","externalMessage":"x"}`}, want: maintenance.ErrBusy},
		"code within an object":    {reply: canned{status: 400, body: `{"error":{"code":"DBS.200019","message":"x"}}`}, want: maintenance.ErrBusy},
		"no job":                   {reply: dbs(400, "DBS.200543"), want: maintenance.ErrNotFound},
		"no proxy":                 {reply: dbs(400, "DBS.270024"), want: maintenance.ErrNotFound},
		"no instance":              {reply: dbs(404, "DBS.200002"), want: maintenance.ErrNotFound},
		"gone, said as 409":        {reply: dbs(409, "DBS.200932"), want: maintenance.ErrNotFound},
		"not authorised":           {reply: dbs(403, "DBS.200010"), want: maintenance.ErrDenied},
		"IAM policy":               {reply: canned{status: 403, body: `{"error":{"code":403,"message":"x","title":"Forbidden"}}`}, want: maintenance.ErrDenied},
		"wrong signature":          {reply: dbs(401, "APIGW.0301"), want: maintenance.ErrDenied},
		"clock skew":               {reply: dbs(401, "APIGW.0303"), want: maintenance.ErrDenied},
		"throttled":                {reply: dbs(429, "APIGW.0308"), want: maintenance.ErrThrottled},
		"throttled, older region":  {reply: dbs(403, "APIG.0308"), want: maintenance.ErrThrottled},
		"429 alone":                {reply: canned{status: 429}, want: maintenance.ErrThrottled},
		"no such API":              {reply: dbs(404, "APIGW.0101"), want: maintenance.ErrUnsupported},
		"server failure":           {reply: dbs(500, "DBS.200005"), want: maintenance.ErrUnavailable, wantChange: maintenance.ErrUnknownOutcome},
		"server failure, 400":      {reply: dbs(400, "DBS.05000000"), want: maintenance.ErrUnavailable, wantChange: maintenance.ErrUnknownOutcome},
		"gateway's HTML":           {reply: canned{status: 502, body: html}, want: maintenance.ErrUnavailable, wantChange: maintenance.ErrUnknownOutcome},
		"empty 503":                {reply: canned{status: 503}, want: maintenance.ErrUnavailable, wantChange: maintenance.ErrUnknownOutcome},
		"timeout of the service":   {reply: canned{status: 408}, want: maintenance.ErrUnavailable, wantChange: maintenance.ErrUnknownOutcome},
		"redirect":                 {reply: canned{status: 302, header: map[string]string{"Location": "/"}}, want: maintenance.ErrUnavailable, wantChange: maintenance.ErrUnknownOutcome},
		"200 with an empty object": {reply: canned{body: `{}`}, want: maintenance.ErrUnavailable, wantChange: maintenance.ErrUnknownOutcome},
		"200 with nothing":         {reply: canned{}, want: maintenance.ErrUnavailable, wantChange: maintenance.ErrUnknownOutcome},
		"200 with null":            {reply: canned{body: `null`}, want: maintenance.ErrUnavailable, wantChange: maintenance.ErrUnknownOutcome},
		"200 with a list":          {reply: canned{body: `[]`}, want: maintenance.ErrUnavailable, wantChange: maintenance.ErrUnknownOutcome},
		"200 with HTML":            {reply: canned{body: html}, want: maintenance.ErrUnavailable, wantChange: maintenance.ErrUnknownOutcome},
		"200 broken off":           {reply: canned{body: `{"update_`, header: map[string]string{"Content-Length": "500"}}, want: maintenance.ErrUnavailable, wantChange: maintenance.ErrUnknownOutcome},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := newServer(t, always(tc.reply))
			cloud := open(t, srv.URL, keys())
			if tc.wantChange == nil {
				tc.wantChange = tc.want
			}

			require.ErrorIs(t, read(t.Context(), cloud), tc.want)
			require.ErrorIs(t, change(t.Context(), cloud), tc.wantChange)
			require.Len(t, srv.requests(), 2, "each call is sent once")
		})
	}
}

func TestAnErrorKeepsTheCloudsText(t *testing.T) {
	t.Parallel()
	srv := newServer(t, always(canned{
		status: 409, body: `{"error_code":"DBS.200019","error_msg":"Another operation is in progress."}`,
		header: map[string]string{"X-Request-Id": "req-1", "Retry-After": "7"},
	}))

	err := change(t.Context(), open(t, srv.URL, keys()))

	require.EqualError(t, err, "upgrade proxy "+proxy+" of instance "+instance+" from 2.23.12.000 to 2.24.03.000: "+
		`another operation is in progress: HTTP 409 DBS.200019 "Another operation is in progress.", request req-1`)
	var waits interface{ RetryAfter() time.Duration }
	require.ErrorAs(t, err, &waits)
	require.Equal(t, 7*time.Second, waits.RetryAfter())
}

func TestRetryAfterMayBeADate(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 8, 21, 10, 0, 0, 0, time.UTC)
	srv := newServer(t, always(canned{
		status: 429, body: `{"error_code":"APIGW.0308","error_msg":"x","request_id":"in-the-body"}`,
		header: map[string]string{"Retry-After": now.Add(time.Minute).Format(http.TimeFormat)},
	}))
	cloud := openWith(t, srv.URL, keys(), huaweicloud.Options{Now: func() time.Time { return now }})

	err := read(t.Context(), cloud)

	var waits interface{ RetryAfter() time.Duration }
	require.ErrorAs(t, err, &waits)
	require.Equal(t, time.Minute, waits.RetryAfter())
	require.ErrorContains(t, err, "request in-the-body")
}

func TestAdviceIsGivenWhereItIsClear(t *testing.T) {
	t.Parallel()
	for code, says := range map[string]string{
		"APIGW.0303": "set this machine's clock",
		"APIGW.0301": `check the credentials of Huawei Cloud account "prod" (project ` + project + `, region "eu-west-101") and that they may gaussdbformysql:proxy:upgrade`,
		"APIGW.0101": "check the endpoint http://127.0.0.1:",
	} {
		srv := newServer(t, always(dbs(400, code)))
		require.ErrorContains(t, change(t.Context(), open(t, srv.URL, keys())), says)
	}
}

// The advice and deploy/iam/huawei-policy.json name the same actions.
func TestARefusedCallNamesTheActionThatThePolicyAllows(t *testing.T) {
	t.Parallel()
	var policy struct {
		Statement []struct{ Action []string }
	}
	text, err := os.ReadFile("../../deploy/iam/huawei-policy.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &policy))
	allowed := map[string]bool{}
	for _, statement := range policy.Statement {
		for _, action := range statement.Action {
			allowed[action] = true
		}
	}
	cloud := open(t, newServer(t, always(dbs(403, "DBS.200010"))).URL, keys())
	weighted := maintenance.ProxyRouting{ReadWeights: []maintenance.NodeWeight{{ID: "n", Weight: 100}}}
	for want, call := range map[string]func() error{
		"gaussdbformysql:proxy:list":               func() error { return read(t.Context(), cloud) },
		"gaussdbformysql:proxy:upgrade":            func() error { return change(t.Context(), cloud) },
		"gaussdbformysql:proxy:restart":            func() error { _, err := cloud.Restart(t.Context(), instance, proxy); return err },
		"gaussdbformysql:proxy:modifyWeight":       func() error { _, err := cloud.SetReadWeights(t.Context(), instance, proxy, weighted); return err },
		"gaussdbformysql:instance:getScheduleTask": func() error { _, err := cloud.UpgradePending(t.Context(), instance, proxy); return err },
		"gaussdbformysql:tag:list":                 func() error { _, err := cloud.Tags(t.Context(), instance); return err },
		"gaussdbformysql:tag:deal":                 func() error { return cloud.Tag(t.Context(), instance, map[string]string{"k": "v"}) },
		"gaussdbformysql:task:list":                func() error { _, err := cloud.Job(t.Context(), "job-1"); return err },
	} {
		err := call()
		require.ErrorIs(t, err, maintenance.ErrDenied)
		require.ErrorContains(t, err, "that they may "+want)
		require.True(t, allowed[want], want)
		delete(allowed, want)
	}
	require.Empty(t, allowed, "what the policy allows is asked for")
}

func TestACallThatWasNeverSentMayBeRepeated(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // closed in the next line
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	untrusted := httptest.NewUnstartedServer(always(canned{body: `{}`}))
	untrusted.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	untrusted.StartTLS()
	t.Cleanup(untrusted.Close)
	done, cancel := context.WithCancel(t.Context())
	cancel()

	for name, tc := range map[string]struct {
		ctx      context.Context
		endpoint string
	}{
		"connection refused":    {t.Context(), "http://" + listener.Addr().String()},
		"untrusted certificate": {t.Context(), untrusted.URL},
		"cancelled before":      {done, "http://127.0.0.1:1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := open(t, tc.endpoint, keys())
			require.ErrorIs(t, change(tc.ctx, cloud), maintenance.ErrUnavailable)
			err := read(tc.ctx, cloud)
			require.ErrorIs(t, err, maintenance.ErrUnavailable)
			require.ErrorContains(t, err, "no answer came from "+tc.endpoint+" for "+cloud.String()+": check its endpoint")
		})
	}
}

func TestAHostWithoutAddressWasNeverAsked(t *testing.T) {
	t.Parallel()
	transport := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		return nil, &net.DNSError{Err: "no such host", Name: "taurusdb.invalid", IsNotFound: true}
	}}
	cloud := openWith(t, "http://taurusdb.invalid", keys(), huaweicloud.Options{Transport: transport})

	require.ErrorIs(t, change(t.Context(), cloud), maintenance.ErrUnavailable)
}

func TestALostAnswerToAChangeIsAnUnknownOutcome(t *testing.T) {
	t.Parallel()
	srv := newServer(t, func(w http.ResponseWriter, _ *http.Request) {
		connection, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			err = connection.Close()
		}
		if err != nil {
			w.WriteHeader(http.StatusTeapot)
		}
	})
	cloud := open(t, srv.URL, keys())

	require.ErrorIs(t, change(t.Context(), cloud), maintenance.ErrUnknownOutcome)
	require.Len(t, srv.requests(), 1)
	require.ErrorIs(t, read(t.Context(), cloud), maintenance.ErrUnavailable)
}

// opaque is a transport that does not say whether it got a connection.
type opaque struct{}

func (opaque) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errors.New("something broke")
}

func TestATransportThatDoesNotSayCountsAsSent(t *testing.T) {
	t.Parallel()
	cloud := openWith(t, "http://127.0.0.1:1", keys(), huaweicloud.Options{Transport: opaque{}})

	require.ErrorIs(t, change(t.Context(), cloud), maintenance.ErrUnknownOutcome)
	require.ErrorIs(t, read(t.Context(), cloud), maintenance.ErrUnavailable)
}

func TestCancelIsHonouredWhileTheServiceHangs(t *testing.T) {
	t.Parallel()
	for name, credentials := range map[string]huaweicloud.Credentials{
		"while the service hangs": keys(),
		"while IAM hangs":         login(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			arrived, release := make(chan struct{}), make(chan struct{})
			srv := newServer(t, func(http.ResponseWriter, *http.Request) { close(arrived); <-release })
			t.Cleanup(func() { close(release) }) // before the server's own, which waits
			cloud := open(t, srv.URL, credentials)
			ctx, cancel := context.WithCancel(t.Context())
			result := make(chan error, 1)
			go func() { result <- change(ctx, cloud) }()
			<-arrived

			cancel()

			err := <-result // while the service still hangs
			require.ErrorIs(t, err, context.Canceled)
			want := maintenance.ErrUnknownOutcome
			if credentials.User != "" {
				want = maintenance.ErrUnavailable // only IAM was asked
			}
			require.ErrorIs(t, err, want)
		})
	}
}

func TestCancelIsHonouredWhileTheBodyTrickles(t *testing.T) {
	t.Parallel()
	arrived, release := make(chan struct{}), make(chan struct{})
	srv := newServer(t, func(w http.ResponseWriter, _ *http.Request) {
		canned{status: 200, body: `{"current_`}.write(w)
		if http.NewResponseController(w).Flush() == nil {
			close(arrived)
		}
		<-release
	})
	t.Cleanup(func() { close(release) }) // before the server's own, which waits
	ctx, cancel := context.WithCancel(t.Context())
	result := make(chan error, 1)
	cloud := open(t, srv.URL, keys())
	go func() { result <- read(ctx, cloud) }()
	<-arrived

	cancel()

	err := <-result // while the body still trickles
	require.ErrorIs(t, err, maintenance.ErrUnavailable)
}

func TestALongBodyIsCut(t *testing.T) {
	t.Parallel()
	srv := newServer(t, always(canned{status: 502, body: strings.Repeat("much ado ", 1000)}))

	err := read(t.Context(), open(t, srv.URL, keys()))

	require.ErrorIs(t, err, maintenance.ErrUnavailable)
	require.Less(t, len(err.Error()), 800)
	require.ErrorContains(t, err, `much ado muc..."`)
}
