package wire

import "net/http"

// Error is an answer that refuses, in a form that every protocol can write.
type Error struct {
	// status is the HTTP status.
	status int
	// code is the exception (Storage Gateway, CloudWatch) or the error code (EC2).
	code string
	// query is the code that CloudWatch's clients show in place of the exception's name,
	// in every protocol; empty: the same.
	query string
	// Message is for people; programs read the code.
	Message string
	// inner is Storage Gateway's error.errorCode, empty for the untyped errors.
	inner string
	// Details are those of errorDetails, or CloudWatch's further members, by their names.
	Details map[string]string
}

// Error is for logs and tests; callers get the protocol's form.
func (e *Error) Error() string { return e.code + ": " + e.Message }

const invalidGatewayRequest = "InvalidGatewayRequestException"

// Refuse is the error of every Storage Gateway operation; code is the inner
// one that says what it was. The message is the documented one.
func Refuse(code string) *Error {
	messages := map[string]string{
		"GatewayNotConnected": "The specified gateway is not connected.",
		"GatewayNotFound":     "The specified gateway was not found.",
		"InvalidParameters":   "The specified request contains invalid parameters.",
		"NotSupported":        "The specified operation is not supported.",
		// The message of this one is nobody's sample.
		"SnapshotScheduleNotFound": "The specified snapshot schedule was not found.",

		"VolumeNotFound": "The specified volume was not found.",
		"VolumeNotReady": "The specified volume is not ready.",
	}
	return &Error{
		status: http.StatusBadRequest, code: invalidGatewayRequest, Message: messages[code], inner: code,
		Details: map[string]string{},
	}
}

// RefuseParameter is InvalidParameters that says which parameter and why.
func RefuseParameter(name, why string) *Error {
	e := Refuse("InvalidParameters")
	e.Details[name] = why
	return e
}

// Plain is an error without an inner code.
func Plain(status int, code, message string) *Error {
	return &Error{status: status, code: code, Message: message}
}

// Bad is EC2's refusal of a request's content.
func Bad(code, message string) *Error {
	return Plain(http.StatusBadRequest, code, message)
}
