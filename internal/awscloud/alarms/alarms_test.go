package alarms_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/smithy-go/encoding/cbor"
	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/awscloud/alarms"
	"github.com/tidegate/tidegate/internal/awscloud/wire"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/health"
)

const (
	accessKey    = "AKIAPLANTEDACCESSKEY"
	sessionToken = "PlantedSessionToken/FwoGZXIvYXdzEBYaD+IQoJb3JpZ2luX2VjE=="
)

// asked is one request: its operation and its members.
type asked struct {
	operation string
	members   cbor.Map
}

// stub is CloudWatch's wire, as the SDK speaks it, with canned answers.
type stub struct {
	*httptest.Server
	mu  sync.Mutex
	all []asked
}

func answers(t *testing.T, handle func(w http.ResponseWriter, a asked)) *stub {
	t.Helper()
	s := &stub{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var members cbor.Value
		if err == nil {
			members, err = cbor.Decode(body)
		}
		in, ok := members.(cbor.Map)
		if err != nil || !ok {
			http.Error(w, fmt.Sprint(err), http.StatusBadRequest)
			return
		}
		a := asked{path.Base(r.URL.Path), in}
		s.mu.Lock()
		s.all = append(s.all, a)
		s.mu.Unlock()
		handle(w, a)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *stub) received() []asked {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]asked(nil), s.all...)
}

func (s *stub) store() *alarms.Store {
	return alarms.New(aws.Config{
		Region:           "us-east-1",
		Credentials:      credentials.NewStaticCredentialsProvider(accessKey, "PlantedSecretKey", sessionToken),
		RetryMaxAttempts: 5, // so that a retry would be seen
	}, wire.Place{Account: "prod", Endpoint: s.URL})
}

func write(w http.ResponseWriter, status int, answer cbor.Value) {
	w.Header().Set("Content-Type", "application/cbor")
	w.Header().Set("Smithy-Protocol", "rpc-v2-cbor")
	w.WriteHeader(status)
	io.Copy(w, bytes.NewReader(cbor.Encode(answer))) //nolint:errcheck // the client may be gone
}

func says(status int, answer cbor.Map) func(http.ResponseWriter, asked) {
	return func(w http.ResponseWriter, _ asked) { write(w, status, answer) }
}

func refusal(code, message string) cbor.Map {
	return cbor.Map{"__type": cbor.String("com.amazonaws.cloudwatch#" + code), "message": cbor.String(message)}
}

func alarm(name, state string) cbor.Map {
	return cbor.Map{
		"AlarmName": cbor.String(name), "StateValue": cbor.String(state), "StateReason": cbor.String("since " + strings.Repeat("x", 400)),
		"StateTransitionedTimestamp": &cbor.Tag{ID: 1, Value: cbor.Float64(1764417600)},
	}
}

func list(alarms ...cbor.Map) cbor.List {
	all := cbor.List{}
	for _, a := range alarms {
		all = append(all, a)
	}
	return all
}

func names(found []health.Alarm) (all []string) {
	for _, a := range found {
		all = append(all, a.Name)
	}
	return all
}

