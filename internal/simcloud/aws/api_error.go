package aws

import "net/http"

// apiError is an answer that refuses, in a form that both protocols can write.
type apiError struct {
	// status is the HTTP status.
	status int
	// code is the exception (Storage Gateway) or the error code (EC2).
	code    string
	message string
	// inner is Storage Gateway's error.errorCode, empty for the untyped errors.
	inner   string
	details map[string]string
}

// Error is for logs and tests; callers get the protocol's form.
func (e *apiError) Error() string { return e.code + ": " + e.message }

const invalidGatewayRequest = "InvalidGatewayRequestException"

// refuse is the error of every Storage Gateway operation; code is the inner
// one that says what it was. The message is the documented one.
func refuse(code string) *apiError {
	messages := map[string]string{
		"GatewayNotConnected": "The specified gateway is not connected.",
		"GatewayNotFound":     "The specified gateway was not found.",
		"InvalidParameters":   "The specified request contains invalid parameters.",
		"NotSupported":        "The specified operation is not supported.",
		"VolumeNotFound":      "The specified volume was not found.",
		"VolumeNotReady":      "The specified volume is not ready.",
	}
	return &apiError{status: http.StatusBadRequest, code: invalidGatewayRequest, message: messages[code], inner: code, details: map[string]string{}}
}

// refuseParameter is InvalidParameters that says which parameter and why.
func refuseParameter(name, why string) *apiError {
	e := refuse("InvalidParameters")
	e.details[name] = why
	return e
}

// plain is an error without an inner code.
func plain(status int, code, message string) *apiError {
	return &apiError{status: status, code: code, message: message}
}

// bad is EC2's refusal of a request's content.
func bad(code, message string) *apiError {
	return plain(http.StatusBadRequest, code, message)
}
