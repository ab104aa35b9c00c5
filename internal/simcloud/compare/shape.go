package compare

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/tidegate/tidegate/internal/capture/redact"
)

// shape are the members of a tree by their paths, and their types. Elements of an array are one.
type shape map[string]string

func shapeOf(tree any) shape {
	s := shape{}
	s.add("", tree)
	return s
}

func (s shape) add(path string, tree any) {
	kind := kindOf(tree)
	if path != "" && (s[path] == "" || s[path] == "null") {
		s[path] = kind
	}
	switch v := tree.(type) {
	case map[string]any:
		for name, inner := range v {
			s.add(strings.TrimPrefix(path+"."+name, "."), inner)
		}
	case []any:
		for _, inner := range v {
			s.add(path+"[]", inner)
		}
	}
}

// kindOf is a value's type; of a placeholder, that of what it stands for.
func kindOf(value any) string {
	switch v := value.(type) {
	case nil:
		return "null"
	case map[string]any:
		return "object"
	case []any:
		return "array"
	case bool:
		return "boolean"
	case json.Number, float64:
		return "number"
	case string:
		switch v {
		case "<number>":
			return "number"
		case "<boolean>":
			return "boolean"
		}
	}
	return "string"
}

// parent is where a member is.
func parent(path string) string {
	if i := strings.LastIndexAny(path, ".["); i >= 0 {
		return strings.TrimSuffix(path[:i], "[")
	}
	return ""
}

// calls are the answers to one operation that ended alike.
type calls struct {
	pairs       []pair
	theirs, own map[string]int // how many answers have the path
}

// shapes compares all answers, by operation.
func shapes(played []pair, r *redact.Redactor) []Difference {
	results := map[string]map[string][2]int{} // how often each result came, captured and simulated
	alike := map[string]*calls{}
	for _, p := range played {
		if p.passed != "" {
			continue
		}
		if results[p.name] == nil {
			results[p.name] = map[string][2]int{}
		}
		results[p.name][p.result.String()] = plus(results[p.name][p.result.String()], 0)
		results[p.name][p.got.String()] = plus(results[p.name][p.got.String()], 1)
		if p.result == p.got || p.result.code == p.got.code && p.result.code != "" {
			key := p.name + " " + p.result.code
			if alike[key] == nil {
				alike[key] = &calls{}
			}
			alike[key].pairs = append(alike[key].pairs, p)
		}
	}
	out := otherResults(played, results)
	for _, key := range slices.Sorted(maps.Keys(alike)) {
		c := alike[key]
		c.count()
		out = append(out, c.members()...)
	}
	return merged(append(out, words(played, r)...))
}

func plus(counts [2]int, side int) [2]int {
	counts[side]++
	return counts
}

// otherResults are the calls that ended otherwise, where the simulator never ends them so, or the cloud never as the
// simulator. Where both do, a state changed between two polls, and its time is measured.
func otherResults(played []pair, results map[string]map[string][2]int) (out []Difference) {
	for _, p := range played {
		unheard := strings.HasPrefix(p.passed, cannotAnswer)
		if p.passed != "" && !unheard {
			continue
		}
		known := p.result.status < http.StatusBadRequest || knownCode(p.result)
		switch {
		case unheard || !known:
			out = append(out, p.difference(KindErrorCode, "", p.result.String(), "no such code"))
		case p.result == p.got:
		case p.result.code == p.got.code && p.result.code != "":
			out = append(out, p.difference(KindStatus, "", p.result.String(), p.got.String()))
		case results[p.name][p.result.String()][1] == 0, results[p.name][p.got.String()][0] == 0:
			out = append(out, p.difference(KindResult, "", p.result.String(), p.got.String()))
		}
	}
	return out
}

// codeForms are the codes that are documented, or known from elsewhere: AWS's common ones, Storage Gateway's, EC2's and
// CloudWatch's as the simulator has them, and Huawei Cloud's. A list of Storage Gateway's is in its API reference
// ("StorageGatewayError").
var codeForms = regexp.MustCompile(`^(InvalidGatewayRequestException|InternalServerError|ServiceUnavailableError|` +
	`ThrottlingException|Throttling|RequestLimitExceeded|ServiceUnavailable|InternalFailure|InternalError|Unavailable|` +
	`ValidationException|ValidationError|SerializationException|UnknownOperationException|UnrecognizedClientException|` +
	`InvalidSignatureException|SignatureDoesNotMatch|IncompleteSignature(Exception)?|InvalidClientTokenId|` +
	`MissingAuthenticationToken(Exception)?|RequestExpired|SubscriptionRequiredException|InvalidAction|MissingAction|` +
	`ExpiredToken(Exception)?|AccessDenied(Exception)?|AuthFailure|UnauthorizedOperation|OptInRequired|` +
	`InternalServiceError|ResourceNotFound(Exception)?|LimitExceeded(Exception|Fault)?|InvalidNextToken|` +
	`InvalidSnapshot\.(NotFound|InUse)|InvalidSnapshotID\.Malformed|InvalidParameter(Value|Combination)?|` +
	`MissingParameter|UnknownParameter|DryRunOperation|SnapshotCreationPerVolumeRateExceeded|` +
	`ConcurrentSnapshotLimitExceeded|NotSimulated|APIGW?\.\d{4}|DBS\.\d{6,8}|\d{3})$`)

