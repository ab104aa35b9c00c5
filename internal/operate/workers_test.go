package operate_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/operate"
)

func TestAWorkerIsNamedForPeople(t *testing.T) {
	t.Parallel()
	for identity, want := range map[string]string{
		"29005@vm@tidegate":  "process 29005 on vm",
		"7@worker-1.local@":  "process 7 on worker-1.local",
		"worker of 2.0.0":    "worker of 2.0.0",
		"alice@example.org@": "alice@example.org@",
		"":                   "",
	} {
		require.Equal(t, want, operate.Worker(identity), identity)
	}
}
