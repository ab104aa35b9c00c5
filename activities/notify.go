package activities

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"go.temporal.io/sdk/activity"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/metric"
)

// Channels are those to which this worker can send messages.
type Channels interface {
	// CheckChannels names those that the worker's configuration does not have.
	CheckChannels(names []string) error
	// Tell sends a message once. It answers ErrUnknownOutcome where it may have
	// arrived. Its errors hold nothing of the channel's address.
	Tell(ctx context.Context, channel string, m Message) error
}

// Message is one notification.
type Message struct {
	Title string `json:"title"` // one line
	Text  string `json:"text"`
}

// NotifyName is the name under which Notify stands in histories.
const NotifyName = "Notify"

// NotifyInput is one message to one channel.
type NotifyInput struct {
	Channel string `json:"channel"`
	// Event is the id of what the message is about.
	Event   string  `json:"event"`
	Message Message `json:"message"`
}

// Queue of Notify.
func (NotifyInput) Queue(workflows string) string { return workflows }

// Notify sends a message, once. It is for callers that never repeat it: whether a
// message that was not answered has arrived cannot be found out.
func (e *Engine) Notify(ctx context.Context, in NotifyInput) (out struct{}, err error) {
	defer edge(ctx, maintenance.Pace{}, &err)
	defer countMessage(ctx, in.Channel, &err)
	if err := e.checkChannels([]string{in.Channel}); err != nil {
		return out, err
	}
	ctx, cancel := context.WithTimeout(ctx, CallTimeout)
	defer cancel()
	if err := inTime(ctx); err != nil {
		return out, fmt.Errorf("%w: %w", errNotSent, err)
	}
	if page := e.page(activity.GetInfo(ctx)); page != "" {
		in.Message.Text += "\n" + page
	}
	err = e.Channels.Tell(ctx, in.Channel, in.Message)
	if err != nil && !errors.Is(err, maintenance.ErrUnknownOutcome) {
		err = fmt.Errorf("%w: %w", errNotSent, err)
	}
	return out, err
}

func countMessage(ctx context.Context, channel string, errp *error) {
	outcome := "sent"
	switch {
	case errors.Is(*errp, maintenance.ErrUnknownOutcome):
		outcome = "unknown"
	case *errp != nil:
		outcome = "failed"
	}
	labels := map[string]string{"channel": channel, "outcome": outcome}
	activity.GetMetricsHandler(ctx).WithTags(labels).Counter(metric.Messages).Inc(1)
}

// page is the Web UI's page of the workflow that an activity is of, of its last run: a
// campaign continues as new ones. Empty: nobody said where the Web UI is.
func (e *Engine) page(of activity.Info) string {
	if e.WebUI == "" {
		return ""
	}
	return e.WebUI + "/namespaces/" + url.PathEscape(of.Namespace) + "/workflows/" +
		url.PathEscape(of.WorkflowExecution.ID)
}

func (e *Engine) checkChannels(names []string) error {
	switch {
	case len(names) == 0:
		return nil
	case e.Channels == nil:
		return &UnknownChannelError{Name: names[0]}
	}
	return e.Channels.CheckChannels(names)
}

// UnknownChannelError says that the worker's configuration has no channel of a
// name. It is a maintenance.ErrNotFound.
type UnknownChannelError struct {
	Name  string
	Known []string // the names that there are, sorted
}

// Error names the channel and those that there are.
func (e *UnknownChannelError) Error() string {
	known := strings.Join(e.Known, ", ")
	if known == "" {
		known = "none"
	}
	return fmt.Sprintf("the worker's configuration has no channel %q; it has: %s", e.Name, known)
}

// Unwrap is maintenance.ErrNotFound.
func (e *UnknownChannelError) Unwrap() error { return maintenance.ErrNotFound }