func innerCodes() []string {
	return strings.Fields("ActivationKeyExpired ActivationKeyInvalid ActivationKeyNotFound GatewayInternalError " +
		"GatewayNotConnected GatewayNotFound GatewayProxyNetworkConnectionBusy AuthenticationFailure " +
		"BandwidthThrottleScheduleNotFound Blocked CannotExportSnapshot ChapCredentialNotFound DiskAlreadyAllocated " +
		"DiskDoesNotExist DiskSizeGreaterThanVolumeMaxSize DiskSizeLessThanVolumeSize DiskSizeNotGigAligned " +
		"DuplicateCertificateInfo DuplicateSchedule EndpointNotFound IAMNotSupported InitiatorInvalid " +
		"InitiatorNotFound InternalError InvalidGateway InvalidEndpoint InvalidParameters InvalidSchedule " +
		"LocalStorageLimitExceeded LunAlreadyAllocated LunInvalid JoinDomainInProgress MaximumContentLengthExceeded " +
		"MaximumTapeCartridgeCountExceeded MaximumVolumeCountExceeded NetworkConfigurationChanged NoDisksAvailable " +
		"NotImplemented NotSupported OperationAborted OutdatedGateway ParametersNotImplemented RegionInvalid " +
		"RequestTimeout ServiceUnavailable SnapshotDeleted SnapshotIdInvalid SnapshotInProgress SnapshotNotFound " +
		"SnapshotScheduleNotFound StagingAreaFull StorageFailure TapeCartridgeNotFound TargetAlreadyExists " +
		"TargetInvalid TargetNotFound UnauthorizedOperation VolumeAlreadyExists VolumeIdInvalid VolumeInUse " +
		"VolumeNotFound VolumeNotReady FileShareNotFound FileSystemAssociationNotFound SnapshotInProgressException " +
		"UnsupportedOperationForGatewayType")
}

func knownCode(r result) bool {
	outer, inner, has := strings.Cut(r.code, "/")
	return codeForms.MatchString(outer) && (!has || slices.Contains(innerCodes(), inner)) ||
		outer != "" && !has && slices.Contains(innerCodes(), outer)
}

// count reads the shapes of all pairs.
func (c *calls) count() {
	c.theirs, c.own = map[string]int{}, map[string]int{}
	for _, p := range c.pairs {
		for path := range shapeOf(p.answer) {
			c.theirs[path]++
		}
		for path := range shapeOf(p.simulated) {
			c.own[path]++
		}
	}
}

// walk visits the texts of a tree.
func walk(path string, tree any, visit func(path, text string)) {
	switch v := tree.(type) {
	case string:
		visit(path, v)
	case map[string]any:
		for name, inner := range v {
			walk(strings.TrimPrefix(path+"."+name, "."), inner, visit)
		}
	case []any:
		for _, inner := range v {
			walk(path+"[]", inner, visit)
		}
	}
}

// members are those that only one side ever has, where the other side has what they are in, and those of another type.
func (c *calls) members() (out []Difference) {
	for _, p := range c.pairs {
		theirs, own := shapeOf(p.answer), shapeOf(p.simulated)
		for _, path := range slices.Sorted(maps.Keys(theirs)) {
			kind, has := own[path]
			switch {
			case has && kind != theirs[path] && kind != "null" && theirs[path] != "null" && !sameEmpty(p, path):
				out = append(out, p.difference(KindType, path, theirs[path], kind))
			case !has && c.own[path] == 0 && holds(own, path):
				out = append(out, p.difference(KindNewMember, path, theirs[path], "absent"))
			}
		}
		for _, path := range slices.Sorted(maps.Keys(own)) {
			if _, has := theirs[path]; !has && c.theirs[path] == 0 && holds(theirs, path) {
				out = append(out, p.difference(KindMissing, path, "absent", own[path]))
			}
		}
	}
	return out
}

// holds says whether a shape has what a member is in, so that it can be missed there.
func holds(s shape, path string) bool {
	in := parent(path)
	if strings.HasSuffix(path, "[]") || in == "" && !strings.Contains(path, ".") {
		return !strings.HasSuffix(path, "[]")
	}
	kind := s[in]
	return kind == "object"
}

