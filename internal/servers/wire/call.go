package wire

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/secretscan"
)

// call is one request: what it is for, and how far it came.
type call struct {
	client *Client
	did    string

	mu        sync.Mutex
	handed    bool     // to the transport
	dialled   bool     // which went for a connection
	connected bool     // and has one
	secrets   []string // what the request carried and no error may repeat
	status    int      // of the last answer; 0: none came
	media     string   // its Content-Type, without parameters
}

type callKey struct{}

// noted is the context by which the transport finds the call.
func (c *call) noted(ctx context.Context) context.Context {
	return context.WithValue(ctx, callKey{}, c)
}

// noting is the transport that notes how far a call comes. It sees requests as they go out, with their login.
type noting struct{ over http.RoundTripper }

// RoundTrip sends the request.
func (n noting) RoundTrip(request *http.Request) (*http.Response, error) {
	c, ok := request.Context().Value(callKey{}).(*call)
	if !ok {
		return n.over.RoundTrip(request) //nolint:wrapcheck // between a client and its transport
	}
	c.hide(request.Header)
	c.note(func() { c.handed, c.status = true, 0 })
	request = request.WithContext(httptrace.WithClientTrace(request.Context(), &httptrace.ClientTrace{
		GetConn: func(string) { c.note(func() { c.dialled = true }) },
		GotConn: func(httptrace.GotConnInfo) { c.note(func() { c.connected = true }) },
	}))
	answer, err := n.over.RoundTrip(request)
	if err == nil {
		media, _, _ := mime.ParseMediaType(answer.Header.Get("Content-Type")) // one that cannot be read is none
		c.note(func() { c.status, c.media = answer.StatusCode, media })
	}
	return answer, err //nolint:wrapcheck // as above
}

func (c *call) note(what func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	what()
}

// hide notes what a request carries that no error may repeat.
func (c *call) hide(header http.Header) {
	secrets := header.Values("X-Amz-Security-Token")
	for part := range strings.FieldsFuncSeq(header.Get("Authorization"), func(r rune) bool {
		return strings.ContainsRune(" ,", r)
	}) {
		secrets = append(secrets, part)
		if login, err := base64.StdEncoding.DecodeString(part); err == nil {
			_, password, _ := strings.Cut(string(login), ":")
			secrets = append(secrets, password)
		}
	}
	c.note(func() { c.secrets = append(c.secrets, secrets...) })
}

// RefusalError is what a server said of a request that it refused, in its own words.
type RefusalError struct{ Words string }

// Error is what the server said.
func (e *RefusalError) Error() string { return e.Words }

// UnusableError says why an answer, though the server gave it well, is of no use: asking again gives the same.
type UnusableError struct{ Why string }

// Error is why.
func (e *UnusableError) Error() string { return e.Why }

// failure is the error of a call: what it means, in words, and for those who decide.
type failure struct {
	text   string
	causes []error
}

// Error is what was done, to what, what to do, and what the server said.
func (f *failure) Error() string { return f.text }

// Unwrap is one of maintenance's sentinels, and the context's error where that ended the call.
func (f *failure) Unwrap() []error { return f.causes }

// unsent is the error of a call that did not get its turn.
func (c *call) unsent(ctx context.Context) error {
	f := &failure{causes: []error{maintenance.ErrUnavailable}}
	f.text = c.did + ": nothing was sent, since its turn did not come in time; raise the server's perSecond in the worker's accounts file, or ask it less often"
	if end := ctx.Err(); end != nil {
		f.causes = append(f.causes, end)
	}
	return f
}

// failed says what a failed call means: for whom, what to do, and what the server said.
func (c *call) failed(err error, once bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	text, sentinel := c.meaning(err)
	sent := c.handed && (c.connected || !c.dialled)
	if refused := c.status >= 400 && c.status < 500; once && sent && !refused {
		sentinel, text = maintenance.ErrUnknownOutcome, "whether it took effect is not known: "+text
	}
	if refusal, ok := errors.AsType[*RefusalError](err); ok && refusal.Words != "" {
		text += "; it says: " + c.clean(refusal.Words)
	}
	if c.status != 0 {
		text += fmt.Sprintf(" (HTTP %d)", c.status)
	}
	f := &failure{text: c.did + ": " + text, causes: []error{sentinel}}
	for _, end := range []error{context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, end) {
			f.causes = append(f.causes, end)
		}
	}
	return f
}

