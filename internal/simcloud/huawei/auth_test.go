package huawei_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/gaussdb/v3/model"
	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/simcloud/huawei"
)

const otherProject = "0123456789abcdef0123456789ab0000"

func list() *model.ShowGaussMySqlProxyListRequest {
	return &model.ShowGaussMySqlProxyListRequest{InstanceId: huawei.DefaultInstanceID}
}

// twoKeys is a scenario with a lasting and a temporary key, and two projects of
// which the temporary key may use one.
func twoKeys() huawei.Scenario {
	s := huawei.DefaultScenario()
	s.Projects = append(s.Projects, huawei.Project{ID: otherProject, Region: "ap-southeast-2"})
	s.Credentials = append(s.Credentials, huawei.Credential{
		AccessKey: "TEMPORARY", SecretKey: "temporarysecret", SecurityToken: "session", Projects: []string{huawei.DefaultProjectID},
	})
	return s
}

func TestSignatureIsChecked(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		credential huawei.Credential
		project    string
		status     int
		code       string
	}{
		"right pair":            {huawei.Credential{AccessKey: "SIMHUAWEIAK", SecretKey: "SIMHUAWEISK"}, huawei.DefaultProjectID, 200, ""},
		"wrong secret":          {huawei.Credential{AccessKey: "SIMHUAWEIAK", SecretKey: "wrong"}, huawei.DefaultProjectID, 401, "APIGW.0301"},
		"unknown key":           {huawei.Credential{AccessKey: "NOBODY", SecretKey: "SIMHUAWEISK"}, huawei.DefaultProjectID, 401, "APIGW.0301"},
		"temporary pair":        {huawei.Credential{AccessKey: "TEMPORARY", SecretKey: "temporarysecret", SecurityToken: "session"}, huawei.DefaultProjectID, 200, ""},
		"security token absent": {huawei.Credential{AccessKey: "TEMPORARY", SecretKey: "temporarysecret"}, huawei.DefaultProjectID, 401, "APIGW.0301"},
		"wrong security token":  {huawei.Credential{AccessKey: "TEMPORARY", SecretKey: "temporarysecret", SecurityToken: "old"}, huawei.DefaultProjectID, 401, "APIGW.0301"},
		"token without need":    {huawei.Credential{AccessKey: "SIMHUAWEIAK", SecretKey: "SIMHUAWEISK", SecurityToken: "x"}, huawei.DefaultProjectID, 401, "APIGW.0301"},
		"foreign project":       {huawei.Credential{AccessKey: "TEMPORARY", SecretKey: "temporarysecret", SecurityToken: "session"}, otherProject, 403, "DBS.200010"},
		"instance elsewhere":    {huawei.Credential{AccessKey: "SIMHUAWEIAK", SecretKey: "SIMHUAWEISK"}, otherProject, 404, "DBS.200002"},
		"unknown project":       {huawei.Credential{AccessKey: "SIMHUAWEIAK", SecretKey: "SIMHUAWEISK"}, "00000000000000000000000000000000", 403, "DBS.200010"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, twoKeys())
			_, err := client(t, s.url, c.credential, c.project).ShowGaussMySqlProxyList(list())
			if c.status == 200 {
				require.NoError(t, err)
				return
			}
			requireRefused(t, err, c.status, c.code)
			require.Equal(t, 1, s.book.Calls()["taurusdb:ShowGaussMySqlProxyList"])
		})
	}
}

func TestSignatureOfAnAwkwardQueryAndOfABodyHolds(t *testing.T) {
	t.Parallel()
	s := start(t, oneProxy(nil))
	awkward := "a b+c/ü~*="
	_, err := s.ListImmediateJobs(&model.ListImmediateJobsRequest{JobName: &awkward})
	require.NoError(t, err)
	require.NotEmpty(t, s.accepted())
}

// tamper changes requests after they were signed.
type tamper func(*http.Request)

func (change tamper) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	change(r)
	return http.DefaultTransport.RoundTrip(r)
}

