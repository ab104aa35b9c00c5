package doctest_test

import (
	"net"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// readme runs on the ports that the demo takes by default, as a newcomer does.
func readme() page {
	const installs = "deploy/release/release_test.go TestGoInstallsBothPrograms"
	return page{
		start: func(s *shell) { s.free("127.0.0.1:17233", "127.0.0.1:18233", "127.0.0.1:14599") },
		lines: map[string]step{
			"go install github.com/tidegate/tidegate/cmd/tidegate@latest":        {elsewhere: installs},
			"go install github.com/tidegate/tidegate/cmd/tidegate-worker@latest": {elsewhere: installs},

			"go run ./demo": stays("http://127.0.0.1:18233/api/v1/namespaces/default/workflows/campaign-tidegate-demo"),
		},
	}
}

// tutorial runs on the ports that the programs take by default, too.
func tutorial() page {
	return page{
		start: func(s *shell) {
			s.free("127.0.0.1:7233", "127.0.0.1:8233", "127.0.0.1:4599", "127.0.0.1:8081")
			s.link("deploy")
		},
		lines: map[string]step{
			"go run ./devserver --db tidegate.db": stays("http://127.0.0.1:8233/"),
			"go run ./simcloud":                   stays("http://127.0.0.1:4599/_sim/healthz"),

			"go run ./worker --accounts deploy/local/accounts.yaml": stays("http://127.0.0.1:8081/healthz"),
		},
	}
}

// stays is a line whose program stays up, and is when it answers there.
func stays(url string) step {
	return step{up: func(_ string, s *shell) bool { return answers(s.t, s.here(url)) }}
}

// free skips where someone else has a port that programs take by default.
func (s *shell) free(addresses ...string) {
	s.t.Helper()
	for _, address := range addresses {
		requireFree(s.t, address)
	}
}

func requireFree(t *testing.T, address string) {
	t.Helper()
	var config net.ListenConfig
	l, err := config.Listen(t.Context(), "tcp", address)
	if err != nil {
		t.Skipf("needs %s, which is taken on this machine: %v", address, err)
	}
	require.NoError(t, l.Close())
}

func answers(t *testing.T, url string) bool {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	require.NoError(t, response.Body.Close())
	return response.StatusCode == http.StatusOK
}
