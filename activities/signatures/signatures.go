// Package signatures holds the activities on signed approvals: whether a signature counts, and what the worker's
// configuration demands. It also has the last word before a gateway is changed, Authority. What is signed, and why a
// signature does not count, is in internal/maintenance/signing; keys and files are behind Signers. Start at Signatures.
package signatures

import (
	"context"
	"errors"
	"slices"
	"time"

	"go.temporal.io/sdk/temporal"

	"github.com/tidegate/tidegate/activities/names"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/signing"
)

// Signers are the groups of signers of the worker's configuration, and what it demands for its accounts. All workers of
// one task queue should have the same.
type Signers interface {
	// Check finds out who has signed the wanted statement, as of a time, by a group's files as they are now. Its error
	// is a
	// signing.RefusedError where the signature does not count; any other says that this cannot be answered, as where the
	// group's files could not be loaded, or there is no such group.
	Check(
		group string, given signing.Signature, wanted signing.Statement, at time.Time, maxAge time.Duration,
	) (signing.Verified, error)
	// Demand is what an AWS account's owner demands; the zero value: nothing. An error says that nobody knows.
	Demand(account string) (signing.Demand, error)
}

// Signatures holds the activities.
type Signatures struct{ Signers Signers }

// VerifyInput is a signature, and the statement that it has to be over.
type VerifyInput struct {
	Group     string            `json:"group"`
	Signature signing.Signature `json:"signature"`
	// Wanted is the statement as who asks knows it; reason, nonce and time are the signer's.
	Wanted signing.Statement `json:"wanted"`
	// At is the time of acceptance, as of which it is verified; MaxAge is how old it may be then.
	At     time.Time            `json:"at"`
	MaxAge maintenance.Duration `json:"maxAge"`
}

// Queue of VerifySignature.
func (VerifyInput) Queue(workflows string) string { return workflows }

// VerifySignature finds out who has signed. It fails for good with names.TypeRefused, with the signing.RefusedError
// as its
// detail, where the signature does not count. Where that cannot be answered it fails, retryably, with
// names.TypeUnavailable.
func (s *Signatures) VerifySignature(_ context.Context, in VerifyInput) (signing.Verified, error) {
	if s.Signers == nil {
		return signing.Verified{}, typed(errNoSigners)
	}
	found, err := s.Signers.Check(in.Group, in.Signature, in.Wanted, in.At, in.MaxAge.Std())
	return found, typed(err)
}

// DemandsInput names AWS accounts.
type DemandsInput struct {
	Accounts []string `json:"accounts"`
}

// Queue of Demands.
func (DemandsInput) Queue(workflows string) string { return workflows }

// DemandsOutput are the demands of those that have one.
type DemandsOutput struct {
	Demands []AccountDemand `json:"demands,omitempty"`
}

// AccountDemand is what an account's owner demands.
type AccountDemand struct {
	Account string         `json:"account"`
	Demand  signing.Demand `json:"demand"`
}

// Demands answers what the worker's configuration demands for accounts. It fails, retryably, with names.TypeUnavailable
// where that cannot be answered.
func (s *Signatures) Demands(_ context.Context, in DemandsInput) (out DemandsOutput, err error) {
	if s.Signers == nil {
		return out, nil // this worker's configuration has no signers, and so demands none
	}
	for _, account := range slices.Compact(slices.Sorted(slices.Values(in.Accounts))) {
		demand, err := s.Signers.Demand(account)
		if err != nil {
			return out, typed(err)
		}
		if demand.Signers != "" {
			out.Demands = append(out.Demands, AccountDemand{Account: account, Demand: demand})
		}
	}
	return out, nil
}

var errNoSigners = errors.New("the worker's configuration has no groups of signers")

// typed makes the application error of an activity.
func typed(err error) error {
	if err == nil {
		return nil
	}
	if refused, ok := errors.AsType[*signing.RefusedError](err); ok {
		return temporal.NewNonRetryableApplicationError(maintenance.Plain(err), names.TypeRefused, nil, *refused)
	}
	return temporal.NewApplicationError(maintenance.Plain(err), names.TypeUnavailable)
}
