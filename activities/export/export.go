// Package export has the activity by which one worker of all shows the state of campaigns in its metrics, so that none
// of them is counted twice. Start at Exporter.
package export

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"github.com/tidegate/tidegate/activities/names"
)

const (
	// Lease is the activity's heartbeat timeout: a worker that is lost is replaced after it.
	Lease = 30 * time.Second
	// readEvery is how often the state is read, and readWithin how long that may take.
	readEvery, readWithin = 15 * time.Second, 2 * time.Minute
	// handOver is when another worker takes over from one that stops.
	handOver = time.Second
)

// State is what is shown of the namespace.
type State interface {
	// Read reads it from Temporal.
	Read(ctx context.Context) error
	// Show shows what was read last, until a time of this worker; zero: no longer.
	Show(until time.Time)
}

// Heartbeats are heartbeats whose answer is known; a client has them.
type Heartbeats interface {
	RecordActivityHeartbeat(ctx context.Context, taskToken []byte, details ...any) error
}

// Exporter holds the activity.
type Exporter struct {
	State State // nil: this worker serves no metrics
	Beats Heartbeats
	Now   func() time.Time
}

// Input is that of ExportState.
type Input struct{}

// Queue of ExportState.
func (Input) Queue(workflows string) string { return workflows }

// ExportState reads the state again and again and shows it, while Temporal acknowledges that this worker has the
// activity. Temporal gives it to another one when no heartbeat has come for the Lease; this one has ended to show it by
// then, also where it was cut off from Temporal. It ends with an error that is retried.
func (e *Exporter) ExportState(ctx context.Context, _ Input) (out struct{}, err error) {
	if e.State == nil {
		return out, again("this worker serves no metrics", 5*time.Second)
	}
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		e.read(ctx)
	}()
	defer func() {
		cancel()
		<-ended
		e.State.Show(time.Time{})
	}()
	return out, e.hold(ctx)
}

// hold shows the state for as long as the lease lasts.
func (e *Exporter) hold(ctx context.Context) error {
	token, stop := activity.GetInfo(ctx).TaskToken, activity.GetWorkerStopChannel(ctx)
	tick := time.NewTicker(Lease / 6)
	defer tick.Stop()
	for {
		switch err := e.renew(ctx, token); {
		case temporal.IsCanceledError(err):
			return err
		case gone(err):
			return again("another worker has taken over", handOver)
		}
		select {
		case <-tick.C:
		case <-stop:
			return again("this worker stops", handOver)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// renew shows the state for longer where Temporal acknowledges the heartbeat: from before it was sent, and for less
// than the lease. One that is not acknowledged is tried again.
func (e *Exporter) renew(ctx context.Context, token []byte) error {
	before := e.Now()
	ctx, cancel := context.WithTimeout(ctx, Lease/6)
	defer cancel()
	err := e.Beats.RecordActivityHeartbeat(ctx, token)
	if err == nil {
		e.State.Show(before.Add(Lease * 9 / 10))
	}
	return err
}

func gone(err error) bool {
	_, notFound := errors.AsType[*serviceerror.NotFound](err)
	return notFound
}

// read reads the state until ctx is done. What cannot be read stays as it was, and the metric of when it was read too.
func (e *Exporter) read(ctx context.Context) {
	log, failing := activity.GetLogger(ctx), false
	tick := time.NewTicker(readEvery)
	defer tick.Stop()
	for {
		bounded, cancel := context.WithTimeout(ctx, readWithin)
		err := e.State.Read(bounded)
		cancel()
		if err != nil && ctx.Err() == nil && !failing {
			log.Warn("the metrics of campaigns are not up to date", "error", err)
		}
		failing = err != nil
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// again ends an attempt that is followed by another.
func again(why string, after time.Duration) error {
	return temporal.NewApplicationErrorWithOptions(why, names.TypeNotReady,
		temporal.ApplicationErrorOptions{NextRetryDelay: after, Category: temporal.ApplicationErrorCategoryBenign})
}
