package codec

import (
	"context"
	"fmt"

	commonpb "go.temporal.io/api/common/v1"
	failurepb "go.temporal.io/api/failure/v1"
	"go.temporal.io/api/proxy"
	"go.temporal.io/sdk/converter"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
)

// DialOption has a connection to Temporal encrypt whatever it sends and decrypt whatever it receives,
// also where nobody asks for a data converter: raw histories, lists, schedules. Search attributes,
// names and ids are no payloads and stay as they are.
func DialOption(keys Keys) (grpc.DialOption, error) {
	c, plain := Codec{keys}, converter.GetDefaultDataConverter()
	// Failures before payloads: what they encode must be encrypted next.
	failures, err := proxy.NewFailureVisitorInterceptor(proxy.FailureVisitorInterceptorOptions{
		Outbound: &proxy.VisitFailuresOptions{
			Visitor: func(ctx *proxy.VisitFailuresContext, f *failurepb.Failure) error {
				if ctx.Value(unencrypted{}) != nil {
					return nil
				}
				return converter.EncodeCommonFailureAttributes(plain, f)
			},
		},
		Inbound: &proxy.VisitFailuresOptions{
			Visitor: func(_ *proxy.VisitFailuresContext, f *failurepb.Failure) error {
				converter.DecodeCommonFailureAttributes(plain, f)
				return nil
			},
		},
	})
	if err != nil {
		return nil, fmt.Errorf("encrypt failures: %w", err)
	}
	payloads, err := proxy.NewPayloadVisitorInterceptor(proxy.PayloadVisitorInterceptorOptions{
		Outbound: &proxy.VisitPayloadsOptions{
			Visitor: func(_ *proxy.VisitPayloadsContext, sent []*commonpb.Payload) ([]*commonpb.Payload, error) {
				return c.Encode(sent)
			},
			SkipSearchAttributes: true,
		},
		Inbound: &proxy.VisitPayloadsOptions{
			Visitor: func(ctx *proxy.VisitPayloadsContext, got []*commonpb.Payload) ([]*commonpb.Payload, error) {
				if ctx.Value(undecoded{}) != nil {
					return got, nil
				}
				return c.Decode(got)
			},
			SkipSearchAttributes: true,
		},
	})
	if err != nil {
		return nil, fmt.Errorf("encrypt payloads: %w", err)
	}
	return grpc.WithChainUnaryInterceptor(copied(keys), failures, payloads), nil
}

type undecoded struct{}

// Undecoded has the requests of the context receive payloads as Temporal keeps them.
func Undecoded(ctx context.Context) context.Context { return context.WithValue(ctx, undecoded{}, true) }

// unencrypted marks a request that is sent while there is no key.
type unencrypted struct{}

// copied keeps the SDK's own request as it is where there is a key: the interceptors after it then change the request
// in place, and the SDK sends the same one again after an error. That there is no key is decided here, once for the
// request; that it cannot be had is Encode's to say.
func copied(keys Keys) grpc.UnaryClientInterceptor {
	return func(
		ctx context.Context, method string, request, reply any, c *grpc.ClientConn, next grpc.UnaryInvoker,
		options ...grpc.CallOption,
	) error {
		if key, err := keys.Encrypting(); err == nil && key.AEAD == nil {
			ctx = context.WithValue(ctx, unencrypted{}, true)
		} else if message, is := request.(proto.Message); is {
			request = proto.Clone(message)
		}
		return next(ctx, method, request, reply, c, options...)
	}
}
