package recorder

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"

	"github.com/tidegate/tidegate/internal/capture/redact"
)

// transport notes the exchanges that pass through it.
type transport struct {
	recorder *Recorder
	account  string
	attempt  int
	next     http.RoundTripper
}

// RoundTrip sends the request, and has it recorded once its answer was read.
func (t *transport) RoundTrip(request *http.Request) (*http.Response, error) {
	raw := redact.Raw{
		Account: t.account, Attempt: t.attempt, Method: request.Method, URL: request.URL, Header: request.Header.Clone(),
	}
	sent := &kept{}
	if request.Body != nil && request.Body != http.NoBody {
		request = request.Clone(request.Context()) // the client keeps its own
		request.Body = &reading{ReadCloser: request.Body, kept: sent}
	}
	raw.At = t.recorder.now()
	answer, err := t.next.RoundTrip(request)
	raw.Took = t.recorder.now().Sub(raw.At)
	if err != nil {
		raw.Failure, raw.Body = failure(err), sent.bytes()
		t.recorder.record(raw)
		return answer, err //nolint:wrapcheck // as it came: this stands between a client and its transport
	}
	raw.Status, raw.AnswerHeader = answer.StatusCode, answer.Header.Clone()
	received := &kept{}
	answer.Body = &reading{ReadCloser: answer.Body, kept: received, ended: func(err error) {
		raw.Body, raw.Answer = sent.bytes(), received.bytes()
		if err != nil {
			raw.Failure, raw.Answer.Size = failure(err), raw.Answer.Size+1 // so that it is no whole body
		}
		t.recorder.record(raw)
	}}
	return answer, nil
}

// kept is the start of a body.
type kept struct {
	mu    sync.Mutex // a transport may still send a body while the answer is read
	start bytes.Buffer
	size  int
}

func (k *kept) add(p []byte) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.size += len(p)
	k.start.Write(p[:min(len(p), max(0, maxBody-k.start.Len()))])
}

func (k *kept) bytes() redact.Bytes {
	k.mu.Lock()
	defer k.mu.Unlock()
	return redact.Bytes{Start: bytes.Clone(k.start.Bytes()), Size: k.size}
}

// reading keeps what is read of a body. ended is called once: at its end, or when it is closed before.
type reading struct {
	io.ReadCloser

	kept  *kept
	ended func(error)
	once  sync.Once
}

// Read reads.
func (r *reading) Read(p []byte) (int, error) {
	n, err := r.ReadCloser.Read(p)
	r.kept.add(p[:n])
	if err != nil {
		if errors.Is(err, io.EOF) {
			r.end(nil)
		} else {
			r.end(err)
		}
	}
	return n, err //nolint:wrapcheck // io.EOF must stay itself
}

// Close closes.
func (r *reading) Close() error {
	r.end(nil)
	return r.ReadCloser.Close() //nolint:wrapcheck // as it came
}

func (r *reading) end(err error) {
	if r.ended != nil {
		r.once.Do(func() { r.ended(err) })
	}
}

// failure is a word for why no answer came. The error's own text is not written: it names hosts and proxies.
func failure(err error) string {
	var resolving *net.DNSError
	var network net.Error
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.Is(err, context.Canceled):
		return "canceled"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return "timeout"
	case errors.As(err, &resolving):
		return "no-such-host"
	case errors.As(err, &certificate):
		return "tls"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refused"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "reset"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), strings.Contains(err.Error(), "server closed"):
		return "closed"
	}
	return "other"
}
