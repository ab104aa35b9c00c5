package faultmatrix

import (
	"context"
	"fmt"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/health"
	"github.com/tidegate/tidegate/internal/simcloud/aws"
	"github.com/tidegate/tidegate/internal/simcloud/aws/cloudwatch"
	"github.com/tidegate/tidegate/internal/simcloud/fault"
)

// Scenario is one maintenance: what the clouds do in it of themselves, and what is
// promised of it.
type Scenario struct {
	// Name says what happens.
	Name string
	// Set sets the stage.
	Set func(*Stage)
	// During, where given, is what happens while the run is under way.
	During func(ctx context.Context, p Play) error
	// Promise is for the scenario without a fault.
	Promise Promise
}

// Plays are the maintenances in which the calls of the matrix are made.
func Plays() []Scenario {
	return []Scenario{
		Whole(), waiting(), before(), stored(), checked(), armed(), lostSnapshot(), brokenSnapshot(),
		Proxy(), plainProxy(), ByPassword(), lostWeights(), lostUpgrade(), sickProxy(), lostRestart(),
	}
}

// Whole is the maintenance of a gateway.
func Whole() Scenario {
	return Scenario{
		Name:    "a gateway is updated and its volume snapshotted, with automatic updates held meanwhile",
		Set:     (*Stage).holdAutomaticUpdates,
		Promise: completed(Tag, Hold, Update, Snapshot, Release, Untag),
	}
}

// waiting is moved on once the fault, if there is one, has struck.
func waiting() Scenario {
	return Scenario{
		Name: "the window opens days later, and is moved to now",
		Set:  func(s *Stage) { s.gateway().Window = aws.Window{OpensIn: 72 * time.Hour} },
		During: func(ctx context.Context, p Play) error {
			struck := func() bool {
				for _, rule := range p.Clouds().Faults() {
					if rule.Fired == 0 {
						return false
					}
				}
				return true
			}
			if err := p.Until(ctx, func(s maintenance.Status) bool { return s.Blocker == maintenance.BlockedByWindow && struck() }); err != nil {
				return err
			}
			return moveWindow(p, aws.Window{OpenedAgo: 5 * time.Minute})
		},
		Promise: completed(Update, Snapshot),
	}
}

func moveWindow(p Play, to aws.Window) error {
	if err := p.Clouds().AWS().MoveWindow(p.GatewayID(), to); err != nil {
		return fmt.Errorf("move the window: %w", err)
	}
	return nil
}

func before() Scenario {
	return Scenario{
		Name:    "the recovery point is taken before the update",
		Set:     func(s *Stage) { s.Policy.Snapshot = maintenance.SnapshotBefore },
		Promise: completed(Snapshot, Update),
	}
}

func stored() Scenario {
	return Scenario{
		Name:    "a gateway of type STORED",
		Set:     func(s *Stage) { s.gateway().Type = "STORED" },
		Promise: completed(Update, Snapshot),
	}
}

// checked is a maintenance with health checks and a mute.
func checked() Scenario {
	return Scenario{
		Name: "health checks decide, and alarms are muted meanwhile",
		Set: func(s *Stage) {
			id := s.gateway().ID
			s.gateway().Timing.Restart = late + 500*time.Millisecond // an answer from before is not given again after it
			s.Scenario.AWS.Alarms = []cloudwatch.Alarm{{Name: "sgw-" + id + "-cache"}}
			numbers := health.Check{
				Name: "numbers", At: []health.Moment{health.AtBefore, health.AtAfter}, Every: maintenance.Duration(time.Second),
				Gateway: &health.GatewayCheck{CacheDirtyBelow: 50, UploadBufferBelow: 50, Initiators: health.AsBefore},
			}
			alarms := health.Check{
				Name: "alarms", At: []health.Moment{health.AtBefore, health.AtAfter}, Every: maintenance.Duration(time.Second),
				Alarms: &health.AlarmsCheck{AlarmSelector: health.AlarmSelector{Prefix: "sgw-{{gateway}}-"}},
			}
			s.Checks = []health.Check{numbers.WithDefaults(), alarms.WithDefaults()}
			s.Mutes = []health.Mute{{Alarms: &health.AlarmSelector{Prefix: "sgw-{{gateway}}-"}}}
		},
		Promise: completed(Mute, Update, Snapshot, Unmute),
	}
}

