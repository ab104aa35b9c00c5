package huaweicloud

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"regexp"
	"strings"
	"time"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/auth/basic"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/config"
	gaussdb "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/gaussdb/v3"

	"github.com/tidegate/tidegate/internal/calltrace"
	"github.com/tidegate/tidegate/internal/maintenance"
)

// userAgent ends the User-Agent of every request; without it the SDK sends the
// machine's OS, Go version and an id of its own making.
const userAgent = "tidegate"

// Options are what tests and unusual networks change.
type Options struct {
	// Transport carries every request, by default http.DefaultTransport, which
	// respects HTTPS_PROXY and is shared by all accounts.
	Transport http.RoundTripper
	// Now is the clock by which tokens are renewed, by default time.Now.
	Now func() time.Time
}

// Cloud is the TaurusDB of one project. Its methods may be called from many
// goroutines at once. Each honours its context at once; deadlines are the
// caller's. See internal/maintenance for the sentinels that errors wrap.
type Cloud struct {
	account Account
	base    http.RoundTripper
	now     func() time.Time

	// What holds secrets is kept in functions: whatever fmt makes of a Cloud, it
	// does not look into those.

	keys func() *basic.Credentials // dummies where tokens are used
	// token gives what is sent as X-Auth-Token, "" where requests are signed
	// instead. refused is a token that the cloud has just turned away, or "": it
	// is not given again where another one can be had.
	token func(ctx context.Context, refused string) (string, error)
	clean func(text string) string // see scrubber
}

// Open checks account and credentials, reports every wrong field at once, and
// makes no call.
func Open(account Account, credentials Credentials, options Options) (*Cloud, error) {
	resolved, accountErr := account.resolve(credentials.byPassword())
	if err := errors.Join(accountErr, credentials.Validate()); err != nil {
		return nil, fmt.Errorf("open %s: %w", account, err)
	}
	scrub := newScrubber(credentials)
	c := &Cloud{account: resolved, base: options.Transport, now: options.Now, clean: scrub.clean}
	if c.base == nil {
		c.base = http.DefaultTransport
	}
	if c.now == nil {
		c.now = time.Now
	}
	signer, err := basic.NewCredentialsBuilder().
		WithAk(cmp.Or(credentials.AccessKey, "token")).
		WithSk(cmp.Or(credentials.SecretKey, "token")).
		WithSecurityToken(credentials.SecurityToken).
		WithProjectId(account.Project).
		SafeBuild()
	if err != nil {
		return nil, fmt.Errorf("open %s: the SDK refuses the credentials: %s", account, c.clean(err.Error()))
	}
	c.keys = func() *basic.Credentials { return signer }
	c.token = func(context.Context, string) (string, error) { return credentials.Token, nil }
	if credentials.byPassword() {
		c.token = newIAMTokens(c, credentials, scrub).token
	}
	return c, nil
}

// String names the account.
func (c *Cloud) String() string { return c.account.String() }

// call makes one call through a client of its own. A token that the cloud
// refuses is renewed once, and the call then made again: a refusal at the door
// means that nothing was done.
func call[T any](
	ctx context.Context, c *Cloud, op *operation, do func(*gaussdb.GaussDBClient) (*T, error),
) (_ *T, err error) {
	name, _ := strings.CutSuffix(reflect.TypeFor[T]().Name(), "Response")
	ended := calltrace.Start(ctx, "huawei", c.account.Name, name)
	defer func() { ended(err) }()
	token, err := c.token(ctx, "")
	if err != nil {
		return nil, fmt.Errorf("%s: not sent: %w", op.doing, err)
	}
	answer, transport, err := attempt(ctx, c, token, do)
	var reply *replyError
	if errors.As(err, &reply) && reply.refusesToken() {
		fresh, renewErr := c.token(ctx, token)
		if renewErr != nil {
			return nil, fmt.Errorf("%s: the token was refused, and a new one not to be had: %w", op.doing, renewErr)
		}
		if fresh != token {
			answer, transport, err = attempt(ctx, c, fresh, do)
		}
	}
	if err != nil {
		return nil, c.failure(op, err, transport.sent())
	}
	op.requestID = c.clean(transport.requestID)
	return answer, nil
}

func attempt[T any](
	ctx context.Context, c *Cloud, token string, do func(*gaussdb.GaussDBClient) (*T, error),
) (answer *T, transport *callTransport, err error) {
	transport = &callTransport{ctx: ctx, base: calltrace.Transport(ctx, c.account.Name, c.base), token: token}
	settings := config.DefaultHttpConfig().WithUserAgent(userAgent).WithHttpRoundTripper(transport).
		WithTimeout(0) // the context's deadline counts alone
	hc, err := gaussdb.GaussDBClientBuilder().
		WithEndpoint(c.account.Endpoint).
		WithCredential(c.keys()).
		WithHttpConfig(settings).
		WithErrorHandler(replies{now: c.now, bodyless: bodyless[T]()}).
		SafeBuild()
	if err != nil {
		return nil, transport, fmt.Errorf("make a client of the SDK: %w", err)
	}
	answer, err = do(gaussdb.NewGaussDBClient(hc))
	return answer, transport, err
}

// bodyless is so for an answer that the SDK models without members: the API gives it
// no body (API reference, BatchTagAction: "Example Response: None").
func bodyless[T any]() bool {
	answer := reflect.TypeFor[T]()
	return answer.NumField() == 1 && answer.Field(0).Name == "HttpStatusCode"
}

// idForm keeps an id within its segment of a path.
var idForm = regexp.MustCompile(`^[0-9A-Za-z_-]{1,64}$`)

// checkIDs refuses ids that would make the SDK call something else.
func checkIDs(op *operation, ids ...string) error {
	for _, id := range ids {
		if !idForm.MatchString(id) {
			return op.fail(maintenance.ErrInvalid,
				"not sent: the id %q is not 1 to 64 letters, digits, dashes or underscores", id)
		}
	}
	return nil
}

// value is what p points to, or the zero value.
func value[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}
