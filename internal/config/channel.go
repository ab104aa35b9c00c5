package config

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/tidegate/tidegate/internal/channels"
	"github.com/tidegate/tidegate/internal/strict"
)

// variableForm is that of an environment variable's name. Addresses are not of it:
// one that someone has pasted in a name's place is a fault.
var variableForm = regexp.MustCompile(`^[A-Z][A-Z0-9_]*$`)

// channelEntry is one channel of the channels section.
type channelEntry struct {
	Name    string `yaml:"name"`
	URLFrom string `yaml:"urlFrom"`
}

// channel judges one channel and finds its address.
func (c *checker) channel(at string, e channelEntry) channels.Channel {
	c.lines(at, e)
	if nameForm.MatchString(e.Name) || e.Name == "" {
		c.name(at, "channels", e.Name)
	} else { // not repeated either
		c.Fault(at+".name", strict.Fault{Problem: strict.Invalid, Want: wantName})
	}
	found := channels.Channel{Name: e.Name}
	if !variableForm.MatchString(e.URLFrom) {
		problem := strict.Invalid // and not repeated: it may be the address itself
		if e.URLFrom == "" {
			problem = "is required"
		}
		c.Fault(at+".urlFrom", strict.Fault{Problem: problem, Want: "the name of the environment variable that holds the channel's shoutrrr URL, such as TIDEGATE_ONCALL_URL"})
		return found
	}
	found.Address = channels.Address(c.secret(at+".urlFrom", e.URLFrom, "a shoutrrr URL"))
	if err := found.Address.Validate(); found.Address != "" && err != nil {
		c.Fault(at+".urlFrom", strict.Fault{Problem: fmt.Sprintf("the value of the environment variable %s %s", e.URLFrom,
			err)})
	}
	return found
}

// webUI judges the address of the Web UI. It goes out in messages, so it holds no
// credentials.
func (c *checker) webUI(address string) string {
	if address == "" {
		return ""
	}
	u, err := url.Parse(address)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.User != nil || u.RawQuery != "" ||
		u.Fragment != "" {
		c.Fault("webUI", strict.Fault{Problem: strict.Invalid, Want: "the URL of Temporal's Web UI without credentials, such as https://temporal.example.com"})
		return ""
	}
	return strings.TrimRight(address, "/")
}
