// Package tracing sends what a worker does as OpenTelemetry traces: a campaign with its targets, their activities and
// the requests to clouds is one trace. It is off unless the standard OTEL_ variables ask for it. Start at
// FromEnvironment.
package tracing

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.40.0"
	"go.opentelemetry.io/otel/trace"
	"go.temporal.io/sdk/contrib/opentelemetry"
	"go.temporal.io/sdk/interceptor"

	"github.com/tidegate/tidegate/internal/calltrace"
	"github.com/tidegate/tidegate/internal/maintenance"
)

// Traces are where spans go. A nil one sends nothing.
type Traces struct {
	provider *sdktrace.TracerProvider
	tracer   trace.Tracer
}

// FromEnvironment opens what the standard variables name, or nil if they name nothing: OTEL_EXPORTER_OTLP_ENDPOINT or
// OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, unless OTEL_TRACES_EXPORTER is none or OTEL_SDK_DISABLED is true. All other OTEL_
// variables mean what OpenTelemetry says. A collector that does not answer holds up nothing: spans are lost.
func FromEnvironment(ctx context.Context, getenv func(string) string, version string) (*Traces, error) {
	of := func(name string) string {
		return cmp.Or(getenv("OTEL_EXPORTER_OTLP_TRACES_"+name), getenv("OTEL_EXPORTER_OTLP_"+name))
	}
	if of("ENDPOINT") == "" || strings.EqualFold(getenv("OTEL_SDK_DISABLED"), "true") {
		return nil, nil //nolint:nilnil // nothing is asked for
	}
	switch exporter := getenv("OTEL_TRACES_EXPORTER"); exporter {
	case "none":
		return nil, nil //nolint:nilnil // nothing is asked for
	case "", "otlp":
	default:
		return nil, maintenance.Invalid("OTEL_TRACES_EXPORTER", exporter, "otlp or none")
	}
	var client otlptrace.Client
	switch protocol := of("PROTOCOL"); protocol {
	case "", "http/protobuf":
		client = otlptracehttp.NewClient()
	case "grpc":
		client = otlptracegrpc.NewClient()
	default:
		return nil, maintenance.Invalid("OTEL_EXPORTER_OTLP_PROTOCOL", protocol, "http/protobuf or grpc")
	}
	exporter, err := otlptrace.New(ctx, client)
	if err != nil {
		return nil, fmt.Errorf("traces cannot be sent; check the OTEL_EXPORTER_OTLP_ variables: %w", err)
	}
	about, err := resource.New(ctx, resource.WithAttributes(
		semconv.ServiceName("tidegate-worker"), semconv.ServiceVersion(version),
	), resource.WithFromEnv(), resource.WithTelemetrySDK())
	if err != nil {
		return nil, fmt.Errorf("OTEL_RESOURCE_ATTRIBUTES cannot be read: %w", err)
	}
	provider := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithResource(about))
	return &Traces{provider: provider, tracer: provider.Tracer("github.com/tidegate/tidegate")}, nil
}

// Interceptors are those of a Temporal client: spans of workflows, activities, signals and updates, none of queries,
// which metrics and screens ask every few seconds.
func (t *Traces) Interceptors() ([]interceptor.ClientInterceptor, error) {
	if t == nil {
		return nil, nil
	}
	options := opentelemetry.TracerOptions{Tracer: t.tracer, DisableQueryTracing: true}
	traced, err := opentelemetry.NewTracingInterceptor(options)
	if err != nil {
		return nil, fmt.Errorf("trace Temporal: %w", err)
	}
	return []interceptor.ClientInterceptor{traced}, nil
}

// Requested notes a request to a cloud that has just ended, as a part of what the context's span does.
func (t *Traces) Requested(ctx context.Context, r calltrace.Request) {
	if t == nil {
		return
	}
	ended := time.Now()
	about := trace.WithAttributes(semconv.CloudProviderKey.String(r.Cloud), semconv.RPCMethod(r.Operation),
		attribute.String("tidegate.account", r.Account))
	_, span := t.tracer.Start(ctx, r.Operation, about, trace.WithSpanKind(trace.SpanKindClient),
		trace.WithTimestamp(ended.Add(-r.Took)))
	if r.Err != nil {
		span.SetStatus(codes.Error, maintenance.Plain(r.Err))
	}
	span.End(trace.WithTimestamp(ended))
}

// Stop sends what is left, as long as the context lasts.
func (t *Traces) Stop(ctx context.Context) error {
	if t == nil {
		return nil
	}
	if err := t.provider.Shutdown(ctx); err != nil {
		return fmt.Errorf("the last traces were not sent: %w", err)
	}
	return nil
}
