package checks

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/health"
	"github.com/tidegate/tidegate/test/teststart"
)

// A whole batch with as many checks as a plan may have fits into one of Temporal's payloads, and says where each stands.
func TestTheStatesOfABakeFitIntoAPayload(t *testing.T) {
	t.Parallel()
	const payload = 2 << 20
	at := teststart.On(time.Monday, 2)
	states := make([]BakeState, 60)
	for i := range states {
		states[i].Watches = map[string]health.Watch{}
		for n := range health.MostChecks {
			name, state := fmt.Sprintf("check %d of the application", n), health.Passing
			if n%10 == 0 {
				state = health.Failed
			}
			answer := health.Answer{Outcome: health.OutcomePass, At: at, Values: []health.Value{{Text: strings.Repeat("x", 300)}}}
			states[i].Watches[name] = health.Watch{State: state, Started: at, Since: at, Last: &answer}
			record := maintenance.CheckRecord{Check: name, Values: make([]maintenance.CheckValue, health.MostValues)}
			states[i].Records = append(states[i].Records, record)
		}
	}
	fit(states)
	text, err := json.Marshal(states)
	require.NoError(t, err)
	require.Less(t, len(text), payload/2)
	for _, s := range states {
		require.Len(t, s.Watches, health.MostChecks)
		failed := s.Watches["check 0 of the application"]
		require.Equal(t, health.Failed, failed.State)
		require.NotEmpty(t, failed.Last.Values, "why it has failed")
	}
}