// armedFor is how long before its opening the trigger is armed: what is asked and muted meanwhile is asked and muted
// five seconds before it is sent.
const armedFor = 8 * time.Second

// armed is checked with the trigger armed before a freeze ends: a window opens at a full minute.
func armed() Scenario {
	in := checked()
	return Scenario{
		Name: "health checks decide while the trigger is armed, until a freeze ends",
		Set: func(s *Stage) {
			in.Set(s)
			now := time.Now()
			s.Policy.Freezes = []maintenance.Freeze{{From: now.Add(-time.Hour), To: now.Add(armedFor), Reason: "matrix"}}
		},
		Promise: in.Promise,
	}
}

func lostSnapshot() Scenario {
	return Scenario{
		Name: "CreateSnapshot is carried out and not answered",
		Set: func(s *Stage) {
			s.holdAutomaticUpdates()
			s.faults(fault.Rule{Operation: createSnapshot, Kind: fault.LostAfter, Nth: 1})
		},
		Promise: completed(Tag, Hold, Update, Snapshot, Release, Untag),
	}
}

func brokenSnapshot() Scenario {
	return Scenario{
		Name:    "the snapshot ends in state error",
		Set:     func(s *Stage) { s.volume().SnapshotOutcome = "error" },
		Promise: partial(Update, Snapshot, Delete),
	}
}

// Proxy is the maintenance of a proxy.
func Proxy() Scenario {
	return Scenario{
		Name: "a proxy is upgraded, with its reads moved away meanwhile",
		Set: func(s *Stage) {
			s.proxiesOnly(1)
			s.shiftReads()
		},
		Promise: completed(TagProxy, Shift, Upgrade, Return, Clear),
	}
}

func plainProxy() Scenario {
	return Scenario{
		Name:    "a proxy is upgraded under its load",
		Set:     func(s *Stage) { s.proxiesOnly(1) },
		Promise: completed(Upgrade),
	}
}

// ByPassword is a maintenance whose calls carry an IAM token.
func ByPassword() Scenario {
	return Scenario{
		Name: "the worker logs in to Huawei Cloud by password",
		Set: func(s *Stage) {
			s.proxiesOnly(1)
			s.Password = true
		},
		Promise: completed(Upgrade),
	}
}

func lostWeights() Scenario {
	return Scenario{
		Name: "the change of weights is carried out and not answered",
		Set: func(s *Stage) {
			s.proxiesOnly(1)
			s.shiftReads()
			s.faults(fault.Rule{Operation: setWeights, Kind: fault.LostAfter, Nth: 1})
		},
		Promise: completed(TagProxy, Shift, Upgrade, Return, Clear),
	}
}

func lostUpgrade() Scenario {
	return Scenario{
		Name: "the upgrade is started and not answered",
		Set: func(s *Stage) {
			s.proxiesOnly(1)
			s.faults(fault.Rule{Operation: upgradeProxy, Kind: fault.LostAfter, Nth: 1})
		},
		Promise: completed(Upgrade),
	}
}

func sickProxy() Scenario {
	return Scenario{
		Name: "a proxy is ABNORMAL after its upgrade and is restarted",
		Set: func(s *Stage) {
			s.proxiesOnly(1)
			s.proxy().Outcome.Abnormal = true
		},
		Promise: completed(Upgrade, Restart),
	}
}

func lostRestart() Scenario {
	return Scenario{
		Name: "the restart of an ABNORMAL proxy is started and not answered",
		Set: func(s *Stage) {
			s.proxiesOnly(1)
			s.proxy().Outcome.Abnormal = true
			s.faults(fault.Rule{Operation: restartProxy, Kind: fault.LostAfter, Nth: 1})
		},
		Promise: completed(Upgrade, Restart),
	}
}
