package awscloud_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/storagegateway/types"
	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// meanings are all codes that are documented for Storage Gateway, and one that is not:
// the inner ones (SDK, types.ErrorCode; user guide, "Error responses"; terraform's
// provider), and those of AWS in common. open says that the code leaves open whether a
// write was carried out; every other is a refusal.
func meanings() map[string]struct {
	is   error
	open bool
} {
	type meaning = struct {
		is   error
		open bool
	}
	all := map[string]meaning{}
	group := func(is error, open bool, codes ...string) {
		for _, code := range codes {
			all[code] = meaning{is, open}
		}
	}
	group(maintenance.ErrUnavailable, true,
		"GatewayInternalError", "InternalError", "InternalServerError", "InternalFailure", "RequestTimeout", "RequestTimeoutException")
	group(maintenance.ErrUnavailable, false,
		"GatewayProxyNetworkConnectionBusy", "NetworkConfigurationChanged", "OperationAborted", "ServiceUnavailable",
		"ServiceUnavailableError", "StorageFailure")
	group(maintenance.ErrThrottled, false,
		"ThrottlingException", "Throttling", "TooManyRequestsException", "RequestLimitExceeded", "SnapshotCreationPerVolumeRateExceeded")
	group(maintenance.ErrNotConnected, false, "GatewayNotConnected")
	group(maintenance.ErrNotFound, false, "GatewayNotFound", "VolumeNotFound", "SnapshotNotFound", "InvalidSnapshot.NotFound")
	group(maintenance.ErrNotReady, false, "VolumeNotReady")
	group(maintenance.ErrBusy, false, "SnapshotInProgress", "SnapshotInProgressException", "ConcurrentSnapshotLimitExceeded")
	group(maintenance.ErrUnsupported, false,
		"NotSupported", "NotImplemented", "ParametersNotImplemented", "OutdatedGateway", "UnsupportedOperationForGatewayType")
	group(maintenance.ErrInvalid, false,
		"InvalidGateway", "InvalidParameters", "RegionInvalid", "VolumeIdInvalid", "SnapshotIdInvalid", "ValidationException",
		"SerializationException", "UnknownOperationException", "InvalidAction", "MissingAction", "InvalidSnapshot.InUse", "InvalidSnapshotID.Malformed")
	group(maintenance.ErrDenied, false,
		"AuthenticationFailure", "UnauthorizedOperation", "Blocked", "AccessDeniedException", "UnrecognizedClientException",
		"InvalidSignatureException", "IncompleteSignatureException", "InvalidClientTokenId", "MissingAuthenticationToken",
		"RequestExpired", "SubscriptionRequiredException", "ExpiredTokenException")
	group(maintenance.ErrRejected, false,
		"ActivationKeyExpired", "ActivationKeyInvalid", "ActivationKeyNotFound", "BandwidthThrottleScheduleNotFound",
		"CannotExportSnapshot", "ChapCredentialNotFound", "DiskAlreadyAllocated", "DiskDoesNotExist",
		"DiskSizeGreaterThanVolumeMaxSize", "DiskSizeLessThanVolumeSize", "DiskSizeNotGigAligned", "DuplicateCertificateInfo",
		"DuplicateSchedule", "EndpointNotFound", "IAMNotSupported", "InitiatorInvalid", "InitiatorNotFound", "InvalidEndpoint",
		"InvalidSchedule", "JoinDomainInProgress", "LocalStorageLimitExceeded", "LunAlreadyAllocated ", "LunInvalid",
		"MaximumContentLengthExceeded", "MaximumTapeCartridgeCountExceeded", "MaximumVolumeCountExceeded", "NoDisksAvailable",
		"SnapshotDeleted", "SnapshotScheduleNotFound", "StagingAreaFull", "TapeCartridgeNotFound", "TargetAlreadyExists",
		"TargetInvalid", "TargetNotFound", "VolumeAlreadyExists", "VolumeInUse",
		"FileShareNotFound", "FileSystemAssociationNotFound", "SnapshotLimitExceeded", "DryRunOperation", "ACodeOfTomorrow")
	return all
}

// The code decides, and the HTTP status does not: each is played within AWS's
// exception and as one, with each status that AWS documents.
func TestTheCodeDecidesWhetherAWriteWasRefused(t *testing.T) {
	t.Parallel()
	for code, means := range meanings() {
		for form, body := range map[string]string{
			"within":         exception("InvalidGatewayRequestException", code, "x"),
			"as the message": exception("InvalidGatewayRequestException", code, "You have reached the snapshot limit"),
			"alone":          plain(code, "x"),
		} {
			statuses := []int{400, 403, 429}
			if means.is != maintenance.ErrRejected { //nolint:errorlint // the sentinel itself
				statuses = append(statuses, 500, 503) // 5xx of a code that nobody knows leaves open what happened
			}
			for _, status := range statuses {
				t.Run(code+" "+form, func(t *testing.T) {
					t.Parallel()
					aws := answers(t, says(status, body))
					_, err := aws.cloud().Gateway(t.Context(), gatewayARN)
					requireSentinel(t, err, means.is)
					write := means.is
					if means.open {
						write = maintenance.ErrUnknownOutcome
					}
					_, err = aws.cloud().CreateSnapshot(t.Context(), volumeARN, "key")
					requireSentinel(t, err, write)
					requireSentinel(t, aws.cloud().UpdateSoftware(t.Context(), gatewayARN), write)
				})
			}
		}
	}
}

func TestEveryCodeOfTheSDKHasItsMeaning(t *testing.T) {
	t.Parallel()
	known := meanings()
	for _, code := range types.ErrorCode("").Values() {
		require.Contains(t, known, string(code))
	}
}

// What it means stands first, what AWS said last: that is what may be cut off.
func TestARefusalShowsItsMeaningAndThenAWSsText(t *testing.T) {
	t.Parallel()
	aws := answers(t, says(400, plain("InvalidGatewayRequestException", "You have reached the snapshot limit")))
	_, err := aws.cloud().CreateSnapshot(t.Context(), volumeARN, "key")
	require.ErrorContains(t, err, "take a snapshot of volume vol-1122aabb: rejected by the cloud: "+
		"InvalidGatewayRequestException: You have reached the snapshot limit (Storage Gateway, HTTP 400")
}
