package fleet_test

import (
	"encoding/json"
	"flag"
	"os"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
)

var update = flag.Bool("update", false, "write the golden files again")

func zone(t require.TestingT, text string) maintenance.Zone {
	z, err := maintenance.ParseZone(text)
	require.NoError(t, err)
	return z
}

func fullEntry(t *testing.T) fleet.Entry {
	t.Helper()
	noon := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) // as the golden file has it
	e := fleet.Entry{
		Name: "store-7", Gateway: "sgw-12A3456B", Ref: 7, Wave: 2,
		Schedule: maintenance.Schedule{Recurrence: maintenance.Monthly, Day: 28, Hour: 2, Minute: 5, Zone: zone(t, "GMT-4:00")},
		Work:     fleet.Work{Update: true, Snapshots: 2, Proxies: 3, Restore: true, Recheck: true}, Keys: []string{"app=till", "db=0123456789abcdef0123456789abcdefin07"},
		State: fleet.Failed, Bar: maintenance.BlockedByUnread, Unavailable: "quarantined", UnreadSince: noon, ReadAt: noon.Add(time.Minute), Note: "one proxy of two was rejected", NotBefore: noon.Add(-time.Hour),
		Started: noon, Trigger: noon.Add(time.Minute), End: noon.Add(30 * time.Minute), Attempts: 2, Hold: fleet.Hold{Step: maintenance.StepProxies, Since: noon.Add(20 * time.Minute)},
		Check: fleet.Check{Name: "error rate", Since: noon.Add(21 * time.Minute)}, Baked: noon.Add(24 * time.Hour),
	}
	v := reflect.ValueOf(e)
	for field := range v.Type().Fields() {
		require.False(t, v.FieldByIndex(field.Index).IsZero(), "%s is empty in the sample", field.Name)
	}
	return e
}

// Histories hold entries permanently: an element may be added at the end, and
// nothing else may change.
func TestEntriesKeepTheirForm(t *testing.T) {
	t.Parallel()
	for name, e := range map[string]fleet.Entry{
		"full":    fullEntry(t),
		"minimal": {Name: "store-7", State: fleet.Waiting},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			golden := "testdata/entry-" + name + ".json"
			text, err := json.Marshal(e)
			require.NoError(t, err)
			if *update {
				require.NoError(t, os.WriteFile(golden, append(text, '\n'), 0o600))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			require.Equal(t, string(want), string(text)+"\n")
			var back fleet.Entry
			require.NoError(t, json.Unmarshal(want, &back))
			require.Equal(t, e, back)
		})
	}
}

func TestWhatIsWrittenOfAnEntryIsRead(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		at := func(label string) time.Time {
			if rapid.Bool().Draw(t, "no "+label) {
				return time.Time{}
			}
			return time.Unix(rapid.Int64Range(1, 1<<34).Draw(t, label), 0).UTC()
		}
		e := fleet.Entry{
			Name: rapid.String().Draw(t, "name"), Gateway: rapid.String().Draw(t, "gateway"), Ref: rapid.Int().Draw(t, "ref"), Wave: rapid.IntRange(0, 9).Draw(t, "wave"),
			Work:  fleet.Work{Update: rapid.Bool().Draw(t, "update"), Snapshots: rapid.IntRange(0, 2).Draw(t, "snapshots"), Proxies: rapid.IntRange(0, 9).Draw(t, "proxies"), Restore: rapid.Bool().Draw(t, "restore"), Recheck: rapid.Bool().Draw(t, "recheck")},
			State: rapid.SampledFrom([]fleet.State{fleet.Waiting, fleet.Running, fleet.Held, fleet.Succeeded, fleet.Failed, fleet.Skipped, fleet.UpToDate}).Draw(t, "state"),
			Note:  rapid.String().Draw(t, "note"), Unavailable: rapid.String().Draw(t, "unavailable"), Attempts: rapid.IntRange(0, 3).Draw(t, "attempts"),
			NotBefore: at("not before"), Started: at("started"), Trigger: at("trigger"), End: at("end"), Hold: fleet.Hold{Since: at("held")},
			Check: fleet.Check{Name: rapid.String().Draw(t, "check"), Since: at("checked")}, Baked: at("baked"),
		}
		if keys := rapid.SliceOf(rapid.String()).Draw(t, "keys"); len(keys) > 0 {
			e.Keys = keys
		}
		if rapid.Bool().Draw(t, "has a schedule") {
			e.Schedule = anySchedule(t)
			e.Schedule.Minute = rapid.IntRange(0, 59).Draw(t, "minute")
			e.Schedule.Zone = zone(t, rapid.SampledFrom([]string{"GMT", "GMT-4:00", "GMT+5:30", "GMT+14:00"}).Draw(t, "zone"))
		}
		text, err := json.Marshal(e)
		require.NoError(t, err)
		var back fleet.Entry
		require.NoError(t, json.Unmarshal(text, &back))
		require.Equal(t, e, back)
	})
}

