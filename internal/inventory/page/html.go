package page

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"strings"

	"github.com/tidegate/tidegate/internal/maintenance/inventory"
)

//go:embed inventory.html.tmpl
var form string

// HTML is the inventory as a page without links to anything: it can be mailed and archived.
func HTML(d inventory.Document) ([]byte, error) {
	t, err := template.New("inventory").Funcs(template.FuncMap{
		"asOf": asOf, "state": State, "automatic": Automatic, "next": Next, "volumes": Volumes, "initiators": Initiators,
		"nodes": Nodes, "scheduled": Scheduled, "tags": Tags, "current": current, "newest": newest,
		"class":    func(u inventory.Urgency) string { return strings.ReplaceAll(string(u), " ", "-") },
		"orDash":   orDash,
		"days":     number,
		"gateway":  func(g inventory.JudgedGateway) *inventory.JudgedGateway { return &g },
		"proxy":    func(p inventory.JudgedProxy) *inventory.JudgedProxy { return &p },
		"complete": inventory.Document.Complete, "unread": inventory.Document.AllUnread,
	}).Parse(form)
	var out bytes.Buffer
	if err == nil {
		err = t.Execute(&out, d)
	}
	if err != nil {
		return nil, fmt.Errorf("write the inventory as HTML: %w", err)
	}
	return out.Bytes(), nil
}

func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}
