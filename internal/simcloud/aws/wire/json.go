package wire

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

func (jsonProtocol) encode(w http.ResponseWriter, call *Call, out any, err *Error) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	w.Header().Set("X-Amzn-Requestid", call.ID)
	status := http.StatusOK
	if err != nil {
		status = err.status
		w.Header().Set("X-Amzn-Errortype", err.code)
		body := jsonFault{Type: err.code, Message: err.Message}
		if err.inner != "" {
			body.Error = &jsonInner{Code: err.inner, Details: err.Details}
		}
		if call.Strike.Rule().Kind == fault.ErrorDetailsAsString {
			body.Error = &jsonInner{Code: cmp.Or(err.inner, err.code), Details: "an error occurred on the gateway"}
		}
		out = body
	}
	writeJSON(w, status, out)
}

func (jsonProtocol) unknownOperation(string) *Error {
	return Bad("UnknownOperationException", "The requested operation is not recognized by the service.")
}

func (jsonProtocol) authErrors() authErrors {
	return authErrors{
		missing:       Plain(http.StatusForbidden, "MissingAuthenticationToken", "Request is missing Authentication Token"),
		incomplete:    Bad("IncompleteSignatureException", "Authorization header requires 'Credential', 'Signature' and 'SignedHeaders' parameters, and the request a signed 'Host' and 'X-Amz-Date' header."),
		unknownKey:    Bad("UnrecognizedClientException", "The security token included in the request is invalid."),
		wrongSecret:   Bad("InvalidSignatureException", "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."),
		expiredToken:  Bad("ExpiredTokenException", "The security token included in the request is expired"),
		expired:       Bad("RequestExpired", "The request reached the service more than 15 minutes after the date stamp on the request."),
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
	_, _ = w.Write(body) // a client that has gone away
}

// readJSON decodes a body. Members in another case are no members, as for AWS.
func readJSON(call *Call, into any) error {
	return exact.Unmarshal(call.Body, into) //nolint:wrapcheck // Input says what it means
}
