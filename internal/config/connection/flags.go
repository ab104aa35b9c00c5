// Package connection is how the programs reach Temporal: by the Temporal CLI's environment
// configuration (TEMPORAL_* variables and TOML profiles), with flags of the same names taking
// precedence. It starts no workflow and no worker. Start at Flags and Dial.
package connection

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"os/user"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/printer"
)

// Flags are the flags of a connection. What is not given is left to the
// environment, then to the profile, then to Temporal's own defaults.
type Flags struct {
	Address, Namespace    string
	Profile, ConfigFile   string
	APIKey                string
	TLS                   bool
	CertPath, KeyPath, CA string
	ServerName            string
	NoHostVerification    bool
	Metadata              []string
	Timeout               time.Duration

	keys     Keyring
	followed []func() error // reads again what may change on disk
	identity string         // of a program that calls itself something else than the SDK does
	changed  func(flag string) bool
	given    func(but []string) string
}

// Register adds the flags to a command and those below it. timeout is how long to
// try to connect by default.
func (f *Flags) Register(cmd *cobra.Command, timeout time.Duration) {
	flags := cmd.PersistentFlags()
	flags.StringVar(&f.Address, "address", "", "Temporal host:port (default: TEMPORAL_ADDRESS, the profile, or "+
		client.DefaultHostPort+")")
	flags.StringVarP(&f.Namespace, "namespace", "n", "", "Temporal namespace (default: TEMPORAL_NAMESPACE, the profile, or "+
		client.DefaultNamespace+")")
	flags.StringVar(&f.Profile, "profile", "", "profile in the Temporal configuration file (default: TEMPORAL_PROFILE, or default)")
	flags.StringVar(&f.ConfigFile, "config-file", "", "Temporal configuration file, TOML (default: TEMPORAL_CONFIG_FILE, or the Temporal CLI's)")
	flags.StringVar(&f.APIKey, "api-key", "", "Temporal API key; prefer TEMPORAL_API_KEY or TEMPORAL_API_KEY_FILE: process lists show flags")
	flags.BoolVar(&f.TLS, "tls", false, "use TLS; --tls=false turns it off when the environment turns it on")
	flags.StringVar(&f.CertPath, "tls-cert-path", "", "client certificate file, for mTLS")
	flags.StringVar(&f.KeyPath, "tls-key-path", "", "client private key file, for mTLS")
	flags.StringVar(&f.CA, "tls-ca-path", "", "CA certificate file to verify the server certificate")
	flags.StringVar(&f.ServerName, "tls-server-name", "", "expected name in the server certificate")
	flags.BoolVar(&f.NoHostVerification, "tls-disable-host-verification", false,
		"do not verify the server certificate's host name")
	flags.StringArrayVar(&f.Metadata, "grpc-meta", nil, "header KEY=VALUE for every request to Temporal; may be repeated")
	flags.DurationVar(&f.Timeout, "client-connect-timeout", timeout, "how long to try to connect to Temporal")
	f.identity = identityOf(cmd.Root().Name())
	f.changed = flags.Changed
	f.given = func(but []string) string { return repeated(flags, but) }
}

// identityOf is what histories and lists of workers call this process: the program, its
// user and its machine. The SDK's own is a process id, which names nobody.
func identityOf(program string) string {
	who, err := user.Current()
	host, hostErr := os.Hostname()
	if err != nil || hostErr != nil {
		return program
	}
	return fmt.Sprintf("%s (%s@%s)", program, who.Username, host)
}

// Given are the flags by which the connection was chosen, as they are typed; empty where
// none was given, but not these. Secrets are not among them: an API key, headers.
func (f *Flags) Given(but ...string) string { return f.given(but) }

func repeated(flags *pflag.FlagSet, but []string) string {
	var all []string
	for _, name := range []string{
		"address", "namespace", "profile", "config-file", "tls", "tls-cert-path", "tls-key-path", "tls-ca-path",
		"tls-server-name", "tls-disable-host-verification",
	} {
		flag := flags.Lookup(name)
		switch {
		case !flag.Changed || slices.Contains(but, name):
		case flag.Value.Type() == "bool":
			all = append(all, "--"+name+"="+flag.Value.String())
		default:
			all = append(all, "--"+name+" "+printer.ShellWord(flag.Value.String()))
		}
	}
	return strings.Join(all, " ")
}

