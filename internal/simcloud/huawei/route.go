package huawei

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"time"

	exact "github.com/go-json-experiment/json"

	"github.com/tidegate/tidegate/internal/simcloud/fault"
)

// service starts the names of TaurusDB's operations.
const service = "taurusdb:"

// maxBody is the most of a request's body that is read, in bytes.
const maxBody = 1 << 20

// operation is one call of the vendor's API.
type operation struct {
	// Operation has the vendor's name, as the Book counts it.
	fault.Operation
	// pattern is the method and path, for http.ServeMux.
	pattern string
	// open operations need no credential.
	open bool
	act  func(*Cloud, *call) (*reply, error)
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
	// strike is the scripted fault that befalls the call, nil for none.
	strike *fault.Strike
}

// reply is one answer before it is encoded.
type reply struct {
	status int
	header map[string]string
	body   any
}

// ok is success; a nil body is an answer without one.
func ok(body any) *reply { return &reply{status: http.StatusOK, body: body} }

func operations() []*operation {
	const (
		project  = "/v3/{project_id}"
		instance = project + "/instances/{instance_id}"
		proxy    = instance + "/proxy/{proxy_id}"
	)
	return []*operation{
		{
			Operation: iamRead("KeystoneCreateUserTokenByPassword"), pattern: "POST /v3/auth/tokens", open: true,
			act: (*Cloud).createToken,
		},
		{Operation: iamRead("KeystoneListProjects"), pattern: "GET /v3/projects", act: (*Cloud).listProjects},
		{Operation: numbers("ShowGaussMySqlInstanceInfo"), pattern: "GET " + instance, act: (*Cloud).showInstance},
		{
			Operation: numbers("ListGaussMySqlInstances"), pattern: "GET " + project + "/instances",
			act: (*Cloud).listInstances,
		},
		{Operation: numbers("ListInstanceTags"), pattern: "GET " + instance + "/tags", act: (*Cloud).listTags},
		{Operation: bodyless("BatchTagAction"), pattern: "POST " + instance + "/tags/action", act: (*Cloud).changeTags},
		{Operation: numbers("ShowGaussMySqlProxyList"), pattern: "GET " + instance + "/proxies", act: (*Cloud).listProxies},
		{
			Operation: numbers("ShowProxyVersion"), pattern: "GET " + proxy + "/taurusproxy/proxy-version",
			act: (*Cloud).showVersion,
		},
		{Operation: write("UpgradeProxyVersion"), pattern: "POST " + proxy + "/upgrade-version", act: (*Cloud).upgrade},
		{Operation: write("SetGaussMySqlProxyWeight"), pattern: "PUT " + proxy + "/weight", act: (*Cloud).setWeights},
		{
			Operation: write("ModifyGaussMySqlProxyRouteMode"), pattern: "PUT " + proxy + "/route-mode",
			act: (*Cloud).setRouteMode,
		},
		{Operation: write("RestartProxyInstance"), pattern: "POST " + proxy + "/restart", act: (*Cloud).restart},
		{
			Operation: numbers("CheckScheduleTaskExist"), pattern: "POST " + instance + "/schedule-tasks/exist",
			act: (*Cloud).checkScheduled,
		},
		{Operation: read("ShowGaussMySqlJobInfo"), pattern: "GET " + project + "/jobs", act: (*Cloud).showJob},
		{Operation: numbers("ListImmediateJobs"), pattern: "GET " + project + "/immediate-jobs", act: (*Cloud).listImmediate},
		{Operation: numbers("ListScheduleJobs"), pattern: "GET " + project + "/scheduled-jobs", act: (*Cloud).listScheduled},
		{
			Operation: write("CancelScheduleTask"), pattern: "DELETE " + project + "/scheduled-jobs",
			act: (*Cloud).cancelScheduled,
		},
	}
}

func read(name string) fault.Operation {
	return fault.Operation{Name: service + name, Protocol: fault.HuaweiREST}
}

func iamRead(name string) fault.Operation {
	return fault.Operation{Name: "iam:" + name, Protocol: fault.HuaweiIAM}
}

func write(name string) fault.Operation {
	op := read(name)
	op.Writes = true
	return op
}

// bodyless is a write whose answer has no body.
func bodyless(name string) fault.Operation {
	op := write(name)
	op.Bodyless = true
	return op
}

// numbers is a read whose answer holds JSON numbers, that of the version while an upgrade is available.
func numbers(name string) fault.Operation {
	op := read(name)
	op.Numbers = true
	return op
}

// Operations are the calls that the simulated Huawei Cloud serves.
func Operations() []fault.Operation {
	var out []fault.Operation
	for _, op := range operations() {
		out = append(out, op.Operation)
	}
	return out
}

func (c *Cloud) routes() *http.ServeMux {
	mux, all := http.NewServeMux(), readCatalogue()
	for _, op := range operations() {
		mux.HandleFunc(op.pattern, func(w http.ResponseWriter, r *http.Request) {
			if refused := all.notSimulated(r); refused != nil {
				encode(w, requestID(r), nil, refused) // such as instances/details, alongside instances/{instance_id}
				return
			}
			c.serve(op, w, r)
		})
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		encode(w, requestID(r), nil, cmp.Or(all.notSimulated(r), noSuchAPI()))
	})
	return mux
}

// serve is the one path of every call: decode, authenticate, act, encode. A
// scripted fault keeps the call from acting, replaces its answer, or does both.
func (c *Cloud) serve(op *operation, w http.ResponseWriter, r *http.Request) {
	c.book.Call(op.Name)
	call, err := decode(op, r)
	if err == nil {
		err = c.authenticate(call, r)
	}
	var answer *reply
	if err == nil {
		call.strike = c.faults.Strike(op.Operation, func() []string { return c.resources(call) })
		answer, err = c.answer(call, r)
	}
	call.strike.Deliver(w, r, func(w http.ResponseWriter) { encode(w, call.requestID, answer, err) })
}

// answer carries the call out as the fault that befalls it allows.
func (c *Cloud) answer(call *call, r *http.Request) (answer *reply, err error) {
	if !call.strike.Prevents() {
		answer, err = c.act(call)
	}
	if failed := call.failure(r); failed != nil {
		return nil, failed
	}
	return answer, err
}

// act carries the call out, alone, at one time.
func (c *Cloud) act(call *call) (*reply, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	call.now = c.now()
	c.settle(call.now)
	return call.op.act(c, call)
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
	// Members in another case are no members, as for the vendor.
	if err := exact.Unmarshal(body, &decoded); err != nil {
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
	if answer.body == nil {
		header.Del("Content-Type")
		w.WriteHeader(answer.status)
		return
	}
	w.WriteHeader(answer.status)
	_ = json.NewEncoder(w).Encode(answer.body) // the caller has gone, and nobody is left to tell
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
