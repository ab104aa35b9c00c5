package wire

import (
	"cmp"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/tidegate/tidegate/internal/simcloud/fault"
	"github.com/tidegate/tidegate/internal/simcloud/record"
)

// The services, by the names that permissions and the AWS CLI have for them.
const (
	StorageGateway = "storagegateway" // AWS JSON 1.1
	CloudWatch     = "cloudwatch"     // CBOR, AWS JSON 1.0 or a query, as the client likes

	serviceEC2 = "ec2" // a query
	serviceSTS = "sts" // a query
)

// MaxBody is the size of the largest request that is read.
const MaxBody = 1 << 20

const targetPrefix = "StorageGateway_20130630."

// signingName is what a service's requests are signed for.
func signingName(service string) string {
	if service == CloudWatch {
		return "monitoring"
	}
	return service
}

// Call is one request.
type Call struct {
	Service   string
	Operation string
	Body      []byte
	Form      url.Values // of the query protocol only
	HTTP      *http.Request
	ID        string
	Now       time.Time
	// Account and Region are known once the call is authenticated.
	Account, Region string
	// Strike is the scripted fault that befalls the call, nil for none.
	Strike *fault.Strike

	protocol protocol
	// read decodes the input; nil for EC2 and STS, whose operations read the form.
	read func(call *Call, into any) error
	// signed is when the caller says that it signed.
	signed time.Time
}

// protocol is how a service writes its answers.
type protocol interface {
	encode(w http.ResponseWriter, call *Call, out any, err *Error)
	unknownOperation(name string) *Error
	authErrors() authErrors
	faultErrors() faultErrors
}

// Decode finds out the service and the operation. The call that it returns
// with an error can still be answered.
func Decode(r *http.Request, now time.Time) (*Call, *Error) {
	call := &Call{HTTP: r, ID: newRequestID(), Now: now}
	target := r.Header.Get("X-Amz-Target")
	claim, _ := parseAuthorization(r.Header.Get("Authorization"))
	prefix := call.route(target, claim)
	body, err := io.ReadAll(io.LimitReader(r.Body, MaxBody+1))
	if err != nil {
		return call, Bad("IncompleteBody", "The request's body ended early.")
	}
	if len(body) > MaxBody {
		return call, Plain(http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", "The request's body is too large.")
	}
	call.Body = body
	if prefix == "" {
		call.Form, err = url.ParseQuery(string(body))
		if err != nil {
			return call, Bad("MalformedQueryString", "The query string contains a syntax error.")
		}
	}
	if !served(claim.service) && !strings.HasPrefix(target, targetPrefix) && call.Service != CloudWatch {
		return call, otherService(call, claim.service)
	}
	if prefix != "" {
		name, ok := strings.CutPrefix(cmp.Or(target, r.URL.Path), prefix)
		if !ok || r.Method != http.MethodPost {
			return call, call.protocol.unknownOperation(target)
		}
		call.Operation = name
		return call, nil
	}
	call.Operation = call.Form.Get("Action")
	if call.Operation == "" {
		return call, Bad("MissingAction", "The request must contain the parameter Action.")
	}
	return call, nil
}

// route finds out the service and how it is spoken to. What stands before the operation's
// name, in the target or the path, is empty for a query.
func (c *Call) route(target string, claim scope) (prefix string) {
	form := strings.HasPrefix(c.HTTP.Header.Get("Content-Type"), formEncoded)
	switch {
	case strings.HasPrefix(target, graniteTarget):
		c.Service, c.protocol, c.read = CloudWatch, graniteJSON{}, readJSON
		return graniteTarget
	case target == "" && strings.HasPrefix(c.HTTP.URL.Path, granitePath):
		c.Service, c.protocol, c.read = CloudWatch, graniteCBOR{}, readCBOR
		return granitePath
	case target == "" && form && claim.service == signingName(CloudWatch):
		c.Service, c.protocol, c.read = CloudWatch, graniteQuery{}, readForm
		return ""
	case target == "" && form && claim.service == serviceSTS:
		c.Service, c.protocol = serviceSTS, stsProtocol{}
		return ""
	case target == "" && (form || claim.service == serviceEC2):
		c.Service, c.protocol = serviceEC2, queryProtocol{}
		return ""
	}
	c.Service, c.protocol, c.read = StorageGateway, jsonProtocol{}, readJSON
	return targetPrefix
}

// served is so for the service that a request is signed for, where it is simulated, and
// for a request that is not signed.
func served(signedFor string) bool {
	return signedFor == "" || slices.ContainsFunc([]string{StorageGateway, CloudWatch, serviceEC2, serviceSTS},
		func(service string) bool { return signingName(service) == signedFor })
}

// formEncoded is the content type of a query.
const formEncoded = "application/x-www-form-urlencoded"

// newRequestID is a random id in the form that AWS uses.
func newRequestID() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // it never fails since Go 1.24
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// Answer sends an answer, or a refusal, as the call's protocol has it.
func (c *Call) Answer(w http.ResponseWriter, out any, err *Error) { c.protocol.encode(w, c, out, err) }

// UnknownOperation is the answer to an operation that is not simulated, or that the service does not have.
func (c *Call) UnknownOperation() *Error {
	return cmp.Or(notSimulated(c.Service, c.Operation), c.protocol.unknownOperation(c.Operation))
}

// Effect notes a change that the caller made.
func (c *Call) Effect(book *record.Book, resource string, detail map[string]string) {
	detail["account"] = c.Account
	if id := c.HTTP.Header.Get("Amz-Sdk-Invocation-Id"); id != "" {
		detail["invocation"] = id
	}
	book.EffectAt(c.Now, c.Service+":"+c.Operation, resource, c.ID, detail)
}
