package live_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/live"
)

// A picture says why each target waits, and names no key: nobody can press one.
func TestAPictureNamesCommands(t *testing.T) {
	t.Parallel()
	for name, f := range stories() {
		_, picture, err := live.Once(t.Context(), live.Options{Name: "payments-q4"}, f, 100, 30, noon)
		require.NoError(t, err)
		picture = colours.ReplaceAllString(picture, "")
		golden(t, "once-"+name, picture)
		require.NotRegexp(t, `\[\w \w|key \d|\btab\b|q quit`, picture, name)
	}
}
