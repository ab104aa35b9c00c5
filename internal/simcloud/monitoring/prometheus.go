package monitoring

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/alertmanager/pkg/labels"
)

// promError is how Prometheus refuses.
type promError struct {
	Status    string `json:"status"`
	ErrorType string `json:"errorType"`
	Error     string `json:"error"`
}

// promResult is how Prometheus answers an instant query.
type promResult struct {
	Status string `json:"status"`
	Data   struct {
		ResultType string `json:"resultType"`
		Result     any    `json:"result"`
	} `json:"data"`
	Warnings []string `json:"warnings,omitempty"`
}

type promSample struct {
	Metric map[string]string `json:"metric"`
	Value  promValue         `json:"value"`
}

// promValue is a time in seconds, and a number as a string.
type promValue [2]any

func valueOf(at time.Time, n float64) promValue {
	return promValue{float64(at.UnixMilli()) / 1000, strconv.FormatFloat(n, 'f', -1, 64)}
}

var (
	constantForm = regexp.MustCompile(`^(?:vector\(\s*(\S+?)\s*\)|(\S+))$`)
	matcherForm  = regexp.MustCompile(`[a-zA-Z_][a-zA-Z0-9_]*\s*(?:=~|!~|!=|=)\s*"(?:[^"\\]|\\.)*"`)
	stringForm   = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)
	wordForm     = regexp.MustCompile(`[a-zA-Z_:][a-zA-Z0-9_:]*`)
)

// query answers an instant query.
func (s *Servers) query(c *call) answer {
	form := c.URL.Query()
	if c.Method == http.MethodPost {
		form, _ = url.ParseQuery(string(c.body)) // what cannot be read is missing
	}
	text := strings.TrimSpace(form.Get("query"))
	if wrong := parseError(text); wrong != "" {
		return answer{http.StatusBadRequest, promError{"error", "bad_data", "invalid parameter \"query\": " + wrong}}
	}
	out := promResult{Status: "success"}
	out.Data.ResultType = "vector"
	if parts := constantForm.FindStringSubmatch(text); parts != nil {
		if n, err := strconv.ParseFloat(parts[1]+parts[2], 64); err == nil {
			out.Data.Result = []promSample{{map[string]string{}, valueOf(c.now, n)}}
			if parts[2] != "" {
				out.Data.ResultType, out.Data.Result = "scalar", valueOf(c.now, n)
			}
			return answer{http.StatusOK, out}
		}
	}
	samples, warnings, err := s.selected(text, c.now)
	if err != nil {
		return answer{http.StatusBadRequest, promError{"error", "bad_data", "invalid parameter \"query\": " + err.Error()}}
	}
	out.Data.Result, out.Warnings = samples, warnings
	return answer{http.StatusOK, out}
}

// selected are the series that a query selects, with their values now.
func (s *Servers) selected(query string, now time.Time) (samples []promSample, warnings []string, err error) {
	var matchers labels.Matchers
	for _, text := range matcherForm.FindAllString(query, -1) {
		m, err := labels.ParseMatcher(text)
		if err != nil {
			return nil, nil, fmt.Errorf("parse error: %w", err)
		}
		matchers = append(matchers, m)
	}
	words := wordForm.FindAllString(stringForm.ReplaceAllString(query, `""`), -1)
	s.mu.Lock()
	defer s.mu.Unlock()
	samples = []promSample{}
	for _, one := range s.series {
		if !slices.Contains(words, one.Metric) || !matches(matchers, one.Labels) {
			continue
		}
		n, there := number(valueAt(s.script(one).spells(s.Happened), now))
		if !there {
			continue
		}
		metric := map[string]string{}
		maps.Copy(metric, one.Labels)
		samples = append(samples, promSample{metric, valueOf(now, n)})
		warnings = append(warnings, one.Warnings...)
	}
	return samples, warnings, nil
}

func (s *Servers) script(one Series) script { return script{s.start, one.Value, one.Changes} }

func matches(all labels.Matchers, of map[string]string) bool {
	return !slices.ContainsFunc(all, func(m *labels.Matcher) bool { return !m.Matches(of[m.Name]) })
}

// parseError finds what every parser would: an empty query, and brackets that do not match.
func parseError(query string) string {
	if query == "" {
		return "unknown position: parse error: no expression found in input"
	}
	var open []rune
	closes := map[rune]rune{')': '(', ']': '[', '}': '{'}
	for _, r := range stringForm.ReplaceAllString(query, `""`) {
		switch r {
		case '(', '[', '{':
			open = append(open, r)
		case ')', ']', '}':
			if len(open) == 0 || open[len(open)-1] != closes[r] {
				return fmt.Sprintf("parse error: unexpected %q", r)
			}
			open = open[:len(open)-1]
		}
	}
	if len(open) > 0 {
		return fmt.Sprintf("parse error: unclosed %q", open[len(open)-1])
	}
	return ""
}
