package cli_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/cli"
)

func TestAnErrorDoesNotSteerTheTerminal(t *testing.T) {
	t.Parallel()
	var out, errs bytes.Buffer
	const file = "no\x1b]0;title\a\x1b[2J\r\x1b[Ksuch.yaml"
	require.Equal(t, 2, cli.Run(t.Context(), []string{"validate", file}, &out, &errs))
	require.Empty(t, out.String())
	require.Regexp(t, `no \]0;title  \[2J  \[Ksuch.yaml: cannot be read: no such file or directory\n$`, errs.String())
}
