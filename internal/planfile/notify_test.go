package planfile_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/planfile/plan"
)

func TestAChannelIsSentAllButTheWindows(t *testing.T) {
	t.Parallel()
	p, err := parse(string(example(t, "One gateway")) + "notify: [{channel: oncall}, {channel: team, on: [window]}]\n")
	require.NoError(t, err)
	require.Equal(t, []plan.Notify{
		{Channel: "oncall", On: maintenance.UsualEvents()}, {Channel: "team", On: []maintenance.Event{maintenance.EventWindow}},
	}, p.Notify)
	require.Equal(t, []string{"oncall", "team"}, p.Channels())
}

func TestFaultsOfNotifications(t *testing.T) {
	t.Parallel()
	const secret = "slack://hook:PLANTED-1@webhook"
	eleven := make([]string, 11)
	for i := range eleven {
		eleven[i] = fmt.Sprintf("{channel: c%d}", i)
	}
	for text, want := range map[string]string{
		"[{on: [ended]}]":                     "notify[0].channel: is required: must be the name of a channel in the worker's accounts file",
		`[{channel: "` + secret + `"}]`:       "notify[0].channel: invalid value: must be the name of a channel",
		"[{channel: a}, {channel: a}]":        `notify[1].channel: invalid value "a": must be unique`,
		"[{channel: a, on: [end]}]":           `notify[0].on[0]: invalid value "end": must be approval, held, failed, budget, overrun, check-blocked, check-failed, ended or window`,
		"[{channel: a, on: [held, held]}]":    `notify[0].on[1]: invalid value "held": must be unique`,
		"[{channel: a, url: " + secret + "}]": "notify[0].url: is an unknown field",
		"[" + strings.Join(eleven, ",") + "]": "notify: invalid value: must be at most 10 channels",
	} {
		_, err := parse(string(example(t, "One gateway")) + "notify: " + text + "\n")
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), "PLANTED")
	}
}
