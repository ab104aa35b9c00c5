package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// What the two forms for people hold the report's data between.
const (
	htmlOpens, htmlCloses         = `<script type="application/json" id="tidegate-report">`, "</script>"
	markdownOpens, markdownCloses = "<!-- tidegate-report ", " -->"
)

// Parse reads the data of a report in any of its forms.
func Parse(text []byte) (d Document, form Format, err error) {
	data := bytes.TrimSpace(text)
	switch {
	case bytes.HasPrefix(data, []byte("{")):
		form = JSON
	case bytes.Contains(data, []byte(htmlOpens)):
		data, form = between(data, htmlOpens, htmlCloses), HTML
	case bytes.Contains(data, []byte(markdownOpens)):
		data, form = between(data, markdownOpens, markdownCloses), Markdown
	default:
		return d, "", errors.New("not a Tidegate report: must be the complete output of tidegate report")
	}
	if err := json.Unmarshal(data, &d); err != nil {
		return d, form, fmt.Errorf("the report's data cannot be read: must be the complete output of tidegate report: %w", err)
	}
	if d.SchemaVersion != SchemaVersion {
		return d, form, fmt.Errorf("the report is of version %d, and this release of tidegate writes version %d: verify it with the release that made it",
			d.SchemaVersion, SchemaVersion)
	}
	return d, form, nil
}

// between is what stands after the last opening, up to the closing after it.
func between(text []byte, opens, closes string) []byte {
	_, rest, _ := bytes.Cut(text[bytes.LastIndex(text, []byte(opens)):], []byte(opens))
	data, _, _ := bytes.Cut(rest, []byte(closes))
	return data
}
