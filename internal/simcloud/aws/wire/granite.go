package wire

import (
	"encoding/xml"
	"fmt"
	"maps"
	"net/http"

	"github.com/fxamacker/cbor/v2"
)

// CloudWatch speaks three protocols, with one set of members and errors: the AWS SDKs for Go
// and others send CBOR, boto3 and the AWS CLI JSON, those from before 2025 a query. Its own name for
// its API is Granite.
const (
	graniteTarget    = "GraniteServiceVersion20100801."
	granitePath      = "/service/GraniteServiceVersion20100801/operation/"
	graniteNamespace = "http://monitoring.amazonaws.com/doc/2010-08-01/"
	graniteShapes    = "com.amazonaws.cloudwatch#"
)

// Invalid is CloudWatch's refusal of an input's content.
func Invalid(message string) *Error { return graniteSays("ValidationException", message) }

// NotFound is CloudWatch's refusal of a name that there is not.
func NotFound(resourceType, id string) *Error {
	e := graniteSays("ResourceNotFoundException", resourceType+" "+id+" does not exist")
	e.Details = map[string]string{"ResourceType": resourceType, "ResourceId": id}
	return e
}

// graniteFaults are the same in the three protocols.
func graniteFaults() faultErrors {
	return faultErrors{
		denied: graniteSays("AccessDeniedException",
			"User is not authorized to perform this operation because no identity-based policy allows it"),
		throttled: graniteSays("ThrottlingException", "Rate exceeded"),
		internal:  graniteSays("InternalServiceFault", "An internal server error has occurred."),
		echoed:    Invalid(""),
		withCode:  graniteError,
	}
}

// graniteErrors are those whose code in a query, and in what clients show, is not the
// exception's name.
func graniteErrors() []Error {
	return []Error{
		{status: http.StatusForbidden, code: "AccessDeniedException", query: "AccessDenied"},
		{status: http.StatusBadRequest, code: "ThrottlingException", query: "Throttling"},
		{status: http.StatusBadRequest, code: "ValidationException", query: "ValidationError"},
		{status: http.StatusBadRequest, code: "LimitExceededFault", query: "LimitExceeded"},
		{status: http.StatusBadRequest, code: "InvalidParameterValueException", query: "InvalidParameterValue"},
		{status: http.StatusBadRequest, code: "InvalidParameterCombinationException", query: "InvalidParameterCombination"},
		{status: http.StatusInternalServerError, code: "InternalServiceFault", query: "InternalServiceError"},
	}
}

// graniteError is the error of an exception's name or a query's code.
func graniteError(code string) *Error {
	found := Error{status: http.StatusBadRequest, code: code}
	for _, known := range graniteErrors() {
		if code == known.code || code == known.query {
			found = known
		}
	}
	switch code {
	case "ResourceNotFoundException":
		found.status = http.StatusNotFound
	case "InternalFailure", "InternalServerError":
		found.status = http.StatusInternalServerError
	case "ServiceUnavailable", "ServiceUnavailableException":
		found.status = http.StatusServiceUnavailable
	}
	found.Message = "The request was refused: " + code + "."
	return &found
}

// graniteSays is an error with a text.
func graniteSays(code, message string) *Error {
	e := graniteError(code)
	e.Message = message
	return e
}

// members are an error's as JSON and CBOR have them.
func (e *Error) members() map[string]string {
	out := map[string]string{"__type": graniteShapes + e.code, "message": e.Message}
	maps.Copy(out, e.Details)
	return out
}

// sayQueryCode puts the query's code into a header, where clients of the other protocols read it.
func (e *Error) sayQueryCode(w http.ResponseWriter) {
	if e.query != "" {
		w.Header().Set("X-Amzn-Query-Error", e.query+";"+e.faultOf())
	}
}

// faultOf says whose fault the error is, as queries do.
func (e *Error) faultOf() string {
	if e.status >= http.StatusInternalServerError {
		return "Receiver"
	}
	return "Sender"
}

// graniteJSON is AWS JSON 1.0.
type graniteJSON struct{ jsonProtocol }

func (graniteJSON) faultErrors() faultErrors { return graniteFaults() }

func (graniteJSON) encode(w http.ResponseWriter, call *Call, out any, err *Error) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	w.Header().Set("X-Amzn-Requestid", call.ID)
	switch {
	case err != nil:
		err.sayQueryCode(w)
		writeJSON(w, err.status, err.members())
	case out == nil:
		w.WriteHeader(http.StatusOK)
	default:
		writeJSON(w, http.StatusOK, out)
	}
}

// graniteCBOR is Smithy's RPC v2 with CBOR.
type graniteCBOR struct{ jsonProtocol }

func (graniteCBOR) faultErrors() faultErrors { return graniteFaults() }

const cborType = "application/cbor"

func (graniteCBOR) encode(w http.ResponseWriter, call *Call, out any, err *Error) {
	w.Header().Set("Smithy-Protocol", "rpc-v2-cbor")
	w.Header().Set("X-Amzn-Requestid", call.ID)
	status := http.StatusOK
	if err != nil {
		err.sayQueryCode(w)
		status, out = err.status, err.members()
	}
	if out == nil {
		w.WriteHeader(status)
		return
	}
	body, encodeErr := cbor.Marshal(out)
	if encodeErr != nil {
		http.Error(w, "the simulator cannot encode its own answer: "+encodeErr.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", cborType)
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that has gone away
}

// readCBOR decodes a body; no body is an input without members.
func readCBOR(call *Call, into any) error {
	if len(call.Body) == 0 {
		return nil
	}
	mode, err := cbor.DecOptions{
		DupMapKey: cbor.DupMapKeyEnforcedAPF, FieldNameMatching: cbor.FieldNameMatchingCaseSensitive, MaxNestedLevels: 16,
	}.DecMode()
	if err != nil {
		return fmt.Errorf("make the decoder: %w", err)
	}
	return mode.Unmarshal(call.Body, into) //nolint:wrapcheck // Input says what it means
}

// graniteQuery is the query protocol, whose answers are STS's in form.
type graniteQuery struct{ stsProtocol }

func (graniteQuery) faultErrors() faultErrors { return graniteFaults() }

// graniteReply has no result where the operation has no output.
type graniteReply struct {
	Result    *graniteResult
	RequestID string `xml:"ResponseMetadata>RequestId"`
}

// graniteResult is an element of the operation's name.
type graniteResult struct {
	name string
	out  any
}

// MarshalXML writes the output's members.
func (r *graniteResult) MarshalXML(e *xml.Encoder, _ xml.StartElement) error {
	return e.EncodeElement(r.out, xml.StartElement{Name: xml.Name{Local: r.name}}) //nolint:wrapcheck // writeXML says it
}

func (graniteQuery) encode(w http.ResponseWriter, call *Call, out any, err *Error) {
	if err != nil {
		writeQueryError(w, call, graniteNamespace, err)
		return
	}
	reply := graniteReply{RequestID: call.ID}
	if out != nil {
		reply.Result = &graniteResult{call.Operation + "Result", out}
	}
	writeQueryReply(w, call, graniteNamespace, reply)
}
