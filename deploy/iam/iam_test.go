// Package iam checks the policy examples of this folder against the calls that the worker makes:
// an example that grants too little, or more than is needed, fails. It calls no AWS. Start at the
// policies themselves.
package iam_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance/health"
)

// texts are one text, or a list of them, as IAM writes both.
type texts []string

func (t *texts) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*t = texts{one}
		return nil
	}
	return json.Unmarshal(data, (*[]string)(t))
}

type statement struct {
	Sid       string
	Effect    string
	Action    texts
	Resource  texts
	Condition map[string]map[string]texts
}

type policy struct {
	Version   string
	Statement []statement
}

func load(t *testing.T, file string) policy {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	decoder.DisallowUnknownFields()
	var p policy
	require.NoError(t, decoder.Decode(&p))
	return p
}

// actions are all that a policy allows, sorted.
func (p policy) actions(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, s := range p.Statement {
		require.Equal(t, "Allow", s.Effect)
		require.NotEmpty(t, s.Resource)
		all = append(all, s.Action...)
	}
	slices.Sort(all)
	return all
}

// called are the operations that the sources of a folder call: methods of a
// value whose name is receiver, and paginators.
func called(t *testing.T, folder, receiver string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.go"))
	require.NoError(t, err)
	found := map[string]bool{}
	paginator := regexp.MustCompile(`^New(\w+)Paginator$`)
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		require.NoError(t, err)
		ast.Inspect(parsed, func(n ast.Node) bool {
			selected, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if m := paginator.FindStringSubmatch(selected.Sel.Name); m != nil {
				found[m[1]] = true
			}
			if nameOf(selected.X) == receiver {
				found[selected.Sel.Name] = true
			}
			return true
		})
	}
	operations := make([]string, 0, len(found))
	for operation := range found {
		operations = append(operations, operation)
	}
	slices.Sort(operations)
	return operations
}

// nameOf is the last name of x or a.b.x.
func nameOf(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}

func TestTheAWSPolicyAllowsWhatTheAdapterCallsAndNoMore(t *testing.T) {
	t.Parallel()
	p := load(t, "aws-policy.json")
	require.Equal(t, "2012-10-17", p.Version)
	// What tags a snapshot at its creation; no call of ours by name.
	want := []string{"ec2:CreateTags", "storagegateway:AddTagsToResource"}
	for _, operation := range called(t, "../../internal/awscloud", "api") {
		want = append(want, "storagegateway:"+operation)
	}
	for _, operation := range called(t, "../../internal/awscloud/snapshots", "api") {
		want = append(want, "ec2:"+operation)
	}
	for _, operation := range called(t, "../../internal/awscloud/alarms", "api") {
		want = append(want, "cloudwatch:"+operation)
	}
	slices.Sort(want)
	require.Greater(t, len(want), 8, "the calls were found")
	require.Equal(t, want, p.actions(t))
}

func TestSnapshotsAreTaggedAndDeletedAsOursOnly(t *testing.T) {
	t.Parallel()
	ours := regexp.MustCompile(`^aws:(Request|Resource)Tag/tidegate:key$`)
	seen := 0
	for _, s := range load(t, "aws-policy.json").Statement {
		if !slices.Contains(s.Action, "ec2:DeleteSnapshot") && !slices.Contains(s.Action, "ec2:CreateTags") {
			continue
		}
		seen++
		require.NotContains(t, s.Resource, "*")
		for key, values := range s.Condition["StringLike"] {
			require.Regexp(t, ours, key)
			require.Equal(t, texts{"tidegate/*"}, values, "see maintenance.SnapshotKey")
		}
		require.Len(t, s.Condition["StringLike"], 1, s.Sid)
	}
	require.Equal(t, 2, seen)
}

// actionOf says which action each method of Huawei's SDK takes (the vendor's API
// reference, "Authorization Information" of each operation).
func actionOf() map[string]string {
	return map[string]string{
		"BatchTagAction":           "gaussdbformysql:tag:deal",
		"CheckScheduleTaskExist":   "gaussdbformysql:instance:getScheduleTask",
		"ListImmediateJobs":        "gaussdbformysql:task:list",
		"ListInstanceTags":         "gaussdbformysql:tag:list",
		"RestartProxyInstance":     "gaussdbformysql:proxy:restart",
		"SetGaussMySqlProxyWeight": "gaussdbformysql:proxy:modifyWeight",
		"ShowGaussMySqlJobInfo":    "gaussdbformysql:task:list",
		"ShowGaussMySqlProxyList":  "gaussdbformysql:proxy:list",
		"ShowProxyVersion":         "gaussdbformysql:proxy:list",
		"UpgradeProxyVersion":      "gaussdbformysql:proxy:upgrade",
	}
}

func TestTheHuaweiPolicyAllowsWhatTheAdapterCallsAndNoMore(t *testing.T) {
	t.Parallel()
	p := load(t, "huawei-policy.json")
	require.Equal(t, "5.0", p.Version)
	var want []string
	operations := called(t, "../../internal/huaweicloud", "client")
	require.Greater(t, len(operations), 6, "the calls were found")
	for _, operation := range operations {
		if operation == "Do" {
			continue // of net/http: the token call, which needs no permission
		}
		if operation == "ListGaussMySqlInstances" {
			continue // of the inventory: internal/inventory tests the policies that it needs
		}
		action, ok := actionOf()[operation]
		require.True(t, ok, "say which action %s takes, here and in the policy", operation)
		want = append(want, action)
	}
	slices.Sort(want)
	require.Equal(t, slices.Compact(want), p.actions(t))
}

func TestOnlyOurOwnMuteRulesAreTouched(t *testing.T) {
	t.Parallel()
	ours := strings.SplitAfter((health.MuteMark{GatewayID: "sgw-1", Number: 1}).RuleName(), "-")[0]
	seen := 0
	for _, s := range load(t, "aws-policy.json").Statement {
		for _, resource := range s.Resource {
			if strings.Contains(resource, ":alarm-mute-rule:") {
				seen++
				require.True(t, strings.HasSuffix(resource, ":"+ours+"*"), resource)
			}
		}
	}
	require.Equal(t, 2, seen)
}
