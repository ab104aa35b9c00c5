// Package alertmanager asks an Alertmanager for alerts, and creates and expires silences, by its API v2. Start at
// Server.
package alertmanager

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-openapi/runtime"
	httptransport "github.com/go-openapi/runtime/client"
	"github.com/go-openapi/strfmt"
	amclient "github.com/prometheus/alertmanager/api/v2/client"
	"github.com/prometheus/alertmanager/api/v2/client/alert"
	"github.com/prometheus/alertmanager/api/v2/models"
	"github.com/prometheus/common/model"

	"github.com/tidegate/tidegate/internal/maintenance/health"
	"github.com/tidegate/tidegate/internal/servers/wire"
)

// apiPath is where the API is under the server's URL.
const apiPath = "/api/v2"

// Server is one Alertmanager.
type Server struct {
	client *wire.Client
	api    *amclient.AlertmanagerAPI
}

// New makes the Server of a configured one. It sends nothing. Its URL is the one under which the Web UI is found; that
// of Amazon Managed Service for Prometheus ends in /workspaces/ID/alertmanager.
func New(s wire.Server) (*Server, error) {
	client, err := s.Open("Alertmanager")
	if err != nil {
		return nil, err
	}
	base := client.Base()
	transport := httptransport.NewWithClient(base.Host, base.Path+apiPath, []string{base.Scheme}, client.HTTP())
	return &Server{client: client, api: amclient.New(transport, strfmt.Default)}, nil
}

// Alerts are the alerts that all the matchers match and that fire, each with the silences that keep it quiet and the
// number of alerts that inhibit it. Those that Alertmanager has not processed yet are among them.
func (s *Server) Alerts(ctx context.Context, q health.AlertmanagerQuestion) ([]health.Alert, error) {
	params := alert.NewGetAlertsParams()
	for _, m := range q.Matchers {
		params.Filter = append(params.Filter, m.String())
	}
	var listed models.GettableAlerts
	err := s.client.Call(ctx, "list the alerts", func(ctx context.Context) error {
		found, err := s.api.Alert.GetAlerts(params.WithContext(ctx))
		if err != nil {
			return inItsWords(err)
		}
		listed = found.Payload
		return wholeAlerts(listed)
	})
	if err != nil {
		return nil, err
	}
	silences, err := s.silencesOf(ctx, listed)
	if err != nil {
		return nil, err
	}
	alerts := make([]health.Alert, len(listed))
	for i, a := range listed {
		alerts[i] = alertOf(a, silences)
	}
	slices.SortFunc(alerts, func(a, b health.Alert) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Labels, b.Labels))
	})
	return alerts, nil
}

// silencesOf are the silences by their ids. They are asked for only where one keeps an alert quiet.
func (s *Server) silencesOf(ctx context.Context, alerts models.GettableAlerts) (map[string]health.Silence, error) {
	if !slices.ContainsFunc(alerts, func(a *models.GettableAlert) bool { return len(a.Status.SilencedBy) > 0 }) {
		return nil, nil
	}
	found, err := s.Silences(ctx, nil)
	byID := make(map[string]health.Silence, len(found))
	for _, silence := range found {
		byID[silence.ID] = silence
	}
	return byID, err
}

// wholeAlerts refuses alerts without what an answer of Alertmanager has.
func wholeAlerts(listed models.GettableAlerts) error {
	for _, a := range listed {
		if a == nil || a.Status == nil || a.Labels == nil {
			return errors.New("an alert has no labels or no status")
		}
	}
	return nil
}

func alertOf(a *models.GettableAlert, silences map[string]health.Silence) health.Alert {
	labels := make(model.LabelSet, len(a.Labels))
	for name, value := range a.Labels {
		labels[model.LabelName(name)] = model.LabelValue(value)
	}
	found := health.Alert{
		Name: a.Labels[model.AlertNameLabel], Labels: labels.String(), InhibitedBy: len(a.Status.InhibitedBy),
		StartsAt: timeOf(a.StartsAt),
	}
	for _, id := range a.Status.SilencedBy {
		silence, ok := silences[id]
		if !ok { // made since: whose it is will show at the next reading
			silence = health.Silence{ID: id}
		}
		found.SilencedBy = append(found.SilencedBy, silence)
	}
	return found
}

func timeOf(t *strfmt.DateTime) time.Time {
	if t == nil {
		return time.Time{}
	}
	return time.Time(*t).UTC()
}

// inItsWords keeps what Alertmanager itself said of an error, and nothing of other answers.
func inItsWords(err error) error {
	if said, ok := errors.AsType[interface {
		error
		GetPayload() string
	}](err); ok {
		return &wire.RefusalError{Words: said.GetPayload()}
	}
	if odd, ok := errors.AsType[*runtime.APIError](err); ok {
		return fmt.Errorf("it is not in Alertmanager's form: HTTP %d", odd.Code)
	}
	return err
}
