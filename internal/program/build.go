package program

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
)

// Build is which build of Tidegate a program is.
type Build struct {
	// Version is a release, such as 0.1.0, or what Go calls the commit; "unreleased" where neither is known.
	Version string `json:"version"`
	// Commit is the hash, with "-dirty" if files had changed since; empty: unknown.
	Commit string `json:"commit,omitempty"`
	// Date is the commit's, in RFC 3339; empty: unknown.
	Date string `json:"date,omitempty"`
	// Go is the compiler's version, and Platform such as linux/arm64.
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

// Unreleased is the version of a build that knows neither a release nor a commit.
const Unreleased = "unreleased"

// What a release sets: -ldflags "-X github.com/tidegate/tidegate/internal/program.version=0.1.0".
//
//nolint:gochecknoglobals // the linker sets no other kind
var version, commit, date string

// ThisBuild is that of the process.
func ThisBuild() Build {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{}
	}
	return buildOf(Build{Version: version, Commit: commit, Date: date}, info)
}

// buildOf completes what the linker was told by what Go has stamped.
func buildOf(b Build, info *debug.BuildInfo) Build {
	stamped := map[string]string{}
	for _, s := range info.Settings {
		stamped[s.Key] = s.Value
	}
	if b.Version == "" {
		b.Version = strings.TrimPrefix(info.Main.Version, "v")
	}
	if b.Version == "" || b.Version == "(devel)" {
		b.Version = Unreleased
	}
	if b.Commit == "" {
		b.Commit, b.Date = stamped["vcs.revision"], stamped["vcs.time"]
		if b.Commit != "" && stamped["vcs.modified"] == "true" {
			b.Commit += "-dirty"
		}
	}
	b.Go, b.Platform = runtime.Version(), runtime.GOOS+"/"+runtime.GOARCH
	return b
}

// String is the build in one line.
func (b Build) String() string {
	text := b.Version
	if b.Commit != "" {
		text += fmt.Sprintf(", commit %s of %s", b.Commit, b.Date)
	}
	return text + fmt.Sprintf(", %s, %s", b.Go, b.Platform)
}
