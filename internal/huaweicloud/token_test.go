package huaweicloud_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/huaweicloud"
	"github.com/tidegate/tidegate/internal/maintenance"
)

const kernelReply = `{"current_version":"2.24.03.000"}`

// iam issues tokens token-1, token-2, ... and serves kernel versions to those
// who bring the last one.
type iam struct {
	*server
	issued  atomic.Int32
	valid   atomic.Int32 // the number of the token that is accepted
	calls   atomic.Int32 // calls that are not for tokens
	refuse  atomic.Bool  // IAM answers 503
	refusal canned       // to a wrong token
	life    string       // members of the body's token
}

func newIAM(t *testing.T) *iam {
	t.Helper()
	s := &iam{
		life:    `"issued_at":"2026-08-21T10:00:00.000000Z","expires_at":"2026-08-22T10:00:00.000000Z"`,
		refusal: canned{status: 401, body: `{"error_code":"APIGW.0301","error_msg":"Incorrect IAM authentication information"}`},
	}
	s.server = newServer(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/auth/tokens") {
			s.issue(w)
			return
		}
		s.calls.Add(1)
		if r.Header.Get("X-Auth-Token") != fmt.Sprintf("token-%d", s.valid.Load()) {
			s.refusal.write(w)
			return
		}
		canned{body: kernelReply}.write(w)
	})
	return s
}

func (s *iam) issue(w http.ResponseWriter) {
	if s.refuse.Load() {
		canned{status: 503, body: "down"}.write(w)
		return
	}
	n := s.issued.Add(1)
	s.valid.Store(n)
	canned{
		status: 201, body: `{"token":{` + s.life + `}}`,
		header: map[string]string{"X-Subject-Token": fmt.Sprintf("token-%d", n)},
	}.write(w)
}

// clock is moved by hand.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2031, 1, 1, 0, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Move(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(by)
}

func TestATokenIsFetchedOnceAndSentInsteadOfASignature(t *testing.T) {
	t.Parallel()
	srv := newIAM(t)
	cloud := open(t, srv.URL, login())

	require.NoError(t, read(t.Context(), cloud))
	require.NoError(t, read(t.Context(), cloud))

	requests := srv.requests()
	require.Len(t, requests, 3)
	require.Equal(t, "/v3/auth/tokens", requests[0].path)
	require.Equal(t, "nocatalog=true", requests[0].query)
	require.Equal(t, "application/json;charset=utf8", requests[0].header.Get("Content-Type"))
	require.JSONEq(t, `{"auth":{"identity":{"methods":["password"],"password":{"user":{
		"name":"operator","password":"pass\\wordly \"planted\"","domain":{"name":"acme"}}}},
		"scope":{"project":{"id":"`+project+`"}}}}`, requests[0].body)
	require.Equal(t, "token-1", requests[1].header.Get("X-Auth-Token"))
	require.Empty(t, requests[1].header.Get("Authorization"))
	require.Empty(t, requests[1].header.Get("X-Sdk-Date"))
	require.Contains(t, requests[1].path, "/v3/"+project+"/")
}

func TestATokenIsRenewedBeforeItExpires(t *testing.T) {
	t.Parallel()
	srv, now := newIAM(t), newClock()
	cloud := openWith(t, srv.URL, login(), huaweicloud.Options{Now: now.Now})
	require.NoError(t, read(t.Context(), cloud))

	now.Move(23*time.Hour + 29*time.Minute)
	require.NoError(t, read(t.Context(), cloud))
	require.EqualValues(t, 1, srv.issued.Load())

	now.Move(2 * time.Minute)
	require.NoError(t, read(t.Context(), cloud))
	require.EqualValues(t, 2, srv.issued.Load())
	require.EqualValues(t, 3, srv.calls.Load(), "no call was refused")
}

func TestAnEarlyRenewalThatFailsDoesNotFailTheCall(t *testing.T) {
	t.Parallel()
	srv, now := newIAM(t), newClock()
	cloud := openWith(t, srv.URL, login(), huaweicloud.Options{Now: now.Now})
	require.NoError(t, read(t.Context(), cloud))
	srv.refuse.Store(true)

	now.Move(23*time.Hour + 45*time.Minute)
	require.NoError(t, read(t.Context(), cloud))
	require.NoError(t, read(t.Context(), cloud))
	require.Len(t, srv.requests(), 5, "IAM is left alone for a while")

	now.Move(time.Hour)
	require.ErrorIs(t, read(t.Context(), cloud), maintenance.ErrUnavailable)
}

func TestATokenOfUnknownLifeIsUsedForAnHour(t *testing.T) {
	t.Parallel()
	srv, now := newIAM(t), newClock()
	srv.life = ""
	cloud := openWith(t, srv.URL, login(), huaweicloud.Options{Now: now.Now})

	require.NoError(t, read(t.Context(), cloud))
	now.Move(40 * time.Minute)
	require.NoError(t, read(t.Context(), cloud))
	require.EqualValues(t, 1, srv.issued.Load())
	now.Move(21 * time.Minute)
	require.NoError(t, read(t.Context(), cloud))
	require.EqualValues(t, 2, srv.issued.Load())
}

