package redact

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// call is what is being called.
type call struct {
	cloud, service, operation, region string
}

// credentialScope is that of a signature of AWS: the key's id, then date, region and service.
var credentialScope = regexp.MustCompile(`Credential=[^/,]*/\d{8}/([a-z0-9-]{1,30})/([a-z0-9-]{1,30})/aws4_request`)

// rpcPath is that of Smithy's RPC v2.
var rpcPath = regexp.MustCompile(`^/service/([A-Za-z0-9]{1,60})/operation/([A-Za-z]{1,80})$`)

// operationForm is an operation's name. One that does not look so is not written.
var operationForm = regexp.MustCompile(`^[A-Z][A-Za-z]{2,79}$`)

// recognize says what a request calls. query are its parameters, where its body has them.
func recognize(method string, at *url.URL, header http.Header, query map[string]any) call {
	scope := credentialScope.FindStringSubmatch(header.Get("Authorization"))
	target := header.Get("X-Amz-Target")
	action, hasAction := query["Action"].(string)
	if scope == nil && target == "" && !hasAction && !rpcPath.MatchString(at.Path) {
		return recognizeREST(method, at)
	}
	c := call{cloud: "aws"}
	if scope != nil {
		c.region, c.service = scope[1], scope[2]
	}
	switch rpc := rpcPath.FindStringSubmatch(at.Path); {
	case target != "":
		_, c.operation, _ = strings.Cut(target, ".")
		if strings.HasPrefix(target, "StorageGateway_") {
			c.service = "storagegateway"
		}
	case rpc != nil:
		c.operation = rpc[2]
	default:
		c.operation = action
	}
	if c.service == "monitoring" {
		c.service = "cloudwatch"
	}
	if c.service == "" && strings.HasPrefix(c.operation, "AssumeRole") {
		c.service = "sts" // web identities sign nothing
	}
	if !regionForm.MatchString(c.region) {
		c.region = ""
	}
	if !operationForm.MatchString(c.operation) {
		c.operation = ""
	}
	return c
}

// route is one call of Huawei Cloud. In a path, * stands for an id.
type route struct{ method, path, service, operation string }

func routes() []route {
	const instance = "/v3/*/instances/*"
	return []route{
		{"POST", "/v3/auth/tokens", "iam", "KeystoneCreateUserTokenByPassword"},
		{"GET", "/v3/projects", "iam", "KeystoneListProjects"},
		{"GET", instance, "taurusdb", "ShowGaussMySqlInstanceInfo"},
		{"GET", instance + "/tags", "taurusdb", "ListInstanceTags"},
		{"POST", instance + "/tags/action", "taurusdb", "BatchTagAction"},
		{"GET", instance + "/proxies", "taurusdb", "ShowGaussMySqlProxyList"},
		{"GET", instance + "/proxy/*/*/proxy-version", "taurusdb", "ShowProxyVersion"},
		{"POST", instance + "/proxy/*/upgrade-version", "taurusdb", "UpgradeProxyVersion"},
		{"PUT", instance + "/proxy/*/weight", "taurusdb", "SetGaussMySqlProxyWeight"},
		{"PUT", instance + "/proxy/*/route-mode", "taurusdb", "ModifyGaussMySqlProxyRouteMode"},
		{"POST", instance + "/proxy/*/restart", "taurusdb", "RestartProxyInstance"},
		{"POST", instance + "/schedule-tasks/exist", "taurusdb", "CheckScheduleTaskExist"},
		{"GET", "/v3/*/jobs", "taurusdb", "ShowGaussMySqlJobInfo"},
		{"GET", "/v3/*/immediate-jobs", "taurusdb", "ListImmediateJobs"},
		{"GET", "/v3/*/scheduled-jobs", "taurusdb", "ListScheduleJobs"},
		{"DELETE", "/v3/*/scheduled-jobs", "taurusdb", "CancelScheduleTask"},
	}
}

func recognizeREST(method string, at *url.URL) call {
	c := call{cloud: "huawei"}
	segments := strings.Split(at.Path, "/")
	for _, r := range routes() {
		if r.method == method && matches(strings.Split(r.path, "/"), segments) {
			c.service, c.operation = r.service, r.operation
		}
	}
	if host := strings.Split(at.Hostname(), "."); len(host) == 4 && regionForm.MatchString(host[1]) {
		c.region = host[1] // gaussdb.REGION.myhuaweicloud.com
	}
	return c
}

func matches(pattern, segments []string) bool {
	if len(pattern) != len(segments) {
		return false
	}
	for i := range pattern {
		if pattern[i] != "*" && pattern[i] != segments[i] {
			return false
		}
	}
	return true
}
