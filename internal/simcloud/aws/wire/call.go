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
)

// StorageGateway is the service that speaks AWS JSON; the others speak the query protocol.
const (
	StorageGateway = "storagegateway"

	serviceEC2 = "ec2"
	serviceSTS = "sts"
)

// MaxBody is the size of the largest request that is read.
const MaxBody = 1 << 20

const targetPrefix = "StorageGateway_20130630."

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
	call := &Call{HTTP: r, protocol: jsonProtocol{}, Service: StorageGateway, ID: newRequestID(), Now: now}
	target := r.Header.Get("X-Amz-Target")
	claim, _ := parseAuthorization(r.Header.Get("Authorization"))
	if target == "" && isQuery(r, claim) {
		call.protocol, call.Service = queryProtocol{}, serviceEC2
		if claim.service == serviceSTS {
			call.protocol, call.Service = stsProtocol{}, serviceSTS
		}
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, MaxBody+1))
	if err != nil {
		return call, Bad("IncompleteBody", "The request's body ended early.")
	}
	if len(body) > MaxBody {
		return call, Plain(http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", "The request's body is too large.")
	}
	call.Body = body
	if call.Service != StorageGateway {
		call.Form, err = url.ParseQuery(string(body))
		if err != nil {
			return call, Bad("MalformedQueryString", "The query string contains a syntax error.")
		}
	}
	if !slices.Contains([]string{"", StorageGateway, serviceEC2, serviceSTS}, claim.service) &&
		!strings.HasPrefix(target, targetPrefix) {
		return call, otherService(call, claim.service)
	}
	if call.Service == StorageGateway {
		name, ok := strings.CutPrefix(target, targetPrefix)
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

// isQuery is so for a request in the query protocol.
func isQuery(r *http.Request, claim scope) bool {
	return claim.service == serviceEC2 || strings.HasPrefix(r.Header.Get("Content-Type"), formEncoded)
}
