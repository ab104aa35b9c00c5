package workers

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/signal"
	"path/filepath"
	"reflect"
	"sync"
	"syscall"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/tidegate/tidegate/internal/accounts"
	"github.com/tidegate/tidegate/internal/channels"
	"github.com/tidegate/tidegate/internal/config/reload"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/servers"
	"github.com/tidegate/tidegate/internal/signers"
)

// reloader takes up what changes on disk while the worker runs: the accounts file, and the secrets and
// certificates that it and the environment name. What cannot be read leaves everything as it is.
type reloader struct {
	*settings
	parts
	known    *accounts.Accounts
	channels *channels.Channels
	servers  *servers.Servers
	signers  *signers.Groups
	hangup   chan os.Signal
	aws      [2][sha256.Size]byte // what AWS's own files held
	fault    string               // of the last attempt; empty: none

	// Of the workers that run:
	client   client.Client
	options  Options
	stop     func()
	rates    [2]map[string]float64 // of AWS's and of Huawei Cloud's accounts
	draining sync.WaitGroup
	health   *health
}

// newReloader opens what the parts configure. From then on SIGHUP does not end the process.
func newReloader(ctx context.Context, s *settings, p parts) (*reloader, error) {
	r := &reloader{
		settings: s, parts: p, hangup: make(chan os.Signal, 1), aws: awsFiles(),
		known: accounts.New(ctx, p.config.AWS, p.config.Huawei), channels: channels.New(p.config.Channels),
		signers: signers.NewGroups(p.config.Signers),
	}
	var err error
	if r.servers, err = servers.New(p.config.Servers, r.known.Signer(ctx)); err != nil {
		return nil, err
	}
	signal.Notify(r.hangup, syscall.SIGHUP)
	return r, nil
}

// start starts the workers. Those that ran before are stopped once the new ones poll.
func (r *reloader) start(o Options) error {
	stop, err := Start(r.client, r.known, o)
	if err != nil {
		return err
	}
	if r.stop != nil {
		r.draining.Go(r.stop)
	}
	r.stop, r.options = stop, o
	r.rates[0], r.rates[1] = r.known.Rates()
	r.health.watch(r.client, Queues(r.options.Queue, r.known))
	return nil
}

// end stops the workers.
func (r *reloader) end() {
	r.health.watch(nil, nil)
	r.stop()
	r.draining.Wait()
}

// follow takes up what changes, until ctx is done or the worker fails.
func (r *reloader) follow(ctx context.Context, fatal <-chan error) error {
	tick := time.NewTicker(reload.Interval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-fatal:
			return fmt.Errorf("the worker stopped: %w", err)
		case <-r.hangup:
			r.refresh(ctx, true)
		case <-tick.C:
			r.refresh(ctx, false)
		}
	}
}

// refresh takes up what has changed, or all where that was asked for. It says once what cannot be read.
func (r *reloader) refresh(ctx context.Context, asked bool) {
	fault := ""
	if err := errors.Join(r.connection.Refresh(), r.takeUp(ctx, asked)); err != nil {
		fault = maintenance.Plain(err)
	}
	switch fault {
	case r.fault:
	case "":
		r.logger.Info("all files can be read again")
	default:
		r.logger.Error("a changed file cannot be used; what it said before stays in force", "error", fault)
	}
	r.fault = fault
	r.health.warn(fault)
}

func (r *reloader) takeUp(ctx context.Context, asked bool) error {
	c, err := r.loadAccounts()
	if err != nil {
		return err
	}
	aws := awsFiles()
	if !asked && aws == r.aws && reflect.DeepEqual(c, r.config) {
		return nil
	}
	known := accounts.New(ctx, c.AWS, c.Huawei)
	monitoring, err := servers.New(c.Servers, known.Signer(ctx))
	if err != nil {
		return err
	}
	r.known.Replace(known)
	r.servers.Replace(monitoring)
	r.channels.Replace(channels.New(c.Channels))
	r.signers.Replace(signers.NewGroups(c.Signers))
	onAWS, onHuawei := known.Rates()
	if !maps.Equal(onAWS, r.rates[0]) || !maps.Equal(onHuawei, r.rates[1]) || c.WebUI != r.options.WebUI {
		o := r.options
		o.WebUI = c.WebUI
		if err := r.start(o); err != nil { //nolint:contextcheck // its workers outlive the change, until end
			return fmt.Errorf("start workers for the changed accounts: %w", err)
		}
	}
	r.config, r.aws = c, aws
	r.logger.Info("changed files taken up",
		"awsAccounts", len(c.AWS), "huaweiAccounts", len(c.Huawei), "channels", len(c.Channels), "signers", len(c.Signers))
	return nil
}

// awsFiles is a digest of the files in which the AWS SDK finds credentials and profiles: it reads them
// when an account is opened.
func awsFiles() (digest [2][sha256.Size]byte) {
	home, _ := os.UserHomeDir() // without one the SDK finds none there either
	for i, file := range []string{
		cmp.Or(os.Getenv("AWS_SHARED_CREDENTIALS_FILE"), filepath.Join(home, ".aws", "credentials")),
		cmp.Or(os.Getenv("AWS_CONFIG_FILE"), filepath.Join(home, ".aws", "config")),
	} {
		text, _ := os.ReadFile(file) //nolint:gosec // most have none; the SDK says what is wrong with one
		digest[i] = sha256.Sum256(text)
	}
	return digest
}
