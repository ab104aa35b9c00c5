package compare_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/awscloud"
	awsaccounts "github.com/tidegate/tidegate/internal/awscloud/accounts"
	"github.com/tidegate/tidegate/internal/capture"
	"github.com/tidegate/tidegate/internal/capture/recorder"
	"github.com/tidegate/tidegate/internal/huaweicloud"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/health"
	"github.com/tidegate/tidegate/internal/simcloud"
	"github.com/tidegate/tidegate/internal/simcloud/aws"
	"github.com/tidegate/tidegate/internal/simcloud/huawei"
)

// fleet is what the campaign of these tests works on.
const fleet = `
aws:
  timing: {restart: 30s, snapshot: 20s, bootstrap: 3s}
  gateways:
    - {id: sgw-0A000001, name: one, nextVersion: 1.3.0, timezone: "GMT-4:00", tags: {app: orders}, volumes: [{id: vol-0A00AAA1}, {id: vol-0A00AAA2, scheduledAgo: [24h]}]}
    - {id: sgw-0A000002, name: two, type: STORED, nextVersion: 1.3.0, state: STATE_RUNNING, volumes: [{id: vol-0A00BBB1, initiators: [{name: app-1}]}]}
    - {id: sgw-0A000003, name: files, type: FILE_S3, nextVersion: 1.4.0, window: {hourOfDay: 2, minuteOfHour: 0, dayOfMonth: 7}}
    - {id: sgw-0A000004, name: flapping, nextVersion: 1.3.0, flaps: 1, volumes: [{id: vol-0A00DDD1}]}
    - {id: sgw-0A000005, name: current, neverUpdated: true}
    - {id: sgw-0A000006, name: windowless, window: {notSupported: true}}
  alarms: [{name: orders-5xx}]
huawei:
  instances:
    - id: 3e9f8a7b6c5d4e3f2a1b0c9d8e7f6a5bin07
      tags: {owner: dba}
      proxies:
        - {id: 7c1d2e3f4a5b4c6d8e9f0a1b2c3d4e01po01, name: proxy-1, currentVersion: 2.24.03.000, latestVersion: 2.26.06.000, masterWeight: 100}
        - {id: 7c1d2e3f4a5b4c6d8e9f0a1b2c3d4e02po01, name: proxy-2, currentVersion: 2.24.03.000, latestVersion: 2.26.06.000, outcome: {reject: no subnet ip}}
`

// direct asks a handler without a network.
type direct struct{ handler http.Handler }

func (d direct) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.RequestURI = r.URL.RequestURI()
	if r.Host == "" {
		r.Host = r.URL.Host
	}
	if r.Body == nil {
		r.Body = http.NoBody
	}
	w := httptest.NewRecorder()
	d.handler.ServeHTTP(w, r)
	return w.Result(), nil
}

func (d direct) Do(r *http.Request) (*http.Response, error) { return d.RoundTrip(r) }

// change rewrites an answer to an operation; nil: none.
type change func(operation, asked string, status int, body string) (int, string)

// changed is a cloud whose answers are rewritten.
type changed struct {
	cloud  http.Handler
	change change
}

func (c changed) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if c.change == nil {
		c.cloud.ServeHTTP(w, r)
		return
	}
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	if operation == "" {
		operation = r.Method + " " + r.URL.Path
	}
	asked, err := io.ReadAll(r.Body)
	if err != nil {
		asked = []byte(err.Error())
	}
	r.Body = io.NopCloser(bytes.NewReader(asked))
	answer := httptest.NewRecorder()
	c.cloud.ServeHTTP(answer, r)
	status, body := c.change(operation, string(asked), answer.Code, answer.Body.String())
	maps.Copy(w.Header(), answer.Header())
	w.Header().Del("Content-Length")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(body))
}

func parsed(t *testing.T, text string) simcloud.Scenario {
	t.Helper()
	s, err := simcloud.Parse("fleet.yaml", []byte(text))
	require.NoError(t, err)
	return s
}

// campaign maintains a fleet of simulated clouds in virtual time, as a worker would, with a flight recorder; change is
// done to each answer on its way.
func campaign(t *testing.T, text string, change change) (c capture.Capture) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "capture")
	synctest.Test(t, func(t *testing.T) {
		sim, err := simcloud.New(parsed(t, text), simcloud.Options{Now: time.Now})
		require.NoError(t, err)
		record, err := recorder.Open(dir, recorder.Options{Program: "test"})
		require.NoError(t, err)
		defer record.Close()
		worker := newWorker(t, record.Context(t.Context(), 1), changed{sim, change})
		worker.campaign()
	})
	c, err := capture.Read(dir)
	require.NoError(t, err)
	require.Zero(t, c.Dropped)
	if keep := os.Getenv("KEEP_CAPTURE"); keep != "" {
		require.NoError(t, os.CopyFS(keep, os.DirFS(dir)))
	}
	return c
}

type worker struct {
	t      *testing.T
	ctx    context.Context
	aws    *awscloud.Cloud
	huawei *huaweicloud.Cloud
}

