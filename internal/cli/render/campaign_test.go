package render_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/cli/render"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/operate/record"
	"github.com/tidegate/tidegate/internal/printer"
)

func TestACampaignShowsItsNotifications(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	notices := []fleet.Notice{
		{ID: "window/1", Event: maintenance.EventWindow, Channel: "team", At: at, State: fleet.NoticeSent},
		{ID: "failed/sgw-12A3456B/1", Event: maintenance.EventFailed, Channel: "oncall", At: at, State: fleet.NoticeFailed, Why: "not sent: 403 Forbidden"},
	}
	for _, r := range []record.Campaign{{Status: &fleet.Status{Notices: notices}}, {Result: &fleet.Result{Undelivered: notices}}} {
		var out bytes.Buffer
		require.NoError(t, render.PrintCampaign(printer.Printer{Out: &out}, r))
		require.Regexp(t, `(?m)^MESSAGE +CHANNEL +AT +STATE +WHY\n`+
			`window/1 +team +2026-11-22 12:00:00Z +sent +-\n`+
			`failed/sgw-12A3456B/1 +oncall +2026-11-22 12:00:00Z +failed +not sent: 403 Forbidden$`, out.String())
	}
}
