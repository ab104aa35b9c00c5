// Package bounded limits how much memory outside input can fill: answers over HTTP, and files. A
// program that answers in place of a cloud, such as a proxy or a wrong endpoint, may send without
// end. It does not interpret the content. Start at Transport and ReadFile.
package bounded

import (
	"errors"
	"fmt"
	"net/http"
)

const (
	// MaxAnswer is the most that is read of an answer, in bytes, after it was
	// decompressed. The largest that a cloud has reason to give is a page of 200
	// snapshots with 50 tags each, some two megabytes.
	MaxAnswer = 4 << 20
	// MaxError is the same for an answer that says no: a code and a sentence.
	MaxError = 64 << 10
)

// Limit bounds an answer's body. What reads beyond the bound gets an error that
// TooLarge knows.
func Limit(answer *http.Response) {
	most := int64(MaxAnswer)
	if answer.StatusCode/100 != 2 {
		most = MaxError
	}
	answer.Body = http.MaxBytesReader(nil, answer.Body, most)
}

// TooLarge says what it means that a body went beyond its bound; false for any
// other error.
func TooLarge(err error) (means string, ok bool) {
	beyond, ok := errors.AsType[*http.MaxBytesError](err)
	if !ok {
		return "", false
	}
	return fmt.Sprintf("the answer has more than %s, so it was not read to its end and does not count; "+
		"no cloud answers so: look for a proxy between, or a wrong endpoint", size(beyond.Limit)), true
}

// size is a bound for people.
func size(bytes int64) string {
	if bytes >= 1<<20 {
		return fmt.Sprintf("%d MB", bytes>>20)
	}
	return fmt.Sprintf("%d kB", bytes>>10)
}

// Transport bounds every answer of another one.
type Transport struct{ Over http.RoundTripper }

// RoundTrip sends the request, and bounds the answer's body.
func (t Transport) RoundTrip(request *http.Request) (*http.Response, error) {
	answer, err := t.Over.RoundTrip(request)
	if err == nil {
		Limit(answer)
	}
	return answer, err //nolint:wrapcheck // as it came: this stands between a client and its transport
}

// DefaultClients bounds the answers to all clients that have no transport of their
// own, among them http.DefaultClient: those of libraries that take none from us. It
// is for a program's first lines, before anything is sent.
func DefaultClients() {
	if _, done := http.DefaultTransport.(Transport); !done {
		http.DefaultTransport = Transport{Over: http.DefaultTransport}
	}
}
