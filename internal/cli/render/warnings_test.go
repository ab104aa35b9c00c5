package render_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/cli/render"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/operate/record"
	"github.com/tidegate/tidegate/internal/printer"
)

// What was odd about a plan file is read with the campaign, while it runs and later.
func TestACampaignsRecordPrintsItsPlansWarnings(t *testing.T) {
	t.Parallel()
	warnings := []string{"files.yaml:5:3: freezes[0]: has ended, and freezes nothing"}
	for _, r := range []record.Campaign{
		{Campaign: "files", Status: &fleet.Status{Warnings: warnings}},
		{Campaign: "files", Result: &fleet.Result{Warnings: warnings}},
	} {
		var out bytes.Buffer
		require.NoError(t, render.PrintCampaign(printer.Printer{Out: &out, Form: printer.FormTable}, r))
		require.Contains(t, out.String(), "\nWARNINGS ABOUT THE PLAN FILE\nfiles.yaml:5:3: freezes[0]: has ended, and freezes nothing\n")
	}
}
