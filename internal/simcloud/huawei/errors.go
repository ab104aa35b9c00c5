package huawei

import (
	"fmt"
	"net/http"
	"strings"
)

// apiError is a refusal in the cloud's own words: the body
// {"error_code","error_msg"} under an HTTP status.
type apiError struct {
	status  int
	code    string
	message string
}

// Error is the code and the message.
func (e *apiError) Error() string { return e.code + ": " + e.message }

func badParameter() error {
	return &apiError{http.StatusBadRequest, "DBS.200001", "Parameter error."}
}

func emptyBody() error {
	return &apiError{http.StatusBadRequest, "DBS.200006", "The request body is empty."}
}

func nothingToUpgrade() error {
	return &apiError{http.StatusBadRequest, "DBS.05000008", "The proxy is already of the latest version. No upgrade is required."}
}

func malformedID() error {
	return &apiError{http.StatusBadRequest, "DBS.280404", "The ID is invalid."}
}

func noInstance() error {
	return &apiError{http.StatusNotFound, "DBS.200002", "The DB instance does not exist."}
}

func noProxy() error {
	return &apiError{http.StatusBadRequest, "DBS.270024", "The database proxy does not exist."}
}

func noJob() error {
	return &apiError{http.StatusBadRequest, "DBS.200543", "The job does not exist."}
}

func badWeight() error {
	return &apiError{http.StatusBadRequest, "DBS.270025", "The weight of the database proxy is invalid."}
}

func badRouteMode() error {
	return &apiError{http.StatusBadRequest, "DBS.270026", "The routing mode of the database proxy is invalid."}
}

func wrongStatus() error {
	return &apiError{http.StatusBadRequest, "DBS.200086", "The operation is not allowed in the current instance status."}
}

func inProgress() *apiError {
	return &apiError{http.StatusConflict, "DBS.200019", "Another operation is being performed on the DB instance or the DB instance is faulty."}
}

// tooManyTags is a refusal whose code nobody outside the vendor knows.
func tooManyTags() error {
	return &apiError{http.StatusBadRequest, "DBS.200001", "Parameter error. The number of tags exceeds the limit of 20."}
}

func notCancellable() error {
	return &apiError{http.StatusConflict, "DBS.280406", "The status of the task does not allow the operation."}
}

func foreignProject() *apiError {
	return &apiError{http.StatusForbidden, "DBS.200010", "You are not authorized to use this project."}
}

func noSuchAPI() *apiError {
	return &apiError{http.StatusNotFound, "APIGW.0101", "The API does not exist or has not been published in the environment."}
}

// unauthenticated is the gateway's answer to every credential that does not
// hold, in the words of the vendor's "Common Errors Related to IAM
// Authentication Information".
func unauthenticated(format string, args ...any) *apiError {
	return &apiError{
		http.StatusUnauthorized, "APIGW.0301",
		"Incorrect IAM authentication information: " + fmt.Sprintf(format, args...),
	}
}

func clockSkew() *apiError {
	return &apiError{
		http.StatusUnauthorized, "APIGW.0303",
		"Incorrect app authentication information: X-Sdk-Date differs from the gateway's time by more than 15 minutes.",
	}
}

// iamError is a refusal by IAM, whose bodies have another form.
type iamError struct {
	status  int
	message string
}

// Error is IAM's message.
func (e *iamError) Error() string { return e.message }

// fromGateway tells the API gateway's refusals, whose bodies carry the
// request's id, from the service's.
func fromGateway(e *apiError) bool { return strings.HasPrefix(e.code, "APIGW.") }