func TestARefusedTokenIsRenewedOnce(t *testing.T) {
	t.Parallel()
	for name, refusal := range map[string]canned{
		"401":           dbs(401, "APIGW.0301"),
		"updated":       {status: 403, body: `{"error":{"code":403,"message":"The token must be updated"}}`},
		"invalid token": dbs(403, "DBS.280056"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := newIAM(t)
			srv.refusal = refusal
			cloud := open(t, srv.URL, login())
			require.NoError(t, read(t.Context(), cloud))

			srv.valid.Store(-1) // the cloud forgets the token
			require.NoError(t, read(t.Context(), cloud))
			require.EqualValues(t, 2, srv.issued.Load())
		})
	}
}

func TestAChangeIsSentAgainAfterItsTokenWasRefused(t *testing.T) {
	t.Parallel()
	var changes atomic.Int32
	srv := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/auth/tokens") {
			canned{status: 201, header: map[string]string{"X-Subject-Token": fmt.Sprint("t", changes.Load())}}.write(w)
			return
		}
		if changes.Add(1) == 1 {
			dbs(401, "APIGW.0301").write(w)
			return
		}
		canned{body: `{"update_result":[{"state":"ACCEPT","workflow_id":"w"}]}`}.write(w)
	})

	job, err := open(t, srv.URL, login()).Upgrade(t.Context(), instance, proxy, "2.23.12.000", "2.24.03.000")

	require.NoError(t, err)
	require.Equal(t, "w", job)
	require.EqualValues(t, 2, changes.Load())
}

func TestASecondRefusalIsDenied(t *testing.T) {
	t.Parallel()
	srv := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/auth/tokens") {
			canned{status: 201, header: map[string]string{"X-Subject-Token": fmt.Sprint("t", r.ContentLength, time.Now().UnixNano())}}.write(w)
			return
		}
		dbs(401, "APIGW.0301").write(w)
	})

	require.ErrorIs(t, change(t.Context(), open(t, srv.URL, login())), maintenance.ErrDenied)
	require.Len(t, srv.requests(), 4)
}

func TestAGivenTokenIsNotRenewed(t *testing.T) {
	t.Parallel()
	srv := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Auth-Token") == plantedToken {
			canned{body: kernelReply}.write(w)
			return
		}
		dbs(401, "APIGW.0301").write(w)
	})

	require.NoError(t, read(t.Context(), open(t, srv.URL, huaweicloud.Credentials{Token: plantedToken})))
	require.ErrorIs(t, read(t.Context(), open(t, srv.URL, huaweicloud.Credentials{Token: "old-token"})), maintenance.ErrDenied)
	require.Len(t, srv.requests(), 2)
}

func TestManyCallersShareOneFetch(t *testing.T) {
	t.Parallel()
	srv := newIAM(t)
	cloud := open(t, srv.URL, login())
	storm := func() {
		var group sync.WaitGroup
		errs := make(chan error, 32)
		for range 32 {
			group.Go(func() { errs <- read(t.Context(), cloud) })
		}
		group.Wait()
		close(errs)
		for err := range errs {
			require.NoError(t, err)
		}
	}

	storm()
	require.EqualValues(t, 1, srv.issued.Load())

	srv.valid.Store(-1)
	storm()
	require.EqualValues(t, 2, srv.issued.Load(), "the refused token is replaced once for all")
}

func TestIAMsRefusalIsNeverTakenForTheProxys(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		reply canned
		want  error
	}{
		"wrong password":     {canned{status: 401, body: `{"error":{"code":401,"message":"The username or password is wrong.","title":"Unauthorized"}}`}, maintenance.ErrDenied},
		"not found":          {canned{status: 404, body: `{"error":{"code":404,"message":"Could not find project"}}`}, maintenance.ErrDenied},
		"conflict":           {dbs(409, "DBS.200019"), maintenance.ErrDenied},
		"no answer of IAM":   {canned{status: 404, body: "<html>nginx</html>"}, maintenance.ErrUnavailable},
		"throttled":          {canned{status: 429, header: map[string]string{"Retry-After": "3"}}, maintenance.ErrThrottled},
		"down":               {canned{status: 502, body: "<html>"}, maintenance.ErrUnavailable},
		"201 without header": {canned{status: 201, body: "{}"}, maintenance.ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := newServer(t, always(tc.reply))

			err := change(t.Context(), open(t, srv.URL, login()))

			require.ErrorIs(t, err, tc.want)
			require.ErrorContains(t, err, `fetch an IAM token at `+srv.URL+` for user "operator" of domain "acme"`)
			require.ErrorContains(t, err, "upgrade proxy")
			require.Len(t, srv.requests(), 1)
		})
	}
}
