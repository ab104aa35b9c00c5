package wire

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
)

var errNoCredentials = errors.New("no usable credentials")

// Credentials marks a provider's failures, so that a call that failed in STS
// is not taken for one that failed in the service it was meant for.
func Credentials(provider aws.CredentialsProvider) aws.CredentialsProvider {
	if provider == nil {
		provider = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{}, errNoCredentials
		})
	}
	return marked{provider}
}

type marked struct{ aws.CredentialsProvider }

// Retrieve gives the provider's credentials.
func (m marked) Retrieve(ctx context.Context) (aws.Credentials, error) {
	credentials, err := m.CredentialsProvider.Retrieve(ctx)
	if err != nil {
		return aws.Credentials{}, fmt.Errorf("%w: %w", errNoCredentials, err)
	}
	return credentials, nil
}
