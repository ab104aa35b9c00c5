package program

import (
	"runtime"
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestBuildSaysWhatIsKnown(t *testing.T) {
	t.Parallel()
	stamps := []debug.BuildSetting{
		{Key: "vcs.revision", Value: "4f2c"}, {Key: "vcs.time", Value: "2030-01-02T03:04:05Z"}, {Key: "vcs.modified", Value: "true"},
	}
	for name, c := range map[string]struct {
		linked Build
		info   debug.BuildInfo
		says   string
	}{
		"a release":                  {Build{Version: "0.1.0", Commit: "4f2c", Date: "2030-01-02T03:04:05Z"}, debug.BuildInfo{}, "0.1.0, commit 4f2c of 2030-01-02T03:04:05Z"},
		"a release over Go's stamps": {Build{Version: "0.1.0", Commit: "aaaa", Date: "2029-01-01T00:00:00Z"}, debug.BuildInfo{Settings: stamps}, "0.1.0, commit aaaa of 2029-01-01T00:00:00Z"},
		"installed by go install":    {Build{}, debug.BuildInfo{Main: debug.Module{Version: "v0.1.0"}}, "0.1.0"},
		"a changed checkout":         {Build{}, debug.BuildInfo{Main: debug.Module{Version: "(devel)"}, Settings: stamps}, "unreleased, commit 4f2c-dirty of 2030-01-02T03:04:05Z"},
		"nothing":                    {Build{}, debug.BuildInfo{}, "unreleased"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.says+", "+runtime.Version()+", "+runtime.GOOS+"/"+runtime.GOARCH, buildOf(c.linked, &c.info).String())
		})
	}
}
