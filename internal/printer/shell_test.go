package printer_test

import (
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/printer"
)

func TestAShellReadsAWordAsItIs(t *testing.T) {
	t.Parallel()
	require.Equal(t, "CHG-1234", printer.ShellWord("CHG-1234"))
	for _, text := range []string{"", "budget $5 gone", "it's `date`", `a "b" \c`, "$(id)", "a  b", "*"} {
		out, err := exec.CommandContext(t.Context(), "sh", "-c", "printf %s "+printer.ShellWord(text)).Output()
		require.NoError(t, err)
		require.Equal(t, text, string(out))
	}
}
