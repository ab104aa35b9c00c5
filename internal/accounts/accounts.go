// Package accounts connects the configured cloud accounts with the adapters that call them:
// activities find both under an account's name. The worker fills it from its configuration, the
// demo and the end-to-end tests with accounts of simulated clouds.
//
// It reads no file (internal/config does) and calls no cloud. Start at New and Accounts.
package accounts

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/aws" //nolint:depguard // given keys need no more of the SDK than its configuration

	"github.com/tidegate/tidegate/activities"
	"github.com/tidegate/tidegate/internal/awscloud"
	awsaccounts "github.com/tidegate/tidegate/internal/awscloud/accounts"
	"github.com/tidegate/tidegate/internal/awscloud/alarms"
	"github.com/tidegate/tidegate/internal/awscloud/snapshots"
	"github.com/tidegate/tidegate/internal/awscloud/wire"
	"github.com/tidegate/tidegate/internal/huaweicloud"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/signing"
	"github.com/tidegate/tidegate/internal/sources"
)

// AWS is one AWS account in one region.
type AWS struct {
	awsaccounts.Account
	// Keys, where given, are used as they are; the process's environment and
	// the AWS configuration files are then not read, and no role is
	// assumed. Nil: the SDK's default chain.
	Keys *Keys
	// PerSecond is how many activities Temporal gives out for the account in a
	// second, to all workers together: what bounds its calls. 0: no limit.
	PerSecond float64
	// Approvals are the signatures that a change in the account needs, whatever a plan says.
	Approvals signing.Demand
}

// Huawei is one Huawei Cloud project with the credentials for it.
type Huawei struct {
	huaweicloud.Account
	Credentials huaweicloud.Credentials
	PerSecond   float64 // as an AWS account's
}

// Accounts finds clouds by their accounts' names. It opens an account when it
// is first asked for, once, and shares it between goroutines. One that could
// not be opened is tried again when it is next asked for.
type Accounts struct{ now atomic.Pointer[known] }

// known are the accounts of one configuration.
type known struct {
	aws    map[string]opened[AWS, *awscloud.Cloud]
	huawei map[string]opened[Huawei, *huaweicloud.Cloud]
}

// opened is an account with its cloud.
type opened[A, T any] struct {
	account A
	cloud   *lazy[T]
}

var (
	_ activities.AWSAccounts    = (*Accounts)(nil)
	_ activities.HuaweiAccounts = (*Accounts)(nil)
	_ activities.Known          = (*Accounts)(nil)
	_ sources.Accounts          = (*Accounts)(nil)
)

// New makes accounts known under their names, which must be unique within one
// cloud; of two with one name the later counts. It opens none, and so makes no
// call. ctx bounds the opening of accounts, and should be the process's.
func New(ctx context.Context, onAWS []AWS, onHuawei []Huawei) *Accounts {
	k := &known{
		aws:    make(map[string]opened[AWS, *awscloud.Cloud], len(onAWS)),
		huawei: make(map[string]opened[Huawei, *huaweicloud.Cloud], len(onHuawei)),
	}
	for _, account := range onAWS {
		open := func() (*awscloud.Cloud, error) { return account.open(ctx) }
		k.aws[account.Name] = opened[AWS, *awscloud.Cloud]{account, &lazy[*awscloud.Cloud]{open: open}}
	}
	for _, account := range onHuawei {
		k.huawei[account.Name] = opened[Huawei, *huaweicloud.Cloud]{account, &lazy[*huaweicloud.Cloud]{open: account.open}}
	}
	a := &Accounts{}
	a.now.Store(k)
	return a
}

// Replace takes the accounts of another one in the place of these. Clouds that were found before
// keep their credentials, for the call that is under way.
func (a *Accounts) Replace(by *Accounts) { a.now.Store(by.now.Load()) }

// Rates are the PerSecond of all accounts, by their names.
func (a *Accounts) Rates() (onAWS, onHuawei map[string]float64) {
	onAWS, onHuawei = map[string]float64{}, map[string]float64{}
	for name, o := range a.now.Load().aws {
		onAWS[name] = o.account.PerSecond
	}
	for name, o := range a.now.Load().huawei {
		onHuawei[name] = o.account.PerSecond
	}
	return onAWS, onHuawei
}

