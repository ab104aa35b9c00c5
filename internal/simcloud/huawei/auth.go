package huawei

import (
	"crypto/subtle"
	"net/http"
	"slices"
	"time"
)

const (
	maxSkew = 15 * time.Minute
	// maxBadSignatures in a row are forgiven; one more locks the access key.
	maxBadSignatures = 5
)

// caller is who made a request, and the projects that it may use.
type caller struct {
	name     string
	projects []string
}

// token is one that IAM issued.
type token struct {
	caller  caller
	expires time.Time
}

// keyLock counts an access key's wrong signatures in a row.
type keyLock struct {
	wrong int
	until time.Time
}

// authenticate finds out who calls, by token or by signature, and that the
// project in the path is the caller's.
func (c *Cloud) authenticate(call *call, r *http.Request) error {
	if call.op.open {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	var err error
	if value := r.Header.Get("X-Auth-Token"); value != "" {
		call.caller, err = c.byToken(value)
	} else {
		call.caller, err = c.bySignature(r, call.body)
	}
	if err != nil {
		return err
	}
	if call.project != "" && !slices.Contains(call.caller.projects, call.project) {
		return foreignProject()
	}
	return nil
}

func (c *Cloud) byToken(value string) (caller, error) {
	issued, ok := c.tokens[value]
	if !ok {
		return caller{}, unauthenticated("decrypt token fail")
	}
	if !c.now().Before(issued.expires) {
		return caller{}, unauthenticated("token expires, expires_at: %s. The token must be updated.",
			issued.expires.UTC().Format(tokenTime))
	}
	return issued.caller, nil
}

func (c *Cloud) bySignature(r *http.Request, body []byte) (caller, error) {
	header := r.Header.Get("Authorization")
	if header == "" {
		return caller{}, unauthenticated("x-auth-token not found")
	}
	signed, ok := parseAuthorization(header)
	if !ok {
		return caller{}, unauthenticated("the Authorization header is malformed, or its algorithm is not %s", algorithm)
	}
	date, err := time.Parse(dateForm, r.Header.Get(dateHeader))
	if err != nil || c.now().Sub(date).Abs() > maxSkew {
		return caller{}, clockSkew()
	}
	credential, ok := c.credentials[signed.accessKey]
	if !ok {
		return caller{}, unauthenticated("Get secretKey failed,ak:%s,err:ak not exist", signed.accessKey)
	}
	if err := c.checkKey(signed, credential, r, body); err != nil {
		return caller{}, err
	}
	return caller{name: credential.AccessKey, projects: c.projectsOr(credential.Projects)}, nil
}

// checkKey checks the signature and keeps count of the wrong ones.
func (c *Cloud) checkKey(signed signature, credential Credential, r *http.Request, body []byte) error {
	lock := c.locks[credential.AccessKey]
	if c.now().Before(lock.until) {
		return unauthenticated("AK access failed to reach the limit,forbidden.")
	}
	sameToken := subtle.ConstantTimeCompare([]byte(r.Header.Get("X-Security-Token")),
		[]byte(credential.SecurityToken)) == 1
	if sameToken && signed.holds(r, body, credential.SecretKey) {
		delete(c.locks, credential.AccessKey)
		return nil
	}
	lock.wrong++
	if lock.wrong > maxBadSignatures {
		lock = keyLock{until: c.now().Add(c.durations.AccessKeyLock)}
	}
	c.locks[credential.AccessKey] = lock
	return unauthenticated("verify aksk signature fail")
}

// projectsOr is the given projects, or every project where none is given.
func (c *Cloud) projectsOr(ids []string) []string {
	if len(ids) > 0 {
		return ids
	}
	all := make([]string, 0, len(c.projects))
	for _, p := range c.projects {
		all = append(all, p.ID)
	}
	return all
}
