package aws

import (
	"cmp"
	"encoding/json"
	"net/http"

	exact "github.com/go-json-experiment/json"

	"github.com/tidegate/tidegate/internal/simcloud/fault"
)

// jsonProtocol is AWS JSON 1.1.
type jsonProtocol struct{}

// jsonFault is the body of an error. The exception's name stands in the body,
// since Python's clients look nowhere else, and errorDetails is an object,
// since Go's client cannot decode the string of the user guide's sample.
type jsonFault struct {
	Type    string     `json:"__type"`
	Message string     `json:"message"`
	Error   *jsonInner `json:"error,omitempty"`
}

type jsonInner struct {
	Code string `json:"errorCode"`
	// Details is a map of strings, and one string where a fault wants it so.
	Details any `json:"errorDetails"`
}

func (jsonProtocol) encode(w http.ResponseWriter, call *call, out any, err *apiError) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	w.Header().Set("X-Amzn-Requestid", call.id)
	status := http.StatusOK
	if err != nil {
		status = err.status
		w.Header().Set("X-Amzn-Errortype", err.code)
		body := jsonFault{Type: err.code, Message: err.message}
		if err.inner != "" {
			body.Error = &jsonInner{Code: err.inner, Details: err.details}
		}
		if call.strike.Rule().Kind == fault.ErrorDetailsAsString {
			body.Error = &jsonInner{Code: cmp.Or(err.inner, err.code), Details: "an error occurred on the gateway"}
		}
		out = body
	}
	writeJSON(w, status, out)
}

func (jsonProtocol) unknownOperation(string) *apiError {
	return bad("UnknownOperationException", "The requested operation is not recognized by the service.")
}

func (jsonProtocol) authErrors() authErrors {
	return authErrors{
		missing:       plain(http.StatusForbidden, "MissingAuthenticationToken", "Request is missing Authentication Token"),
		incomplete:    bad("IncompleteSignatureException", "Authorization header requires 'Credential', 'Signature' and 'SignedHeaders' parameters, and the request a signed 'Host' and 'X-Amz-Date' header."),
		unknownKey:    bad("UnrecognizedClientException", "The security token included in the request is invalid."),
		wrongSecret:   bad("InvalidSignatureException", "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."),
		expiredToken:  bad("ExpiredTokenException", "The security token included in the request is expired"),
		expired:       bad("RequestExpired", "The request reached the service more than 15 minutes after the date stamp on the request."),
		skewedCode:    "InvalidSignatureException",
		wrongScope:    "InvalidSignatureException",
		scopeHTTPCode: http.StatusBadRequest,
	}
}

// writeJSON sends a value. A client that has gone away is no error of ours.
func writeJSON(w http.ResponseWriter, status int, value any) {
	body, err := json.Marshal(value)
	if err != nil {
		http.Error(w, "the simulator cannot encode its own answer: "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.WriteHeader(status)
	_, _ = w.Write(body) //nolint:errcheck // a client that has gone away
}

// jsonOperation makes an operation of a function that takes the decoded input.
func jsonOperation[In any](act func(c *Cloud, call *call, in In) (any, *apiError)) operation {
	return func(c *Cloud, call *call) (any, *apiError) {
		var in In
		// Members in another case are no members, as for AWS.
		if err := exact.Unmarshal(call.body, &in); err != nil {
			return nil, bad("SerializationException", "The request's body cannot be read: "+err.Error())
		}
		return act(c, call, in)
	}
}