// meaning is what to do about a failed call, and its sentinel.
func (c *call) meaning(err error) (advice string, sentinel error) {
	if redirect, ok := errors.AsType[*redirectError](err); ok {
		return redirect.Error() + ", which is not followed; check the server's url", maintenance.ErrInvalid
	}
	if errors.Is(err, errRedirects) {
		return errRedirects.Error() + "; check the server's url", maintenance.ErrInvalid
	}
	if beyond, ok := errors.AsType[*http.MaxBytesError](err); ok {
		text := "the answer has more than %d kB and was not read to its end; ask for less"
		return fmt.Sprintf(text, beyond.Limit>>10), maintenance.ErrUnavailable
	}
	if unusable, ok := errors.AsType[*UnusableError](err); ok {
		return "the answer cannot be used: " + c.clean(unusable.Why), maintenance.ErrInvalid
	}
	if c.status == 0 || errors.Is(err, context.DeadlineExceeded) {
		return c.unanswered(err), maintenance.ErrUnavailable
	}
	return c.answered(err)
}

// answered is the meaning of an answer that is no success, or that cannot be read.
func (c *call) answered(err error) (advice string, sentinel error) {
	switch c.status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return "check the server's token, password or certificate in the worker's accounts file", maintenance.ErrDenied
	case http.StatusTooManyRequests:
		return "lower the server's perSecond in the worker's accounts file", maintenance.ErrThrottled
	case http.StatusNotFound, http.StatusMethodNotAllowed:
		return "check the server's url: its path may be wrong", maintenance.ErrNotFound
	}
	switch {
	case c.status/100 == 4:
		return "the server does not take what it was asked", maintenance.ErrInvalid
	case c.status/100 == 5:
		return "the server fails", maintenance.ErrUnavailable
	case c.media == "text/html":
		return "the answer is a web page; check the server's url, and whether a login page stands before it", maintenance.ErrUnavailable
	}
	return "the answer cannot be read: " + c.clean(innermost(err)), maintenance.ErrUnavailable
}

// unanswered says why no answer came, or not all of it.
func (c *call) unanswered(err error) string {
	at := c.client.base.Scheme + "://" + c.client.base.Host
	switch {
	case errors.Is(err, context.Canceled):
		return "the request was given up"
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Sprintf("%s did not answer within %s", at, maintenance.Duration(c.client.server.Timeout))
	case !c.handed:
		return "nothing was sent: " + c.clean(innermost(err))
	}
	return fmt.Sprintf("no answer came from %s; check the server's url and the network: %s", at, c.clean(innermost(err)))
}

// innermost is an error's text without the frame that net/http puts around it, which repeats the whole URL.
func innermost(err error) string {
	for {
		framed, ok := errors.AsType[*url.Error](err)
		if !ok {
			return err.Error()
		}
		err = framed.Err
	}
}

const (
	maxText = 300 // bytes of a server's words that an error repeats
	// minSecret keeps the public words of a signature, such as the region, from being hidden wherever they occur.
	minSecret = 6
)

// clean is the first line of a text, cut to a length that a person reads, and without secrets in any usual form.
func (c *call) clean(text string) string {
	text, _, _ = strings.Cut(strings.TrimSpace(text), "\n")
	for _, secret := range c.secrets {
		if len(secret) < minSecret {
			continue
		}
		text = strings.ReplaceAll(text, secret, hidden)
		if len(secretscan.Find([]byte(text), secretscan.Secret{Value: secret})) > 0 {
			return "(its words are hidden, since they repeat the login)"
		}
	}
	if len(text) > maxText {
		text = strings.ToValidUTF8(text[:maxText], "") + "..."
	}
	return text
}