// Gateways is the Storage Gateway side of an AWS account.
func (a *Accounts) Gateways(account string) (activities.GatewayCloud, error) {
	cloud, err := open(a.now.Load().aws, cloudAWS, account)
	if err != nil {
		return nil, err // and no nil pointer within an interface
	}
	return cloud, nil
}

// Volumes is the side of an AWS account that has volumes and their snapshots.
func (a *Accounts) Volumes(account string) (activities.VolumeCloud, error) {
	cloud, err := open(a.now.Load().aws, cloudAWS, account)
	if err != nil {
		return nil, err // and no nil pointer within an interface
	}
	return cloud, nil
}

// Health is the side of an AWS account that health checks ask.
func (a *Accounts) Health(account string) (sources.Cloud, error) {
	cloud, err := open(a.now.Load().aws, cloudAWS, account)
	if err != nil {
		return nil, err // and no nil pointer within an interface
	}
	return cloud, nil
}

// Proxies is the TaurusDB of a Huawei Cloud account.
func (a *Accounts) Proxies(account string) (activities.ProxyCloud, error) {
	cloud, err := open(a.now.Load().huawei, cloudHuawei, account)
	if err != nil {
		return nil, err // and no nil pointer within an interface
	}
	return cloud, nil
}

// Demand is the signatures that a change in an AWS account needs; the zero value: none. That the account is not
// known is an error: what it demands is not known either.
func (a *Accounts) Demand(account string) (signing.Demand, error) {
	found, err := find(a.now.Load().aws, cloudAWS, account)
	return found.account.Approvals, err
}

// Signer finds what signs requests with an AWS account's credentials: for monitoring servers of AWS.
func (a *Accounts) Signer(ctx context.Context) func(account string) (func(http.RoundTripper) http.RoundTripper, error) {
	return func(account string) (func(http.RoundTripper) http.RoundTripper, error) {
		found, err := find(a.now.Load().aws, cloudAWS, account)
		if err != nil {
			return nil, err
		}
		var given []awsaccounts.Option
		if found.account.Keys != nil {
			given = append(given, awsaccounts.WithCredentials(found.account.Keys.provider()))
		}
		return awsaccounts.Signed(ctx, found.account.Account, given...)
	}
}

// The clouds' names, for people.
const (
	cloudAWS    = "AWS"
	cloudHuawei = "Huawei Cloud"
)

func open[A, T any](known map[string]opened[A, T], cloud, name string) (T, error) {
	found, err := find(known, cloud, name)
	if err != nil {
		var none T
		return none, err
	}
	return found.cloud.get()
}

func find[A, T any](known map[string]opened[A, T], cloud, name string) (opened[A, T], error) {
	found, ok := known[name]
	if !ok {
		return found, &UnknownError{Cloud: cloud, Name: name, Known: slices.Sorted(maps.Keys(known))}
	}
	return found, nil
}

// open makes the account's cloud. It asks AWS for nothing.
func (a AWS) open(ctx context.Context) (*awscloud.Cloud, error) {
	if a.Keys == nil {
		return awsaccounts.Open(ctx, a.Account)
	}
	if err := a.Validate(); err != nil {
		return nil, fmt.Errorf("open AWS account %q: %w", a.Name, err)
	}
	cfg := aws.Config{
		Region: a.Region, Credentials: a.Keys.provider(),
	}
	place := wire.Place{Account: a.Name, Endpoint: a.Endpoint}
	return awscloud.New(cfg, place, snapshots.New(cfg, place), alarms.New(cfg, place)), nil
}

// open makes the account's cloud. It asks Huawei Cloud for nothing.
func (h Huawei) open() (*huaweicloud.Cloud, error) {
	return huaweicloud.Open(h.Account, h.Credentials, huaweicloud.Options{})
}

// UnknownError says that the worker's configuration has no account of a name.
// It is a maintenance.ErrNotFound.
type UnknownError struct {
	Cloud string   // AWS or Huawei Cloud
	Name  string   // the name that was asked for
	Known []string // the names that there are, sorted
}

// Error names the account and those that there are.
func (e *UnknownError) Error() string {
	known := strings.Join(e.Known, ", ")
	if known == "" {
		known = "none"
	}
	return fmt.Sprintf("the worker's configuration has no %s account %q; it has: %s", e.Cloud, e.Name, known)
}

// Unwrap is maintenance.ErrNotFound.
func (e *UnknownError) Unwrap() error { return maintenance.ErrNotFound }
