// Package prometheus asks a Prometheus server, or one with the same HTTP API, such as Thanos, Mimir and Amazon Managed
// Service for Prometheus. It reads only. Start at Server.
package prometheus

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/api"
	promv1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"

	"github.com/tidegate/tidegate/internal/maintenance/health"
	"github.com/tidegate/tidegate/internal/servers/wire"
)

const (
	// maxSamples is how many series a query may have. A check compares each of them, so a query of more was meant to be
	// aggregated.
	maxSamples = 1000
	// maxWarnings bounds the warnings that are kept of an answer, and maxWarning the bytes of each.
	maxWarnings, maxWarning = 5, 300
)

// Server is one Prometheus server.
type Server struct {
	client *wire.Client
	api    promv1.API
}

// New makes the Server of a configured one. It sends nothing.
func New(s wire.Server) (*Server, error) {
	client, err := s.Open("Prometheus server")
	if err != nil {
		return nil, err
	}
	base, err := api.NewClient(api.Config{Address: client.Base().String(), Client: client.HTTP()})
	if err != nil {
		return nil, fmt.Errorf("make a client: %w", err)
	}
	return &Server{client: client, api: promv1.NewAPI(base)}, nil
}

// Query runs an instant query at the server's own time. A vector without series has no samples and is no error; a
// matrix or a string is one, since it has no value that can be compared. Samples are sorted by their series.
func (s *Server) Query(ctx context.Context, q health.PrometheusQuestion) (health.QueryResult, error) {
	var found health.QueryResult
	err := s.client.Call(ctx, "run a query", func(ctx context.Context) error {
		var none time.Time // the server's own: this machine's clock has no say
		value, warnings, err := s.api.Query(ctx, q.Query, none)
		if err != nil {
			return inItsWords(err)
		}
		samples, err := samplesOf(value)
		found = health.QueryResult{Samples: samples, Warnings: short(warnings)}
		return err
	})
	return found, err
}

// inItsWords keeps what Prometheus itself said of an error. The body of an answer that is not in its form is not
// repeated: it may be a web page.
func inItsWords(err error) error {
	said, ok := errors.AsType[*promv1.Error](err)
	switch {
	case !ok && strings.Contains(err.Error(), "unexpected value type"): // the client reads no strings
		return errors.New("it has no value that can be compared: the query must be a number for each series, without a range")
	case !ok:
		return err
	case said.Detail != "" || said.Type == promv1.ErrBadResponse:
		return errors.New("it is not in Prometheus's form")
	}
	return &wire.RefusalError{Words: said.Msg}
}

func samplesOf(value model.Value) ([]health.Sample, error) {
	switch value := value.(type) {
	case *model.Scalar:
		return []health.Sample{{Value: float64(value.Value)}}, nil
	case model.Vector:
		return series(value)
	case nil:
		return nil, errors.New("it has no result")
	}
	return nil, unusable("it is a %s, and the query must be a number for each series, without a range", value.Type())
}

func series(vector model.Vector) ([]health.Sample, error) {
	if len(vector) > maxSamples {
		return nil, unusable("it has %d series, and at most %d are compared: aggregate the query, such as with max()",
			len(vector), maxSamples)
	}
	samples := make([]health.Sample, len(vector))
	for i, s := range vector {
		if s.Histogram != nil {
			return nil, unusable("it is a histogram, and the query must be a number, such as histogram_quantile(0.99, ...)")
		}
		samples[i] = health.Sample{Series: s.Metric.String(), Value: float64(s.Value)}
	}
	slices.SortFunc(samples, func(a, b health.Sample) int { return strings.Compare(a.Series, b.Series) })
	return samples, nil
}

func unusable(format string, args ...any) error {
	return &wire.UnusableError{Why: fmt.Sprintf(format, args...)}
}

func short(warnings []string) []string {
	warnings = warnings[:min(len(warnings), maxWarnings)]
	for i, w := range warnings {
		if len(w) > maxWarning {
			warnings[i] = strings.ToValidUTF8(w[:maxWarning], "") + "..."
		}
	}
	return warnings
}

// Try finds out whether the server can be asked at all, by a query that every Prometheus answers.
func (s *Server) Try(ctx context.Context) error {
	_, err := s.Query(ctx, health.PrometheusQuestion{Query: "vector(1)"})
	return err
}
