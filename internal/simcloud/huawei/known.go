package huawei

import (
	_ "embed"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// known are all operations of TaurusDB, a line each (name, method, path), as Huawei's SDK
// for Go has them: one that is not simulated is told from a path that does not exist.
//
//go:embed known.txt
var known string

// knownOperation is one of them.
type knownOperation struct{ name, method, path string }

// catalogue is known as operations.
type catalogue []knownOperation

func readCatalogue() catalogue {
	var all catalogue
	for line := range strings.Lines(known) {
		fields := strings.Fields(line)
		all = append(all, knownOperation{name: fields[0], method: fields[1], path: fields[2]})
	}
	return all
}

// asked is the name of the operation of TaurusDB that a request is for, empty for none.
// Of several whose paths match, it is the one with the fewest placeholders.
func (all catalogue) asked(r *http.Request) string {
	best, literals := "", -1
	for _, op := range all {
		n := literalsOf(op.path, r.URL.Path)
		if op.method == r.Method && (n > literals || n == literals && isServed(op.name)) {
			best, literals = op.name, n
		}
	}
	return best
}

func isServed(name string) bool {
	return slices.ContainsFunc(operations(), func(op *operation) bool { return op.Name == service+name })
}

// notSimulated is the answer to a request for an operation that is not served; nil for
// any other request. No service of Huawei's answers so.
func (all catalogue) notSimulated(r *http.Request) *apiError {
	name := all.asked(r)
	if name == "" || isServed(name) {
		return nil
	}
	return &apiError{
		http.StatusNotImplemented, "NotSimulated",
		fmt.Sprintf("%s%s is an operation of Huawei Cloud that this simulator does not serve.", service, name),
	}
}

// literalsOf is how many segments of a path stand as they are in a template that it
// matches; -1 where it does not match.
func literalsOf(template, path string) int {
	want, have := strings.Split(template, "/"), strings.Split(path, "/")
	if len(want) != len(have) {
		return -1
	}
	literals := 0
	for i := range want {
		switch {
		case want[i] == have[i]:
			literals++
		case !strings.HasPrefix(want[i], "{") || have[i] == "":
			return -1
		}
	}
	return literals
}
