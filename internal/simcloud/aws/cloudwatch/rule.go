package cloudwatch

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// rule is a composite alarm's: true is ALARM, false is OK.
type rule interface {
	// holds asks for the states of the alarms that it names.
	holds(state func(alarm string) string) bool
	names() []string
}

type (
	constant bool
	// is holds while an alarm is in a state.
	is struct{ state, alarm string }
	// not, all and some are what operators make of other rules.
	not  struct{ rule }
	all  []rule
	some []rule
)

func (c constant) holds(func(string) string) bool  { return bool(c) }
func (i is) holds(state func(string) string) bool  { return state(i.alarm) == i.state }
func (n not) holds(state func(string) string) bool { return !n.rule.holds(state) }

func (constant) names() []string { return nil }
func (i is) names() []string     { return []string{i.alarm} }
func (a all) names() []string    { return namesOf(a) }
func (s some) names() []string   { return namesOf(s) }

func (a all) holds(state func(string) string) bool {
	return !slices.ContainsFunc(a, func(r rule) bool { return !r.holds(state) })
}

func (s some) holds(state func(string) string) bool {
	return slices.ContainsFunc(s, func(r rule) bool { return r.holds(state) })
}

func namesOf(rules []rule) []string {
	var out []string
	for _, r := range rules {
		out = append(out, r.names()...)
	}
	return out
}

// maxRule is AWS's, in characters.
const maxRule = 10240

var ruleToken = regexp.MustCompile(`^\s*([()]|"[^"]*"|[^\s()"]+)`)

// parseRule reads AlarmRule: ALARM, OK and INSUFFICIENT_DATA of an alarm's name or ARN, TRUE, FALSE, AND,
// OR, NOT and parentheses.
func parseRule(text string) (rule, error) {
	if len(text) > maxRule {
		return nil, fmt.Errorf("a rule of at most %d characters", maxRule)
	}
	p := &ruleParser{}
	for rest := strings.TrimSpace(text); rest != ""; rest = strings.TrimSpace(rest) {
		found := ruleToken.FindString(rest)
		if found == "" {
			return nil, errors.New("a rule whose quotes are closed")
		}
		p.tokens = append(p.tokens, strings.TrimSpace(found))
		rest = rest[len(found):]
	}
	r, err := p.anyOf(0)
	if err == nil && len(p.tokens) > 0 {
		err = fmt.Errorf("a rule that ends before %s", p.tokens[0])
	}
	return r, err
}

type ruleParser struct{ tokens []string }

// next takes a token; empty at the end.
func (p *ruleParser) next() string {
	if len(p.tokens) == 0 {
		return ""
	}
	token := p.tokens[0]
	p.tokens = p.tokens[1:]
	return token
}

// take takes the token if it is next.
func (p *ruleParser) take(token string) bool {
	if len(p.tokens) == 0 || p.tokens[0] != token {
		return false
	}
	p.tokens = p.tokens[1:]
	return true
}

// maxRuleDepth is how deep parentheses and NOT may nest.
const maxRuleDepth = 50

func (p *ruleParser) anyOf(depth int) (rule, error) {
	first, err := p.allOf(depth)
	rules := some{first}
	for err == nil && p.take("OR") {
		var next rule
		next, err = p.allOf(depth)
		rules = append(rules, next)
	}
	return rules, err
}

func (p *ruleParser) allOf(depth int) (rule, error) {
	first, err := p.one(depth)
	rules := all{first}
	for err == nil && p.take("AND") {
		var next rule
		next, err = p.one(depth)
		rules = append(rules, next)
	}
	return rules, err
}

func (p *ruleParser) one(depth int) (rule, error) {
	if depth > maxRuleDepth {
		return nil, fmt.Errorf("a rule of at most %d levels", maxRuleDepth)
	}
	switch token := p.next(); token {
	case "TRUE", "FALSE":
		return constant(token == "TRUE"), nil
	case "NOT":
		inner, err := p.one(depth + 1)
		return not{inner}, err
	case "(":
		inner, err := p.anyOf(depth + 1)
		return inner, p.closed(err)
	case stateAlarm, stateOK, stateNoData:
		if !p.take("(") {
			return nil, fmt.Errorf("a rule with an alarm in parentheses after %s", token)
		}
		name := strings.Trim(p.next(), `"`)
		if _, ofARN, found := strings.Cut(name, ":alarm:"); found {
			name = ofARN
		}
		return is{state: token, alarm: name}, p.closed(nil)
	default:
		return nil, fmt.Errorf("a rule such as ALARM(orders-5xx) AND NOT OK(\"orders latency\"), with no %q there", token)
	}
}

// closed takes what ends parentheses.
func (p *ruleParser) closed(err error) error {
	if err == nil && !p.take(")") {
		return errors.New("a rule whose parentheses are closed")
	}
	return err
}
