package trust_test

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/devserver"
	"github.com/tidegate/tidegate/test/browsertest"
	"github.com/tidegate/tidegate/workflows/api"
)

// The Web UI shows what is encrypted once its reader has signed in to the codec server, as the page says, and not
// before.
func TestBrowserReadsEncryptedPayloads(t *testing.T) {
	tab := browsertest.Open(t)
	s := newStage(t, func(o *devserver.Options) { o.UIPort = 0 })
	s.encrypted(key("2026", "a"))
	t.Setenv("TIDEGATE_CODEC_TOKEN_FILE", s.write("token", "PLANTED\n"))
	s.done("setup")
	require.Equal(t, 4, s.tidegate("run", s.plan(""), "--detach").status, "there is no worker")
	at := s.codec("--origin", s.server.UIAddress())
	page := s.server.UIAddress() + "/namespaces/default/workflows/" + api.CampaignWorkflowID("zephyrplan")
	browsertest.Visit(tab, t, page, "campaign-zephyrplan")
	text, err := chromedp.Run(tab, chromedp.Evaluate[string]("document.body.innerText"))
	require.NoError(t, err)
	require.NotContains(t, text, "windowLength")

	browsertest.Visit(tab, t, strings.Replace(at, "http://", "http://anyone:PLANTED@", 1)+"/", "Signed in to the codec server of namespace default")
	require.NoError(t, chromedp.Do(tab, chromedp.Navigate(s.server.UIAddress())))
	for name, value := range map[string]string{ // as the dialog keeps them
		"endpoint": `"` + at + `"`, "includeCredentials": "true", "overrideRemoteCodecConfiguration": "true",
	} {
		_, err := chromedp.Run(tab, chromedp.Evaluate[string]("localStorage.setItem('"+name+"', '"+value+"'), ''"))
		require.NoError(t, err)
	}
	browsertest.Visit(tab, t, page, `"windowLength": "4h"`)
}
