package connection_test

import (
	"context"
	"log/slog"
	"net"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/tidegate/tidegate/internal/config/connection"
)

// frontend is as much of a Temporal server as connecting asks for. It keeps the headers of the last request.
type frontend struct {
	workflowservice.UnimplementedWorkflowServiceServer
	headers chan metadata.MD
}

func (f *frontend) GetSystemInfo(
	ctx context.Context, _ *workflowservice.GetSystemInfoRequest,
) (*workflowservice.GetSystemInfoResponse, error) {
	headers, _ := metadata.FromIncomingContext(ctx)
	select {
	case f.headers <- headers:
	default: // nobody asks for more than the first
	}
	return &workflowservice.GetSystemInfoResponse{ServerVersion: "1.0.0"}, nil
}

// serve serves a front end on a free port until the test ends.
func serve(t *testing.T, options ...grpc.ServerOption) (*frontend, string) {
	t.Helper()
	f := &frontend{headers: make(chan metadata.MD, 1)}
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := grpc.NewServer(options...)
	workflowservice.RegisterWorkflowServiceServer(server, f)
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	t.Cleanup(func() {
		server.Stop()
		require.NoError(t, <-ended)
	})
	return f, listener.Addr().String()
}

// sent is the login that a connection sends by the environment.
func sent(t *testing.T) string {
	t.Helper()
	f, address := serve(t)
	o, err := options(t, "--address", address, "--tls=false")
	require.NoError(t, err)
	c, err := connection.Dial(t.Context(), o, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	defer c.Close()
	return (<-f.headers)["authorization"][0]
}
