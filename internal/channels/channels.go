// Package channels sends messages to the channels of a worker's configuration, over shoutrrr. A
// channel's address holds secrets: it is never printed, and the errors of shoutrrr and of the
// services are scrubbed.
//
// It does not decide what to send or when: the texts are in internal/maintenance/fleet. Start at
// Channels.
package channels

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/nicholas-fedor/shoutrrr/pkg/format"
	"github.com/nicholas-fedor/shoutrrr/pkg/router"
	"github.com/nicholas-fedor/shoutrrr/pkg/types"

	"github.com/tidegate/tidegate/activities"
	"github.com/tidegate/tidegate/internal/bounded"
	"github.com/tidegate/tidegate/internal/maintenance"
)

// Channel is where notifications are sent.
type Channel struct {
	Name    string // by which plans name it
	Address Address
}

// atOnce is how many messages to one channel are under way at a time. Some of
// shoutrrr's services wait for an answer without limit: this bounds what they hold.
const atOnce = 8

// Channels sends to channels by their names.
type Channels struct {
	now atomic.Pointer[map[string]channel]
}

type channel struct {
	address Address
	slots   chan struct{}
}

var _ activities.Channels = (*Channels)(nil)

// New makes channels known under their names; of two with one name the later
// counts. It sends nothing.
func New(channels []Channel) *Channels {
	known := make(map[string]channel, len(channels))
	for _, one := range channels {
		known[one.Name] = channel{address: one.Address, slots: make(chan struct{}, atOnce)}
	}
	c := &Channels{}
	c.now.Store(&known)
	return c
}

// Replace takes the channels of another one in the place of these. A message under way goes to the
// earlier address.
func (c *Channels) Replace(by *Channels) { c.now.Store(by.now.Load()) }

// CheckChannels names those that are not known: activities.UnknownChannelErrors.
func (c *Channels) CheckChannels(names []string) error {
	var errs []error
	for _, name := range names {
		_, err := c.find(name)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func (c *Channels) find(name string) (channel, error) {
	known := *c.now.Load()
	found, ok := known[name]
	if !ok {
		return channel{}, &activities.UnknownChannelError{Name: name, Known: slices.Sorted(maps.Keys(known))}
	}
	return found, nil
}

// Tell sends a message once, and waits for the answer until ctx is done. It
// answers ErrUnknownOutcome where none came by then: shoutrrr cannot be stopped,
// and the message may still arrive.
func (c *Channels) Tell(ctx context.Context, name string, m activities.Message) error {
	found, err := c.find(name)
	if err != nil {
		return err
	}
	select {
	case found.slots <- struct{}{}:
	case <-ctx.Done():
		return fmt.Errorf("not sent: %d earlier messages to the channel %q still have no answer", atOnce, name)
	}
	answer := make(chan error, 1)
	go func() {
		defer func() { <-found.slots }()
		answer <- found.address.send(m)
	}()
	select {
	case err := <-answer:
		return err
	case <-ctx.Done():
		return fmt.Errorf("%w: the channel %q did not answer in time", maintenance.ErrUnknownOutcome, name)
	}
}

// errRefused replaces a service's own words, which would reveal a secret.
var errRefused = errors.New("the message was not taken; the service's words are withheld, since they repeat the channel's address")

// send sends a message. Each has a service of its own: shoutrrr's keep what they
// were sent last. A service's panic is an error: it must not end the worker.
func (a Address) send(m activities.Message) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = a.scrub(fmt.Errorf("shoutrrr failed: %v", p))
		}
	}()
	service, err := new(router.ServiceRouter).Locate(string(a))
	if err != nil {
		return a.scrub(err)
	}
	boundAnswers(service)
	text, params := m.Text, types.Params{}
	if takesTitle(service) {
		params.SetTitle(m.Title)
	} else {
		text = m.Title + "\n" + text
	}
	if err := service.Send(text, &params); err != nil {
		return a.scrub(err)
	}
	return nil
}

// boundAnswers bounds what a service reads of an answer. Those that have an HTTP client
// with a transport of their own, such as mattermost, gotify and ntfy, give it to nobody:
// so it is looked for in what they are made of. All others use http.DefaultTransport,
// which bounded.DefaultClients bounds.
func boundAnswers(s types.Service) {
	parts := reflect.Indirect(reflect.ValueOf(s))
	if parts.Kind() != reflect.Struct {
		return
	}
	for _, part := range parts.Fields() {
		if part.Type() != reflect.TypeFor[*http.Client]() || part.IsNil() {
			continue
		}
		if c := (*http.Client)(part.UnsafePointer()); c.Transport != nil {
			c.Transport = bounded.Transport{Over: c.Transport}
		}
	}
}

// takesTitle is true for a service that has a place of its own for a title. A
// webhook has one where its template has.
func takesTitle(s types.Service) bool {
	fields := format.NewPropKeyResolver(format.GetServiceConfig(s))
	if template, err := fields.Get("template"); err == nil {
		return template != ""
	}
	return slices.Contains(fields.QueryFields(), types.TitleKey)
}

// logger is shoutrrr's service that only writes to a log.
const logger = "logger"

// Validate reports an address that shoutrrr cannot use, without repeating any of
// it. It sends nothing.
func (a Address) Validate() error {
	u, err := url.Parse(string(a))
	if err != nil || u.Scheme == "" {
		return errors.New("is not a shoutrrr URL: must be SERVICE://..., such as slack://, smtp:// or generic+https://")
	}
	scheme, _, _ := strings.Cut(u.Scheme, "+")
	r := new(router.ServiceRouter)
	if _, err := r.NewService(scheme); err != nil || scheme == logger {
		services := slices.DeleteFunc(r.ListServices(), func(s string) bool { return s == logger })
		slices.Sort(services)
		return fmt.Errorf("names a service that cannot receive messages: must be one of %s", strings.Join(services, ", "))
	}
	if scheme == "matrix" {
		return nil // it would log in
	}
	if _, err := r.Locate(string(a)); err != nil {
		return fmt.Errorf("is not a URL of the service %s; see shoutrrr's documentation", scheme)
	}
	return nil
}
