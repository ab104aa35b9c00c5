// Package recorder is the flight recorder: it has every exchange with a cloud that is made under a context written to a
// capture (package capture), redacted (package redact). Nothing waits for it: what cannot be written at once, or not at
// all, is dropped and counted. Start at Open.
package recorder

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tidegate/tidegate/internal/calltrace"
	"github.com/tidegate/tidegate/internal/capture"
	"github.com/tidegate/tidegate/internal/capture/redact"
)

const (
	// queueLength and queueBytes bound what waits to be written: some seconds of a busy worker.
	queueLength = 1024
	queueBytes  = 32 << 20
	// maxBody is how much of a body is kept. A longer one is written as its length.
	maxBody = 1 << 20
	// drainPatience is how long Close waits for a slow disk.
	drainPatience = 2 * time.Second
	keyBytes      = 32
)

// Options are what a recorder may be told.
type Options struct {
	Program string // and its version, for the header
	Limits  capture.Limits
	Logger  *slog.Logger     // is told once that exchanges are being dropped; nil: slog's own
	Now     func() time.Time // nil: time.Now
}

// Recorder writes the exchanges of one process. Its methods may be called from many goroutines at once.
type Recorder struct {
	redactor *redact.Redactor
	files    writer
	logger   *slog.Logger
	now      func() time.Time

	queue   chan redact.Raw
	waiting atomic.Int64 // bytes in the queue
	dropped atomic.Int64
	said    sync.Once
	closing sync.RWMutex // held for reading while something is put into the queue
	closed  bool
	done    chan struct{}
}

// writer is capture.Files, or a test's.
type writer interface {
	Write(e capture.Exchange, dropped int) error
	Close(dropped int, reason string) error
}

// Open makes ready to record into a directory, which is made if need be. The key of its pseudonyms is next to it, in
// DIR.key, so that a name keeps its pseudonym over restarts, and whoever is sent the directory has not the key.
func Open(dir string, options Options) (*Recorder, error) {
	dir = filepath.Clean(dir)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the directory of the capture: %w", err)
	}
	if err := os.Chmod(dir, 0o700); err != nil { //nolint:gosec // a directory is entered
		return nil, fmt.Errorf("keep others out of the directory of the capture: %w", err)
	}
	key, err := keyOf(dir + ".key")
	if err != nil {
		return nil, fmt.Errorf("the key of the capture's pseudonyms: %w", err)
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	return start(&capture.Files{
		Dir: dir, Program: options.Program, Limits: options.Limits.WithDefaults(), Now: options.Now,
	}, key, options)
}

func start(files writer, key []byte, options Options) (*Recorder, error) {
	redactor, err := redact.New(key)
	if err != nil {
		return nil, err
	}
	if options.Logger == nil {
		options.Logger = slog.Default()
	}
	r := &Recorder{
		redactor: redactor, files: files, logger: options.Logger, now: options.Now,
		queue: make(chan redact.Raw, queueLength), done: make(chan struct{}),
	}
	go r.write()
	return r, nil
}

// keyOf reads the key, or draws one. Two processes that start at once have the one that was first.
func keyOf(name string) ([]byte, error) {
	key := make([]byte, keyBytes)
	if _, err := rand.Read(key); err != nil {
		return nil, fmt.Errorf("draw one: %w", err)
	}
	// Written whole under another name first, so that nobody reads half a key.
	drawn, err := os.CreateTemp(filepath.Dir(name), ".capture-key-*")
	if err != nil {
		return nil, fmt.Errorf("store it: %w", err)
	}
	_, err = drawn.WriteString(hex.EncodeToString(key) + "\n")
	err = errors.Join(err, drawn.Close())
	if err == nil {
		if err = os.Link(drawn.Name(), name); errors.Is(err, fs.ErrExist) {
			err = nil
		}
	}
	if err := errors.Join(err, os.Remove(drawn.Name())); err != nil {
		return nil, fmt.Errorf("store it: %w", err)
	}
	text, err := os.ReadFile(name) //nolint:gosec // next to the directory that the person names
	if err != nil {
		return nil, fmt.Errorf("read it: %w", err)
	}
	if key, err = hex.DecodeString(strings.TrimSpace(string(text))); err != nil || len(key) != keyBytes {
		return nil, fmt.Errorf("%s is not one: delete it, and names get new pseudonyms", name)
	}
	return key, nil
}

// Context has the requests to clouds that are made under it recorded. attempt is that of the activity; 0: there is
// none.
func (r *Recorder) Context(ctx context.Context, attempt int) context.Context {
	return calltrace.WithWrap(ctx, func(account string, next http.RoundTripper) http.RoundTripper {
		return &transport{recorder: r, account: account, attempt: attempt, next: next}
	})
}

// Dropped is how many exchanges were not written.
func (r *Recorder) Dropped() int { return int(r.dropped.Load()) }

// Close writes what waits, as long as the disk takes it within two seconds. What ends later is not recorded.
func (r *Recorder) Close() {
	r.closing.Lock()
	if !r.closed {
		r.closed = true
		close(r.queue)
	}
	r.closing.Unlock()
	select {
	case <-r.done:
	case <-time.After(drainPatience):
	}
}

// record takes an exchange if there is room for it.
func (r *Recorder) record(raw redact.Raw) {
	r.closing.RLock()
	defer r.closing.RUnlock()
	if r.closed {
		return
	}
	size := int64(len(raw.Body.Start) + len(raw.Answer.Start))
	if r.waiting.Add(size) > queueBytes {
		r.waiting.Add(-size)
		r.drop("the disk is too slow")
		return
	}
	select {
	case r.queue <- raw:
	default:
		r.waiting.Add(-size)
		r.drop("the disk is too slow")
	}
}

// drop counts an exchange that is lost, and says so once. why has no text of a cloud.
func (r *Recorder) drop(why string) {
	r.dropped.Add(1)
	r.said.Do(func() {
		r.logger.Warn("the capture is incomplete: exchanges are dropped; the last line of its files has their number", "because", why)
	})
}

func (r *Recorder) write() {
	defer close(r.done)
	for raw := range r.queue {
		r.waiting.Add(-int64(len(raw.Body.Start) + len(raw.Answer.Start)))
		if err := r.files.Write(r.redactor.Exchange(raw), r.Dropped()); err != nil {
			r.drop(err.Error())
		}
	}
	if err := r.files.Close(r.Dropped(), "closed"); err != nil {
		r.drop(err.Error())
	}
}