// Options are the client's options that flags, environment and profile make
// together. The error names every flag or variable that is wrong.
func (f *Flags) Options() (client.Options, error) {
	if f.ConfigFile != "" {
		// envconfig takes a file that is missing for an empty one.
		if _, err := os.Stat(f.ConfigFile); err != nil {
			return client.Options{}, fmt.Errorf("--config-file: %w", err)
		}
	}
	if err := f.checkProfile(); err != nil {
		return client.Options{}, err
	}
	env, err := readEnvironment()
	if err != nil {
		return client.Options{}, err
	}
	profile, err := envconfig.LoadClientConfigProfile(envconfig.LoadClientConfigProfileOptions{
		ConfigFilePath: f.ConfigFile, ConfigFileProfile: f.Profile, EnvLookup: env,
	})
	if err != nil {
		return client.Options{}, fmt.Errorf("read the Temporal configuration: %w", err)
	}
	err = errors.Join(f.over(&profile), f.checkAddress(profile.Address), f.checkTimeout())
	if err != nil {
		return client.Options{}, err
	}
	options, err := profile.ToClientOptions(envconfig.ToClientOptionsRequest{})
	if err != nil {
		return client.Options{}, fmt.Errorf("connection to Temporal (--tls-... or TEMPORAL_TLS_...): %w", err)
	}
	err = errors.Join(f.encrypt(&options), f.follow(&options, profile))
	if err != nil {
		return client.Options{}, err
	}
	options.HostPort = cmp.Or(options.HostPort, client.DefaultHostPort)
	options.Namespace = cmp.Or(options.Namespace, client.DefaultNamespace)
	options.ConnectionOptions.GetSystemInfoTimeout = f.Timeout
	// The SDK's default, gzip, is a tenth of a worker's CPU, and its messages are small.
	options.ConnectionOptions.GrpcCompression = &client.GrpcCompressionNone{}
	options.Identity = cmp.Or(options.Identity, f.identity)
	return options, nil
}

// TimeoutGiven is true where the flag says how long to try to connect.
func (f *Flags) TimeoutGiven() bool { return f.changed("client-connect-timeout") }

// over lays the flags that were given over a profile.
func (f *Flags) over(p *envconfig.ClientConfigProfile) error {
	p.Address = cmp.Or(f.Address, p.Address)
	p.Namespace = cmp.Or(f.Namespace, p.Namespace)
	p.APIKey = cmp.Or(f.APIKey, p.APIKey)
	if f.tlsGiven() {
		if p.TLS == nil {
			p.TLS = &envconfig.ClientConfigTLS{}
		}
		p.TLS.Disabled = f.changed("tls") && !f.TLS
		overFile(&p.TLS.ClientCertPath, &p.TLS.ClientCertData, f.CertPath)
		overFile(&p.TLS.ClientKeyPath, &p.TLS.ClientKeyData, f.KeyPath)
		overFile(&p.TLS.ServerCACertPath, &p.TLS.ServerCACertData, f.CA)
		p.TLS.ServerName = cmp.Or(f.ServerName, p.TLS.ServerName)
		p.TLS.DisableHostVerification = p.TLS.DisableHostVerification || f.NoHostVerification
	}
	var errs []error
	for i, header := range f.Metadata {
		key, value, ok := strings.Cut(header, "=")
		if !ok || key == "" {
			errs = append(errs, fmt.Errorf("--grpc-meta, number %d: must be KEY=VALUE", i+1)) // the value may be a secret
			continue
		}
		if p.GRPCMeta == nil {
			p.GRPCMeta = map[string]string{}
		}
		p.GRPCMeta[envconfig.NormalizeGRPCMetaKey(key)] = value
	}
	return errors.Join(errs...)
}

func (f *Flags) tlsGiven() bool {
	return f.changed("tls") || f.CertPath+f.KeyPath+f.CA+f.ServerName != "" || f.NoHostVerification
}

// overFile has a flag's file count in place of what the profile has, be it a
// file or its content.
func overFile(path *string, data *[]byte, given string) {
	if given != "" {
		*path, *data = given, nil
	}
}

// checkAddress refuses what gRPC would take for a host that cannot be found.
// Targets with a scheme, such as dns:///host:7233, are gRPC's to judge.
func (f *Flags) checkAddress(address string) error {
	if address == "" || strings.Contains(address, ":///") {
		return nil
	}
	host, port, err := net.SplitHostPort(address)
	n, portErr := strconv.Atoi(port)
	if err == nil && portErr == nil && host != "" && n > 0 && n <= 65535 {
		return nil
	}
	field := "address (TEMPORAL_ADDRESS or the profile's)"
	if f.Address != "" {
		field = "--address"
	}
	return maintenance.Invalid(field, address, "host:port, such as 127.0.0.1:7233")
}

func (f *Flags) checkTimeout() error {
	if f.Timeout > 0 {
		return nil
	}
	return &maintenance.FieldError{
		Field: "--client-connect-timeout", Value: f.Timeout.String(), Want: "a duration above 0, such as 10s",
	}
}

// checkProfile refuses a profile that the configuration file does not have, and
// says which there are.
func (f *Flags) checkProfile() error {
	field, name := "--profile", f.Profile
	if name == "" {
		field, name = "TEMPORAL_PROFILE", os.Getenv("TEMPORAL_PROFILE")
	}
	config, err := envconfig.LoadClientConfig(envconfig.LoadClientConfigOptions{ConfigFilePath: f.ConfigFile})
	if name == "" || err != nil || config.Profiles[name] != nil {
		return nil //nolint:nilerr // the load that follows says it
	}
	file := cmp.Or(f.ConfigFile, os.Getenv("TEMPORAL_CONFIG_FILE"), envconfig.DefaultConfigFilePath())
	want := "one of those in " + file + ": " + strings.Join(slices.Sorted(maps.Keys(config.Profiles)), ", ")
	if len(config.Profiles) == 0 {
		want = fmt.Sprintf("left out: the Temporal configuration file, %s, is missing or empty; name another with --config-file", file)
	}
	return maintenance.Invalid(field, name, want)
}