func TestAnEntryOfALaterReleaseIsRead(t *testing.T) {
	t.Parallel()
	var e fleet.Entry
	require.NoError(t, json.Unmarshal([]byte(`["a","",0,0,"",[1,0,0,0,0,9],[],"",0,0,0,"","",0,0,"","",0,0,0,"",0,0,{"more":1},2]`), &e))
	require.Equal(t, fleet.Entry{Name: "a", Work: fleet.Work{Update: true}, State: fleet.Waiting}, e)
}

func TestAnEntryThatIsNoneIsRefused(t *testing.T) {
	t.Parallel()
	for text, says := range map[string]string{
		`{}`:                               "cannot unmarshal object",
		`["a",7]`:                          `target "a" of a campaign: json: cannot unmarshal number`,
		`["a","",0,0,"weekly"]`:            `schedule "weekly": must be in the form weekly 0 12:00 GMT-4:00`,
		`["a","",0,0,"weekly 0 1200 CET"]`: `timezone: invalid value "CET"`,
	} {
		e := fleet.Entry{Name: "kept"}
		require.ErrorContains(t, json.Unmarshal([]byte(text), &e), says)
		require.Equal(t, fleet.Entry{Name: "kept"}, e)
	}
}

func TestAnEntryOfNothingIsAnEmptyList(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(fleet.Entry{State: fleet.Waiting})
	require.NoError(t, err)
	require.Equal(t, "[]", string(text))
	var back fleet.Entry
	require.NoError(t, json.Unmarshal(text, &back))
	require.Equal(t, fleet.Entry{State: fleet.Waiting}, back)
}

func TestWhatIsLeftOfASecondIsCutOff(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(fleet.Entry{Name: "a", State: fleet.Waiting, NotBefore: noon.Add(999 * time.Millisecond).In(zone(t, "GMT+5:30").Location())})
	require.NoError(t, err)
	var back fleet.Entry
	require.NoError(t, json.Unmarshal(text, &back))
	require.Equal(t, noon, back.NotBefore)
}

// A payload holds 2 MB, and a campaign's state is one.
func TestTenThousandEntriesFitAPayload(t *testing.T) {
	t.Parallel()
	f := large(t)
	for i := range f.Entries {
		f.Entries[i].Name = "store-" + f.Entries[i].Gateway[4:] // about as long as names are
		f.Entries[i].Schedule.Zone = zone(t, "GMT-4:00")
	}
	waiting, err := json.Marshal(f.Entries)
	require.NoError(t, err)
	require.Less(t, len(waiting)/len(f.Entries), 100)
	ended, _ := fleet.Timetable(f, noon, noon.AddDate(2, 0, 0))
	for i := range ended.Entries {
		ended.Entries[i].Attempts, ended.Entries[i].Note = 1, "runs 1.2.4"
	}
	text, err := json.Marshal(ended.Entries)
	require.NoError(t, err)
	require.Less(t, len(text), 1_300_000)
	t.Logf("%d bytes waiting, %d ended", len(waiting), len(text))
	var back []fleet.Entry
	require.NoError(t, json.Unmarshal(text, &back))
	require.Len(t, back, len(ended.Entries))
	for i := range back { // one by one: what differs in ten thousand is long to find
		require.Equal(t, ended.Entries[i], back[i])
	}
}

func BenchmarkMarshalTenThousand(b *testing.B) {
	f := large(b)
	for b.Loop() {
		_, err := json.Marshal(f.Entries)
		require.NoError(b, err)
	}
}

func BenchmarkUnmarshalTenThousand(b *testing.B) {
	text, err := json.Marshal(large(b).Entries)
	require.NoError(b, err)
	for b.Loop() {
		var entries []fleet.Entry
		require.NoError(b, json.Unmarshal(text, &entries))
	}
}

func FuzzEntry(f *testing.F) {
	f.Add([]byte(`["store-7","sgw-12A3456B",7,2,"monthly 28 02:05 GMT-4:00",[1,2,3],["app=till"],"f",1795348800,1795350600,2,"rejected","quarantined",1795345200]`))
	f.Add([]byte(`["a"]`))
	f.Add([]byte(`["a",null,null,null,null,null,null,"later"]`))
	f.Add([]byte(`["a","",0,0," -1 -2:-3 GMT"]`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var e, back fleet.Entry
		if json.Unmarshal(text, &e) != nil {
			return
		}
		again, err := json.Marshal(e)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(again, &back), "%s", again)
		require.Equal(t, e, back)
	})
}
