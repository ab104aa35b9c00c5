package aws

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tidegate/tidegate/internal/simcloud/aws/wire"
)

// maxFilterValues is EC2's limit for one request.
const maxFilterValues = 200

// filter is one of EC2's filters of a kind of resource: its values are joined by "or".
type filter[T any] struct {
	name   string
	of     reading[T]
	values []*regexp.Regexp
	// literal are the values as they were sent.
	literal []string
}

// reading gives what a filter compares: what a resource lacks never matches.
type reading[T any] func(resource T, now time.Time) []string

// filters are joined by "and".
type filters[T any] []filter[T]

// readFilters reads Filter.N.Name and Filter.N.Value.M; filterOf is false for a name that EC2
// does not know.
func readFilters[T any](call *wire.Call, filterOf func(name string) (reading[T], bool)) (filters[T], *wire.Error) {
	var out filters[T]
	total := 0
	for i := 1; call.Form.Has(fmt.Sprintf("Filter.%d.Name", i)); i++ {
		name := call.Form.Get(fmt.Sprintf("Filter.%d.Name", i))
		of, known := filterOf(name)
		if !known {
			return nil, wire.Bad("InvalidParameterValue", fmt.Sprintf("The filter '%s' is invalid", name))
		}
		f := filter[T]{name: name, of: of, literal: call.List(fmt.Sprintf("Filter.%d.Value", i))}
		for _, value := range f.literal {
			f.values = append(f.values, wildcard(value))
		}
		if len(f.values) == 0 {
			return nil, wire.Bad("InvalidParameterValue", fmt.Sprintf("The filter '%s' needs a value", name))
		}
		total += len(f.values)
		out = append(out, f)
	}
	if total > maxFilterValues {
		return nil, wire.Bad("FilterLimitExceeded", fmt.Sprintf("The maximum number of filter values is %d", maxFilterValues))
	}
	return out, nil
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

func (all filters[T]) match(resource T, now time.Time) bool {
	for _, f := range all {
		if !slices.ContainsFunc(f.of(resource, now), func(value string) bool {
			return slices.ContainsFunc(f.values, func(r *regexp.Regexp) bool { return r.MatchString(value) })
		}) {
			return false
		}
	}
	return true
}

// volumes are the volume ids that a filter names in full, if one does: then no
// other volume's snapshots need be read.
func (all filters[T]) volumes() ([]string, bool) {
	for _, f := range all {
		if f.name == "volume-id" && !strings.ContainsAny(strings.Join(f.literal, ""), `*?\`) {
			return f.literal, true
		}
	}
	return nil, false
}

// snapshotFilter gives what a filter of DescribeSnapshots reads.
func snapshotFilter(name string) (reading[*snapshot], bool) {
	if key, isTag := strings.CutPrefix(name, "tag:"); isTag {
		return func(s *snapshot, _ time.Time) []string {
			if value, has := s.tags[key]; has {
				return []string{value}
			}
			return nil
		}, true
	}
	one := func(of func(s *snapshot, now time.Time) string) reading[*snapshot] {
		return func(s *snapshot, now time.Time) []string { return []string{of(s, now)} }
	}
	none := func(*snapshot, time.Time) []string { return nil }
	of, known := map[string]reading[*snapshot]{
		"description":   one(func(s *snapshot, _ time.Time) string { return s.description }),
		"encrypted":     one(func(*snapshot, time.Time) string { return "false" }),
		"owner-alias":   none,
		"owner-id":      one(func(s *snapshot, _ time.Time) string { return s.account }),
		"progress":      one((*snapshot).progress),
		"snapshot-id":   one(func(s *snapshot, _ time.Time) string { return s.id }),
		"start-time":    one(func(s *snapshot, _ time.Time) string { return s.started.UTC().Format(ec2Time) }),
		"status":        one((*snapshot).status),
		"storage-tier":  one(func(*snapshot, time.Time) string { return "standard" }),
		"tag-key":       func(s *snapshot, _ time.Time) []string { return slices.Collect(maps.Keys(s.tags)) },
		"transfer-type": none,
		"volume-id":     one(func(s *snapshot, _ time.Time) string { return s.volumeID }),
		"volume-size":   one(func(s *snapshot, _ time.Time) string { return strconv.Itoa(s.sizeGiB) }),
	}[name]
	return of, known
}
