package cli_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/activities"
	"github.com/tidegate/tidegate/internal/devserver"
	"github.com/tidegate/tidegate/internal/simcloud"
	"github.com/tidegate/tidegate/internal/simcloud/aws"
	"github.com/tidegate/tidegate/internal/simcloud/huawei"
)

var update = flag.Bool("update", false, "write the golden files again")

const sessionFile = "testdata/session.transcript"

// The session is every command with all that it prints, and its exit status where
// that is not 0. -update writes it again.
func TestASessionPrintsWhatItAlwaysDid(t *testing.T) {
	t.Parallel()
	archive, err := txtar.ParseFile(sessionFile)
	require.NoError(t, err)
	s := newSession(t, archive.Files)
	blocks := strings.Split(string(archive.Comment), "\n$ ")
	for i, block := range blocks[1:] {
		line, printed, _ := strings.Cut(block, "\n")
		_, next, hasNext := strings.Cut(printed, "\n## ") // the heading of what follows
		got := s.run(line)
		if hasNext {
			got += "\n## " + next
		}
		if !*update {
			require.Equal(t, printed, got, "$ %s: fields of JSON may be added (-update), never renamed or retyped", line)
		}
		blocks[i+1] = line + "\n" + got
	}
	if *update {
		archive.Comment = []byte(strings.Join(blocks, "\n$ "))
		require.NoError(t, os.WriteFile(sessionFile, txtar.Format(archive), 0o600))
	}
}

// session is where the commands of one are typed: a folder with its files, and a
// world around it.
type session struct {
	t      *testing.T
	world  *world
	clouds string
	folder string
}

func newSession(t *testing.T, files []txtar.File) *session {
	t.Helper()
	server, err := devserver.Start(t.Context(), devserver.Options{UIPort: devserver.NoUI})
	require.NoError(t, err)
	t.Cleanup(server.Stop)
	sim, err := simcloud.New(sessionScenario(), simcloud.Options{})
	require.NoError(t, err)
	s := &session{t: t, world: &world{t: t, server: server, sim: sim, channels: oneDead{}}, folder: t.TempDir()}
	s.clouds = s.world.work()
	for _, f := range files {
		require.NoError(t, os.WriteFile(filepath.Join(s.folder, f.Name), f.Data, 0o600))
	}
	return s
}

// sessionScenario has alongside the usual gateways some whose windows are the same
// whenever the test runs.
func sessionScenario() simcloud.Scenario {
	s := scenario()
	number := func(n int) *int { return &n }
	sunday := aws.Window{DayOfWeek: number(0), HourOfDay: number(2), MinuteOfHour: number(15)}
	s.AWS.Gateways = append(s.AWS.Gateways,
		aws.Gateway{ID: "sgw-66666661", NextVersion: "1.3.0", Timezone: "GMT-4:00", Window: sunday, Volumes: []aws.Volume{{ID: "vol-6666AAAA"}}},
		aws.Gateway{ID: "sgw-66666662", NextVersion: "1.3.0", Timezone: "GMT-4:00", Window: sunday, Type: "FILE_S3", AWSUpdates: true},
		aws.Gateway{ID: "sgw-66666663", Timezone: "GMT+5:30", Window: aws.Window{DayOfMonth: number(28), HourOfDay: number(22), MinuteOfHour: number(30)}, Type: "FILE_S3"},
		aws.Gateway{ID: "sgw-66666664", Timezone: "GMT", Window: sunday, Type: "FILE_S3"},
	)
	s.Huawei.Instances = append(s.Huawei.Instances, huawei.Instance{ID: "4e9f8a7b6c5d4e3f2a1b0c9d8e7f6a5bin07", Proxies: []huawei.Proxy{
		{ID: "00000000000000000000000000000003po01", CurrentVersion: "2.23.12.000", LatestVersion: "2.24.03.000"},
	}})
	return s
}

// oneDead are two channels, of which one is dead.
type oneDead struct{}

// CheckChannels knows both.
func (oneDead) CheckChannels([]string) error { return nil }

// Tell reaches every channel but the dead one.
func (oneDead) Tell(_ context.Context, channel string, _ activities.Message) error {
	if channel == "dead" {
		return errors.New("nobody listens there")
	}
	return nil
}

// untilForm is a comment behind a command that is typed again and again until it
// prints what the comment says.
var untilForm = regexp.MustCompile(`^(.*\S) +# until (.*)$`)

