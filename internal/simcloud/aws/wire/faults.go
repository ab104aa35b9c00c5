package wire

import (
	"net/http"
	"slices"

	"github.com/tidegate/tidegate/internal/simcloud/fault"
)

// faultErrors are a protocol's forms of the faults that are error answers.
type faultErrors struct {
	denied, throttled, internal, echoed *Error
	// withCode is the error of a code that a script chose.
	withCode func(code string) *Error
}

func (jsonProtocol) faultErrors() faultErrors {
	return faultErrors{
		denied:    Bad("AccessDeniedException", "User is not authorized to perform this operation because no identity-based policy allows it"),
		throttled: Bad("ThrottlingException", "Rate exceeded"),
		internal: &Error{
			status: http.StatusInternalServerError, code: "InternalServerError",
			Message: "An internal server error has occurred.",
			inner:   "InternalError", Details: map[string]string{},
		},
		echoed:   Bad("ValidationException", ""),
		withCode: jsonError,
	}
}

// jsonError tells the exceptions and common errors from the inner codes of an
// InvalidGatewayRequestException, which is every code that is not named here.
func jsonError(code string) *Error {
	if code == invalidGatewayRequest {
		return Refuse("InvalidParameters")
	}
	status, common := map[string]int{
		"InternalServerError": http.StatusInternalServerError, "ServiceUnavailableError": http.StatusServiceUnavailable,
		"ServiceUnavailable": http.StatusServiceUnavailable, "InternalFailure": http.StatusInternalServerError,
		"ThrottlingException": http.StatusBadRequest, "ValidationException": http.StatusBadRequest,
		"SerializationException": http.StatusBadRequest, "UnknownOperationException": http.StatusBadRequest,
		"UnrecognizedClientException": http.StatusBadRequest, "InvalidSignatureException": http.StatusBadRequest,
		"IncompleteSignatureException": http.StatusBadRequest, "ExpiredTokenException": http.StatusBadRequest,
		"AccessDeniedException": http.StatusBadRequest, "RequestExpired": http.StatusBadRequest,
		"SubscriptionRequiredException": http.StatusBadRequest, "InvalidAction": http.StatusBadRequest,
		"MissingAction": http.StatusBadRequest, "InvalidClientTokenId": http.StatusForbidden,
		"MissingAuthenticationToken": http.StatusForbidden,
	}[code]
	if common {
		return Plain(status, code, "The request was refused: "+code+".")
	}
	e := Refuse(code)
	if e.Message == "" {
		e.Message = "The request was refused: " + code + "."
	}
	return e
}

func (queryProtocol) faultErrors() faultErrors {
	return faultErrors{
		denied:    Plain(http.StatusForbidden, "UnauthorizedOperation", "You are not authorized to perform this operation."),
		throttled: Plain(http.StatusServiceUnavailable, "RequestLimitExceeded", "Request limit exceeded."),
		internal:  Plain(http.StatusInternalServerError, "InternalError", "An internal error has occurred"),
		echoed:    Bad("InvalidRequest", ""),
		withCode: func(code string) *Error {
			status, known := map[string]int{
				"UnauthorizedOperation": http.StatusForbidden, "AuthFailure": http.StatusUnauthorized,
				"RequestLimitExceeded": http.StatusServiceUnavailable, "Unavailable": http.StatusServiceUnavailable,
				"ServiceUnavailable": http.StatusServiceUnavailable, "InternalError": http.StatusInternalServerError,
				"InternalFailure": http.StatusInternalServerError,
			}[code]
			if !known {
				status = http.StatusBadRequest
			}
			return Plain(status, code, "The request was refused: "+code+".")
		},
	}
}

// Failure is the error answer of the fault that befalls the call; nil where
// none does, or one of another sort.
func (c *Call) Failure() *Error {
	rule := c.Strike.Rule()
	failed := c.failureOf(rule.Kind)
	if failed == nil {
		return nil
	}
	if rule.Code != "" && !slices.Contains([]string{failed.code, failed.inner, failed.query}, rule.Code) {
		text := failed.Message
		failed = c.withCode(rule.Code)
		if rule.Kind == fault.Echo {
			failed.Message = text
		}
	}
	if rule.Status != 0 {
		failed.status = rule.Status
	}
	if rule.Message != "" {
		failed.Message = rule.Message
	}
	return failed
}

// failureOf is the error of a kind in the call's protocol.
func (c *Call) failureOf(kind fault.Kind) *Error {
	errs, auth := c.protocol.faultErrors(), c.protocol.authErrors()
	switch kind {
	case fault.RefusedBefore:
		return errs.denied
	case fault.Throttled:
		return errs.throttled
	case fault.ServerErrorBefore, fault.ServerErrorAfter:
		return errs.internal
	case fault.ErrorDetailsAsString:
		// The API reference's status; with 500 the SDK would repeat the call unread.
		errs.internal.status = http.StatusBadRequest
		return errs.internal
	case fault.ExpiredCredentials:
		return auth.expiredToken
	case fault.ClockSkew:
		return checkDate(c.signed, c.signed.Add(-2*skewLimit), auth)
	case fault.Echo:
		errs.echoed.Message = fault.EchoOf(c.HTTP, c.Body)
		return errs.echoed
	case fault.LostBefore, fault.LostAfter, fault.HangBefore, fault.HangAfter, fault.HTML502, fault.TruncatedJSON,
		fault.NumbersAsStrings, fault.EmptyObject, // the answer itself goes wrong: Strike.Deliver
		fault.Conflict: // Huawei Cloud's
	}
	return nil
}

// withCode is the error of a code: the protocol's own, where authentication has one.
func (c *Call) withCode(code string) *Error {
	auth := c.protocol.authErrors()
	known := []*Error{auth.unknownKey, auth.wrongSecret, auth.expiredToken, auth.expired, auth.missing, auth.incomplete}
	if at := slices.IndexFunc(known, func(e *Error) bool { return e.code == code }); at >= 0 {
		return known[at]
	}
	return c.protocol.faultErrors().withCode(code)
}
