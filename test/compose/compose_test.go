// Package compose reads docker-compose.yml as Docker Compose does, with its
// own library, and checks what it promises. Where a Docker engine answers, it
// also does what a user would: smoke_test.go. Start at compose_test.go.
package compose_test

import (
	"maps"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/stretchr/testify/require"
)

const root = "../.."

// load reads the file with the profiles active and no environment but the given.
func load(t *testing.T, profiles []string, env ...string) *types.Project {
	t.Helper()
	opts, err := cli.NewProjectOptions([]string{filepath.Join(root, "docker-compose.yml")},
		cli.WithProfiles(profiles), cli.WithEnv(env))
	require.NoError(t, err)
	project, err := opts.LoadProject(t.Context())
	require.NoError(t, err)
	return project
}

func all(t *testing.T) *types.Project {
	t.Helper()
	return load(t, []string{"*"})
}

// oneShots end by themselves; everything else runs until it is stopped.
func oneShots() []string { return []string{"setup", "temporal-schema"} }

func TestServices(t *testing.T) {
	t.Parallel()
	want := []string{"postgres", "setup", "temporal", "temporal-schema", "temporal-ui", "worker"}
	require.Equal(t, want, slices.Sorted(maps.Keys(load(t, nil).Services)), "without a profile")
	for profile, adds := range map[string]string{"sim": "simcloud", "monitoring": "prometheus"} {
		all := slices.Sorted(slices.Values(append(slices.Clone(want), adds)))
		require.Equal(t, all, slices.Sorted(maps.Keys(load(t, []string{profile}).Services)), "under the profile "+profile)
	}
}

func TestImagesArePinnedByExactVersion(t *testing.T) {
	t.Parallel()
	exact := regexp.MustCompile(`^[a-z0-9./-]+:v?\d+\.\d+(\.\d+)?$`)
	for name, s := range all(t).Services {
		if s.Build != nil {
			require.Equal(t, "build", s.PullPolicy, "%s: our own image is never pulled from a registry", name)
			continue
		}
		require.Regexp(t, exact, s.Image, name)
	}
	services := all(t).Services
	_, server, _ := strings.Cut(services["temporal"].Image, ":")
	_, tools, _ := strings.Cut(services["temporal-schema"].Image, ":")
	require.Equal(t, server, tools, "the schema is made by the server's own version")
}

// What is embedded in the dev server is what the containers run.
func TestTemporalIsTheVersionOfTheDevServer(t *testing.T) {
	t.Parallel()
	gomod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	require.NoError(t, err)
	services := all(t).Services
	for service, module := range map[string]string{
		"temporal": "go.temporal.io/server", "temporal-ui": "github.com/temporalio/ui-server/v2",
	} {
		_, version, _ := strings.Cut(services[service].Image, ":")
		require.Contains(t, string(gomod), module+" v"+version+"\n", service)
	}
}

func TestLongRunningServicesHaveHealthChecksAndRestart(t *testing.T) {
	t.Parallel()
	for name, s := range all(t).Services {
		if slices.Contains(oneShots(), name) {
			require.Equal(t, "on-failure:5", s.Restart, name)
			continue
		}
		require.NotNil(t, s.HealthCheck, name)
		require.False(t, s.HealthCheck.Disable, name)
		require.Equal(t, "CMD", s.HealthCheck.Test[0], "%s: no shell", name)
		require.NotNil(t, s.HealthCheck.Interval, name)
		require.NotNil(t, s.HealthCheck.Timeout, name)
		require.NotNil(t, s.HealthCheck.StartPeriod, name)
		require.Equal(t, "unless-stopped", s.Restart, name)
	}
}

func TestNothingIsPublishedBeyondLoopback(t *testing.T) {
	t.Parallel()
	published := map[string]string{}
	for name, s := range all(t).Services {
		require.Empty(t, s.NetworkMode, name)
		for _, p := range s.Ports {
			ip := net.ParseIP(p.HostIP)
			require.NotNil(t, ip, "%s publishes %s on every address", name, p.Published)
			require.True(t, ip.IsLoopback(), "%s publishes %s on %s", name, p.Published, p.HostIP)
			published[name] = p.Published
		}
	}
	require.Equal(t, map[string]string{
		"temporal": "7233", "temporal-ui": "8233", "simcloud": "4599", "prometheus": "9090",
	}, published, "neither the database nor the worker's health is published")
}

