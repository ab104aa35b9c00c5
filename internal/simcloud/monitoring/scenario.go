// Package monitoring simulates what health checks ask outside the clouds: a Prometheus, an Alertmanager and the pages
// of applications, under /prometheus, /alertmanager and /http. Values are scripted by time, and by what happens to the
// simulated gateways. No PromQL is evaluated: the selectors of a query select scripted series.
//
// Start at Scenario, what can be described, and Servers.
package monitoring

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tidegate/tidegate/internal/simcloud/check"
)

// Scenario is the `monitoring:` section of a scenario file.
type Scenario struct {
	// Token, where set, must come with every request as a bearer token.
	Token string `yaml:"token,omitempty"`
	// Delay is how long every answer takes.
	Delay  time.Duration `yaml:"delay,omitempty"`
	Series []Series      `yaml:"series,omitempty"`
	Alerts []Alert       `yaml:"alerts,omitempty"`
	Pages  []Page        `yaml:"pages,omitempty"`
}

// Series is a series of Prometheus. A query has it in its result if it names the metric, and every matcher of the query
// holds for the labels: the value is that of the whole query.
type Series struct {
	Name   string            `yaml:"name"` // unique; by it alerts and the admin side name the series
	Metric string            `yaml:"metric"`
	Labels map[string]string `yaml:"labels,omitempty"`
	// Value is a number, NaN, +Inf, -Inf, or none for a series that is not there. Default 0.
	Value    string   `yaml:"value,omitempty"`
	Changes  []Change `yaml:"changes,omitempty"`
	Warnings []string `yaml:"warnings,omitempty"` // come along with every result that has the series
}

// Alert is an alert of Alertmanager.
type Alert struct {
	Labels map[string]string `yaml:"labels"` // unique; alertname is one of them
	// Value is firing or resolved, the default.
	Value   string   `yaml:"value,omitempty"`
	Changes []Change `yaml:"changes,omitempty"`
	// While lets the alert fire while a series is above a value, in place of Value and Changes.
	While While `yaml:"while,omitempty"`
	// Inhibited is so for an alert that another one suppresses.
	Inhibited bool `yaml:"inhibited,omitempty"`
}

// While is a condition over a series.
type While struct {
	Series string  `yaml:"series,omitempty"` // its Name
	Above  float64 `yaml:"above,omitempty"`
}

// Page is a path that an application answers with a status.
type Page struct {
	Path    string   `yaml:"path"`            // such as /orders/healthz; unique
	Value   string   `yaml:"value,omitempty"` // the status; default 200
	Changes []Change `yaml:"changes,omitempty"`
}

// Change is a value from a time on: so long after the start, or after each restart or update of a gateway.
type Change struct {
	Value string        `yaml:"value"`
	After time.Duration `yaml:"after,omitempty"`
	// Restarting is the id of a gateway: After counts from when it goes away for its update.
	Restarting string `yaml:"restarting,omitempty"`
	// Updated is the id of a gateway: After counts from when its update has ended.
	Updated string `yaml:"updated,omitempty"`
	// For is how long the value lasts; then it is what it would have been. Zero: until the next change.
	For time.Duration `yaml:"for,omitempty"`
}

const (
	none     = "none"
	firing   = "firing"
	resolved = "resolved"
)

var (
	nameForm   = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9._-]{0,62}$`)
	metricForm = regexp.MustCompile(`^[a-zA-Z_:][a-zA-Z0-9_:]*$`)
	labelForm  = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)
	pathForm   = regexp.MustCompile(`^/[^?#\s]*$`)
)

// withDefaults fills in what is left out.
func (s Scenario) withDefaults() Scenario {
	s.Series, s.Alerts, s.Pages = slices.Clone(s.Series), slices.Clone(s.Alerts), slices.Clone(s.Pages)
	for i := range s.Series {
		setDefault(&s.Series[i].Value, "0")
	}
	for i := range s.Alerts {
		setDefault(&s.Alerts[i].Value, resolved)
	}
	for i := range s.Pages {
		setDefault(&s.Pages[i].Value, "200")
	}
	return s
}

func setDefault(field *string, value string) {
	if *field == "" {
		*field = value
	}
}

// Validate reports everything that is wrong, as joined FieldErrors. The gateways are those that there are, by id.
func (s Scenario) Validate(gateways map[string]bool) error {
	s = s.withDefaults()
	c := checker{gateways: gateways}
	c.NotNegative("delay", s.Delay)
	names, alerts, paths := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for i, one := range s.Series {
		at := fmt.Sprintf("series[%d]", i)
		c.Form(at+".name", one.Name, nameForm, "1 to 63 letters, digits, dots, underscores or dashes")
		c.Unique(at+".name", one.Name, names)
		c.Form(at+".metric", one.Metric, metricForm, "the name of a metric, such as http_errors_total")
		c.labels(at, one.Labels)
		c.values(at, one.Value, one.Changes, isNumber, "a number, NaN, +Inf, -Inf or none")
	}
	for i, one := range s.Alerts {
		at := fmt.Sprintf("alerts[%d]", i)
		c.labels(at, one.Labels)
		c.Require(at+".labels.alertname", one.Labels["alertname"])
		c.Unique(at+".labels", keyOf(one.Labels), alerts)
		isState := func(value string) bool { return value == firing || value == resolved }
		c.values(at, one.Value, one.Changes, isState, "firing or resolved")
		if one.While.Series != "" && !names[one.While.Series] {
			c.Wrong(at+".while.series", one.While.Series, "the name of a series of the scenario")
		}
	}
	for i, one := range s.Pages {
		at := fmt.Sprintf("pages[%d]", i)
		c.Form(at+".path", one.Path, pathForm, "a path such as /orders/healthz, without a query")
		c.Unique(at+".path", one.Path, paths)
		c.values(at, one.Value, one.Changes, isStatus, "an HTTP status from 200 to 599")
	}
	return c.Err()
}

// checker checks a scenario.
type checker struct {
	check.Checker

	gateways map[string]bool
}

func (c *checker) labels(at string, labels map[string]string) {
	for name := range labels {
		c.Form(at+".labels."+name, name, labelForm, "the name of a label: letters, digits and underscores")
	}
}

func (c *checker) values(at, value string, changes []Change, ok func(string) bool, want string) {
	if !ok(value) {
		c.Wrong(at+".value", value, want)
	}
	for i, change := range changes {
		at := fmt.Sprintf("%s.changes[%d]", at, i)
		if !ok(change.Value) {
			c.Wrong(at+".value", change.Value, want)
		}
		c.NotNegative(at+".after", change.After)
		c.NotNegative(at+".for", change.For)
		for _, field := range []struct{ name, id string }{{"restarting", change.Restarting}, {"updated", change.Updated}} {
			if field.id != "" && !c.gateways[field.id] {
				c.Wrong(at+"."+field.name, field.id, "the id of a gateway of the scenario")
			}
		}
		if change.Restarting != "" && change.Updated != "" {
			c.Wrong(at+".updated", change.Updated, "nothing beside restarting")
		}
	}
}

func isNumber(value string) bool {
	_, err := strconv.ParseFloat(value, 64)
	return err == nil || value == none
}

func isStatus(value string) bool {
	status, err := strconv.Atoi(value)
	return err == nil && status >= 200 && status <= 599
}

// keyOf is the same for the same labels.
func keyOf(labels map[string]string) string {
	var all []string
	for name, value := range labels {
		all = append(all, name+"="+strconv.Quote(value))
	}
	slices.Sort(all)
	return strings.Join(all, ",")
}
