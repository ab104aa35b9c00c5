package cli

import (
	"bytes"
	"context"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Nobody writes what is to be read: an interrupt ends the command all the same.
func TestAPlanThatNobodyWritesIsNotWaitedForAfterAnInterrupt(t *testing.T) {
	t.Parallel()
	pipe := filepath.Join(t.TempDir(), "plan.yaml")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	ctx, interrupt := context.WithCancel(t.Context())
	var errs bytes.Buffer
	ended := make(chan int, 1)
	go func() { ended <- Run(ctx, []string{"validate", pipe}, &bytes.Buffer{}, &errs) }()
	interrupt()
	select {
	case status := <-ended:
		require.Equal(t, 2, status)
		require.Equal(t, pipe+": cannot be read: interrupted\n", errs.String())
	case <-time.After(20 * time.Second):
		require.Fail(t, "it hangs")
	}
	// The person who waits to open it goes on, and the test leaves nothing behind.
	writer, err := syscall.Open(pipe, syscall.O_RDWR|syscall.O_NONBLOCK, 0)
	require.NoError(t, err)
	require.NoError(t, syscall.Close(writer))
}
