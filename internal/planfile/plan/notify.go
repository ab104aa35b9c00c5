package plan

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// Notify says which events are sent to one channel.
type Notify struct {
	// Channel is one of the worker's accounts file.
	Channel string `json:"channel"`
	// On are the events; left out: all but window.
	On []maintenance.Event `json:"on,omitempty"`
}

// mostNotify is how many channels a plan has at most: each event is a message to
// each of them.
const mostNotify = 10

// Channels are the names of all channels that the plan notifies.
func (p Plan) Channels() []string {
	names := make([]string, 0, len(p.Notify))
	for _, n := range p.Notify {
		names = append(names, n.Channel)
	}
	return names
}

// ChannelsFor are the names of the channels that the plan notifies of an event.
func (p Plan) ChannelsFor(event maintenance.Event) (names []string) {
	for _, n := range p.Notify {
		if slices.Contains(n.On, event) {
			names = append(names, n.Channel)
		}
	}
	return names
}

// ValidateNotify reports every wrong field of notifications that have their
// defaults. What is no channel's name is not repeated: it may be a channel's
// address, which is a secret.
func (p Plan) ValidateNotify() error {
	var errs []error
	require := func(ok bool, field, value, want string) {
		if !ok {
			errs = append(errs, maintenance.Invalid(field, value, want))
		}
	}
	require(len(p.Notify) <= mostNotify, "notify", "", fmt.Sprintf("at most %d channels", mostNotify))
	form := regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,62}$`)
	names := p.Channels()
	for i, n := range p.Notify {
		at := fmt.Sprintf("notify[%d].", i)
		require(form.MatchString(n.Channel), at+"channel", "", "the name of a channel in the worker's accounts file: 1 to 63 lower-case letters, digits, dots, underscores or dashes")
		require(slices.Index(names, n.Channel) == i, at+"channel", n.Channel, "unique")
		for k, event := range n.On {
			on := fmt.Sprintf("%son[%d]", at, k)
			require(slices.Contains(maintenance.Events(), event), on, string(event), eventNames())
			require(slices.Index(n.On, event) == k, on, string(event), "unique")
		}
	}
	return errors.Join(errs...)
}

func eventNames() string {
	var names []string
	for _, e := range maintenance.Events() {
		names = append(names, string(e))
	}
	return strings.Join(names[:len(names)-1], ", ") + " or " + names[len(names)-1]
}