func newWorker(t *testing.T, ctx context.Context, sim http.Handler) *worker { //nolint:revive // a test's
	t.Helper()
	cloud, err := awsaccounts.Open(ctx, awsaccounts.Account{Name: "prod", Region: aws.DefaultRegion, Endpoint: "http://127.0.0.1:4599"},
		awsaccounts.WithCredentials(credentials.NewStaticCredentialsProvider(aws.DefaultAccessKeyID, aws.DefaultSecretAccessKey, "")),
		awsaccounts.WithHTTPClient(direct{sim}))
	require.NoError(t, err)
	proxies, err := huaweicloud.Open(huaweicloud.Account{Name: "db", Project: huawei.DefaultProjectID, Region: huawei.DefaultRegion, Endpoint: "http://127.0.0.1:4599", IAMEndpoint: "http://127.0.0.1:4599"},
		huaweicloud.Credentials{User: "simuser", Password: "simpassword", Domain: "simdomain"}, huaweicloud.Options{Transport: direct{sim}})
	require.NoError(t, err)
	return &worker{t: t, ctx: ctx, aws: cloud, huawei: proxies}
}

func (w *worker) campaign() {
	gateways, _, err := w.aws.Gateways(w.ctx, "")
	require.NoError(w.t, err)
	_, err = w.aws.Alarms(w.ctx, health.AlarmQuestion{Names: []string{"orders-5xx"}})
	require.NoError(w.t, err)
	var all sync.WaitGroup
	for i, g := range gateways {
		all.Go(func() {
			<-time.After(time.Duration(i) * 137 * time.Millisecond)
			w.maintain(g.ARN)
		})
	}
	all.Go(func() { w.databases("3e9f8a7b6c5d4e3f2a1b0c9d8e7f6a5bin07") })
	all.Wait()
}

// until polls every so often.
func (w *worker) until(every time.Duration, done func() bool) {
	for range 1000 {
		if done() {
			return
		}
		<-time.After(every)
	}
	require.Fail(w.t, "never")
}

func (w *worker) maintain(arn string) {
	before, err := w.aws.Gateway(w.ctx, arn)
	require.NoError(w.t, err)
	_, err = w.aws.Schedule(w.ctx, arn)
	require.True(w.t, err == nil || errors.Is(err, maintenance.ErrNoWindow))
	if !before.UpdateOffered() {
		return
	}
	require.NoError(w.t, w.aws.Tag(w.ctx, arn, "tidegate:mark", "run-7"))
	require.NoError(w.t, w.aws.UpdateSoftware(w.ctx, arn))
	w.until(700*time.Millisecond, func() bool {
		now, err := w.aws.Gateway(w.ctx, arn)
		return err == nil && now.SoftwareVersion != before.SoftwareVersion
	})
	<-time.After(10 * time.Second) // a flap
	require.NoError(w.t, w.aws.Untag(w.ctx, arn, "tidegate:mark"))
	if !strings.Contains(before.Type, "FILE") {
		w.snapshots(before)
	}
}

func (w *worker) snapshots(g maintenance.Gateway) {
	var volumes []maintenance.Volume
	w.until(900*time.Millisecond, func() bool {
		var err error
		volumes, err = w.aws.Volumes(w.ctx, g)
		if err != nil {
			return false
		}
		for _, v := range volumes {
			if !v.Available() {
				return false
			}
		}
		return true
	})
	for _, v := range volumes {
		key := maintenance.SnapshotKey("run", 1, maintenance.PointAfter, v.ID)
		id, err := w.aws.CreateSnapshot(w.ctx, v.ARN, key)
		require.NoError(w.t, err)
		w.until(300*time.Millisecond, func() bool {
			found, err := w.aws.Snapshots(w.ctx, v.ID, key)
			return err == nil && len(found) > 0
		})
		w.until(400*time.Millisecond, func() bool {
			s, err := w.aws.Snapshot(w.ctx, id)
			return err == nil && s.Completed()
		})
	}
}

func (w *worker) databases(instance string) {
	_, err := w.huawei.Tags(w.ctx, instance)
	require.NoError(w.t, err)
	proxies, err := w.huawei.Proxies(w.ctx, instance)
	require.NoError(w.t, err)
	for _, p := range proxies {
		kernel, err := w.huawei.Kernel(w.ctx, instance, p.ID)
		require.NoError(w.t, err)
		_, err = w.huawei.UpgradePending(w.ctx, instance, p.ID)
		require.NoError(w.t, err)
		job, err := w.huawei.Upgrade(w.ctx, instance, p.ID, kernel.Current, kernel.Latest)
		if err != nil {
			continue // the one that is rejected
		}
		w.until(300*time.Millisecond, func() bool {
			_, err := w.huawei.Proxies(w.ctx, instance)
			require.NoError(w.t, err)
			j, err := w.huawei.Job(w.ctx, job)
			return err == nil && j.Status != "Running" && j.Status != "Pending"
		})
		_, err = w.huawei.Proxies(w.ctx, instance)
		require.NoError(w.t, err)
		kernel, err = w.huawei.Kernel(w.ctx, instance, p.ID)
		require.NoError(w.t, err)
		require.Equal(w.t, kernel.Latest, kernel.Current)
	}
}
