// Package compare holds a capture of the flight recorder against the simulated clouds. It makes a scenario of the
// capture (fleet.go), plays the captured requests against it at the captured times (play.go), and compares the
// answers as shapes: members, types, words, codes (shape.go). How long things took is measured between polls
// (timing.go) and compared with the settings of a scenario. Each finding names the assumption of docs/architecture.md
// that it is about (report.go).
//
// It judges nobody's cloud: a difference is one of the simulator's. Start at Compare and Scenario.
package compare

import (
	"fmt"
	"time"

	"github.com/tidegate/tidegate/internal/capture"
	"github.com/tidegate/tidegate/internal/capture/redact"
	"github.com/tidegate/tidegate/internal/simcloud"
)

// Compare plays a capture and says what differs. The settings of reference are what times are compared with; its
// fleet does not matter.
func Compare(c capture.Capture, reference simcloud.Scenario) (Report, error) {
	redactor, err := redact.New(nil)
	if err != nil {
		return Report{}, err
	}
	all := read(c)
	fleet := observe(all)
	played, err := play(all, fleet)
	if err != nil {
		return Report{}, err
	}
	r := Report{
		Exchanges: len(c.Exchanges), Dropped: c.Dropped, Unended: len(c.Unended),
		From: c.Exchanges[0].At, To: c.Exchanges[len(c.Exchanges)-1].At,
	}
	for _, p := range played {
		if p.passed != "" {
			r.pass(p)
			continue
		}
		r.Played++
	}
	r.Differences = append(shapes(played, redactor), fleet.orders()...)
	r.Measured, r.Differences = timings(fleet.measures, reference, r.Differences)
	r.sort()
	return r, nil
}

// Scenario makes a scenario of a capture: its fleet, as it was at the start, with what became of it.
func Scenario(c capture.Capture) (simcloud.Scenario, error) {
	s := observe(read(c)).scenario()
	if err := s.AWS.Validate(); err != nil {
		return s, fmt.Errorf("make a scenario of the capture: aws: %w", err)
	}
	if err := s.Huawei.Validate(); err != nil {
		return s, fmt.Errorf("make a scenario of the capture: huawei: %w", err)
	}
	return s, nil
}

// before is how long before the first exchange the simulated clouds start.
const before = time.Second
