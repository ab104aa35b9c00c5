package faultmatrix

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/simcloud/aws"
	"github.com/tidegate/tidegate/internal/simcloud/fault"
)

// Misfortunes are what the clouds do of themselves, without a call that fails.
func Misfortunes() []Scenario {
	return slices.Concat(restartScenarios(), aftermathScenarios(), triggerScenarios(), byAWSScenarios(), windowScenarios(), volumeScenarios(), snapshotScenarios(), proxyScenarios(), jobScenarios())
}

func restartScenarios() []Scenario {
	return []Scenario{
		{
			Name: "the gateway says RUNNING for a while after the trigger",
			Set: func(s *Stage) {
				s.gateway().Timing.Gap, s.gateway().Timing.GapPolls = 300*time.Millisecond, new(3)
				s.Policy.UpdateStart = maintenance.Duration(time.Minute) // however long three looks take
			},
			Promise: completed(Update, Snapshot),
		},
		{
			Name:    "the gateway comes back with the new software and goes away again, twice",
			Set:     func(s *Stage) { s.gateway().Flaps = 2 },
			Promise: completed(Update, Snapshot),
		},
		{
			Name: "the gateway never comes back",
			Set: func(s *Stage) {
				s.giveUpSoon()
				s.gateway().NeverComesBack = true
			},
			Promise: doubtful(Update),
		},
		{
			Name: "the gateway never comes back, and automatic updates are held",
			Set: func(s *Stage) {
				s.giveUpSoon()
				s.holdAutomaticUpdates()
				s.gateway().NeverComesBack = true
			},
			Promise: stuck(Tag, Hold, Update),
		},
		{
			Name: "the update changes the date and not the version",
			Set:  func(s *Stage) { s.gateway().NextVersion = "1.2.3" },
			// The date is compared as AWS writes it, in whole seconds at the best.
			Promise: completed(Update, Snapshot),
		},
	}
}

// aftermathScenarios are those in which an update leaves behind what no update should.
func aftermathScenarios() []Scenario {
	left := func(name, version string) Scenario {
		return Scenario{
			Name: name, Set: func(s *Stage) { s.gateway().VersionAfterUpdate = version },
			Promise: unverified(Update, Snapshot),
		}
	}
	return []Scenario{
		left("the gateway comes back with an older version", "1.1.0"),
		left("the gateway comes back without a version", aws.NoVersion),
		{
			Name: "the gateway runs the new version, and later the old one again",
			Set:  func(s *Stage) { s.volume().SnapshotOutcome = "stuck" },
			During: func(ctx context.Context, p Play) error {
				started := func(maintenance.Status) bool { return len(p.Clouds().AWS().State().Snapshots) > 0 }
				if err := p.Until(ctx, started); err != nil {
					return err
				}
				cloud := p.Clouds().AWS()
				state := cloud.State()
				return errors.Join(cloud.SetVersion(state.Gateways[0].ID, "1.2.3"), cloud.SetSnapshot(state.Snapshots[0].ID, "completed"))
			},
			Promise: unverified(Update, Snapshot),
		},
		{
			Name:    "the gateway comes back without its volume",
			Set:     func(s *Stage) { s.volume().GoneAfterUpdate = true },
			Promise: unverified(Update),
		},
	}
}

func triggerScenarios() []Scenario {
	return []Scenario{
		{
			Name:    "the trigger is answered with 200 and has no effect",
			Set:     func(s *Stage) { s.gateway().NoEffect = true },
			Promise: failed(),
		},
		{
			Name: "the trigger is answered with NotSupported, though an update is on offer",
			Set: func(s *Stage) {
				s.holdAutomaticUpdates()
				s.faults(fault.Rule{Operation: updateSoftware, Kind: fault.RefusedBefore, Code: "NotSupported"})
			},
			Promise: compensated(Tag, Hold, Release, Untag),
		},
		{
			Name: "the gateway has no room for a mark, so its automatic updates are not held",
			Set: func(s *Stage) {
				s.holdAutomaticUpdates()
				s.gateway().Tags = map[string]string{}
				for i := range maintenance.MaxTags {
					s.gateway().Tags[fmt.Sprintf("owner-%02d", i)] = "storage"
				}
			},
			Promise: completed(Update, Snapshot),
		},
		{
			Name:    "no update is on offer",
			Set:     func(s *Stage) { s.gateway().NextVersion = "" },
			Promise: completed(),
		},
	}
}

// byAWSScenarios are those in which AWS itself updates the gateway of an open run.
func byAWSScenarios() []Scenario {
	return []Scenario{
		{
			Name: "AWS updates the gateway while the run waits",
			Set:  func(s *Stage) { s.gateway().Window = aws.Window{OpensIn: 72 * time.Hour} },
			During: func(ctx context.Context, p Play) error {
				if err := p.Until(ctx, byBlocker(maintenance.BlockedByWindow)); err != nil {
					return err
				}
				return updateByAWS(p)
			},
			Promise: completed(Snapshot),
		},
		{
			Name: "AWS's own update has started when the window opens",
			Set: func(s *Stage) {
				s.Policy.Approval = true
				s.gateway().NeverComesBack = true
			},
			During: func(ctx context.Context, p Play) error {
				if err := p.Until(ctx, byBlocker(maintenance.BlockedByApproval)); err != nil {
					return err
				}
				if err := updateByAWS(p); err != nil {
					return err
				}
				away := func(maintenance.Status) bool { return !p.Clouds().AWS().State().Gateways[0].Connected }
				if err := p.Until(ctx, away); err != nil {
					return err
				}
				looks := p.Clouds().Calls()[describeGateway]
				if err := p.Approve(ctx); err != nil {
					return err
				}
				if err := p.Until(ctx, func(maintenance.Status) bool { return p.Clouds().Calls()[describeGateway] > looks }); err != nil {
					return err
				}
				if err := p.Clouds().AWS().SetState(p.GatewayID(), "RUNNING"); err != nil {
					return fmt.Errorf("let the gateway come back: %w", err)
				}
				return nil
			},
			Promise: completed(Snapshot),
		},
	}
}

