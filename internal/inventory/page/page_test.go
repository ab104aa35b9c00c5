package page_test

import (
	"encoding/csv"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tidegate/tidegate/internal/inventory/page"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/inventory"
	"github.com/tidegate/tidegate/internal/planfile"
)

var now = time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)

const hostile = "=cmd|' /C calc'!A0\n<script>alert(1)</script>\x1b[2J"

func gateway(id, name string, tags map[string]string) inventory.Gateway {
	return inventory.Gateway{
		Account: "prod", Region: "eu-central-1", Described: true, Connection: inventory.Connected, AllTags: true,
		Details: inventory.Details{
			Gateway: maintenance.Gateway{
				ARN: "arn:aws:storagegateway:eu-central-1:123456789012:gateway/" + id, ID: id, Name: name, Type: "FILE_S3",
				State: "RUNNING", SoftwareVersion: "1.2.3", Tags: tags,
			},
		},
		Schedule: &maintenance.RawSchedule{DayOfWeek: new(0), Hour: new(3), Minute: new(0), Timezone: "GMT"},
	}
}

func document(gateways ...inventory.Gateway) inventory.Document {
	found := inventory.Found{
		Accounts: []inventory.Account{{Cloud: inventory.AWS, Name: "prod", Region: "eu-central-1", Found: len(gateways), Complete: true}},
		Gateways: gateways,
		Proxies: []inventory.Proxy{{
			Account: "db", Instance: inventory.Instance{ID: strings.Repeat("1", 32) + "in07", Name: "orders", Status: "ACTIVE"},
			Proxy:     maintenance.Proxy{ID: strings.Repeat("2", 32) + "po01", Name: "reads", Status: "ACTIVE"},
			Kernel:    &maintenance.ProxyKernel{Current: "2.24.03.000", Latest: "2.24.06.000"},
			Scheduled: new(false), InstanceTags: map[string]string{},
		}},
	}
	return inventory.Make(found, now, inventory.DefaultCriteria())
}

func sample() inventory.Document {
	waits := gateway("sgw-11111111", "billing", map[string]string{"app": "billing"})
	waits.NextUpdateAvailable, waits.SoftwareUpdatesEnd, waits.EC2Instance = "2026-11-01T00:00:00", "2027-01-10", "i-0123456789abcdef0"
	away := gateway("sgw-22222222", "away", nil)
	away.Connection, away.Described, away.Schedule = inventory.Disconnected, false, nil
	odd := gateway("sgw-33333333", hostile, map[string]string{"app": hostile, "+x": "-1"})
	odd.Unread = []inventory.Unread{{What: "the volumes", Why: hostile}}
	return document(waits, away, odd, gateway("sgw-44444444", "well", map[string]string{"app": "files"}))
}

func TestCSVHoldsNoFormula(t *testing.T) {
	t.Parallel()
	text, err := page.CSV(sample())
	require.NoError(t, err)
	rows, err := csv.NewReader(strings.NewReader(string(text))).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 6, "a head, four gateways, a proxy")
	for _, row := range rows {
		for _, cell := range row {
			start := strings.TrimSpace(cell)
			require.False(t, start != "" && strings.ContainsAny(start[:1], "=+-@"), cell)
		}
	}
}

func TestNoCellIsAFormulaWhateverCloudsSay(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.OneOf(rapid.String(), rapid.StringMatching(`[\s\x{feff}]{0,3}[=+\-@|%].{0,9}`)).Draw(t, "name")
		text, err := page.CSV(document(gateway("sgw-1", name, map[string]string{name: name})))
		if err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(strings.NewReader(string(text))).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		for _, cell := range rows[2] {
			if start := strings.TrimLeft(cell, " \t\r\n\v\f\u00a0\ufeff\u200b"); start != "" && strings.ContainsAny(start[:1], "=+-@") {
				t.Fatalf("%q", cell)
			}
		}
	})
}

func TestThePageEscapesWhatCloudsSay(t *testing.T) {
	t.Parallel()
	text, err := page.HTML(sample())
	require.NoError(t, err)
	require.NotContains(t, string(text), "<script>")
	require.NotContains(t, string(text), "http", "the page refers to nothing outside")
	require.Contains(t, string(text), "&lt;script&gt;")
	for _, want := range []string{"4 gateways, 1 proxies", "an update waits since 2026-11-01", "2.24.06.000", "What could not be read"} {
		require.Contains(t, string(text), want)
	}
	empty, err := page.HTML(inventory.Make(inventory.Found{}, now, inventory.DefaultCriteria()))
	require.NoError(t, err)
	require.Contains(t, string(empty), "No gateway was found")
}

func parsed(t require.TestingT, text string) (targets []maintenance.Target, warnings []string) {
	p, err := planfile.Parse("first.yaml", []byte(text), planfile.Options{Now: now})
	require.NoError(t, err, text)
	return p.Targets, p.Warnings
}

func TestThePlanIsGroupedByATagAndValid(t *testing.T) {
	t.Parallel()
	text, n := page.Plan(sample(), page.Draft{Name: "first", GroupBy: "app"})
	require.Equal(t, 3, n)
	targets, warnings := parsed(t, text)
	require.Empty(t, warnings)
	var names, groups []string
	for _, target := range targets {
		names, groups = append(names, target.Name), append(groups, target.Labels["app"])
	}
	require.Equal(t, []string{"cmd-c-calc-a0-script-alert-1-script-2j", "billing", "well"}, names)
	require.Equal(t, []string{hostile, "billing", "files"}, groups)
	require.Contains(t, text, "#   sgw-22222222 (away): it is disconnected")
	require.Contains(t, text, "constraintKey: \"app\"")

	text, n = page.Plan(sample(), page.Draft{Name: "first"})
	require.Equal(t, 3, n)
	_, warnings = parsed(t, text)
	require.Empty(t, warnings)
	require.NotContains(t, text, "constraintKey")
}

func TestThePlanIsValidWhateverCloudsSay(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var all []inventory.Gateway
		for i := range rapid.IntRange(1, 6).Draw(t, "n") {
			all = append(all, gateway(fmt.Sprintf("sgw-%08X", i), rapid.String().Draw(t, "name"),
				map[string]string{"app": rapid.String().Draw(t, "tag")}))
		}
		text, n := page.Plan(document(all...), page.Draft{Name: "first", GroupBy: "app"})
		targets, warnings := parsed(t, text)
		if n != len(all) || len(targets) != n || len(warnings) > 0 {
			t.Fatalf("%d of %d targets, warnings %q", len(targets), len(all), warnings)
		}
	})
}
