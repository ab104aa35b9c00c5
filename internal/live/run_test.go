package live_test

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/live"
	"github.com/tidegate/tidegate/internal/maintenance"
)

// operator reads a campaign, and types once it was seen.
type operator struct {
	*fake
	looks int
	seen  chan struct{}
	types io.Reader
}

func (o *operator) Status(context.Context) (live.Status, error) {
	if o.looks++; o.looks == 2 {
		close(o.seen)
	}
	o.status.May = may(o.status.Status)
	return o.status, nil
}

// Read is the keyboard.
func (o *operator) Read(p []byte) (int, error) {
	<-o.seen
	return o.types.Read(p)
}

func TestTheCallerLearnsHowTheViewWasLeft(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		types string
		want  error
	}{
		"q": {"q", nil}, "ctrl-c": {"\x03", live.ErrInterrupted},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			alice := &operator{fake: fleetOf(), seen: make(chan struct{}), types: strings.NewReader(tc.types)}
			last, err := live.Run(t.Context(), live.Options{Name: "payments-q4", In: alice, Out: &bytes.Buffer{}}, alice)
			require.ErrorIs(t, err, tc.want)
			require.Equal(t, "bob", last.Submitter, "what was seen last is told either way")
		})
	}
}

// slow gives actions that nobody answers.
type slow struct {
	*operator
	given chan struct{}
}

func (s *slow) Give(ctx context.Context, _ live.Action) (maintenance.Decision, error) {
	close(s.given)
	<-ctx.Done()
	return maintenance.Decision{}, ctx.Err()
}

// after is typed once something has happened.
type after struct {
	event <-chan struct{}
	types io.Reader
}

func (a after) Read(p []byte) (int, error) {
	<-a.event
	return a.types.Read(p)
}

func TestAnUnansweredActionIsReported(t *testing.T) {
	t.Parallel()
	given := make(chan struct{})
	keys := io.MultiReader(strings.NewReader("pINC-77\r"), after{given, strings.NewReader("\x03")})
	alice := &slow{&operator{fake: fleetOf(), seen: make(chan struct{}), types: keys}, given}
	var out bytes.Buffer
	_, err := live.Run(t.Context(), live.Options{Name: "payments-q4", In: alice, Out: &out}, alice)
	require.ErrorIs(t, err, live.ErrInterrupted)
	require.Contains(t, out.String(), "Sent, not answered yet: pause the campaign payments-q4. It may still be applied. To check: tidegate status payments-q4\n")
}
