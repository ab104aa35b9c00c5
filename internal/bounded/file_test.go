package bounded_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/bounded"
)

func TestAFileIsReadUpToItsBound(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "plan.yaml")
	require.NoError(t, os.WriteFile(path, make([]byte, 2048), 0o600))
	text, err := bounded.ReadFile(path, 2048)
	require.NoError(t, err)
	require.Len(t, text, 2048)
	_, err = bounded.ReadFile(path, 1024)
	require.EqualError(t, err, path+" is too large: it has more than 1 kB")
	_, err = bounded.ReadFile("/dev/zero", 1<<20)
	require.ErrorContains(t, err, "is too large: it has more than 1 MB")
	_, err = bounded.ReadFile(path+"x", 1)
	require.ErrorIs(t, err, os.ErrNotExist)
}
