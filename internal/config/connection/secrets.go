package connection

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"os"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"

	"github.com/tidegate/tidegate/internal/codec"
	"github.com/tidegate/tidegate/internal/config/reload"
	"github.com/tidegate/tidegate/internal/config/secret"
)

// Keyring are the encryption keys of the environment. A file of keys is read again while it is used.
type Keyring struct{ *reload.Value[codec.Ring] }

var _ codec.Keys = Keyring{}

// Keys reads the encryption keys of the environment, which may be none.
func Keys() (Keyring, error) {
	ring, err := reload.New(func() (codec.Ring, error) {
		text, err := secret.Lookup(os.Getenv, codec.Variable)
		if err != nil {
			return codec.Ring{}, err
		}
		ring, err := codec.ParseKeys(text)
		if err != nil {
			return codec.Ring{}, fmt.Errorf("%s: %w", codec.Variable, err)
		}
		return ring, nil
	})
	return Keyring{ring}, err
}

// Encrypting is the first key now.
func (k Keyring) Encrypting() (codec.Key, error) { return k.Get().Encrypting() }

// Decrypting is the key of an id, if there is one now.
func (k Keyring) Decrypting(id string) (codec.Key, error) { return k.Get().Decrypting(id) }

// KeyIDs are those of the encryption keys that Options found, that of the encrypting one first; none:
// what is sent to Temporal is not encrypted.
func (f *Flags) KeyIDs() []string { return f.keys.Get().IDs() }

// Refresh reads again what may have changed on disk: encryption keys, the API key, the client's
// certificate. They are also read again while they are used, at most every reload.Interval. What cannot
// be read stays as it was, and is named by the error.
func (f *Flags) Refresh() error {
	var errs []error
	for _, refresh := range f.followed {
		errs = append(errs, refresh())
	}
	return errors.Join(errs...)
}

// encrypt has the connection encrypt, if there is a key, and decrypt.
func (f *Flags) encrypt(options *client.Options) (err error) {
	if f.keys, err = Keys(); err != nil {
		return err
	}
	f.followed = []func() error{f.keys.Refresh}
	option, err := codec.DialOption(f.keys)
	options.ConnectionOptions.DialOptions = append(options.ConnectionOptions.DialOptions, option)
	return err
}

// follow has the connection take up an API key and a client's certificate that change on disk.
func (f *Flags) follow(options *client.Options, profile envconfig.ClientConfigProfile) error {
	if f.APIKey == "" && os.Getenv(apiKeyVariable+secret.Suffix) != "" {
		key, err := reload.New(func() (string, error) { return secret.Lookup(os.Getenv, apiKeyVariable) })
		if err != nil {
			return err
		}
		f.followed = append(f.followed, key.Refresh)
		options.Credentials = client.NewAPIKeyDynamicCredentials(func(context.Context) (string, error) {
			return key.Get(), nil
		})
	}
	conf := options.ConnectionOptions.TLS
	if conf == nil || profile.TLS == nil || profile.TLS.ClientCertPath == "" {
		return nil
	}
	pair, err := reload.New(func() (*tls.Certificate, error) {
		read, err := tls.LoadX509KeyPair(profile.TLS.ClientCertPath, profile.TLS.ClientKeyPath)
		if err != nil {
			return nil, fmt.Errorf("the client certificate %s with the key %s: %w", profile.TLS.ClientCertPath,
				profile.TLS.ClientKeyPath, err)
		}
		return &read, nil
	})
	if err != nil {
		return err
	}
	f.followed = append(f.followed, pair.Refresh)
	conf.Certificates = nil
	conf.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return pair.Get(), nil }
	return nil
}
