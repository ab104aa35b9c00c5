package planfile_test

import (
	"encoding"
	"encoding/json"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/health"
	"github.com/tidegate/tidegate/internal/strict"
)

// object is a piece of a JSON schema.
type object = map[string]any

const (
	namePattern      = `^[a-z0-9][a-z0-9._-]{0,62}$`
	regionPattern    = `^[a-z]{2,}(-[a-z]+)+-\d+$`
	instancePattern  = `^[0-9a-f]{32}in07$`
	versionPattern   = `^(latest|\d+\.\d+\.\d+\.\d+)$`
	timestampPattern = `^2[01]\d\d-\d\d-\d\d([T ]\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)?)?$`
)

// byType is what the schema says of a value by its type alone.
var byType = map[reflect.Type]object{
	reflect.TypeFor[maintenance.Duration]():         {"type": "string", "pattern": `^([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$`},
	reflect.TypeFor[maintenance.Share]():            {"type": []string{"integer", "string"}, "minimum": 0, "pattern": `^([0-9]+|[0-9]{1,2}%|100%)$`},
	reflect.TypeFor[maintenance.SnapshotWhen]():     {"enum": []string{"after", "before", "both", "never"}},
	reflect.TypeFor[maintenance.FailedSnapshots]():  {"enum": []string{"keep", "delete"}},
	reflect.TypeFor[maintenance.AutomaticUpdates](): {"enum": []string{"keep", "hold"}},
	reflect.TypeFor[maintenance.OnFailure]():        {"enum": []string{"compensate", "hold"}},
	reflect.TypeFor[maintenance.WindowEnd]():        {"enum": []string{"hold", "finish"}},
	reflect.TypeFor[maintenance.Recurrence]():       {"enum": []string{"weekly", "monthly"}},
	reflect.TypeFor[maintenance.Commands]():         {"enum": []string{"signed"}},
	reflect.TypeFor[maintenance.Order]():            {"enum": []string{"window", "listed"}},
	reflect.TypeFor[maintenance.Event]():            {"enum": maintenance.Events()},
	reflect.TypeFor[health.Percent]():               {"type": "string", "pattern": `^[0-9]+(\.[0-9]+)?%$`},
	reflect.TypeFor[health.Moment]():                {"enum": []string{"before", "after", "bake", "campaign"}},
	reflect.TypeFor[health.NoData]():                {"enum": []string{"fail", "pass", "wait"}},
	reflect.TypeFor[health.Initiators]():            {"enum": []string{"as-before"}},
	reflect.TypeFor[health.VolumesState]():          {"enum": []string{"available"}},
}

