package wire

import (
	"context"

	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/tidegate/tidegate/internal/bounded"
)

// BoundAnswers is an API option of the SDK's clients: it bounds every answer's body
// before the SDK reads it, since the SDK reads without bound. It may be given twice.
func BoundAnswers(stack *middleware.Stack) error {
	const id = "TidegateBoundAnswers"
	if _, given := stack.Deserialize.Get(id); given {
		return nil
	}
	return stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc(id, bound), middleware.After) //nolint:wrapcheck // the SDK says what it is
}

func bound(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (
	middleware.DeserializeOutput, middleware.Metadata, error,
) {
	out, metadata, err := next.HandleDeserialize(ctx, in)
	if answer, ok := out.RawResponse.(*smithyhttp.Response); ok && answer != nil && answer.Response != nil &&
		answer.Body != nil {
		bounded.Limit(answer.Response)
	}
	return out, metadata, err //nolint:wrapcheck // between the SDK's own parts: Failed says what was done
}