// sameEmpty is so for an element of XML that is empty on one side: a text there, an object here.
func sameEmpty(p pair, path string) bool {
	if p.Response == nil || p.Response.Body.Form != "xml" {
		return false
	}
	return text(p.answer, path) == "" && text(p.simulated, path) == ""
}

// words are those of enumerations that the simulator has not, and nobody documented.
func words(played []pair, r *redact.Redactor) (out []Difference) {
	own := map[string]map[string]bool{} // by operation and path
	for _, p := range played {
		p.words(p.simulated, p.got, r, func(path, word string) {
			if own[p.name+path] == nil {
				own[p.name+path] = map[string]bool{}
			}
			own[p.name+path][word] = true
		})
	}
	for _, p := range played {
		p.words(p.answer, p.result, r, func(path, word string) {
			known := documented(path)
			if !repeated(path) {
				known = append(known, slices.Collect(maps.Keys(own[p.name+path]))...)
			}
			if !slices.Contains(known, word) && !strings.HasPrefix(word, "<") {
				slices.Sort(known)
				out = append(out, p.difference(KindWord, path, word, strings.Join(slices.Compact(known), ", ")))
			}
		})
	}
	return out
}

// words visits the words of enumerations in an answer.
func (p pair) words(answer any, of result, r *redact.Redactor, visit func(path, word string)) {
	if p.passed != "" {
		return
	}
	side := redact.Answered
	if !of.ok() {
		side = redact.Failed
	}
	walk("", answer, func(path, word string) {
		if word != "" && r.IsWord(p.Service, p.Operation, side, path) {
			visit(path, word)
		}
	})
}

// repeated are the members that the simulator answers as the scenario has them, whatever that is.
func repeated(path string) bool {
	switch path[strings.LastIndexByte(path, '.')+1:] {
	case "GatewayState", "GatewayType", "HostEnvironment", "VolumeStatus":
		return true
	}
	return false
}

// documented are words that the simulator can show and documents name, by the end of the member's path. (AWS Storage
// Gateway API reference and user guide; EC2 and CloudWatch API references; TaurusDB API reference.)
func documented(path string) []string {
	name := path[strings.LastIndexByte(path, '.')+1:]
	return strings.FieldsFunc(map[string]string{
		"GatewayType":             "CACHED,STORED,VTL,VTL_SNOW,FILE_S3,FILE_FSX_SMB",
		"HostEnvironment":         "VMWARE,HYPER-V,EC2,KVM,OTHER,SNOWBALL",
		"EndpointType":            "STANDARD,FIPS",
		"GatewayCapacity":         "Small,Medium,Large",
		"GatewayState":            "RUNNING,STATE_RUNNING,SHUTDOWN,STATE_SHUTDOWN",
		"GatewayOperationalState": "ACTIVE",
		"AutomaticUpdatePolicy":   "ALL_VERSIONS,EMERGENCY_VERSIONS_ONLY",
		"VolumeStatus": "AVAILABLE,BOOTSTRAPPING,CREATING,DELETING,IRRECOVERABLE,PASS THROUGH,RESTORING," +
			"RESTORE AND PASS THROUGH,UPLOAD BUFFER NOT CONFIGURED,WORKING STORAGE NOT CONFIGURED",
		"VolumeAttachmentStatus": "ATTACHED,DETACHED,DETACHING",
		"status":                 "pending,completed,error,ACTIVE,ABNORMAL,FAILED,CHANGING WEIGHTS,Pending,Running,Completed,Failed,Canceled",
		"pool_status":            "ACTIVE,ABNORMAL,FAILED",
		"storageTier":            "standard,archive",
		"StateValue":             "OK,ALARM,INSUFFICIENT_DATA",
		"Status":                 "SCHEDULED,ACTIVE,EXPIRED",
		"state":                  "ACCEPT,REJECT",
	}[name], func(c rune) bool { return c == ',' })
}

// difference is one of this pair.
func (p pair) difference(kind Kind, path, captured, simulated string) Difference {
	d := Difference{
		Kind: kind, Service: p.Service, Operation: p.Operation, Path: path, Captured: captured, Simulated: simulated,
		Times: 1, First: p.number,
	}
	d.Assumption, d.Proposal = assumptionOf(d), proposalOf(d)
	if throttle.MatchString(p.result.code) {
		d.Assumption = AssumptionRates
	}
	return d
}

// merged counts equal differences.
func merged(all []Difference) (out []Difference) {
	at := map[string]int{}
	for _, d := range all {
		key := fmt.Sprint(d.Kind, d.Service, d.Operation, d.Path, d.Captured, d.Simulated)
		if i, has := at[key]; has {
			out[i].Times++
			continue
		}
		at[key] = len(out)
		out = append(out, d)
	}
	return out
}
