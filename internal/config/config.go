// Package config reads the worker's accounts file: which cloud accounts, monitoring servers and
// channels plans may name, how each is reached, and who may sign approvals. The file holds no credential.
// Those come from the AWS SDK's default chain, and for all others from environment variables or files.
// docs/reference/configuration.md describes the file for its writers.
//
// It does not read plans (internal/planfile does) or connect to Temporal (connection does).
// Start at Load and Config.
package config

import (
	"errors"
	"fmt"
	"strings"

	"github.com/tidegate/tidegate/internal/accounts"
	"github.com/tidegate/tidegate/internal/bounded"
	"github.com/tidegate/tidegate/internal/channels"
	"github.com/tidegate/tidegate/internal/servers"
	"github.com/tidegate/tidegate/internal/signers"
	"github.com/tidegate/tidegate/internal/strict"
)

// Config is a valid accounts file, with Huawei Cloud's credentials found.
type Config struct {
	AWS    []accounts.AWS
	Huawei []accounts.Huawei
	// Channels are those that campaigns may notify.
	Channels []channels.Channel
	// WebUI is where people find Temporal's Web UI, without a slash at its end: messages
	// to channels link to it. Empty: they do not.
	WebUI string
	// Servers are the monitoring servers that health checks may ask.
	Servers servers.Configured
	// Signers are the groups of people who may sign approvals.
	Signers []*signers.Group
}

// file is the form of an accounts file.
type file struct {
	AWS    []awsEntry    `yaml:"aws"`
	Huawei []huaweiEntry `yaml:"huawei"`

	Channels []channelEntry `yaml:"channels"`
	WebUI    string         `yaml:"webUI"`
	Servers  serversEntry   `yaml:"servers"`
	Signers  []signersEntry `yaml:"signers"`
}

// Load reads an accounts file. getenv, such as os.Getenv, is where credentials
// but AWS's, the channels' addresses, and the names of files that hold them are looked for. Its error is
// one line for every fault, in the order of the file, each with line, column, field and what would be right.
func Load(path string, getenv func(string) string) (Config, error) {
	text, err := bounded.ReadFile(path, strict.MaxSize)
	if err != nil {
		return Config{}, fmt.Errorf("read the accounts file: %w", err)
	}
	return Parse(path, text, getenv)
}

// Parse is Load for a text; name stands for the file in errors. An error is a
// strict.FaultsError.
func Parse(name string, text []byte, getenv func(string) string) (Config, error) {
	var f file
	c := checker{Document: strict.Read(name, text, &f), names: map[string]bool{}, getenv: getenv}
	var found Config
	for i, e := range f.Signers { // before the accounts, which name groups
		found.Signers = append(found.Signers, c.signers(fmt.Sprintf("signers[%d]", i), name, e))
	}
	for i, e := range f.AWS {
		found.AWS = append(found.AWS, c.aws(fmt.Sprintf("aws[%d]", i), e))
	}
	for i, e := range f.Huawei {
		found.Huawei = append(found.Huawei, c.huawei(fmt.Sprintf("huawei[%d]", i), e))
	}
	for i, e := range f.Channels {
		found.Channels = append(found.Channels, c.channel(fmt.Sprintf("channels[%d]", i), e))
	}
	found.WebUI = c.webUI(f.WebUI)
	found.Servers = c.servers(f.Servers)
	if c.Err() == nil && len(f.AWS)+len(f.Huawei) == 0 {
		c.Fault("", strict.Fault{Problem: "names no account", Want: "at least one account under aws or huawei"})
	}
	if err := c.Err(); err != nil {
		return Config{}, hinted(err)
	}
	return found, nil
}

// hinted adds to an unknown field where credentials belong.
func hinted(err error) error {
	if wrongs, ok := errors.AsType[*strict.FaultsError](err); ok {
		for i, f := range wrongs.Faults {
			if strings.HasPrefix(f.Problem, strict.Unknown) {
				wrongs.Faults[i].Want += " (credentials come from the environment or from files of their own, never from this file)"
			}
		}
	}
	return err
}