func TestContainersHaveNoRightsTheyDoNotNeed(t *testing.T) {
	t.Parallel()
	for name, s := range all(t).Services {
		require.True(t, s.ReadOnly, name)
		require.Equal(t, []string{"ALL"}, s.CapDrop, name)
		require.Empty(t, s.CapAdd, name)
		require.Equal(t, []string{"no-new-privileges:true"}, s.SecurityOpt, name)
		require.False(t, s.Privileged, name)
		for _, v := range s.Volumes {
			require.False(t, v.Type == types.VolumeTypeBind && !v.ReadOnly, "%s may write to %s", name, v.Source)
		}
	}
}

func TestEverythingWaitsForWhatItNeeds(t *testing.T) {
	t.Parallel()
	const healthy, done = types.ServiceConditionHealthy, types.ServiceConditionCompletedSuccessfully
	got := map[string]map[string]string{}
	for name, s := range all(t).Services {
		for on, d := range s.DependsOn {
			if got[name] == nil {
				got[name] = map[string]string{}
			}
			got[name][on] = d.Condition
			require.Equal(t, on != "simcloud", d.Required, "%s: only the profile's service may be absent", name)
		}
	}
	require.Equal(t, map[string]map[string]string{
		"temporal-schema": {"postgres": healthy},
		"temporal":        {"postgres": healthy, "temporal-schema": done},
		"setup":           {"temporal": healthy},
		"temporal-ui":     {"temporal": healthy},
		"worker":          {"temporal": healthy, "setup": done, "simcloud": healthy},
	}, got)
}

func TestDatabaseOutlivesItsContainer(t *testing.T) {
	t.Parallel()
	project := all(t)
	require.Contains(t, project.Volumes, "postgres")
	volumes := project.Services["postgres"].Volumes
	require.Len(t, volumes, 1)
	require.Equal(t, types.VolumeTypeVolume, volumes[0].Type)
	require.Equal(t, "postgres", volumes[0].Source)
	require.Equal(t, "/var/lib/postgresql/data", volumes[0].Target)
}

func TestMountedFilesAreInTheRepository(t *testing.T) {
	t.Parallel()
	for name, s := range all(t).Services {
		for _, v := range s.Volumes {
			if v.Type == types.VolumeTypeBind {
				require.FileExists(t, v.Source, name)
			}
		}
	}
}

// Each value that looks like a secret is one of the documented defaults, and
// can be set otherwise.
func TestSecretsAreDocumentedDefaultsThatCanBeSet(t *testing.T) {
	t.Parallel()
	settable := map[string]string{
		"tidegate-dev": "TIDEGATE_POSTGRES_PASSWORD",
		"AKIDEXAMPLE":  "TIDEGATE_AWS_ACCESS_KEY_ID",
		"wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY": "TIDEGATE_AWS_SECRET_ACCESS_KEY",
		"":            "TIDEGATE_AWS_SESSION_TOKEN",
		"SIMHUAWEIAK": "TIDEGATE_HUAWEICLOUD_AK",
		"SIMHUAWEISK": "TIDEGATE_HUAWEICLOUD_SK",
	}
	var env []string
	for _, name := range settable {
		env = append(env, name+"=set-"+name)
	}
	plain, set := all(t), load(t, []string{"*"}, env...)
	secret := regexp.MustCompile(`(?i)passw|pwd|secret|token|access_key|_[as]k$`)
	found := map[string]bool{}
	for name, s := range plain.Services {
		for key, value := range s.Environment {
			if !secret.MatchString(key) {
				continue
			}
			require.NotNil(t, value, "%s: %s would come from the shell unasked", name, key)
			require.Contains(t, settable, *value, "%s: %s is no documented default", name, key)
			require.Equal(t, "set-"+settable[*value], *set.Services[name].Environment[key], "%s: %s", name, key)
			found[*value] = true
		}
	}
	require.Len(t, found, len(settable))
}
