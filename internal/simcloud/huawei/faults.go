package huawei

import (
	"net/http"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/tidegate/tidegate/internal/simcloud/fault"
)

// failure is the error answer of the fault that befalls the call; nil where
// none does, or one of another sort.
func (call *call) failure(r *http.Request) error {
	rule := call.strike.Rule()
	failed := call.failureOf(rule.Kind, r)
	if failed == nil {
		return nil
	}
	if rule.Code != "" && rule.Code != failed.code {
		failed.code = rule.Code
		if status := statusOf(rule.Code); status != 0 {
			failed.status = status
		}
	}
	if rule.Status != 0 {
		failed.status = rule.Status
	}
	if rule.Message != "" {
		failed.message = rule.Message
	}
	// IAM's own errors have no code; what the API gateway says, it says of both.
	if call.op.Protocol == fault.HuaweiIAM && !fromGateway(failed) {
		return &iamError{failed.status, failed.message}
	}
	return failed
}

// failureOf is the error of a kind, from the fact sheet's section 4.
func (call *call) failureOf(kind fault.Kind, r *http.Request) *apiError {
	switch kind {
	case fault.RefusedBefore:
		return foreignProject()
	case fault.Throttled:
		return &apiError{
			http.StatusTooManyRequests, "APIGW.0308",
			"The throttling threshold has been reached: policy user over ratelimit,limit:200,time:1 second.",
		}
	case fault.ServerErrorBefore, fault.ServerErrorAfter:
		return &apiError{http.StatusInternalServerError, "DBS.05000000", "Server error."}
	case fault.ExpiredCredentials:
		return call.expired(r)
	case fault.ClockSkew:
		return clockSkew()
	case fault.Conflict:
		return inProgress()
	case fault.Echo:
		return &apiError{http.StatusBadRequest, "DBS.200001", fault.EchoOf(r, call.body)}
	case fault.LostBefore, fault.LostAfter, fault.HangBefore, fault.HangAfter, fault.HTML502, fault.TruncatedJSON,
		fault.NumbersAsStrings, fault.EmptyObject, // the answer itself goes wrong: Strike.Deliver
		fault.ErrorDetailsAsString: // AWS's
	}
	return nil
}

// expired is what becomes of a credential: a token's own words, a temporary
// key's, or of the user who asks for a token, a password that holds no more.
func (call *call) expired(r *http.Request) *apiError {
	switch {
	case call.op.open:
		return &apiError{http.StatusUnauthorized, "", "The username or password is wrong."}
	case r.Header.Get("X-Auth-Token") != "":
		return unauthenticated("token expires. The token must be updated.")
	}
	signed, _ := parseAuthorization(r.Header.Get("Authorization"))
	return unauthenticated("Get secretKey failed,ak:%s,err:ak not exist", signed.accessKey)
}

// statusOf is the HTTP status of a code in the vendor's table of errors; 0 for
// a code that is not there.
func statusOf(code string) int {
	for status, codes := range map[int]string{
		http.StatusBadRequest: "DBS.200001 DBS.200004 DBS.280001 DBS.290000 DBS.200006 DBS.05000008 DBS.05000001 DBS.05000012 " +
			"DBS.200086 DBS.201014 DBS.200543 DBS.270024 DBS.270025 DBS.270026 DBS.270027 DBS.280404 DBS.280449",
		http.StatusUnauthorized: "APIGW.0301 APIGW.0303",
		http.StatusForbidden:    "DBS.200010 DBS.200044 DBS.200604 DBS.201003 DBS.280015 DBS.280056 APIGW.0310",
		http.StatusNotFound:     "DBS.200002 DBS.200008 DBS.200045 DBS.200408 DBS.200602 DBS.201028 APIGW.0101",
		http.StatusConflict: "DBS.200011 DBS.200019 DBS.200047 DBS.201202 DBS.212006 DBS.201205 DBS.200316 DBS.280406 DBS.200932 " +
			"DBS.201015 DBS.05000084 DBS.212033",
		http.StatusRequestEntityTooLarge: "DBS.200046 DBS.290003",
		http.StatusTooManyRequests:       "APIGW.0308 APIG.0308",
		http.StatusInternalServerError: "DBS.05000000 DBS.108000 DBS.108002 DBS.108005 DBS.200005 DBS.200208 DBS.213002 DBS.213004 " +
			"DBS.290006 DBS.290015",
	} {
		if slices.Contains(strings.Fields(codes), code) {
			return status
		}
	}
	return 0
}

// resources are the ids of what a request names, and of what that belongs to.
func (c *Cloud) resources(call *call) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := []string{call.project, call.instance, call.proxy, call.query.Get("instance_id")}
	var body struct {
		ProxyID string   `json:"proxy_id"`
		JobIDs  []string `json:"job_ids"`
	}
	_ = json.Unmarshal(call.body, &body) // the operation refuses what is no JSON
	out = append(out, body.ProxyID)
	for _, id := range append(body.JobIDs, call.query.Get("id"), call.query.Get("job_id")) {
		out = append(out, id)
		for _, j := range c.jobs {
			if j.id == id {
				out = append(out, j.proxy.ID, j.proxy.instance.ID)
			}
		}
	}
	return out
}
