package snapshots_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/awscloud/snapshots"
	"github.com/tidegate/tidegate/internal/awscloud/wire"
	"github.com/tidegate/tidegate/internal/maintenance"
)

const (
	accessKey    = "AKIAPLANTEDACCESSKEY"
	sessionToken = "PlantedSessionToken/FwoGZXIvYXdzEBYaD+IQoJb3JpZ2luX2VjE=="
	key          = "tidegate/run/after/vol-1122aabb"
)

// stub is EC2's wire with canned answers.
type stub struct {
	*httptest.Server
	mu    sync.Mutex
	forms []url.Values
}

func answers(t *testing.T, handle func(w http.ResponseWriter, r *http.Request)) *stub {
	t.Helper()
	s := &stub{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		s.mu.Lock()
		s.forms = append(s.forms, r.PostForm)
		s.mu.Unlock()
		handle(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *stub) received() []url.Values {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]url.Values(nil), s.forms...)
}

func (s *stub) store() *snapshots.Store {
	return snapshots.New(aws.Config{
		Region:           "us-east-1",
		Credentials:      credentials.NewStaticCredentialsProvider(accessKey, "PlantedSecretKey", sessionToken),
		RetryMaxAttempts: 5, // so that a retry would be seen
	}, wire.Place{Account: "prod", Endpoint: s.URL})
}

func write(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "text/xml;charset=UTF-8")
	w.WriteHeader(status)
	fmt.Fprint(w, body) //nolint:errcheck // the client may be gone, and is no browser
}

func refusal(code, message string) string {
	return `<?xml version="1.0" encoding="UTF-8"?><Response><Errors><Error><Code>` + code + `</Code><Message>` + message +
		`</Message></Error></Errors><RequestID>ea966190-f9aa-478e-9ede-example</RequestID></Response>`
}

func page(token, items string) string {
	return `<DescribeSnapshotsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>59dbff89</requestId><snapshotSet>` +
		items + `</snapshotSet><nextToken>` + token + `</nextToken></DescribeSnapshotsResponse>`
}

func item(id, description, tag string) string {
	return `<item><snapshotId>` + id + `</snapshotId><volumeId>vol-1122aabb</volumeId><status>pending</status><startTime>2026-11-21T02:20:00.000Z</startTime>` +
		`<progress>42%</progress><ownerId>123456789012</ownerId><volumeSize>100</volumeSize><description>` + description + `</description>` +
		`<statusMessage>on its way</statusMessage><tagSet><item><key>tidegate:key</key><value>` + tag + `</value></item></tagSet></item>`
}

func TestSnapshotsAreThoseThatCarryTheKeyOnAnyPage(t *testing.T) {
	t.Parallel()
	ec2 := answers(t, func(w http.ResponseWriter, r *http.Request) {
		if r.PostForm.Get("NextToken") == "" {
			write(w, 200, page("more", item("snap-00000001", key, "")+item("snap-00000002", "scheduled", "")))
			return
		}
		write(w, 200, page("", item("snap-00000003", "renamed", key)+item("snap-00000004", key+"2", key+"2")))
	})
	found, err := ec2.store().Snapshots(t.Context(), "vol-1122AABB", key)
	require.NoError(t, err)
	require.Len(t, found, 2)
	require.Equal(t, maintenance.Snapshot{
		ID: "snap-00000001", VolumeID: "vol-1122aabb", State: "pending", Progress: "42%", Message: "on its way",
		Description: key, StartedAt: time.Date(2026, 11, 21, 2, 20, 0, 0, time.UTC),
	}, found[0])
	require.Equal(t, "snap-00000003", found[1].ID)

	sent := ec2.received()
	require.Len(t, sent, 2)
	for name, want := range map[string]string{
		"Action": "DescribeSnapshots", "Owner.1": "self", "Filter.1.Name": "volume-id", "Filter.1.Value.1": "vol-1122aabb", "MaxResults": "200",
	} {
		require.Equal(t, want, sent[0].Get(name), name)
	}
	require.Empty(t, sent[0].Get("Filter.2.Name"), "the key is compared here, not by EC2")
}

func TestSnapshotReadsByID(t *testing.T) {
	t.Parallel()
	ec2 := answers(t, func(w http.ResponseWriter, _ *http.Request) { write(w, 200, page("", item("snap-00000001", key, key))) })
	snapshot, err := ec2.store().Snapshot(t.Context(), "snap-00000001")
	require.NoError(t, err)
	require.Equal(t, "snap-00000001", snapshot.ID)
	require.Equal(t, "snap-00000001", ec2.received()[0].Get("SnapshotId.1"))
}

func TestASnapshotThatEC2DoesNotShowIsNotFound(t *testing.T) {
	t.Parallel()
	for name, handle := range map[string]http.HandlerFunc{
		"refused": func(w http.ResponseWriter, _ *http.Request) {
			write(w, 400, refusal("InvalidSnapshot.NotFound", "The snapshot does not exist."))
		},
		"empty": func(w http.ResponseWriter, _ *http.Request) { write(w, 200, page("", "")) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := answers(t, handle).store().Snapshot(t.Context(), "snap-00000001")
			require.ErrorIs(t, err, maintenance.ErrNotFound)
			require.ErrorContains(t, err, "describe snapshot snap-00000001: ")
		})
	}
}

