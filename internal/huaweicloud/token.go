package huaweicloud

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/tidegate/tidegate/internal/bounded"
	"github.com/tidegate/tidegate/internal/calltrace"
	"github.com/tidegate/tidegate/internal/maintenance"
)

const (
	// renewBefore is how long before its end a token is renewed; for a token
	// that lives shorter than five times as long, a fifth of its life.
	renewBefore = 30 * time.Minute
	// renewPatience is how long callers wait for the renewal of a token that
	// still works.
	renewPatience = 10 * time.Second
	// renewPause is how long IAM is left alone after it did not renew a token
	// that still works.
	renewPause = time.Minute
	// assumedLife is how long a token is used whose end IAM does not say. The
	// documented life is 24 hours (iam_30_0001).
	assumedLife = time.Hour
)

// iamTokens fetches tokens with user and password, keeps the last one and
// renews it. The SDK cannot: its own IAM client demands AK/SK.
type iamTokens struct {
	cloud  *Cloud
	client *http.Client
	login  Credentials
	scrub  *scrubber

	turn     chan struct{} // holds one: who fetches, or reads what follows
	current  string
	renewAt  time.Time
	expireAt time.Time
}

func newIAMTokens(c *Cloud, login Credentials, scrub *scrubber) *iamTokens {
	return &iamTokens{
		cloud: c,
		login: login,
		scrub: scrub,
		turn:  make(chan struct{}, 1),
		client: &http.Client{
			Transport:     bounded.Transport{Over: underContext{c}},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// underContext is the account's transport through what each request's context puts around it.
type underContext struct{ cloud *Cloud }

// RoundTrip sends the request.
func (u underContext) RoundTrip(request *http.Request) (*http.Response, error) {
	through := calltrace.Transport(request.Context(), u.cloud.account.Name, u.cloud.base)
	return through.RoundTrip(request) //nolint:wrapcheck // between a client and its transport
}

// token gives the kept token, or fetches one. A caller that comes meanwhile waits for
// the same fetch, as long as its own context lasts.
func (t *iamTokens) token(ctx context.Context, refused string) (string, error) {
	select {
	case t.turn <- struct{}{}:
		defer func() { <-t.turn }()
	case <-ctx.Done():
		return "", &callError{doing: t.doing(), kind: maintenance.ErrUnavailable, detail: ctx.Err().Error(), cause: ctx.Err()}
	}
	now := t.cloud.now()
	usable := t.current != "" && t.current != refused && now.Before(t.expireAt)
	if usable && now.Before(t.renewAt) {
		return t.current, nil
	}
	if usable {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, renewPatience)
		defer cancel()
	}
	fetched, life, err := t.fetch(ctx)
	switch {
	case err == nil:
		t.scrub.also(fetched, t.current)
		t.current, t.expireAt = fetched, now.Add(life)
		t.renewAt = t.expireAt.Add(-min(renewBefore, life/5))
	case usable: // the token still works: do not fail for an early renewal
		t.renewAt = now.Add(renewPause)
	default:
		return "", err
	}
	return t.current, nil
}

func (t *iamTokens) doing() string {
	return fmt.Sprintf("fetch an IAM token at %s for user %q of domain %q",
		t.cloud.account.IAMEndpoint, t.login.User, t.login.Domain)
}

// fetch asks IAM once (POST /v3/auth/tokens, answered by 201).
func (t *iamTokens) fetch(ctx context.Context) (token string, life time.Duration, err error) {
	body, err := json.Marshal(t.question())
	if err != nil {
		return "", 0, fmt.Errorf("%s: %w", t.doing(), err)
	}
	url := t.cloud.account.IAMEndpoint + "/v3/auth/tokens?nocatalog=true"
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return "", 0, fmt.Errorf("%s: %w", t.doing(), err)
	}
	req.Header.Set("Content-Type", "application/json;charset=utf8")
	req.Header.Set("User-Agent", userAgent)
	resp, err := t.client.Do(req)
	if err != nil {
		return "", 0, t.cloud.failure(&operation{doing: t.doing(), at: t.cloud.account.IAMEndpoint}, err, false)
	}
	answer, err := io.ReadAll(resp.Body)
	err = errors.Join(err, resp.Body.Close())
	token = resp.Header.Get("X-Subject-Token")
	if err != nil || resp.StatusCode != http.StatusCreated || token == "" {
		return "", 0, t.refusal(newReplyError(resp, answer, err, t.cloud.now()))
	}
	return token, tokenLife(answer, t.cloud.now()), nil
}

// question is the body of a request for a token of the account's project.
func (t *iamTokens) question() any {
	type object = map[string]any
	user := object{
		"name": t.login.User, "password": t.login.Password,
		"domain": object{"name": t.login.Domain},
	}
	return object{"auth": object{
		"identity": object{"methods": []string{"password"}, "password": object{"user": user}},
		"scope":    object{"project": object{"id": t.cloud.account.Project}},
	}}
}

// refusal never says NotFound, Busy and the like: those would be taken for
// the state of a proxy.
func (t *iamTokens) refusal(reply *replyError) error {
	failed := &callError{
		doing: t.doing(), kind: maintenance.ErrUnavailable,
		detail: reply.describe(t.cloud.clean), retryAfter: reply.retryAfter,
	}
	switch {
	case reply.status == http.StatusTooManyRequests || reply.normalCode() == "APIGW.0308":
		failed.kind = maintenance.ErrThrottled
	case !reply.wellFormed:
		failed.advice = fmt.Sprintf("this is not an answer of IAM; check the endpoint %s of %s", t.cloud.account.IAMEndpoint,
			t.cloud.account)
	case reply.status/100 == 4 && reply.status != http.StatusRequestTimeout:
		failed.kind = maintenance.ErrDenied
		failed.advice = fmt.Sprintf("check user, password and domain, and the project of %s", t.cloud.account)
	}
	return failed
}

// tokenLife is how long a token may be used. IAM's own two times are compared,
// so that the machine's clock does not matter.
func tokenLife(answer []byte, now time.Time) time.Duration {
	var body struct {
		Token struct {
			IssuedAt  time.Time `json:"issued_at"`
			ExpiresAt time.Time `json:"expires_at"`
		} `json:"token"`
	}
	if json.Unmarshal(answer, &body) != nil || body.Token.ExpiresAt.IsZero() {
		return assumedLife
	}
	issued := body.Token.IssuedAt
	if issued.IsZero() {
		issued = now
	}
	return max(0, body.Token.ExpiresAt.Sub(issued))
}
