package huawei

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

const (
	algorithm       = "SDK-HMAC-SHA256"
	dateHeader      = "X-Sdk-Date"
	dateForm        = "20060102T150405Z"
	contentHeader   = "X-Sdk-Content-Sha256"
	unsignedPayload = "UNSIGNED-PAYLOAD"
)

// signature is a decoded Authorization header.
type signature struct {
	accessKey string
	headers   []string
	value     string
}

// parseAuthorization decodes
// "SDK-HMAC-SHA256 Access=AK, SignedHeaders=a;b, Signature=hex".
func parseAuthorization(header string) (signature, bool) {
	rest, ok := strings.CutPrefix(header, algorithm+" ")
	if !ok {
		return signature{}, false
	}
	var s signature
	for part := range strings.SplitSeq(rest, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch name {
		case "Access":
			s.accessKey = value
		case "SignedHeaders":
			s.headers = strings.Split(strings.ToLower(value), ";")
		case "Signature":
			s.value = value
		}
	}
	return s, s.accessKey != "" && s.value != "" && len(s.headers) > 0
}

// holds reports whether the request was signed with the secret key. The date must
// be among the signed headers, else an old signature could be given a new date.
func (s signature) holds(r *http.Request, body []byte, secretKey string) bool {
	if !slices.Contains(s.headers, strings.ToLower(dateHeader)) {
		return false
	}
	hash, ok := contentHash(r, body)
	if !ok {
		return false
	}
	canonical := strings.Join([]string{
		r.Method,
		canonicalPath(r.URL.Path),
		canonicalQuery(r.URL.Query()),
		canonicalHeaders(r, s.headers),
		strings.Join(s.headers, ";"),
		hash,
	}, "\n")
	toSign := algorithm + "\n" + r.Header.Get(dateHeader) + "\n" + hexSum([]byte(canonical))
	mac := hmac.New(sha256.New, []byte(secretKey))
	mac.Write([]byte(toSign))
	return hmac.Equal([]byte(hex.EncodeToString(mac.Sum(nil))), []byte(s.value))
}

// contentHash is the hash that the caller signed, and whether it is the body's.
func contentHash(r *http.Request, body []byte) (string, bool) {
	sum := hexSum(body)
	stated := r.Header.Get(contentHeader)
	if stated == "" {
		return sum, true
	}
	return stated, stated == sum || stated == unsignedPayload
}

// canonicalPath escapes each segment and ends in a slash.
func canonicalPath(path string) string {
	segments := strings.Split(path, "/")
	for i, segment := range segments {
		segments[i] = escape(segment)
	}
	escaped := strings.Join(segments, "/")
	if !strings.HasSuffix(escaped, "/") {
		escaped += "/"
	}
	return escaped
}

func canonicalQuery(query url.Values) string {
	var pairs []string
	names := make([]string, 0, len(query))
	for name := range query {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		for _, value := range slices.Sorted(slices.Values(query[name])) {
			pairs = append(pairs, escape(name)+"="+escape(value))
		}
	}
	return strings.Join(pairs, "&")
}

func canonicalHeaders(r *http.Request, names []string) string {
	var lines strings.Builder
	for _, name := range names {
		values := slices.Sorted(slices.Values(r.Header.Values(name)))
		if name == "host" {
			values = []string{r.Host}
		}
		for _, value := range values {
			lines.WriteString(name + ":" + strings.TrimSpace(value) + "\n")
		}
	}
	return lines.String()
}

// escape is RFC 3986's percent-encoding, in which url.QueryEscape differs only
// in the space.
func escape(text string) string {
	return strings.ReplaceAll(url.QueryEscape(text), "+", "%20")
}

func hexSum(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
