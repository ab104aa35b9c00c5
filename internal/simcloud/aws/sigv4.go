package aws

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	sdkaws "github.com/aws/aws-sdk-go-v2/aws"
)

const (
	algorithm  = "AWS4-HMAC-SHA256"
	amzDate    = "20060102T150405Z"
	scopeEnd   = "aws4_request"
	skewLimit  = 5 * time.Minute
	staleLimit = 15 * time.Minute
)

// authErrors are a protocol's refusals of a caller.
type authErrors struct {
	missing, incomplete, unknownKey, wrongSecret, expiredToken, expired *apiError
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
	return s, s.key != "" && s.signature != "" && slices.Contains(s.headers, "host") && slices.Contains(s.headers, "x-amz-date")
}

// authenticate finds out who calls, and for which region.
func (c *Cloud) authenticate(call *call) *apiError {
	errs := call.protocol.authErrors()
	header := call.http.Header.Get("Authorization")
	if header == "" {
		return errs.missing
	}
	claim, ok := parseAuthorization(header)
	date, dateErr := time.Parse(amzDate, call.http.Header.Get("X-Amz-Date"))
	if !ok || dateErr != nil || !strings.HasPrefix(call.http.Header.Get("X-Amz-Date"), claim.date) {
		return errs.incomplete
	}
	if err := c.checkScope(claim, call.service, errs); err != nil {
		return err
	}
	cred, known := c.keys[claim.key]
	if !known || call.http.Header.Get("X-Amz-Security-Token") != cred.SessionToken {
		return errs.unknownKey
	}
	if err := checkDate(date, c.wall(), errs); err != nil {
		return err
	}
	if !c.signedBy(cred, claim, date, call) {
		return errs.wrongSecret
	}
	if cred.ExpiresIn > 0 && c.wall().Sub(c.wallStart) >= cred.ExpiresIn {
		return errs.expiredToken
	}
	call.account, call.region, call.signed = cred.Account, claim.region, date
	return nil
}

// checkScope refuses a signature made for another service or for no region of ours.
func (c *Cloud) checkScope(claim scope, service string, errs authErrors) *apiError {
	if claim.service != service {
		return plain(errs.scopeHTTPCode, errs.wrongScope, fmt.Sprintf("Credential should be scoped to correct service: '%s'.", service))
	}
	if len(c.regions) > 0 && !slices.Contains(c.regions, claim.region) || !regionForm.MatchString(claim.region) {
		return plain(errs.scopeHTTPCode, errs.wrongScope, fmt.Sprintf("Credential should be scoped to a valid region, not '%s'.", claim.region))
	}
	return nil
}

// checkDate refuses a request signed too long ago or in the future. Most of
// AWS allows five minutes; the user guide has RequestExpired beyond fifteen.
func checkDate(date, now time.Time, errs authErrors) *apiError {
	now = now.UTC()
	switch age := now.Sub(date); {
	case age > staleLimit:
		return errs.expired
	case age > skewLimit:
		return bad(errs.skewedCode, fmt.Sprintf("Signature expired: %s is now earlier than %s (%s - 5 min.)",
			date.Format(amzDate), now.Add(-skewLimit).Format(amzDate), now.Format(amzDate)))
	case age < -skewLimit:
		return bad(errs.skewedCode, fmt.Sprintf("Signature not yet current: %s is still later than %s (%s + 5 min.)",
			date.Format(amzDate), now.Add(skewLimit).Format(amzDate), now.Format(amzDate)))
	}
	return nil
}

// signedBy signs the request again, by the SDK's own signer and over exactly
// the headers that the caller signed, and compares.
func (c *Cloud) signedBy(cred Credential, claim scope, date time.Time, call *call) bool {
	again := &http.Request{
		Method: call.http.Method,
		URL:    &url.URL{Path: call.http.URL.Path, RawPath: call.http.URL.RawPath, RawQuery: call.http.URL.RawQuery},
		Host:   call.http.Host,
		Header: http.Header{},
	}
	for _, name := range claim.headers {
		switch name {
		case "host":
		case "content-length":
			again.ContentLength = call.http.ContentLength
		default:
			again.Header[http.CanonicalHeaderKey(name)] = slices.Clone(call.http.Header.Values(name))
		}
	}
	payload := sha256.Sum256(call.body)
	key := sdkaws.Credentials{AccessKeyID: cred.AccessKeyID, SecretAccessKey: cred.SecretAccessKey}
	err := c.signer.SignHTTP(call.http.Context(), key, again, hex.EncodeToString(payload[:]), claim.service, claim.region, date)
	if err != nil {
		return false
	}
	expected, _ := parseAuthorization(again.Header.Get("Authorization"))
	return hmac.Equal([]byte(expected.signature), []byte(claim.signature))
}
