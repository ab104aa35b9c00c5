package accounts

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	smithy "github.com/aws/smithy-go/middleware"

	"github.com/tidegate/tidegate/internal/awscloud"
	"github.com/tidegate/tidegate/internal/awscloud/alarms"
	"github.com/tidegate/tidegate/internal/awscloud/snapshots"
	"github.com/tidegate/tidegate/internal/awscloud/wire"
)

// product is what AWS's logs (CloudTrail) show as the caller: the user agent
// and the name of a role's session.
const product = "tidegate"

// Option changes how an account is opened.
type Option func(*settings)

type settings struct {
	credentials aws.CredentialsProvider
	client      aws.HTTPClient
}

// WithCredentials gives the credentials, in place of the SDK's search for them.
func WithCredentials(provider aws.CredentialsProvider) Option {
	return func(s *settings) { s.credentials = provider }
}

// WithHTTPClient gives the client for requests to AWS, credentials' excepted.
func WithHTTPClient(client aws.HTTPClient) Option {
	return func(s *settings) { s.client = client }
}

// Open makes ready to speak to an account. It asks AWS for nothing, so wrong
// credentials come to light with the first call.
func Open(ctx context.Context, account Account, options ...Option) (*awscloud.Cloud, error) {
	cfg, err := load(ctx, account, options)
	if err != nil {
		return nil, fmt.Errorf("open AWS account %q: %w", account.Name, err)
	}
	place := wire.Place{Account: account.Name, Endpoint: account.Endpoint}
	return awscloud.New(cfg, place, snapshots.New(cfg, place), alarms.New(cfg, place)), nil
}

func load(ctx context.Context, account Account, options []Option) (aws.Config, error) {
	if err := account.Validate(); err != nil {
		return aws.Config{}, err
	}
	var s settings
	for _, option := range options {
		option(&s)
	}
	loaders := []func(*config.LoadOptions) error{
		config.WithRegion(account.Region),
		// Also those that give credentials take these options.
		config.WithAPIOptions([]func(*smithy.Stack) error{middleware.AddUserAgentKey(product), wire.BoundAnswers}),
	}
	if account.Profile != "" {
		loaders = append(loaders, config.WithSharedConfigProfile(account.Profile))
	}
	if s.credentials != nil {
		loaders = append(loaders, config.WithCredentialsProvider(s.credentials))
	}
	cfg, err := config.LoadDefaultConfig(ctx, loaders...)
	if err != nil {
		return aws.Config{}, fmt.Errorf("load the AWS configuration: %w", err)
	}
	if s.client != nil {
		// Not a loader: with AWS_CA_BUNDLE set, loading refuses every client whose
		// transport it cannot change.
		cfg.HTTPClient = s.client
	}
	if account.AssumeRole != "" {
		cfg.Credentials = assumed(cfg, account)
	}
	return cfg, nil
}

// assumed are the role's credentials, kept until shortly before they expire.
// STS keeps the SDK's retries: asking it twice does no harm.
func assumed(cfg aws.Config, account Account) aws.CredentialsProvider {
	asked := sts.NewFromConfig(cfg, func(o *sts.Options) { o.HTTPClient = wire.Whole(o.HTTPClient, account.Name) })
	role := stscreds.NewAssumeRoleProvider(asked, account.AssumeRole, func(o *stscreds.AssumeRoleOptions) {
		o.RoleSessionName = product
		if account.ExternalID != "" {
			o.ExternalID = &account.ExternalID
		}
	})
	return aws.NewCredentialsCache(role)
}
