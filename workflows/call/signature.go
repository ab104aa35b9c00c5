package call

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/tidegate/tidegate/activities/names"
	"github.com/tidegate/tidegate/activities/signatures"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/signing"
)

// Counts says in how many of several groups a signature has to count.
type Counts int

// InOne is for an approval, which each group counts for itself; InEach is for what one person alone decides: of two
// groups whose signatures are demanded neither does in the place of the other.
const (
	InOne Counts = iota
	InEach
)

// VerifySignature has a worker verify a signature, as of a time, in each of the groups. It fails with the first refusal
// where it does not count in as many as it has to, or where within the limit nobody can tell.
func VerifySignature(
	ctx workflow.Context, limit time.Duration, groups []string, counts Counts, given signing.Signature,
	wanted signing.Statement, at time.Time,
) (*signing.Signed, error) {
	signed, refused := signing.Signed{Signature: given}, error(nil)
	for _, group := range groups {
		summary := fmt.Sprintf("verify who of %s has signed %s", group, wanted.Action)
		options := PollWithin(min(limit, AttemptOf()), limit, summary)
		found, err := Do(ctx, options, Signatures.VerifySignature, signatures.VerifyInput{
			Group: group, Signature: given, Wanted: wanted, At: at, MaxAge: maintenance.Duration(signing.MaxAge),
		})
		switch {
		case err == nil:
			signed.Verified = append(signed.Verified, found)
		case HasType(err, names.TypeRefused):
			if refused == nil {
				refused = Explain(err)
			}
		default:
			return nil, fmt.Errorf("cannot tell now whether the signature counts; send the command again: %w", Explain(err))
		}
	}
	if len(signed.Verified) == 0 || counts == InEach && refused != nil {
		return nil, refused
	}
	return &signed, nil
}
