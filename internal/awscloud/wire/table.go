package wire

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/retry"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// sentinelOf is the table: AWS's codes, of all services and of whichever
// level of the answer, in the words that decide what is done next. It is nil
// for a code that is not in it. AWS extends its codes without notice, so they
// are strings here, not the SDK's enumeration (AWS Storage Gateway user guide,
// "Error responses"; EC2 API reference, "Error codes").
//
// ErrUnavailable says of a read that it may be repeated. Whether a write with that
// answer was carried out is for isInternal to say: a service that is unavailable has
// refused.
func sentinelOf(code string) error {
	if _, ok := retry.DefaultThrottleErrorCodes[code]; ok {
		return maintenance.ErrThrottled
	}
	switch code {
	case "SnapshotCreationPerVolumeRateExceeded":
		return maintenance.ErrThrottled
	case "GatewayNotConnected":
		return maintenance.ErrNotConnected
	case "GatewayNotFound", "VolumeNotFound", "SnapshotNotFound", "InvalidSnapshot.NotFound",
		"ResourceNotFound", "ResourceNotFoundException":
		return maintenance.ErrNotFound
	case "VolumeNotReady":
		return maintenance.ErrNotReady
	case "SnapshotInProgress", "SnapshotInProgressException", "ConcurrentSnapshotLimitExceeded":
		return maintenance.ErrBusy
	}
	return firstOf(refusalOf(code), failureOf(code))
}

// isInternal knows the codes with which the services say that something went wrong
// in them, and leave open how far it had come.
func isInternal(code string) bool {
	switch code {
	case "InternalServerError", "InternalError", "InternalFailure", "GatewayInternalError", "InternalServiceFault",
		"InternalServiceError",
		"RequestTimeout", "RequestTimeoutException":
		return true
	}
	return false
}

// saysInternal is isInternal for an exception that carries no code (AWS Storage
// Gateway user guide, "Error responses").
func saysInternal(message string) bool {
	message = strings.ToLower(message)
	return strings.Contains(message, "a gateway internal error occurred") ||
		strings.Contains(message, "an internal error occurred")
}

// refusalOf knows the codes for which repeating is no use.
func refusalOf(code string) error {
	switch code {
	case "NotSupported", "NotImplemented", "ParametersNotImplemented", "UnsupportedOperationForGatewayType",
		"UnsupportedOperation", "OutdatedGateway":
		return maintenance.ErrUnsupported
	case "InvalidGateway", "InvalidParameters", "RegionInvalid", "VolumeIdInvalid", "SnapshotIdInvalid",
		"ValidationException", "ValidationError", "SerializationException", "UnknownOperationException",
		"InvalidAction", "MissingAction", "MissingParameter", "InvalidParameterValue", "InvalidParameterCombination",
		"InvalidParameter", "UnknownParameter", "InvalidNextToken", "MissingRequiredParameterException",
		"InvalidParameterValueException", "InvalidParameterCombinationException", "InvalidFormatFault",
		"InvalidSnapshotID.Malformed", "InvalidSnapshot.InUse":
		return maintenance.ErrInvalid
	case "UnauthorizedOperation", "AccessDenied", "AccessDeniedException", "AuthFailure", "AuthenticationFailure",
		"Blocked", "OptInRequired", "SubscriptionRequiredException", "UnrecognizedClientException",
		"InvalidSignatureException", "SignatureDoesNotMatch", "IncompleteSignature", "IncompleteSignatureException",
		"InvalidClientTokenId", "MissingAuthenticationToken", "MissingAuthenticationTokenException",
		"ExpiredToken", "ExpiredTokenException", "RequestExpired", "RequestTimeTooSkewed", "InvalidIdentityToken":
		return maintenance.ErrDenied
	}
	return nil
}

// failureOf knows the codes of what passes by itself.
func failureOf(code string) error {
	switch code {
	case "GatewayProxyNetworkConnectionBusy", "ServiceUnavailableError", "ServiceUnavailable",
		"ServiceUnavailableException",
		"Unavailable", "OperationAborted", "NetworkConfigurationChanged", "StorageFailure":
		return maintenance.ErrUnavailable
	}
	if isInternal(code) {
		return maintenance.ErrUnavailable
	}
	return nil
}

// sentinelOfMessage knows the conditions that AWS also says in words alone
// (terraform-provider-aws, storagegateway/errors.go; its issue 19111 for the
// wording of us-east-2).
func sentinelOfMessage(message string) error {
	switch said := func(words string) bool { return strings.Contains(strings.ToLower(message), words) }; {
	case said("the specified gateway is not connected"):
		return maintenance.ErrNotConnected
	case said("the specified gateway was not found"), said("the specified volume was not found"):
		return maintenance.ErrNotFound
	case said("the specified volume is not ready"):
		return maintenance.ErrNotReady
	case said("the specified operation is not supported"), said("this operation is not valid for the specified gateway"):
		return maintenance.ErrUnsupported
	case saysInternal(message):
		return maintenance.ErrUnavailable
	}
	return nil
}

// firstOf is the first that is not nil.
func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
