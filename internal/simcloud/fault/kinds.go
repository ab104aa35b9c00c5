// Package fault makes the simulated clouds fail by script: which calls, how often and in which way.
// One engine serves both clouds; each cloud writes error answers in its own wire format. The
// outcome of an update or a job is not a fault but part of the scenario. Start at Rule and Kinds.
package fault

import "slices"

// Kind is a way in which a call goes wrong.
type Kind string

// The kinds. Kinds describes them.
const (
	RefusedBefore        Kind = "refused-before"
	LostBefore           Kind = "lost-before"
	LostAfter            Kind = "lost-after"
	HangBefore           Kind = "hang-before"
	HangAfter            Kind = "hang-after"
	Throttled            Kind = "throttled"
	ServerErrorBefore    Kind = "server-error-before"
	ServerErrorAfter     Kind = "server-error-after"
	HTML502              Kind = "html-502"
	TruncatedJSON        Kind = "truncated-json"
	NumbersAsStrings     Kind = "numbers-as-strings"
	ErrorDetailsAsString Kind = "error-details-as-string"
	EmptyObject          Kind = "empty-object"
	ExpiredCredentials   Kind = "expired-credentials" //nolint:gosec // a fault's name, no credential
	ClockSkew            Kind = "clock-skew"
	Conflict             Kind = "conflict"
	Echo                 Kind = "echo"
)

// Protocol is how a service's requests and answers are written.
type Protocol string

// The protocols of the two clouds, and of what monitors them.
const (
	AWSJSON    Protocol = "aws-json"    // Storage Gateway
	EC2Query   Protocol = "ec2-query"   // EC2: form in, XML out
	CloudWatch Protocol = "cloudwatch"  // CBOR, JSON or a query, as the client likes
	HuaweiREST Protocol = "huawei-rest" // TaurusDB
	HuaweiIAM  Protocol = "huawei-iam"  // Huawei Cloud's IAM, whose errors have another form
	Monitoring Protocol = "monitoring"  // Prometheus, Alertmanager and applications
)

// Operation is one call of a cloud's API.
type Operation struct {
	// Name is the one that the calls are counted by, such as "ec2:DeleteSnapshot".
	Name     string   `json:"name"`
	Protocol Protocol `json:"protocol"`
	// Writes is so for an operation that leaves an effect.
	Writes bool `json:"writes"`
	// Numbers is so where the answer holds JSON numbers.
	Numbers bool `json:"numbers"`
	// Bodyless is so where success has no body, of which no half and no empty object can come.
	Bodyless bool `json:"bodyless,omitempty"`
}

// Info describes a kind.
type Info struct {
	Kind Kind `json:"kind"`
	// Done reports whether the call takes effect, as far as the cloud itself
	// serves it, before the fault strikes. Rule.NotDone may turn it off.
	Done bool `json:"done"`
	// Reads and Writes tell where the kind makes sense. One that is not for
	// reads can be played on them, but shows what another kind shows already.
	Reads  bool `json:"reads"`
	Writes bool `json:"writes"`
	// Protocols are those in which the kind can be played.
	Protocols []Protocol `json:"protocols"`
	// Parameters are the fields of a Rule that the kind takes, by their names
	// in a scenario file.
	Parameters []string `json:"parameters,omitempty"`
	// Does says what the client meets.
	Does string `json:"does"`
}

// CanBefall reports whether the kind can be played on an operation at all.
func (i Info) CanBefall(op Operation) bool {
	switch {
	case i.Kind == NumbersAsStrings && !op.Numbers, op.Bodyless && (i.Kind == TruncatedJSON || i.Kind == EmptyObject):
		return false
	}
	return slices.Contains(i.Protocols, op.Protocol)
}

// MakesSense reports whether the kind can be played on an operation and shows
// there what no other kind does. A fault matrix is the operations times the
// kinds for which this is so.
func (i Info) MakesSense(op Operation) bool {
	return i.CanBefall(op) && (op.Writes && i.Writes || !op.Writes && i.Reads)
}

// Kinds are all kinds, those that strike before the call is done first.
func Kinds() []Info {
	everywhere := []Protocol{AWSJSON, EC2Query, CloudWatch, HuaweiREST, HuaweiIAM, Monitoring}
	inJSON := []Protocol{AWSJSON, HuaweiREST, HuaweiIAM}
	return []Info{
		{RefusedBefore, false, true, true, everywhere, []string{"code", "status", "message"}, "the cloud's refusal with the code of choice; by default the caller lacks the permission"},
		{LostBefore, false, true, true, everywhere, nil, "the connection is reset, and nothing was done"},
		{HangBefore, false, true, true, everywhere, []string{"limit"}, "no answer, and nothing was done; ends when the client goes away or after limit (5m)"},
		{Throttled, false, true, true, everywhere, []string{"code", "retryAfter"}, "ThrottlingException, RequestLimitExceeded (503) or 429 APIGW.0308; Retry-After if asked for"},
		{
			ServerErrorBefore, false, true, true, everywhere,
			[]string{"code", "status", "message"},
			"a server error (500), and nothing was done",
		},
		{ExpiredCredentials, false, true, true, everywhere, []string{"code"}, "ExpiredTokenException (code: UnrecognizedClientException), EC2's RequestExpired, or 401 APIGW.0301"},
		{ClockSkew, false, true, true, everywhere, []string{"code"}, "InvalidSignatureException (code: RequestExpired), EC2's RequestExpired, or 401 APIGW.0303"},
		{
			Conflict, false, false, true,
			[]Protocol{HuaweiREST},
			[]string{"code"},
			"409 DBS.200019: another operation is in progress",
		},
		{Echo, false, true, true, everywhere, []string{"code", "status"}, "a refusal whose message repeats the request's headers and body, credentials and all"},
		{LostAfter, true, false, true, everywhere, nil, "done, and the connection is closed without an answer"},
		{HangAfter, true, false, true, everywhere, []string{"limit"}, "done, and no answer; ends when the client goes away or after limit (5m)"},
		{
			ServerErrorAfter, true, false, true, everywhere,
			[]string{"code", "status", "message"},
			"done, and a server error (500) instead of the answer",
		},
		{HTML502, true, true, true, everywhere, []string{"notDone"}, "done, and a proxy's HTML page with status 502 instead of the answer"},
		{TruncatedJSON, true, true, true, everywhere, nil, "done, and the first half of the answer (of XML and CBOR too)"},
		{NumbersAsStrings, true, true, true, inJSON, nil, "done, and the answer with every number as a string"},
		{ErrorDetailsAsString, true, true, true, []Protocol{AWSJSON}, []string{"code", "status", "notDone"}, "done, and an InternalServerError (400) whose errorDetails is a string, not an object"},
		{
			EmptyObject, true, true, true,
			append(inJSON, CloudWatch, Monitoring),
			nil,
			"done, and the answer's status with the body {}, or what is that in CBOR or XML",
		},
	}
}

// Find describes one kind; false if there is none of that name.
func Find(kind Kind) (Info, bool) {
	kinds := Kinds()
	at := slices.IndexFunc(kinds, func(i Info) bool { return i.Kind == kind })
	if at < 0 {
		return Info{}, false
	}
	return kinds[at], true
}
