package config_test

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/config"
	"github.com/tidegate/tidegate/internal/config/secret"
)

// givenSecrets are an accounts file and the secrets that it needs, by their variables.
type givenSecrets struct {
	accounts string
	values   map[string]string
}

// everySecret are all that the environment can give a worker: for Huawei Cloud each way of the page that lists them.
func everySecret(t *testing.T) map[string]givenSecrets {
	t.Helper()
	all := map[string]givenSecrets{
		"channel":  {anAccount + "channels: [{name: a, urlFrom: CHANNEL_URL}]", map[string]string{"CHANNEL_URL": "generic+https://example.com/PLANTED"}},
		"token":    {anAccount + "servers: {http: [{name: a, url: https://a.example.com, tokenFrom: A_TOKEN}]}", map[string]string{"A_TOKEN": "PLANTED"}},
		"password": {anAccount + "servers: {http: [{name: a, url: https://a.example.com, user: me, passwordFrom: A_PASSWORD}]}", map[string]string{"A_PASSWORD": "PLANTED"}},
	}
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "how-to", "huawei-credentials.md"))
	require.NoError(t, err)
	for line := range strings.Lines(string(page)) {
		if !strings.HasPrefix(line, "| `") {
			continue
		}
		for _, way := range strings.Split(line, "|")[2:] {
			names := regexp.MustCompile(`[A-Z_]{5,}`).FindAllString(way, -1)
			if len(names) == 0 {
				continue
			}
			values := map[string]string{}
			for _, name := range names {
				values[name] = "PLANTED-" + name
			}
			all[strings.Join(names, " ")] = givenSecrets{"huawei: [{name: h, project: " + project + ", region: ap-southeast-3}]", values}
		}
	}
	require.Len(t, all, 3+7, "the page's ways were not found")
	return all
}

func TestEverySecretMayComeFromAFile(t *testing.T) {
	t.Parallel()
	for way, given := range everySecret(t) {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			parse := func(env map[string]string) (config.Config, error) {
				return config.Parse("a.yaml", []byte(given.accounts), func(name string) string { return env[name] })
			}
			want, err := parse(given.values)
			require.NoError(t, err)
			files, folder := map[string]string{}, t.TempDir()
			for name, value := range given.values {
				path := filepath.Join(folder, name)
				require.NoError(t, os.WriteFile(path, []byte(value+"\n"), 0o600))
				files[name+secret.Suffix] = path
			}
			got, err := parse(files)
			require.NoError(t, err)
			require.Equal(t, want, got)

			empty := filepath.Join(folder, "empty")
			require.NoError(t, os.WriteFile(empty, nil, 0o600))
			for _, name := range slices.Sorted(maps.Keys(given.values)) {
				for says, change := range map[string]func(map[string]string){
					name + " and " + name + "_FILE are both set":                   func(env map[string]string) { env[name] = "PLANTED" },
					name + "_FILE: the file " + empty + " is empty":                func(env map[string]string) { env[name+secret.Suffix] = empty },
					name + "_FILE: the file " + folder + "/none cannot be read":    func(env map[string]string) { env[name+secret.Suffix] = folder + "/none" },
					name + "_FILE is not the path of a file: it must start with /": func(env map[string]string) { env[name+secret.Suffix] = "PLANTED" },
				} {
					env := maps.Clone(files)
					change(env)
					_, err := parse(env)
					require.ErrorContains(t, err, says)
					require.NotContains(t, err.Error(), "PLANTED")
				}
			}
		})
	}
}
