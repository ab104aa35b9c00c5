package wire

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/storagegateway/types"
	"github.com/aws/smithy-go"
)

// answer is what AWS said of a call that failed. All of it may be empty.
type answer struct {
	service   string // that gave it: ours, or one that gives credentials, such as STS
	exception string // the exception's name, or EC2's code
	inner     string // Storage Gateway's error.errorCode: an open string
	message   string
	status    int // HTTP; 0 where no answer came
	requestID string
}

// answerOf reads an error of the SDK.
func answerOf(err error) answer {
	a := answer{service: serviceOf(err)}
	if response, ok := errors.AsType[*awshttp.ResponseError](err); ok {
		a.status, a.requestID = response.HTTPStatusCode(), response.ServiceRequestID()
	}
	if undecoded, ok := errors.AsType[*smithy.DeserializationError](err); ok {
		a.readLeniently(undecoded.Snapshot)
		return a
	}
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		a.exception, a.message = api.ErrorCode(), api.ErrorMessage()
		a.inner = innerOf(api)
	}
	return a
}

// innerOf is the code inside Storage Gateway's exceptions, which may carry
// none.
func innerOf(err smithy.APIError) string {
	var detail *types.StorageGatewayError
	switch e := err.(type) {
	case *types.InvalidGatewayRequestException:
		detail = e.Error_
	case *types.InternalServerError:
		detail = e.Error_
	case *types.ServiceUnavailableError:
		detail = e.Error_
	}
	if detail == nil {
		return ""
	}
	return strings.TrimSpace(string(detail.ErrorCode)) // the model has a code with a trailing blank
}

// readLeniently finds the codes in an error's body that the SDK does not
// decode, such as the user guide's own sample, where errorDetails is a string.
// Of an answer with success there is nothing to find.
func (a *answer) readLeniently(body []byte) {
	var document struct {
		Type    string `json:"__type"`
		Message string `json:"message"`
		Error   struct {
			Code string `json:"errorCode"`
		} `json:"error"`
	}
	if a.status < 300 || json.Unmarshal(body, &document) != nil {
		return
	}
	a.exception = document.Type[strings.LastIndexByte(document.Type, '#')+1:]
	a.inner, a.message = document.Error.Code, document.Message
}

// serviceOf is the service that the error is of in the end: a call to Storage
// Gateway may fail in STS.
func serviceOf(err error) (service string) {
	for {
		operation, ok := errors.AsType[*smithy.OperationError](err)
		if !ok {
			return service
		}
		service, err = operation.Service(), operation.Err
	}
}

// String says the answer for people; empty where there is none.
func (a answer) String() string {
	code := a.exception
	if a.inner != "" && code != a.inner {
		code = strings.TrimPrefix(code+"/", "/") + a.inner
	}
	var parts []string
	for _, part := range []string{code, a.message} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, ": ")
}

// source names the answer for the person who looks it up at AWS.
func (a answer) source() string {
	if a.status == 0 {
		return ""
	}
	if a.requestID == "" {
		return fmt.Sprintf(" (%s, HTTP %d)", a.service, a.status)
	}
	return fmt.Sprintf(" (%s, HTTP %d, request id %s)", a.service, a.status, a.requestID)
}
