package codec_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"testing"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	failurepb "go.temporal.io/api/failure/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/tidegate/tidegate/internal/codec"
)

// frontend keeps what it was sent, and does not take the first request.
type frontend struct {
	workflowservice.UnimplementedWorkflowServiceServer
	failed []*failurepb.Failure
	memo   *commonpb.Payload
}

func (*frontend) GetSystemInfo(
	context.Context, *workflowservice.GetSystemInfoRequest,
) (*workflowservice.GetSystemInfoResponse, error) {
	return &workflowservice.GetSystemInfoResponse{}, nil
}

//nolint:revive // the API's own spelling
func (f *frontend) RespondActivityTaskFailedById(
	_ context.Context, r *workflowservice.RespondActivityTaskFailedByIdRequest,
) (*workflowservice.RespondActivityTaskFailedByIdResponse, error) {
	f.failed = append(f.failed, r.GetFailure())
	if len(f.failed) == 1 {
		return nil, status.Error(codes.Unavailable, "not yet")
	}
	return &workflowservice.RespondActivityTaskFailedByIdResponse{}, nil
}

func (f *frontend) ListWorkflowExecutions(
	context.Context, *workflowservice.ListWorkflowExecutionsRequest,
) (*workflowservice.ListWorkflowExecutionsResponse, error) {
	info := &workflowpb.WorkflowExecutionInfo{Memo: &commonpb.Memo{Fields: map[string]*commonpb.Payload{"m": f.memo}}}
	return &workflowservice.ListWorkflowExecutionsResponse{Executions: []*workflowpb.WorkflowExecutionInfo{info}}, nil
}

// connected is a client of a front end, over a connection that has some keys.
func connected(t *testing.T, f *frontend, keys codec.Keys) client.Client {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := grpc.NewServer()
	workflowservice.RegisterWorkflowServiceServer(server, f)
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	t.Cleanup(func() {
		server.Stop()
		require.NoError(t, <-ended)
	})
	option, err := codec.DialOption(keys)
	require.NoError(t, err)
	c, err := client.DialContext(t.Context(), client.Options{
		HostPort: listener.Addr().String(), Logger: log.NewStructuredLogger(slog.New(slog.DiscardHandler)),
		ConnectionOptions: client.ConnectionOptions{DialOptions: []grpc.DialOption{option}},
	})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

// The SDK sends a request again that was encrypted before: nothing is encrypted twice, and no text is lost.
func TestARequestIsEncryptedOnceHoweverOftenItIsSent(t *testing.T) {
	t.Parallel()
	f, keys := &frontend{}, ring(t, key("2026", "a"))
	c := connected(t, f, keys.Keys)
	cause := temporal.NewApplicationErrorWithCause("PLANTED text", "KnownType", errors.New("PLANTED cause"), "PLANTED detail")
	require.NoError(t, c.CompleteActivityByID(t.Context(), "default", "w", "", "a", nil, cause))
	require.Len(t, f.failed, 2)
	for _, kept := range f.failed {
		require.NotContains(t, kept.String(), "PLANTED")
		require.Equal(t, "KnownType", kept.GetApplicationFailureInfo().GetType(), "Temporal retries by it")
		attributes, err := keys.Decode([]*commonpb.Payload{kept.GetEncodedAttributes()})
		require.NoError(t, err)
		require.Contains(t, string(attributes[0].GetData()), "PLANTED text")
		details, err := keys.Decode(kept.GetApplicationFailureInfo().GetDetails().GetPayloads())
		require.NoError(t, err)
		require.False(t, codec.Encrypted(details[0]))
	}
}

func TestWithoutAKeyNothingIsChanged(t *testing.T) {
	t.Parallel()
	f := &frontend{}
	c := connected(t, f, codec.Ring{})
	require.NoError(t, c.CompleteActivityByID(t.Context(), "default", "w", "", "a", nil, errors.New("text")))
	require.Equal(t, "text", f.failed[1].GetMessage())
	require.Nil(t, f.failed[1].GetEncodedAttributes())
}

func TestAnAnswerIsDecryptedUnlessItIsWantedAsItIsKept(t *testing.T) {
	t.Parallel()
	keys, plain := ring(t, key("2026", "a")), payload(t, "files-1")
	kept, err := keys.Encode(plain)
	require.NoError(t, err)
	knowing, ignorant := connected(t, &frontend{memo: kept[0]}, keys.Keys), connected(t, &frontend{memo: kept[0]}, codec.Ring{})
	memo := func(ctx context.Context, c client.Client) (*commonpb.Payload, error) {
		answer, err := c.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{})
		if err != nil {
			return nil, err
		}
		return answer.GetExecutions()[0].GetMemo().GetFields()["m"], nil
	}
	got, err := memo(t.Context(), knowing)
	require.NoError(t, err)
	require.True(t, proto.Equal(plain[0], got))
	got, err = memo(codec.Undecoded(t.Context()), knowing)
	require.NoError(t, err)
	require.True(t, proto.Equal(kept[0], got))
	_, err = memo(t.Context(), ignorant)
	require.ErrorContains(t, err, `encrypted with the key "2026", and this process has: none`)
	lost := &serviceerror.DataLoss{}
	require.ErrorAs(t, err, &lost, "an error that is not tried again")
}
