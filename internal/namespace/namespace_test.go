package namespace_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/grpc"

	"github.com/tidegate/tidegate/internal/devserver"
	"github.com/tidegate/tidegate/internal/namespace"
)

func dial(t *testing.T) client.Client {
	t.Helper()
	srv, err := devserver.Start(t.Context(), devserver.Options{UIPort: devserver.NoUI})
	require.NoError(t, err)
	t.Cleanup(srv.Stop)
	c, err := srv.NewClient(t.Context())
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

func attributes(t *testing.T, c client.Client, name string) map[string]enumspb.IndexedValueType {
	t.Helper()
	list, err := c.OperatorService().ListSearchAttributes(t.Context(), &operatorservice.ListSearchAttributesRequest{Namespace: name})
	require.NoError(t, err)
	return list.GetCustomAttributes()
}

func TestSetUpMayBeRepeatedAndKeepsWhatIsThere(t *testing.T) {
	t.Parallel()
	c := dial(t)
	want := map[string]enumspb.IndexedValueType{
		"TidegateTarget": enumspb.INDEXED_VALUE_TYPE_KEYWORD,
		"TidegateUntil":  enumspb.INDEXED_VALUE_TYPE_DATETIME,
	}
	for _, retention := range []time.Duration{namespace.DefaultRetention, 24 * time.Hour} {
		require.NoError(t, namespace.Register(t.Context(), c, "tides", retention))
		require.NoError(t, namespace.Ensure(t.Context(), c, "tides", want))
	}
	require.Equal(t, want, attributes(t, c, "tides"))
	described, err := c.WorkflowService().DescribeNamespace(t.Context(), &workflowservice.DescribeNamespaceRequest{Namespace: "tides"})
	require.NoError(t, err)
	require.Equal(t, namespace.DefaultRetention, described.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration())
}

func TestAServerOverItsRateIsWaitedFor(t *testing.T) {
	t.Parallel()
	refused := 0
	refuse := func(ctx context.Context, method string, in, out any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, o ...grpc.CallOption) error {
		if method == workflowservice.WorkflowService_CountWorkflowExecutions_FullMethodName && refused < 2 {
			refused++
			return serviceerror.ToStatus(&serviceerror.ResourceExhausted{Message: "namespace rate limit exceeded"}).Err()
		}
		return invoke(ctx, method, in, out, cc, o...)
	}
	srv, err := devserver.Start(t.Context(), devserver.Options{UIPort: devserver.NoUI})
	require.NoError(t, err)
	t.Cleanup(srv.Stop)
	c, err := client.DialContext(t.Context(), client.Options{
		HostPort:          srv.FrontendAddress(),
		ConnectionOptions: client.ConnectionOptions{DialOptions: []grpc.DialOption{grpc.WithChainUnaryInterceptor(refuse)}},
	})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	require.NoError(t, namespace.Ensure(t.Context(), c, "default", map[string]enumspb.IndexedValueType{"A": enumspb.INDEXED_VALUE_TYPE_INT}))
	require.Equal(t, 2, refused)
}

func TestTypeConflictChangesNothing(t *testing.T) {
	t.Parallel()
	c := dial(t)
	had := map[string]enumspb.IndexedValueType{"A": enumspb.INDEXED_VALUE_TYPE_INT, "B": enumspb.INDEXED_VALUE_TYPE_BOOL}
	require.NoError(t, namespace.Ensure(t.Context(), c, "default", had))

	err := namespace.Ensure(t.Context(), c, "default", map[string]enumspb.IndexedValueType{
		"A": enumspb.INDEXED_VALUE_TYPE_KEYWORD, "B": enumspb.INDEXED_VALUE_TYPE_INT, "C": enumspb.INDEXED_VALUE_TYPE_INT,
	})
	var conflict *namespace.TypeConflictError
	require.ErrorAs(t, err, &conflict)
	require.ErrorContains(t, err, `"A" in namespace "default" has type Int, but Tidegate needs Keyword`)
	require.ErrorContains(t, err, `"B" in namespace "default" has type Bool, but Tidegate needs Int`)
	require.Equal(t, had, attributes(t, c, "default"))
}

func TestMissingNamespaceAndExpiredContextAreErrors(t *testing.T) {
	t.Parallel()
	c := dial(t)
	want := map[string]enumspb.IndexedValueType{"A": enumspb.INDEXED_VALUE_TYPE_INT}
	require.ErrorContains(t, namespace.Ensure(t.Context(), c, "nowhere", want), `namespace "nowhere"`)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorContains(t, namespace.Register(ctx, c, "never", namespace.DefaultRetention), `"never": context canceled`)
}
