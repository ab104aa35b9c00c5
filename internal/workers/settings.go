package workers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"strings"

	"go.temporal.io/sdk/client"

	"github.com/tidegate/tidegate/internal/capture/recorder"
	"github.com/tidegate/tidegate/internal/config"
	"github.com/tidegate/tidegate/internal/config/connection"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/program"
)

// settings are the flags.
type settings struct {
	accounts     string
	taskQueue    string
	healthListen string
	logFormat    string
	logLevel     string
	version      Version
	promote      bool
	tuning       Tuning
	capture      string // a directory; empty: nothing is recorded
	connection   connection.Flags
}

// parts are what a worker is made of, all of it checked.
type parts struct {
	config config.Config
	client client.Options
	logger *slog.Logger
	health net.Listener // nil for none
	queue  string

	version Version
	promote bool
	// recorder is nil where nothing is recorded.
	recorder *recorder.Recorder
}

// check makes the parts, or says everything that is wrong at once. It binds
// the health check's port, so that a taken one is found before anything starts.
func (s *settings) check(ctx context.Context, stderr io.Writer) (parts, error) {
	p := parts{queue: s.taskQueue, version: s.version, promote: s.promote}
	var errs [8]error
	p.config, errs[0] = s.loadAccounts()
	p.client, errs[1] = s.connection.Options()
	p.logger, errs[2] = s.logs(stderr)
	errs[3] = s.checkQueue()
	errs[4] = s.checkVersion()
	errs[5] = s.tuning.check()
	p.health, errs[6] = s.listen(ctx)
	p.recorder, errs[7] = s.record(p.logger)
	if err := errors.Join(errs[:]...); err != nil {
		if p.health != nil {
			err = errors.Join(err, p.health.Close())
		}
		return parts{}, program.Usage(err)
	}
	return p, nil
}

// record opens the capture, if one is asked for.
func (s *settings) record(logger *slog.Logger) (*recorder.Recorder, error) {
	if s.capture == "" {
		return nil, nil //nolint:nilnil // none is wanted
	}
	opened, err := recorder.Open(s.capture, recorder.Options{
		Program: "tidegate-worker " + program.ThisBuild().Version, Logger: logger,
	})
	if err != nil {
		return nil, fmt.Errorf("--capture %s: must be a directory that this process can write to: %w", s.capture, err)
	}
	return opened, nil
}

func (s *settings) loadAccounts() (config.Config, error) {
	if s.accounts == "" {
		return config.Config{}, maintenance.Invalid("--accounts", "", "the file of the cloud accounts; see docs/reference/configuration.md")
	}
	c, err := config.Load(s.accounts, os.Getenv)
	if err != nil {
		return config.Config{}, fmt.Errorf("--accounts %s:\n%w", s.accounts, err)
	}
	return c, nil
}

func (s *settings) checkQueue() error {
	if s.taskQueue == "" {
		return maintenance.Invalid("--task-queue", "", "a name, such as tidegate")
	}
	return nil
}

// checkVersion refuses what Temporal would: the deployment's and the build's names
// stand in one text, with a dot or a colon between them.
func (s *settings) checkVersion() error {
	deployment, build := s.version.DeploymentName, s.version.BuildID
	var errs []error
	if s.version != (Version{}) && (!versionName(deployment) || strings.ContainsAny(deployment, ".:")) {
		errs = append(errs, maintenance.Invalid("--deployment", deployment, "a name such as tidegate, without dots and colons, together with --build-id"))
	}
	if s.version != (Version{}) && !versionName(build) {
		errs = append(errs, maintenance.Invalid("--build-id", build, "the name of a build, such as 1.4.0, together with --deployment"))
	}
	if s.promote && s.version == (Version{}) {
		errs = append(errs, maintenance.Invalid("--promote", "true", "used with --deployment and --build-id"))
	}
	return errors.Join(errs...)
}

// versionName is true for a name that Temporal takes.
func versionName(name string) bool {
	const most = 200 // bytes
	return name != "" && len(name) <= most && !strings.HasPrefix(name, "__") && strings.TrimSpace(name) == name
}

func (s *settings) logs(to io.Writer) (*slog.Logger, error) {
	var level slog.Level
	var errs []error
	if err := level.UnmarshalText([]byte(s.logLevel)); err != nil {
		errs = append(errs, maintenance.Invalid("--log-level", s.logLevel, "debug, info, warn or error"))
	}
	options := &slog.HandlerOptions{Level: level}
	var handler slog.Handler
	switch s.logFormat {
	case "json":
		handler = slog.NewJSONHandler(to, options)
	case "text":
		handler = slog.NewTextHandler(to, options)
	default:
		errs = append(errs, maintenance.Invalid("--log-format", s.logFormat, "json or text"))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return slog.New(ownLines{handler}), nil
}

func (s *settings) listen(ctx context.Context) (net.Listener, error) {
	if s.healthListen == "" {
		return nil, nil //nolint:nilnil // none is wanted
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", s.healthListen)
	if err != nil {
		return nil, fmt.Errorf(`--health-listen: invalid value %q: must be a free host:port, or "" for none: %w`, s.healthListen, err)
	}
	return listener, nil
}