// byField is what it says beyond that of a field, as Type.Field, or of a type.
var byField = map[string]object{
	"document":               {"anyOf": []object{{"required": []string{"targets"}}, {"required": []string{"selectors"}}}},
	"document.APIVersion":    {"const": "tidegate/v1"},
	"document.Name":          {"pattern": namePattern},
	"AWSAccount.Name":        {"pattern": namePattern},
	"AWSAccount.Region":      {"pattern": regionPattern},
	"AWSAccount.AssumeRole":  {"pattern": `^arn:aws(-[a-z0-9]+)*:iam::\d{12}:role/[\w+=,.@/-]+$`},
	"HuaweiAccount":          {"anyOf": []object{{"required": []string{"region"}}, {"required": []string{"endpoint"}}}},
	"HuaweiAccount.Name":     {"pattern": namePattern},
	"HuaweiAccount.Project":  {"pattern": `^[0-9A-Za-z]{32}$`},
	"HuaweiAccount.Region":   {"pattern": `^[a-z]{2,}(-[a-z]+)+(-\d+)?$`},
	"freeze":                 {"oneOf": []object{{"required": []string{"from"}}, {"required": []string{"ics", "zone"}}}},
	"freeze.From":            {"pattern": timestampPattern},
	"freeze.To":              {"pattern": timestampPattern},
	"Rollout.MaxConcurrent":  {"minimum": 1, "maximum": 500},
	"Rollout.Order":          {"description": "Which of two targets that may start goes first: the one with the least time left, or the one that is listed first."},
	"Forecast.Update":        {"description": "How long an update is expected to take, from the trigger until the gateway runs again: 1s to 24h."},
	"Forecast.Snapshot":      {"description": "How long the snapshots of all volumes of a gateway are expected to take: 1s to 24h."},
	"Forecast.Proxy":         {"description": "How long the upgrade of one proxy is expected to take: 1s to 24h."},
	"Pace.Min":               {"description": "The shortest time between two looks."},
	"Pace.Max":               {"description": "The longest time between two looks."},
	"Approvals.Count":        {"minimum": 1, "maximum": 10},
	"Approvals.Signers":      {"pattern": namePattern},
	"ProxyPolicy.Parallel":   {"minimum": 1, "maximum": 4},
	"Target.Name":            {"pattern": namePattern, "description": "What the target is called: lower-case letters, digits, dots, underscores and dashes, at most 63."},
	"Target.Proxies":         {"description": "The proxies that belong to the gateway; the first is the canary."},
	"Target.Gateway":         {"description": "The gateway, by its account and its ARN."},
	"Target.Labels":          {"maxProperties": 20, "description": "Names with texts, for rollout.constraintKey."},
	"GatewayRef.Account":     {"description": "One of accounts.aws."},
	"ProxyRef.Account":       {"description": "One of accounts.huawei."},
	"GatewayRef.ARN":         {"description": "The gateway's ARN, in the account's region.", "pattern": `^arn:aws(-[a-z0-9]+)*:storagegateway:[a-z0-9-]+:\d{12}:gateway/sgw-[0-9A-Fa-f]{8,17}$`},
	"ProxyRef.InstanceID":    {"pattern": instancePattern, "description": "The id of the DB instance."},
	"ProxyRef.ProxyID":       {"pattern": `^([0-9a-f]{32}po01|all)$`, "description": "The id of the proxy, or all, for every proxy of the instance."},
	"ProxyRef.Version":       {"pattern": versionPattern, "description": "The version that it is to run: exact, or latest, which is the default."},
	"Selector.Types":         {"items": object{"enum": []string{"STORED", "CACHED", "VTL", "VTL_SNOW", "FILE_S3", "FILE_FSX_SMB"}}},
	"Selector.Labels":        {"maxProperties": 20},
	"Proxies":                {"oneOf": []object{{"required": []string{"instanceId"}}, {"required": []string{"instanceTag"}}}},
	"Proxies.InstanceID":     {"pattern": instancePattern},
	"Proxies.ProxyID":        {"pattern": `^([0-9a-f]{32}po01|all)$`},
	"Proxies.Version":        {"pattern": versionPattern},
	"document.Notify":        {"maxItems": 10},
	"Notify.Channel":         {"pattern": namePattern},
	"Notify.On":              {"uniqueItems": true},
	"document.Checks":        {"maxItems": health.MostChecks},
	"document.Mute":          {"maxItems": health.MostMutes},
	"Check":                  {"oneOf": []object{{"required": []string{"gateway"}}, {"required": []string{"alarms"}}, {"required": []string{"prometheus"}}, {"required": []string{"alertmanager"}}, {"required": []string{"http"}}}},
	"Check.Name":             {"minLength": 1, "maxLength": 63, "description": "What the check is called, unique in the plan: 1 to 63 characters on one line."},
	"Check.Gateway":          {"description": "The gateway's own numbers."},
	"Check.Alarms":           {"description": "CloudWatch alarms, metric or composite: none of them may be in ALARM."},
	"Check.Prometheus":       {"description": "An instant query, held against a limit."},
	"Check.Alertmanager":     {"description": "Alerts: none of them may be firing, unless it is silenced or inhibited."},
	"Check.HTTP":             {"description": "A GET request, which has to be answered with the status."},
	"Check.At":               {"minItems": 1, "uniqueItems": true, "description": "When it is asked: before the trigger and each proxy, after the update, while its wave bakes, or for the whole campaign."},
	"Check.Failures":         {"minimum": 1, "maximum": 20},
	"Check.Every":            {"default": "30s"},
	"GatewayCheck":           {"minProperties": 1},
	"AlertSelector.Server":   {"pattern": namePattern, "description": "The name of an Alertmanager in the worker's accounts file."},
	"AlertSelector.Matchers": {"minItems": 1, "maxItems": health.MostMatchers, "description": "Alertmanager's matchers, such as team=\"storage\"; an alert has to match all."},
	"AlarmSelector":          {"anyOf": []object{{"required": []string{"names"}}, {"required": []string{"prefix"}}}},
	"AlarmsCheck":            {"anyOf": []object{{"required": []string{"names"}}, {"required": []string{"prefix"}}}},
	"AlarmSelector.Names":    {"maxItems": health.MostAlarmNames, "description": "The names of alarms."},
	"AlarmSelector.Prefix":   {"description": "How the names of further alarms start."},
	"PrometheusCheck.Server": {"pattern": namePattern, "description": "The name of a Prometheus server in the worker's accounts file."},
	"PrometheusCheck.Query":  {"minLength": 1, "description": "PromQL whose result is a number for each series; of several the worst counts."},
	"HTTPCheck.Server":       {"pattern": namePattern, "description": "The name of an HTTP server in the worker's accounts file."},
	"HTTPCheck.Path":         {"pattern": `^/`, "description": "The path, perhaps with a query, on that server."},
	"HTTPCheck.Status":       {"minimum": 200, "maximum": 599, "default": 200, "description": "The status of a healthy answer."},
	"Mute":                   {"oneOf": []object{{"required": []string{"alertmanager"}}, {"required": []string{"alarms"}}}},
	"Mute.Alertmanager":      {"description": "Alerts that a silence keeps quiet."},
	"Mute.Alarms":            {"description": "CloudWatch alarms that a mute rule keeps quiet."},
}

