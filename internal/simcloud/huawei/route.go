package huawei

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"time"
)

// maxBody is the most of a request's body that is read, in bytes.
const maxBody = 1 << 20

// operation is one call of the vendor's API.
type operation struct {
	// name is the vendor's, as the Book counts it.
	name string
	// pattern is the method and path, for http.ServeMux.
	pattern string
	// open operations need no credential.
	open bool
	act  func(*call) (*reply, error)
}

// call is one decoded request.
type call struct {
	op        *operation
	requestID string
	project   string
	instance  string
	proxy     string
	query     url.Values
	body      []byte
	caller    caller
	now       time.Time
}

// reply is one answer before it is encoded.
type reply struct {
	status int
	header map[string]string
	body   any
}

func ok(body any) *reply { return &reply{status: http.StatusOK, body: body} }

func (c *Cloud) operations() []*operation {
	const (
		project  = "/v3/{project_id}"
		instance = project + "/instances/{instance_id}"
		proxy    = instance + "/proxy/{proxy_id}"
	)
	return []*operation{
		{name: "iam:KeystoneCreateUserTokenByPassword", pattern: "POST /v3/auth/tokens", open: true, act: c.createToken},
		{name: "iam:KeystoneListProjects", pattern: "GET /v3/projects", act: c.listProjects},
		{name: "taurusdb:ShowGaussMySqlInstanceInfo", pattern: "GET " + instance, act: c.showInstance},
		{name: "taurusdb:ShowGaussMySqlProxyList", pattern: "GET " + instance + "/proxies", act: c.listProxies},
		{name: "taurusdb:ShowProxyVersion", pattern: "GET " + proxy + "/taurusproxy/proxy-version", act: c.showVersion},
		{name: "taurusdb:UpgradeProxyVersion", pattern: "POST " + proxy + "/upgrade-version", act: c.upgrade},
		{name: "taurusdb:SetGaussMySqlProxyWeight", pattern: "PUT " + proxy + "/weight", act: c.setWeights},
		{name: "taurusdb:ModifyGaussMySqlProxyRouteMode", pattern: "PUT " + proxy + "/route-mode", act: c.setRouteMode},
		{name: "taurusdb:RestartProxyInstance", pattern: "POST " + proxy + "/restart", act: c.restart},
		{name: "taurusdb:CheckScheduleTaskExist", pattern: "POST " + instance + "/schedule-tasks/exist", act: c.checkScheduled},
		{name: "taurusdb:ShowGaussMySqlJobInfo", pattern: "GET " + project + "/jobs", act: c.showJob},
		{name: "taurusdb:ListImmediateJobs", pattern: "GET " + project + "/immediate-jobs", act: c.listImmediate},
		{name: "taurusdb:ListScheduleJobs", pattern: "GET " + project + "/scheduled-jobs", act: c.listScheduled},
		{name: "taurusdb:CancelScheduleTask", pattern: "DELETE " + project + "/scheduled-jobs", act: c.cancelScheduled},
	}
}

func (c *Cloud) routes() *http.ServeMux {
	mux := http.NewServeMux()
	for _, op := range c.operations() {
		mux.HandleFunc(op.pattern, func(w http.ResponseWriter, r *http.Request) { c.serve(op, w, r) })
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		encode(w, requestID(r), nil, noSuchAPI())
	})
	return mux
}

// serve is the one path of every call: decode, authenticate, act, encode. A
// fault that is to strike before the effect belongs between authenticate and
// act, one that is to strike after it between act and encode.
func (c *Cloud) serve(op *operation, w http.ResponseWriter, r *http.Request) {
	c.book.Call(op.name)
	call, err := decode(op, r)
	if err == nil {
		err = c.authenticate(call, r)
	}
	var answer *reply
	if err == nil {
		answer, err = c.act(call)
	}
	encode(w, call.requestID, answer, err)
}

// act carries the call out, alone, at one instant.
func (c *Cloud) act(call *call) (*reply, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	call.now = c.now()
	c.settle(call.now)
	return call.op.act(call)
}

// decode reads the request. The call that it gives is never nil.
func decode(op *operation, r *http.Request) (*call, error) {
	decoded := &call{
		op:        op,
		requestID: requestID(r),
		project:   r.PathValue("project_id"),
		instance:  r.PathValue("instance_id"),
		proxy:     r.PathValue("proxy_id"),
		query:     r.URL.Query(),
	}
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxBody))
	if err != nil {
		return decoded, badParameter()
	}
	decoded.body = body
	return decoded, nil
}

// requestID is the caller's own id of the request, or a new one.
func requestID(r *http.Request) string { return orElse(r.Header.Get("X-Request-Id"), newID()) }

// decodeBody reads a JSON body; members that it does not know are ignored, as
// the vendor ignores them.
func decodeBody[T any](body []byte) (T, error) {
	var decoded T
	if len(bytes.TrimSpace(body)) == 0 {
		return decoded, emptyBody()
	}
	if err := json.Unmarshal(body, &decoded); err != nil {
		return decoded, badParameter()
	}
	return decoded, nil
}

// encode writes the answer, or the error in the form of the service it is from.
func encode(w http.ResponseWriter, requestID string, answer *reply, failure error) {
	if failure != nil {
		answer = failureReply(requestID, failure)
	}
	header := w.Header()
	header.Set("Content-Type", "application/json;charset=UTF-8")
	header.Set("X-Request-Id", requestID)
	for name, value := range answer.header {
		header.Set(name, value)
	}
	w.WriteHeader(answer.status)
	_ = json.NewEncoder(w).Encode(answer.body) //nolint:errcheck // the caller has gone, and nobody is left to tell
}

func failureReply(requestID string, failure error) *reply {
	if iam, ok := errors.AsType[*iamError](failure); ok {
		return &reply{status: iam.status, body: object{"error": object{
			"code": iam.status, "message": iam.message, "title": http.StatusText(iam.status),
		}}}
	}
	refused, ok := errors.AsType[*apiError](failure)
	if !ok {
		refused = &apiError{http.StatusInternalServerError, "DBS.05000000", failure.Error()}
	}
	body := object{"error_code": refused.code, "error_msg": refused.message}
	if fromGateway(refused) {
		body["request_id"] = requestID
	}
	return &reply{status: refused.status, body: body}
}
