package report

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"path/filepath"
	"strings"
	texttemplate "text/template"
)

// Format is a form of a report.
type Format string

// The forms. Each of them holds the whole report, and can be verified.
const (
	Markdown Format = "md"
	HTML     Format = "html"
	JSON     Format = "json"
)

// FormatNamed is the form that goes by a name: md, markdown, html, htm or json.
func FormatNamed(name string) (form Format, ok bool) {
	switch strings.ToLower(name) {
	case "md", "markdown":
		return Markdown, true
	case "html", "htm":
		return HTML, true
	case "json":
		return JSON, true
	}
	return "", false
}

// FormatOf is the form that the ending of a file's name asks for.
func FormatOf(path string) (form Format, ok bool) {
	return FormatNamed(strings.TrimPrefix(filepath.Ext(path), "."))
}

//go:embed report.html.tmpl
var htmlForm string

//go:embed report.md.tmpl
var markdownForm string

// shown is what the templates show.
type shown struct {
	Document

	Gantt gantt
	// Data is the report as JSON, for the program that verifies it. The encoder
	// writes < and > as \u003c and \u003e, so that it ends neither a comment nor a
	// script.
	Data string
}

// Render writes a report. It depends on the report alone.
func Render(d Document, form Format) ([]byte, error) {
	var out bytes.Buffer
	var err error
	switch form {
	case JSON:
		encoder := json.NewEncoder(&out)
		encoder.SetIndent("", "  ")
		err = encoder.Encode(d)
	case HTML:
		var t *htmltemplate.Template
		if t, err = htmltemplate.New("report").Funcs(words()).Parse(htmlForm); err == nil {
			err = t.Execute(&out, shown{Document: d, Gantt: ganttOf(d)})
		}
	case Markdown:
		var data []byte
		var t *texttemplate.Template
		data, err = json.Marshal(d)
		if err == nil {
			t, err = texttemplate.New("report").Funcs(words()).Parse(markdownForm)
		}
		if err == nil {
			err = t.Execute(&out, shown{Document: d, Data: string(data)})
		}
	default:
		err = errors.New("must be md, html or json")
	}
	if err != nil {
		return nil, fmt.Errorf("write the report as %q: %w", form, err)
	}
	return out.Bytes(), nil
}
