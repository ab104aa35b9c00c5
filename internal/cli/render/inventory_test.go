package render_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/cli/render"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/inventory"
	"github.com/tidegate/tidegate/internal/printer"
)

func TestAnInventoryFitsEveryTerminal(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)
	var found inventory.Found
	for i, name := range []string{"billing", "\x1b[2Jevil\nname", strings.Repeat("long-", 40), "日本語のゲートウェイ"} {
		id := fmt.Sprintf("sgw-1111111%d", i)
		found.Gateways = append(found.Gateways, inventory.Gateway{
			Account: "prod", Region: "eu-central-1", Connection: inventory.Connected, Described: true, AllTags: true,
			Details: inventory.Details{
				Gateway: maintenance.Gateway{ARN: id, ID: id, Name: name, Type: "CACHED", State: "RUNNING", NextUpdateAvailable: "2026-11-01"},
			},
			Unread: []inventory.Unread{{What: "the volumes", Why: "denied"}},
		})
	}
	d := inventory.Make(found, now, inventory.DefaultCriteria())
	for width := 60; width <= 200; width += 10 {
		for _, wide := range []bool{false, true} {
			var b bytes.Buffer
			render.PrintInventory(printer.Printer{Out: &b, Width: width}, d, wide)
			for line := range strings.Lines(b.String()) {
				if line = strings.TrimRight(line, "\n"); strings.HasPrefix(line, "4 gateways, ") {
					continue // prose, which the terminal wraps
				}
				require.LessOrEqual(t, text.StringWidthWithoutEscSequences(line), width, line)
				require.NotContains(t, line, "\x1b")
			}
			require.Contains(t, b.String(), "sgw-11111110")
		}
	}
}