func TestAlarmsByNameAndByPrefix(t *testing.T) {
	t.Parallel()
	s := answers(t, func(w http.ResponseWriter, a asked) {
		switch {
		case a.members["AlarmNamePrefix"] == nil:
			write(w, 200, cbor.Map{"MetricAlarms": list(alarm("b", "OK")), "CompositeAlarms": list(alarm("a", "ALARM"))})
		case a.members["NextToken"] == nil:
			write(w, 200, cbor.Map{"MetricAlarms": list(alarm("p-1", "INSUFFICIENT_DATA")), "NextToken": cbor.String("more")})
		default:
			write(w, 200, cbor.Map{"CompositeAlarms": list(alarm("p-2", "OK"), alarm("b", "OK"))})
		}
	})
	found, err := s.store().Alarms(t.Context(), health.AlarmQuestion{Names: []string{"b", "a", "gone"}, Prefix: "p-"})
	require.NoError(t, err)
	require.Equal(t, []string{"a", "b", "p-1", "p-2"}, names(found), "each once, sorted; one that is missing is missing")
	require.Equal(t, health.AlarmInAlarm, found[0].State)
	require.Equal(t, health.AlarmInsufficientData, found[2].State)
	require.Equal(t, time.Date(2025, 11, 29, 12, 0, 0, 0, time.UTC), found[0].Since)
	require.True(t, strings.HasPrefix(found[0].Reason, "since x"))
	require.Less(t, len(found[0].Reason), 310)
	for _, a := range s.received() {
		require.Equal(t, "DescribeAlarms", a.operation)
		require.Equal(t, cbor.List{cbor.String("MetricAlarm"), cbor.String("CompositeAlarm")}, a.members["AlarmTypes"], "else composite ones are left out")
	}
}

func TestNamesAreAskedForAHundredAtATime(t *testing.T) {
	t.Parallel()
	s := answers(t, says(200, cbor.Map{}))
	var all []string
	for i := range 201 {
		all = append(all, fmt.Sprint("alarm-", i))
	}
	_, err := s.store().Alarms(t.Context(), health.AlarmQuestion{Names: all})
	require.NoError(t, err)
	var sizes []int
	for _, a := range s.received() {
		named, _ := a.members["AlarmNames"].(cbor.List)
		sizes = append(sizes, len(named))
	}
	require.Equal(t, []int{100, 100, 1}, sizes)
}

func TestAQuestionForNothingAsksNothing(t *testing.T) {
	t.Parallel()
	s := answers(t, says(200, cbor.Map{"MetricAlarms": list(alarm("every", "OK"))}))
	found, err := s.store().Alarms(t.Context(), health.AlarmQuestion{})
	require.NoError(t, err)
	require.Empty(t, found)
	require.Empty(t, s.received())
}

func TestAPrefixThatFindsEverythingIsRefused(t *testing.T) {
	t.Parallel()
	page := 0
	s := answers(t, func(w http.ResponseWriter, _ asked) {
		var some []cbor.Map
		for range 100 {
			page++
			some = append(some, alarm(fmt.Sprint(page), "OK"))
		}
		write(w, 200, cbor.Map{"MetricAlarms": list(some...), "NextToken": cbor.String(fmt.Sprint(page))})
	})
	_, err := s.store().Alarms(t.Context(), health.AlarmQuestion{Prefix: "p"})
	require.ErrorIs(t, err, maintenance.ErrInvalid)
	require.ErrorContains(t, err, `list the alarms that start with "p": `)
	require.ErrorContains(t, err, "choose a longer prefix")
}

func TestAMuteIsOneIntervalThatEnds(t *testing.T) {
	t.Parallel()
	s := answers(t, says(200, cbor.Map{}))
	from := time.Date(2026, 11, 29, 12, 1, 0, 0, time.UTC)
	mute := health.MuteRule{Name: "tidegate-sgw-1-1", Comment: "ours", Alarms: []string{"a", "b"}, From: from, Until: from.Add(time.Hour)}
	require.NoError(t, s.store().PutMute(t.Context(), mute))
	require.NoError(t, s.store().DeleteMute(t.Context(), mute.Name))
	got := s.received()
	require.Equal(t, "PutAlarmMuteRule", got[0].operation)
	require.Equal(t, cbor.String("tidegate-sgw-1-1"), got[0].members["Name"])
	require.Equal(t, cbor.String("ours"), got[0].members["Description"])
	require.Equal(t, cbor.Map{"AlarmNames": cbor.List{cbor.String("a"), cbor.String("b")}}, got[0].members["MuteTargets"])
	require.Equal(t, cbor.Map{"Schedule": cbor.Map{
		"Expression": cbor.String("at(2026-11-29T12:01)"), "Duration": cbor.String("PT60M"), "Timezone": cbor.String("UTC"),
	}}, got[0].members["Rule"], "once, in UTC")
	require.NotNil(t, got[0].members["ExpireDate"])
	require.Equal(t, asked{"DeleteAlarmMuteRule", cbor.Map{"AlarmMuteRuleName": cbor.String("tidegate-sgw-1-1")}}, got[1])
}

