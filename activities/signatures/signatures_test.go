package signatures_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/tidegate/tidegate/activities/names"
	"github.com/tidegate/tidegate/activities/signatures"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/signing"
)

// signers answer for one group and some accounts; their errors are about all.
type signers struct {
	check, demand error
	demands       map[string]signing.Demand
}

func (s signers) Check(
	group string, _ signing.Signature, _ signing.Statement, at time.Time, maxAge time.Duration,
) (signing.Verified, error) {
	if maxAge != signing.MaxAge {
		return signing.Verified{}, errors.New("another limit")
	}
	return signing.Verified{Principal: "alice@example.com", Group: group, At: at}, s.check
}

func (s signers) Demand(account string) (signing.Demand, error) { return s.demands[account], s.demand }

func failure(t *testing.T, err error) *temporal.ApplicationError {
	t.Helper()
	var failed *temporal.ApplicationError
	require.ErrorAs(t, err, &failed)
	return failed
}

func TestWhatIsNotKnownIsNeverAYes(t *testing.T) {
	t.Parallel()
	in := signatures.VerifyInput{Group: "leads", MaxAge: maintenance.Duration(signing.MaxAge)}
	got, err := (&signatures.Signatures{Signers: signers{}}).VerifySignature(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, "alice@example.com", got.Principal)

	_, err = (&signatures.Signatures{Signers: signers{check: signing.Refuse(signing.Revoked, "key")}}).VerifySignature(t.Context(), in)
	var refusal signing.RefusedError
	require.NoError(t, failure(t, err).Details(&refusal))
	require.Equal(t, signing.Revoked, refusal.Reason)
	require.True(t, failure(t, err).NonRetryable())
	require.Equal(t, names.TypeRefused, failure(t, err).Type())

	for _, s := range []signatures.Signers{nil, signers{check: errors.New("no group of signers")}} {
		_, err = (&signatures.Signatures{Signers: s}).VerifySignature(t.Context(), in)
		require.Equal(t, names.TypeUnavailable, failure(t, err).Type())
		require.False(t, failure(t, err).NonRetryable())
	}
}

func TestAnUnknownAccountDemandsNobodyKnowsWhat(t *testing.T) {
	t.Parallel()
	leads := signing.Demand{Signers: "leads", Count: 2}
	in := signatures.DemandsInput{Accounts: []string{"prod", "lab", "prod"}}
	got, err := (&signatures.Signatures{Signers: signers{demands: map[string]signing.Demand{"prod": leads}}}).Demands(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, []signatures.AccountDemand{{Account: "prod", Demand: leads}}, got.Demands)

	got, err = (&signatures.Signatures{Signers: signers{demand: errors.New("no AWS account")}}).Demands(t.Context(), in)
	require.Empty(t, got)
	require.Equal(t, names.TypeUnavailable, failure(t, err).Type())
	require.False(t, failure(t, err).NonRetryable())
}