func byBlocker(b maintenance.Blocker) func(maintenance.Status) bool {
	return func(s maintenance.Status) bool { return s.Blocker == b }
}

func updateByAWS(p Play) error {
	if err := p.Clouds().AWS().UpdateByAWS(p.GatewayID()); err != nil {
		return fmt.Errorf("let AWS update the gateway: %w", err)
	}
	return nil
}

func windowScenarios() []Scenario {
	// What is wrong with a window while the run waits may be right when it opens.
	waits := func(name string, meanwhile aws.Window) Scenario {
		return Scenario{
			Name: name,
			Set:  func(s *Stage) { s.gateway().Window = aws.Window{OpensIn: 72 * time.Hour} },
			During: func(ctx context.Context, p Play) error {
				if err := p.Until(ctx, byBlocker(maintenance.BlockedByWindow)); err != nil {
					return err
				}
				if err := moveWindow(p, meanwhile); err != nil {
					return err
				}
				seen := p.Clouds().Calls()[readMaintenance]
				if err := p.Until(ctx, func(maintenance.Status) bool { return p.Clouds().Calls()[readMaintenance] > seen }); err != nil {
					return err
				}
				return moveWindow(p, aws.Window{OpenedAgo: 5 * time.Minute})
			},
			Promise: completed(Update, Snapshot),
		}
	}
	ambiguous := aws.Window{HourOfDay: new(2), MinuteOfHour: new(0), DayOfWeek: new(1), DayOfMonth: new(1), Malformed: true}
	return []Scenario{
		waits("the window is moved twice while the run waits", aws.Window{OpensIn: 48 * time.Hour}),
		waits("the window is ambiguous for a while", ambiguous),
		waits("the gateway has no window for a while", aws.Window{NotSupported: true}),
		{
			Name:    "the window is ambiguous",
			Set:     func(s *Stage) { s.gateway().Window = ambiguous },
			Promise: failed(),
		},
		{
			Name:    "the gateway has no window",
			Set:     func(s *Stage) { s.gateway().Window = aws.Window{NotSupported: true} },
			Promise: failed(),
		},
	}
}

func volumeScenarios() []Scenario {
	return []Scenario{
		{
			Name:    "the volumes bootstrap slowly after the restart",
			Set:     func(s *Stage) { s.gateway().Timing.Bootstrap = time.Second },
			Promise: completed(Update, Snapshot),
		},
		{
			Name: "the volume stays in PASS THROUGH after the update",
			Set: func(s *Stage) {
				s.giveUpSoon()
				s.volume().AfterUpdate = "PASS THROUGH"
			},
			Promise: partial(Update),
		},
		{
			Name: "CreateSnapshot is refused three times with VolumeNotReady",
			Set: func(s *Stage) {
				s.faults(fault.Rule{Operation: createSnapshot, Kind: fault.RefusedBefore, Code: "VolumeNotReady", Times: 3})
			},
			Promise: completed(Update, Snapshot),
		},
	}
}

func snapshotScenarios() []Scenario {
	return []Scenario{
		{
			Name: "the snapshot stays pending",
			Set: func(s *Stage) {
				s.giveUpSoon()
				s.volume().SnapshotOutcome = "stuck"
			},
			Promise: partial(Update, Snapshot, Delete),
		},
		{
			Name: "the recovery point before the update stays pending: no update",
			Set: func(s *Stage) {
				s.giveUpSoon()
				s.Policy.Snapshot = maintenance.SnapshotBefore
				s.volume().SnapshotOutcome = "stuck"
			},
			Promise: compensated(Snapshot, Delete),
		},
		{
			Name: "one of two volumes' snapshots ends in error, the other is kept",
			Set: func(s *Stage) {
				s.gateway().Volumes = append(s.gateway().Volumes, aws.Volume{ID: secondVolumeID, SnapshotOutcome: "error"})
			},
			Promise: partial(Update, Snapshot, Snapshot, Delete),
		},
		{
			Name: "the volume's own schedule takes snapshots of it too",
			Set: func(s *Stage) {
				s.volume().ScheduledAgo = []time.Duration{time.Hour}
				s.volume().ScheduledEvery = 150 * time.Millisecond
				s.faults(fault.Rule{Operation: createSnapshot, Kind: fault.LostBefore, Nth: 1})
			},
			Promise: completed(Update, Snapshot),
		},
		{
			Name: "the snapshot is seen late",
			Set: func(s *Stage) {
				s.gateway().Timing.VisibleByID, s.gateway().Timing.VisibleByFilter = late, late
			},
			Promise: completed(Update, Snapshot),
		},
		{
			Name: "CreateSnapshot is not answered, and the snapshot is seen late",
			Set: func(s *Stage) {
				s.gateway().Timing.VisibleByID, s.gateway().Timing.VisibleByFilter = late, late
				s.Policy.SnapshotSettle = maintenance.Duration(3 * late)
				s.faults(fault.Rule{Operation: createSnapshot, Kind: fault.LostAfter, Nth: 1})
			},
			Promise: completed(Update, Snapshot),
		},
	}
}