// schema is the JSON Schema of a document, made from its types, their comments
// and the defaults that it holds.
func schema(t *testing.T, document any) object {
	t.Helper()
	g := generator{comments: map[string]string{}}
	for _, dir := range []string{".", "plan", "../maintenance", "../maintenance/health"} {
		g.readComments(t, dir)
	}
	s := g.schema(reflect.ValueOf(document).Elem())
	s["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	s["$id"] = "https://raw.githubusercontent.com/tidegate/tidegate/main/docs/plan.schema.json"
	s["title"] = "Tidegate plan"
	return s
}

type generator struct{ comments map[string]string } // of Type.Field

// readComments keeps the comments on the fields of a folder's structs.
func (g generator) readComments(t *testing.T, dir string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	require.NoError(t, err)
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		require.NoError(t, err)
		ast.Inspect(file, func(n ast.Node) bool {
			named, ok := n.(*ast.TypeSpec)
			if !ok {
				return true
			}
			if s, ok := named.Type.(*ast.StructType); ok {
				g.keep(named.Name.Name, s)
			}
			return false
		})
	}
}

func (g generator) keep(name string, s *ast.StructType) {
	for _, f := range s.Fields.List {
		comment := f.Doc.Text()
		if comment == "" {
			comment = f.Comment.Text()
		}
		for _, field := range f.Names {
			g.comments[name+"."+field.Name] = new(doc.Package).Synopsis(comment)
		}
	}
}

// schema is that of a value; what it holds is the default.
func (g generator) schema(v reflect.Value) object {
	for v.Kind() == reflect.Pointer {
		if v.IsNil() {
			v = reflect.New(v.Type().Elem())
		}
		v = v.Elem()
	}
	if s, ok := byType[v.Type()]; ok {
		return withDefault(maps.Clone(s), v)
	}
	switch v.Kind() {
	case reflect.Struct:
		return g.structure(v)
	case reflect.Slice:
		return object{"type": "array", "items": g.schema(reflect.New(v.Type().Elem()))}
	case reflect.Map:
		return object{"type": "object", "additionalProperties": object{"type": "string"}}
	case reflect.Int:
		return withDefault(object{"type": "integer"}, v)
	case reflect.Bool:
		return object{"type": "boolean", "default": v.Bool()}
	case reflect.Float64:
		return object{"type": "number"}
	default:
		return withDefault(object{"type": "string"}, v)
	}
}

func (g generator) structure(v reflect.Value) object {
	properties, required := object{}, []string{}
	for field, value := range v.Fields() {
		if field.Anonymous { // its fields are this one's own
			inner := g.structure(value)
			if all, ok := inner["properties"].(object); ok {
				maps.Copy(properties, all)
			}
			if some, ok := inner["required"].([]string); ok {
				required = append(required, some...)
			}
			continue
		}
		name, key := strict.FieldName(field), v.Type().Name()+"."+field.Name
		s := g.schema(value)
		if comment := g.comments[key]; comment != "" {
			s["description"] = comment
		}
		maps.Copy(s, byField[key])
		properties[name] = s
		if tag := string(field.Tag); !strings.Contains(tag, ",omit") {
			required = append(required, name)
		}
	}
	s := object{"type": "object", "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		s["required"] = required
	}
	maps.Copy(s, byField[v.Type().Name()])
	return s
}

func withDefault(s object, v reflect.Value) object {
	switch d := v.Interface().(type) {
	case encoding.TextMarshaler:
		if text, err := d.MarshalText(); err == nil && !v.IsZero() {
			s["default"] = string(text)
		}
	default:
		if !v.IsZero() {
			s["default"] = v.Interface()
		}
	}
	return s
}

// encoded is a schema as the file holds it.
func encoded(t *testing.T, s object) string {
	t.Helper()
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	require.NoError(t, encoder.Encode(s))
	return b.String()
}
