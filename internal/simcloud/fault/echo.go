package fault

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

// EchoOf is the text of an Echo: the request line, every header and the body,
// as they came, with whatever secrets they hold.
func EchoOf(r *http.Request, body []byte) string {
	var b strings.Builder
	b.WriteString("The request cannot be processed: " + r.Method + " " + r.URL.RequestURI() + "\nHost: " + r.Host)
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		for _, value := range r.Header[name] {
			b.WriteString("\n" + name + ": " + value)
		}
	}
	b.WriteString("\n\n")
	b.Write(body)
	return b.String()
}