func TestRequestChangedAfterItWasSignedIsRefused(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]tamper{
		"query": func(r *http.Request) { r.URL.RawQuery = "limit=10" },
		"path":  func(r *http.Request) { r.URL.Path = strings.Replace(r.URL.Path, orders, reports, 1) },
		"date": func(r *http.Request) {
			r.Header.Set("X-Sdk-Date", time.Now().Add(time.Minute).UTC().Format("20060102T150405Z"))
		},
		"body": func(r *http.Request) {
			const body = `{"source_version":"2.24.03.000","target_version":"2.24.06.000"}`
			r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
		},
		"stated hash": func(r *http.Request) { r.Header.Set("X-Sdk-Content-Sha256", "UNSIGNED-PAYLOAD") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, huawei.DefaultScenario())
			s.GaussDBClient = through(t, s.url, change)
			_, err := s.upgrade(oldVersion, newVersion)
			requireRefused(t, err, 401, "APIGW.0301")
			require.Empty(t, s.effects())
		})
	}
}

func TestClockSkewOverFifteenMinutesIsRefused(t *testing.T) {
	t.Parallel()
	for _, skew := range []time.Duration{-16 * time.Minute, 16 * time.Minute} {
		s := start(t, oneProxy(nil))
		s.clock.Move(skew)
		_, err := s.ShowGaussMySqlProxyList(list())
		requireRefused(t, err, 401, "APIGW.0303")
	}
	s := start(t, oneProxy(nil))
	s.clock.Move(14 * time.Minute)
	_, err := s.ShowGaussMySqlProxyList(list())
	require.NoError(t, err)
}

func TestSixWrongSignaturesInARowLockTheAccessKey(t *testing.T) {
	t.Parallel()
	s := start(t, oneProxy(nil))
	wrong := client(t, s.url, huawei.Credential{AccessKey: huawei.DefaultAccessKey, SecretKey: "wrong"}, huawei.DefaultProjectID)
	fail := func(times int) {
		for range times {
			_, err := wrong.ShowGaussMySqlProxyList(list())
			requireRefused(t, err, 401, "APIGW.0301")
		}
	}
	fail(5)
	_, err := s.ShowGaussMySqlProxyList(list())
	require.NoError(t, err, "five in a row are forgiven")
	fail(6)
	_, err = s.ShowGaussMySqlProxyList(list())
	require.ErrorContains(t, err, "AK access failed to reach the limit")
	s.clock.Move(5 * time.Minute)
	_, err = s.ShowGaussMySqlProxyList(list())
	require.NoError(t, err, "the lock ends after five minutes")
}

func TestUnsignedAndMalformedRequestsAreRefused(t *testing.T) {
	t.Parallel()
	s := start(t, oneProxy(nil))
	path := fmt.Sprintf("%s/v3/%s/instances/%s/proxies", s.url, huawei.DefaultProjectID, huawei.DefaultInstanceID)
	date := "X-Sdk-Date: " + s.clock.Now().UTC().Format("20060102T150405Z")
	for _, header := range [][]string{
		nil,
		{"Authorization: Basic eDp5", date},
		{"Authorization: SDK-HMAC-SHA256 Access=SIMHUAWEIAK", date},
		{"Authorization: V11-HMAC-SHA256 Credential=SIMHUAWEIAK/x, SignedHeaders=x-sdk-date, Signature=00", date},
		{"Authorization: SDK-HMAC-SHA256 Access=SIMHUAWEIAK, SignedHeaders=host, Signature=00", date},
	} {
		got := call(t, "GET", path, "", header...)
		require.Equal(t, 401, got.status)
		require.Equal(t, "APIGW.0301", got.body["error_code"])
		require.Equal(t, got.header.Get("X-Request-Id"), got.body["request_id"])
	}
	require.Equal(t, 404, call(t, "GET", s.url+"/v3/nothing/here", "").status)
	require.Equal(t, "mine", call(t, "GET", path, "", "X-Request-Id: mine").header.Get("X-Request-Id"))
}