func TestDeletingASnapshotThatIsGoneSucceeds(t *testing.T) {
	t.Parallel()
	for _, handle := range []http.HandlerFunc{
		func(w http.ResponseWriter, _ *http.Request) {
			write(w, 400, refusal("InvalidSnapshot.NotFound", "gone"))
		},
		func(w http.ResponseWriter, _ *http.Request) {
			write(w, 200, `<DeleteSnapshotResponse><requestId>1</requestId><return>true</return></DeleteSnapshotResponse>`)
		},
	} {
		ec2 := answers(t, handle)
		require.NoError(t, ec2.store().DeleteSnapshot(t.Context(), "snap-00000001"))
		require.Len(t, ec2.received(), 1)
		require.Equal(t, "snap-00000001", ec2.received()[0].Get("SnapshotId"))
	}
}

// Each of EC2's error forms, and the sentinel it gives in every method.
func TestEveryErrorFormHasItsSentinel(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status int
		body   string
		want   error
	}{
		{503, refusal("RequestLimitExceeded", "Request limit exceeded."), maintenance.ErrThrottled},
		{400, refusal("SnapshotCreationPerVolumeRateExceeded", "x"), maintenance.ErrThrottled},
		{400, refusal("ConcurrentSnapshotLimitExceeded", "x"), maintenance.ErrBusy},
		{403, refusal("UnauthorizedOperation", "You are not authorized to perform this operation."), maintenance.ErrDenied},
		{401, refusal("AuthFailure", "AWS was not able to validate the provided access credentials"), maintenance.ErrDenied},
		{403, refusal("SignatureDoesNotMatch", "x"), maintenance.ErrDenied},
		{400, refusal("RequestExpired", "Request has expired."), maintenance.ErrDenied},
		{400, refusal("InvalidSnapshotID.Malformed", "x"), maintenance.ErrInvalid},
		{400, refusal("InvalidSnapshot.InUse", "in use by ami-1"), maintenance.ErrInvalid},
		{400, refusal("InvalidParameterValue", "x"), maintenance.ErrInvalid},
		{400, refusal("SomethingOfTomorrow", "x"), maintenance.ErrRejected},
		{500, refusal("InternalError", "x"), maintenance.ErrUnavailable},
		{503, refusal("Unavailable", "x"), maintenance.ErrUnavailable},
		{500, refusal("SomethingOfTomorrow", "x"), maintenance.ErrUnavailable},
		{502, `<html>Bad Gateway`, maintenance.ErrUnavailable},
		{403, `Forbidden`, maintenance.ErrUnavailable},
	} {
		t.Run(fmt.Sprintf("%d %.110s", c.status, c.body), func(t *testing.T) {
			t.Parallel()
			ec2 := answers(t, func(w http.ResponseWriter, _ *http.Request) { write(w, c.status, c.body) })
			_, err := ec2.store().Snapshots(t.Context(), "vol-1122aabb", key)
			require.ErrorIs(t, err, c.want)
			_, err = ec2.store().Snapshot(t.Context(), "snap-00000001")
			require.ErrorIs(t, err, c.want)
			require.ErrorIs(t, ec2.store().DeleteSnapshot(t.Context(), "snap-00000001"), c.want)
			require.Len(t, ec2.received(), 3, "one request each")
		})
	}
}

func TestAnErrorKeepsTheRequestIDAndHidesTheCredentials(t *testing.T) {
	t.Parallel()
	ec2 := answers(t, func(w http.ResponseWriter, r *http.Request) {
		write(w, 403, refusal("AuthFailure", "not valid: "+r.Header.Get("Authorization")+" "+r.Header.Get("X-Amz-Security-Token")))
	})
	err := ec2.store().DeleteSnapshot(t.Context(), "snap-00000001")
	require.ErrorContains(t, err, "delete snapshot snap-00000001: refused for lack of permission: asked at "+ec2.URL+` for the AWS account "prod"; check`)
	require.ErrorContains(t, err, ": AuthFailure: not valid: ")
	require.ErrorContains(t, err, "(EC2, HTTP 403, request id ea966190-f9aa-478e-9ede-example)")
	for _, secret := range []string{accessKey, "PlantedSessionToken", "PlantedSecretKey"} {
		require.NotContains(t, fmt.Sprintf("%v %#v", err, err), secret)
	}
}

func TestEveryMethodEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	ec2 := answers(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	_, err := ec2.store().Snapshots(ctx, "vol-1122aabb", key)
	require.ErrorIs(t, err, maintenance.ErrUnavailable)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	_, err = ec2.store().Snapshot(ctx, "snap-00000001")
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorIs(t, ec2.store().DeleteSnapshot(ctx, "snap-00000001"), context.DeadlineExceeded)
	require.Len(t, ec2.received(), 1)
}
