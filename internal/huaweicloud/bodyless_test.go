package huaweicloud_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// What the API answers with a body must have one: an empty success says nothing.
func TestAnEmptyAnswerIsNoSuccessWhereABodyIsDue(t *testing.T) {
	t.Parallel()
	cloud := open(t, newServer(t, always(canned{body: ""})).URL, keys())
	require.ErrorIs(t, read(t.Context(), cloud), maintenance.ErrUnavailable)
	require.ErrorIs(t, change(t.Context(), cloud), maintenance.ErrUnknownOutcome)
}