func TestAMuteThatAWSWouldRefuseIsNotSent(t *testing.T) {
	t.Parallel()
	s := answers(t, says(200, cbor.Map{}))
	from := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	for name, wrong := range map[string]func(*health.MuteRule){
		"no name":    func(m *health.MuteRule) { m.Name = "" },
		"no alarm":   func(m *health.MuteRule) { m.Alarms = nil },
		"too many":   func(m *health.MuteRule) { m.Alarms = make([]string, 101) },
		"too long":   func(m *health.MuteRule) { m.Until = from.Add(15*24*time.Hour + time.Minute + time.Second) },
		"no time":    func(m *health.MuteRule) { m.Until = from },
		"in reverse": func(m *health.MuteRule) { m.Until = from.Add(-time.Hour) },
		"no minutes": func(m *health.MuteRule) { m.From = from.Add(time.Second) },
	} {
		mute := health.MuteRule{Name: "x", Alarms: []string{"a"}, From: from, Until: from.Add(2 * time.Minute)}
		wrong(&mute)
		require.ErrorIs(t, s.store().PutMute(t.Context(), mute), maintenance.ErrInvalid, name)
	}
	require.Empty(t, s.received())
}

func TestWhatAWSAnswersHasItsMeaning(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		status int
		answer cbor.Map
		is     error
	}{
		{400, refusal("ThrottlingException", "Rate exceeded"), maintenance.ErrThrottled},
		{403, refusal("AccessDeniedException", "not authorized: "+sessionToken), maintenance.ErrDenied},
		{400, refusal("ValidationException", "bad"), maintenance.ErrInvalid},
		{400, refusal("InvalidNextToken", "bad"), maintenance.ErrInvalid},
		{404, refusal("ResourceNotFoundException", "no such alarm"), maintenance.ErrNotFound},
		{500, refusal("InternalServiceFault", "oops"), maintenance.ErrUnavailable},
		{503, refusal("ServiceUnavailable", "oops"), maintenance.ErrUnavailable},
	} {
		s := answers(t, says(tc.status, tc.answer))
		store := s.store()
		_, err := store.Alarms(t.Context(), health.AlarmQuestion{Names: []string{"a"}})
		require.ErrorIs(t, err, tc.is, "%v", tc.answer)
		require.ErrorContains(t, err, "read 1 alarms: ")
		require.NotContains(t, err.Error(), "PlantedSession")
		now := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
		require.ErrorIs(t, store.PutMute(t.Context(), health.MuteRule{Name: "x", Alarms: []string{"a"}, From: now, Until: now.Add(time.Hour)}), tc.is)
		require.ErrorIs(t, store.DeleteMute(t.Context(), "x"), tc.is)
		require.Len(t, s.received(), 3, "each is sent once")
	}
	s := answers(t, func(w http.ResponseWriter, _ asked) { http.Error(w, "<html>", http.StatusBadGateway) })
	_, err := s.store().Alarms(t.Context(), health.AlarmQuestion{Names: []string{"a"}})
	require.ErrorIs(t, err, maintenance.ErrUnavailable)
	s = answers(t, func(w http.ResponseWriter, _ asked) { fmt.Fprint(w, "<html>") }) //nolint:errcheck // a test's own answer
	_, err = s.store().Alarms(t.Context(), health.AlarmQuestion{Names: []string{"a"}})
	require.ErrorIs(t, err, maintenance.ErrUnavailable)
}
