package aws

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxFilterValues is EC2's limit for one request.
const maxFilterValues = 200

// filter is one of EC2's filters: its values are joined by "or".
type filter struct {
	name   string
	values []*regexp.Regexp
}

// filters are joined by "and".
type filters []filter

// filters reads Filter.N.Name and Filter.N.Value.M.
func (c *call) filters() (filters, *apiError) {
	var out filters
	total := 0
	for i := 1; c.form.Has(fmt.Sprintf("Filter.%d.Name", i)); i++ {
		name := c.form.Get(fmt.Sprintf("Filter.%d.Name", i))
		if !knownFilter(name) {
			return nil, bad("InvalidParameterValue", fmt.Sprintf("The filter '%s' is invalid", name))
		}
		f := filter{name: name}
		for _, value := range c.list(fmt.Sprintf("Filter.%d.Value", i)) {
			f.values = append(f.values, wildcard(value))
		}
		if len(f.values) == 0 {
			return nil, bad("InvalidParameterValue", fmt.Sprintf("The filter '%s' needs a value", name))
		}
		total += len(f.values)
		out = append(out, f)
	}
	if total > maxFilterValues {
		return nil, bad("FilterLimitExceeded", fmt.Sprintf("The maximum number of filter values is %d", maxFilterValues))
	}
	return out, nil
}

// knownFilter is so for DescribeSnapshots' filters.
func knownFilter(name string) bool {
	return strings.HasPrefix(name, "tag:") || slices.Contains([]string{
		"description", "encrypted", "owner-alias", "owner-id", "progress", "snapshot-id", "start-time",
		"status", "storage-tier", "tag-key", "transfer-type", "volume-id", "volume-size",
	}, name)
}

// wildcard is EC2's pattern: * is any text, ? one character, \ takes the next
// character literally. Everything else stands for itself, in its own case.
func wildcard(value string) *regexp.Regexp {
	var b strings.Builder
	escaped := false
	for _, r := range value {
		switch {
		case escaped:
			b.WriteString(regexp.QuoteMeta(string(r)))
			escaped = false
		case r == '\\':
			escaped = true
		case r == '*':
			b.WriteString(".*")
		case r == '?':
			b.WriteString(".")
		default:
			b.WriteString(regexp.QuoteMeta(string(r)))
		}
	}
	return regexp.MustCompile(`(?s)^` + b.String() + `$`)
}

func (all filters) match(s *snapshot, now time.Time) bool {
	for _, f := range all {
		if !slices.ContainsFunc(s.filterValues(f.name, now), func(value string) bool {
			return slices.ContainsFunc(f.values, func(r *regexp.Regexp) bool { return r.MatchString(value) })
		}) {
			return false
		}
	}
	return true
}

// filterValues are the snapshot's values that a filter looks at; none never matches.
func (s *snapshot) filterValues(name string, now time.Time) []string {
	if key, isTag := strings.CutPrefix(name, "tag:"); isTag {
		if value, has := s.tags[key]; has {
			return []string{value}
		}
		return nil
	}
	switch name {
	case "description":
		return []string{s.description}
	case "encrypted":
		return []string{"false"}
	case "owner-id":
		return []string{s.account}
	case "progress":
		return []string{s.progress(now)}
	case "snapshot-id":
		return []string{s.id}
	case "start-time":
		return []string{s.started.UTC().Format(ec2Time)}
	case "status":
		return []string{s.status(now)}
	case "storage-tier":
		return []string{"standard"}
	case "tag-key":
		return s.tagKeys()
	case "volume-id":
		return []string{s.volumeID}
	case "volume-size":
		return []string{strconv.Itoa(s.sizeGiB)}
	}
	return nil
}