// run runs a line, and gives what it printed: what went to standard error behind an
// exclamation mark.
func (s *session) run(line string) string {
	s.t.Helper()
	if path, body, isSim := strings.Cut(strings.TrimPrefix(line, "sim "), " "); isSim && strings.HasPrefix(line, "sim ") {
		require.NoError(s.t, tell(s.clouds+path, strings.Trim(body, "'")))
		return ""
	}
	m := untilForm.FindStringSubmatch(line)
	if m == nil {
		return steady(s.shell(line))
	}
	wanted := regexp.MustCompile(m[2])
	var printed string
	require.Eventually(s.t, func() bool {
		printed = s.shell(m[1])
		return wanted.MatchString(printed)
	}, time.Minute, 100*time.Millisecond, "%s: %s", line, &printed)
	return steady(printed)
}

// progressForm is a line of progress. How many there are depends on how quick the
// machine is; campaignfollow_test.go and testdata/live look at them.
var progressForm = regexp.MustCompile(`^\d\d:\d\d:\d\dZ  `)

func (s *session) shell(line string) string {
	cmd := exec.CommandContext(s.t.Context(), "sh", "-c", line)
	cmd.Dir = s.folder
	cmd.Env = append(os.Environ(), "TEMPORAL_ADDRESS="+s.world.server.FrontendAddress(), "USER=operator")
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	text := out.String()
	for line := range strings.Lines(errs.String()) {
		if !progressForm.MatchString(line) {
			text += "! " + line
		}
	}
	if exit, failed := errors.AsType[*exec.ExitError](err); failed {
		return text + fmt.Sprintf("[exit status %d]\n", exit.ExitCode())
	}
	require.NoError(s.t, err)
	return text
}

// steady puts something of the same length in the place of what differs from run to
// run, so that tables stay tables. Times of the thirties are said on the
// command line, and stay.
func steady(text string) string {
	for _, r := range []struct{ form, name string }{
		{`"202\d-\d\d-\d\dT[^"]*"`, `"TIME"`},
		{`202\d-\d\d-\d\dT\d\d:\d\d:\d\dZ`, "YYYY-MM-DDThh:mm:ssZ"},
		{`(Sun|Mon|Tue|Wed|Thu|Fri|Sat) 202\d-\d\d-\d\d \d\d:\d\d`, "DAY YYYY-MM-DD hh:mm"},
		{`202\d-\d\d-\d\d \d\d:\d\d:\d\dZ`, "YYYY-MM-DD hh:mm:ssZ"},
		{`202\d-\d\d-\d\d \d\d:\d\d UTC`, "YYYY-MM-DD hh:mm UTC"},
		{`202\d-\d\d-\d\d`, "YYYY-MM-DD"},
		{`  \d\d:\d\d:\d\dZ  `, "  hh:mm:ssZ  "},
		{`(  |at )\d\d:\d\dZ`, "${1}hh:mmZ"},
		{`(DD|at) \d\d:\d\d GMT\b([^-+])`, "$1 hh:mm GMT$2"},
		{`every \w+ at hh:mm`, "every DAY at hh:mm"},
		{`(day"?: )\d+(,?\s+"?hour"?: )\d+(,?\s+"?minute"?: )\d+(,?\s+"?zone"?: "?GMT"?\n)`, "${1}0${2}0${3}0${4}"},
		{`\bafter [\dms]+\b`, "after DURATION"},
		{`hh:mmZ  [\dms]+ +`, "hh:mmZ  TOOK  "},
		{`(\n[ -]+)"[\d.]+m?s"`, `${1}"DURATION"`},
		{`("?margin"?: )"[^"]*"`, `${1}"DURATION"`},
		{`"[\d.hms]+\.\.[\d.hms]+"`, `"DURATION..DURATION"`},
		{`(\n[ -]+\w+: )"?([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})"?`, "$1$2"}, // YAML quotes what starts with a digit
		{`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`, "RRRRRRRR-RRRR-RRRR-RRRR-RRRRRRRRRRRR"},
		{`snap-[0-9a-f]{17}`, "snap-SSSSSSSSSSSSSSSSS"},
		{`fleet\.[0-9a-f]{8}\.`, "fleet.RRRRRRRR."},
		{`plan-lost-[0-9a-f]{8}`, "plan-lost-RRRRRRRR"},
		{`(chain is |"head": ")[0-9a-f]{64}`, "${1}HASH"},
		{`sha256:[0-9a-f]{64}`, "sha256:DIGEST"}, // of a plan, with the time as of which it was read
		{`\bprocess \d+ on [\w.-]+`, "process PID on HOST"},
		{`answers, [\d.]+`, "answers, VERSION"},
	} {
		text = regexp.MustCompile(r.form).ReplaceAllString(text, r.name)
	}
	return text
}
