package aws

import (
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/tidegate/tidegate/internal/simcloud/fault"
)

// The two services and what their requests are recognised by.
const (
	serviceGateway = "storagegateway"
	serviceEC2     = "ec2"
	serviceSTS     = "sts"

	targetPrefix = "StorageGateway_20130630."
	maxBody      = 1 << 20
)

// call is one request on its way through answer.
type call struct {
	protocol  protocol
	service   string
	operation string
	body      []byte
	form      url.Values // EC2 only
	http      *http.Request
	id        string
	now       time.Time
	// account and region are known once the call is authenticated.
	account, region string
	// signed is when the caller says that it signed.
	signed time.Time
	// strike is the scripted fault that befalls the call, nil for none.
	strike *fault.Strike
}

// operation acts on the cloud, whose lock is held.
type operation func(c *Cloud, call *call) (any, *apiError)

// protocol is how a service writes its answers.
type protocol interface {
	encode(w http.ResponseWriter, call *call, out any, err *apiError)
	unknownOperation(name string) *apiError
	authErrors() authErrors
	faultErrors() faultErrors
}

// decode finds out the service and the operation. The call that it returns
// with an error can still be answered.
func decode(r *http.Request) (*call, *apiError) {
	call := &call{http: r, protocol: jsonProtocol{}, service: serviceGateway}
	target := r.Header.Get("X-Amz-Target")
	claim, _ := parseAuthorization(r.Header.Get("Authorization"))
	if target == "" && isQuery(r, claim) {
		call.protocol, call.service = queryProtocol{}, serviceEC2
		if claim.service == serviceSTS {
			call.protocol, call.service = stsProtocol{}, serviceSTS
		}
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil {
		return call, bad("IncompleteBody", "The request's body ended early.")
	}
	if len(body) > maxBody {
		return call, plain(http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", "The request's body is too large.")
	}
	call.body = body
	if call.service != serviceGateway {
		call.form, err = url.ParseQuery(string(body))
		if err != nil {
			return call, bad("MalformedQueryString", "The query string contains a syntax error.")
		}
	}
	if !slices.Contains([]string{"", serviceGateway, serviceEC2, serviceSTS}, claim.service) && !strings.HasPrefix(target, targetPrefix) {
		return call, otherService(call, claim.service)
	}
	if call.service == serviceGateway {
		name, ok := strings.CutPrefix(target, targetPrefix)
		if !ok || r.Method != http.MethodPost {
			return call, call.protocol.unknownOperation(target)
		}
		call.operation = name
		return call, nil
	}
	call.operation = call.form.Get("Action")
	if call.operation == "" {
		return call, bad("MissingAction", "The request must contain the parameter Action.")
	}
	return call, nil
}

// formEncoded is the content type of a query.
const formEncoded = "application/x-www-form-urlencoded"

// isQuery is so for a request in the query protocol.
func isQuery(r *http.Request, claim scope) bool {
	return claim.service == serviceEC2 || strings.HasPrefix(r.Header.Get("Content-Type"), formEncoded)
}
