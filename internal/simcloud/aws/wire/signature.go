package wire

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	sdkaws "github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

const (
	algorithm  = "AWS4-HMAC-SHA256"
	amzDate    = "20060102T150405Z"
	scopeEnd   = "aws4_request"
	skewLimit  = 5 * time.Minute
	staleLimit = 15 * time.Minute
)

// RegionForm is that of a region's name.
var RegionForm = regexp.MustCompile(`^[a-z]{2,}(-[a-z]+)+-\d+$`)

// authErrors are a protocol's refusals of a caller.
type authErrors struct {
	missing, incomplete, unknownKey, wrongSecret, expiredToken, expired *Error
	// skewedCode and wrongScope are the codes of refusals whose message depends on the request.
	skewedCode, wrongScope string
	scopeHTTPCode          int
}

// scope is what an Authorization header claims.
type scope struct {
	key, date, region, service string
	headers                    []string
	signature                  string
}

// parseAuthorization reads the header's parts; ok only if all are there.
func parseAuthorization(header string) (s scope, ok bool) {
	rest, found := strings.CutPrefix(header, algorithm+" ")
	if !found {
		return scope{}, false
	}
	for part := range strings.SplitSeq(rest, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch name {
		case "Credential":
			fields := strings.Split(value, "/")
			if len(fields) != 5 || fields[4] != scopeEnd {
				return scope{}, false
			}
			s.key, s.date, s.region, s.service = fields[0], fields[1], fields[2], fields[3]
		case "SignedHeaders":
			s.headers = strings.Split(value, ";")
		case "Signature":
			s.signature = value
		}
	}
	return s, s.key != "" && s.signature != "" && slices.Contains(s.headers, "host") &&
		slices.Contains(s.headers, "x-amz-date")
}

// Key is an access key and what belongs to it.
type Key struct {
	AccessKeyID     string
	SecretAccessKey string
	SessionToken    string
	Account         string
	// ExpiresIn counts from the gate's making; zero never expires.
	ExpiresIn time.Duration
}

// Gate lets in the calls that a known key signed for a region that is served.
type Gate struct {
	keys    map[string]Key
	regions []string
	wall    func() time.Time
	start   time.Time
	signer  *v4.Signer
}

// NewGate makes a gate. The callers sign by the real time, whatever the simulated clock says:
// wall is the clock that signatures are dated against. No regions are all of them.
func NewGate(keys []Key, regions []string, wall func() time.Time) *Gate {
	g := &Gate{keys: map[string]Key{}, regions: regions, wall: wall, start: wall(), signer: v4.NewSigner()}
	for _, key := range keys {
		g.keys[key.AccessKeyID] = key
	}
	return g
}

// Authenticate finds out who calls, and for which region.
func (g *Gate) Authenticate(call *Call) *Error {
	errs := call.protocol.authErrors()
	header := call.HTTP.Header.Get("Authorization")
	if header == "" {
		return errs.missing
	}
	claim, ok := parseAuthorization(header)
	date, dateErr := time.Parse(amzDate, call.HTTP.Header.Get("X-Amz-Date"))
	if !ok || dateErr != nil || !strings.HasPrefix(call.HTTP.Header.Get("X-Amz-Date"), claim.date) {
		return errs.incomplete
	}
	if err := g.checkScope(claim, call.Service, errs); err != nil {
		return err
	}
	key, known := g.keys[claim.key]
	if !known || call.HTTP.Header.Get("X-Amz-Security-Token") != key.SessionToken {
		return errs.unknownKey
	}
	if err := checkDate(date, g.wall(), errs); err != nil {
		return err
	}
	if !g.signedBy(key, claim, date, call) {
		return errs.wrongSecret
	}
	if key.ExpiresIn > 0 && g.wall().Sub(g.start) >= key.ExpiresIn {
		return errs.expiredToken
	}
	call.Account, call.Region, call.signed = key.Account, claim.region, date
	return nil
}

// checkScope refuses a signature made for another service or for no region of ours.
func (g *Gate) checkScope(claim scope, service string, errs authErrors) *Error {
	if name := signingName(service); claim.service != name {
		return Plain(errs.scopeHTTPCode, errs.wrongScope,
			fmt.Sprintf("Credential should be scoped to correct service: '%s'.", name))
	}
	if len(g.regions) > 0 && !slices.Contains(g.regions, claim.region) || !RegionForm.MatchString(claim.region) {
		return Plain(errs.scopeHTTPCode, errs.wrongScope,
			fmt.Sprintf("Credential should be scoped to a valid region, not '%s'.", claim.region))
	}
	return nil
}

// checkDate refuses a request signed too long ago or in the future. Most of
// AWS allows five minutes; the user guide has RequestExpired beyond fifteen.
func checkDate(date, now time.Time, errs authErrors) *Error {
	now = now.UTC()
	switch age := now.Sub(date); {
	case age > staleLimit:
		return errs.expired
	case age > skewLimit:
		return Bad(errs.skewedCode, fmt.Sprintf("Signature expired: %s is now earlier than %s (%s - 5 min.)",
			date.Format(amzDate), now.Add(-skewLimit).Format(amzDate), now.Format(amzDate)))
	case age < -skewLimit:
		return Bad(errs.skewedCode, fmt.Sprintf("Signature not yet current: %s is still later than %s (%s + 5 min.)",
			date.Format(amzDate), now.Add(skewLimit).Format(amzDate), now.Format(amzDate)))
	}
	return nil
}

// signedBy signs the request again, by the SDK's own signer and over exactly
// the headers that the caller signed, and compares.
func (g *Gate) signedBy(key Key, claim scope, date time.Time, call *Call) bool {
	again := &http.Request{
		Method: call.HTTP.Method,
		URL:    &url.URL{Path: call.HTTP.URL.Path, RawPath: call.HTTP.URL.RawPath, RawQuery: call.HTTP.URL.RawQuery},
		Host:   call.HTTP.Host,
		Header: http.Header{},
	}
	for _, name := range claim.headers {
		switch name {
		case "host":
		case "content-length":
			again.ContentLength = call.HTTP.ContentLength
		default:
			again.Header[http.CanonicalHeaderKey(name)] = slices.Clone(call.HTTP.Header.Values(name))
		}
	}
	payload := sha256.Sum256(call.Body)
	cred := sdkaws.Credentials{AccessKeyID: key.AccessKeyID, SecretAccessKey: key.SecretAccessKey}
	err := g.signer.SignHTTP(call.HTTP.Context(), cred, again, hex.EncodeToString(payload[:]), claim.service, claim.region,
		date)
	if err != nil {
		return false
	}
	expected, _ := parseAuthorization(again.Header.Get("Authorization"))
	return hmac.Equal([]byte(expected.signature), []byte(claim.signature))
}
