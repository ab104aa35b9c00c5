package health

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// HTTPCheck passes while a server answers a GET request with the status. Redirects are not followed to other hosts.
type HTTPCheck struct {
	Server string   `json:"server"` // of the worker's configuration
	Path   Template `json:"path"`   // with a query, perhaps: see CheckPath
	Status int      `json:"status,omitempty"`
}

func (c *HTTPCheck) question(s Subject) (Question, error) {
	path, err := c.Path.path(s.values)
	return Question{HTTP: &HTTPQuestion{Server: c.Server, Path: path}}, err
}

// path is the path with its values, each of which stays one segment of the path or one value of the query.
func (t Template) path(of values) (string, error) {
	path, err := t.expand(of, func(before, value string) (string, error) {
		if strings.Contains(before, "?") {
			return url.QueryEscape(value), nil
		}
		return url.PathEscape(value), nil
	})
	if err != nil {
		return "", err
	}
	return path, CheckPath(path)
}

func (c *HTTPCheck) judge(e evidence) Answer {
	seen := e.reading.Status
	return answered(e.reading.At, "", Value{
		Of: "status", Number: finite(float64(seen)), Text: strings.TrimSpace(strconv.Itoa(seen) + " " + http.StatusText(seen)),
		Limit: strconv.Itoa(c.Status), Outcome: judged(seen == c.Status),
	})
}

func (c *HTTPCheck) validate(f *faults, at string, check Check) {
	at += ".http"
	f.server(at, c.Server)
	_, err := c.Path.path(anyValues)
	f.text(at+".path", string(c.Path), "a path on the server", err)
	f.unless(c.Status >= 200 && c.Status <= 599, at+".status", strconv.Itoa(c.Status), "200 to 599")
	if check.Has(AtCampaign) {
		f.campaignWide(at+".path", c.Path)
	}
}

// mostPath is how long a path may be, in bytes.
const mostPath = 1024

// CheckPath refuses everything but a path, perhaps with a query, on the server that the worker's configuration names:
// the author of a plan does not choose which host is asked, nor leaves the server's own path.
func CheckPath(path string) error {
	wrong := func(want string) error {
		return fmt.Errorf("invalid path %q: must %s", path, want)
	}
	switch {
	case !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//"):
		return wrong("start with one slash: the host is the server's")
	case len(path) > mostPath:
		return fmt.Errorf("invalid path: must have at most %d bytes, and has %d", mostPath, len(path))
	case strings.ContainsFunc(path, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '\\' || r == '#' }):
		return wrong(`be without spaces, control characters, \ and #`)
	}
	parsed, err := url.ParseRequestURI(path)
	if err != nil || parsed.Host != "" || parsed.Scheme != "" || parsed.User != nil {
		return wrong("be a path, with every % followed by two hexadecimal digits")
	}
	dots := func(segment string) bool { return segment == "." || segment == ".." }
	if slices.ContainsFunc(strings.FieldsFunc(parsed.Path, func(r rune) bool { return r == '/' || r == '\\' }), dots) {
		return wrong("have no segment . or ..")
	}
	return nil
}
