package health

import (
	"encoding/json"
	"slices"
	"strings"
)

// Question is what one source is asked: exactly one field is set. Questions with the same Key have the same answer,
// so they are asked once. The limits that an answer is held against are no part of it.
type Question struct {
	Gateway      *GatewayQuestion      `json:"gateway,omitempty"`
	Alarms       *AlarmQuestion        `json:"alarms,omitempty"`
	Prometheus   *PrometheusQuestion   `json:"prometheus,omitempty"`
	Alertmanager *AlertmanagerQuestion `json:"alertmanager,omitempty"`
	HTTP         *HTTPQuestion         `json:"http,omitempty"`
}

// GatewayQuestion asks Storage Gateway for numbers of one gateway.
type GatewayQuestion struct {
	Account string `json:"account"` // of the worker's configuration
	ARN     string `json:"arn"`
	Type    string `json:"type,omitempty"` // of the gateway, such as CACHED; empty: not known

	Cache        bool `json:"cache,omitempty"`        // DescribeCache: cached volumes, tape and file gateways
	UploadBuffer bool `json:"uploadBuffer,omitempty"` // DescribeUploadBuffer: cached and stored volumes, tape gateways
	Volumes      bool `json:"volumes,omitempty"`      // their status: cached and stored volumes
	Initiators   bool `json:"initiators,omitempty"`   // ListVolumeInitiators of each volume: cached and stored volumes
}

// AlarmQuestion asks CloudWatch for alarms: those with these names, and those whose names start with the prefix.
type AlarmQuestion struct {
	Account string   `json:"account"` // of the worker's configuration
	Names   []string `json:"names,omitempty"`
	Prefix  string   `json:"prefix,omitempty"` // empty: none
}

// PrometheusQuestion is an instant query.
type PrometheusQuestion struct {
	Server string `json:"server"` // of the worker's configuration
	Query  string `json:"query"`  // PromQL
}

// AlertmanagerQuestion asks for the alerts that all the matchers match.
type AlertmanagerQuestion struct {
	Server   string    `json:"server"` // of the worker's configuration
	Matchers []Matcher `json:"matchers"`
}

// HTTPQuestion is a GET request.
type HTTPQuestion struct {
	Server string `json:"server"` // of the worker's configuration
	// Path is of the server that the worker's configuration names. It starts with one slash and may have a query. It
	// has no host, no segment . or .. and no fragment: CheckPath.
	Path string `json:"path"`
}

// Key is the same for two questions if, and only if, they ask the same.
func (q Question) Key() string {
	key, _ := json.Marshal(q) // strings, booleans and lists of them: nothing in it can fail
	return string(key)
}

// Call is a question that is really sent, and the questions, by their places in a list, that its reading answers.
type Call struct {
	Question Question
	For      []int
}

// Calls are the fewest questions whose readings answer all of these: equal ones are sent once, and alarms that are
// named are asked for by up to MostAlarmNames a call. A prefix takes a call of its own, since CloudWatch takes names or
// a prefix.
func Calls(questions []Question) []Call {
	var c calls
	for i, q := range questions {
		if q.Alarms == nil {
			c.add(q.Key(), q, i)
			continue
		}
		c.named(*q.Alarms, i)
		if q.Alarms.Prefix != "" {
			prefix := Question{Alarms: &AlarmQuestion{Account: q.Alarms.Account, Prefix: q.Alarms.Prefix}}
			c.add(prefix.Key(), prefix, i)
		}
	}
	return c.all
}

// calls collects calls.
type calls struct {
	all  []Call
	byID map[string]int // of a whole question, or of an alarm's name in an account
	open map[string]int // the call of an account that has room for more names
}

// add answers a question by the call with this id, and makes it if there is none.
func (c *calls) add(id string, q Question, i int) {
	at, is := c.byID[id]
	if !is {
		at = len(c.all)
		c.all = append(c.all, Call{Question: q})
		c.know(id, at)
	}
	c.answers(at, i)
}

func (c *calls) named(q AlarmQuestion, i int) {
	for _, name := range q.Names {
		id := "alarm " + q.Account + " " + name
		at, is := c.byID[id]
		if !is {
			at = c.roomFor(q.Account)
			alarms := c.all[at].Question.Alarms
			alarms.Names = append(alarms.Names, name)
			c.know(id, at)
		}
		c.answers(at, i)
	}
}

// roomFor is a call of the account with room for one more name.
func (c *calls) roomFor(account string) int {
	at, is := c.open[account]
	if is && len(c.all[at].Question.Alarms.Names) < MostAlarmNames {
		return at
	}
	if c.open == nil {
		c.open = map[string]int{}
	}
	at = len(c.all)
	c.all = append(c.all, Call{Question: Question{Alarms: &AlarmQuestion{Account: account}}})
	c.open[account] = at
	return at
}

func (c *calls) know(id string, at int) {
	if c.byID == nil {
		c.byID = map[string]int{}
	}
	c.byID[id] = at
}

func (c *calls) answers(at, i int) {
	if !slices.Contains(c.all[at].For, i) {
		c.all[at].For = append(c.all[at].For, i)
	}
}

// Distribute is the reading of each question, from the readings of their Calls. One that several calls answer is as
// old as the oldest of them, and failed if one of them did.
func Distribute(questions []Question, sent []Call, readings []Reading) []Reading {
	all := make([]Reading, len(questions))
	for n, call := range sent {
		for _, i := range call.For {
			if questions[i].Alarms == nil {
				all[i] = readings[n]
				continue
			}
			all[i] = all[i].with(*questions[i].Alarms, readings[n])
		}
	}
	return all
}

// with adds the alarms of one more call that are part of the question.
func (r Reading) with(q AlarmQuestion, more Reading) Reading {
	if r.At.IsZero() || more.At.Before(r.At) {
		r.At = more.At
	}
	if r.Err == nil {
		r.Err = more.Err
	}
	r.Alarms = slices.Clone(r.Alarms)
	for _, a := range more.Alarms {
		asked := slices.Contains(q.Names, a.Name) || q.Prefix != "" && strings.HasPrefix(a.Name, q.Prefix)
		if asked && !slices.ContainsFunc(r.Alarms, func(b Alarm) bool { return b.Name == a.Name }) {
			r.Alarms = append(r.Alarms, a)
		}
	}
	return r
}
