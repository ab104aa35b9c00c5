package markdown_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/markdown"
)

func TestATextSaysWhatItSays(t *testing.T) {
	t.Parallel()
	for said, want := range map[string]string{
		"as it is, (1): a-b.c!":         "as it is, (1): a-b.c!",
		"<img src=x onerror=alert(1)>":  `\<img src=x onerror=alert(1)>`,
		"[here](http://x.example)":      `\[here\](http://x.example)`,
		"![x](y)":                       `!\[x\](y)`,
		"*a* _b_ ~c~ $d$ `e` \\<f> |g|": "\\*a\\* \\_b\\_ \\~c\\~ \\$d\\$ \\`e\\` \\\\\\<f> \\|g\\|",
		"&lt;b&gt;":                     `\&lt;b\&gt;`,
		"one\n\n# two\r\n- three":       "one # two - three",
	} {
		require.Equal(t, want, markdown.Plain(said))
	}
}

func TestNoTextEndsItsCode(t *testing.T) {
	t.Parallel()
	for said, want := range map[string]string{
		"a=b *c* <d>": "`a=b *c* <d>`",
		"a`b":         "``a`b``",
		"a``b`c":      "```a``b`c```",
		"`a`":         "`` `a` ``",
		"a\n\n# b":    "`a # b`",
		"":            "`  `",
	} {
		require.Equal(t, want, markdown.Code(said))
	}
	require.Equal(t, "```yaml\na: b\n```\n", markdown.Block("yaml", "a: b\n"))
	require.Equal(t, "`````\n````\n# b\n`````\n", markdown.Block("", "````\n# b"))
}
