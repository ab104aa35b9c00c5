package simcloud

import (
	_ "embed"
	"fmt"

	"github.com/tidegate/tidegate/internal/bounded"
	"github.com/tidegate/tidegate/internal/simcloud/admin"
	"github.com/tidegate/tidegate/internal/simcloud/aws"
	"github.com/tidegate/tidegate/internal/simcloud/fault"
	"github.com/tidegate/tidegate/internal/simcloud/huawei"
	"github.com/tidegate/tidegate/internal/simcloud/monitoring"
	"github.com/tidegate/tidegate/internal/strict"
)

// Scenario is a whole scenario file. A section that is left out has no
// gateways or instances, and that cloud's default credentials.
type Scenario struct {
	AWS        aws.Scenario        `yaml:"aws,omitempty"`
	Huawei     huawei.Scenario     `yaml:"huawei,omitempty"`
	Monitoring monitoring.Scenario `yaml:"monitoring,omitempty"`
	// Faults are in force from the start.
	Faults []fault.Rule `yaml:"faults,omitempty"`
}

//go:embed default.yaml
var defaultScenario []byte

// DefaultScenario is the fleet that the simulator has without a file: six
// gateways with different outcomes and a TaurusDB instance with three proxies.
func DefaultScenario() (Scenario, error) { return Parse("default scenario", defaultScenario) }

// Load reads a scenario file.
func Load(path string) (Scenario, error) {
	text, err := bounded.ReadFile(path, strict.MaxSize)
	if err != nil {
		return Scenario{}, fmt.Errorf("read the scenario file: %w", err)
	}
	return Parse(path, text)
}

// Parse reads a scenario strictly. Its error is one line for every fault, each
// with the name, the line, the column, the field and what would be right.
func Parse(name string, text []byte) (Scenario, error) {
	var s Scenario
	d := strict.Read(name, text, &s)
	if err := d.Err(); err != nil {
		return Scenario{}, fmt.Errorf("scenario: %w", err)
	}
	for _, section := range []struct {
		at  string
		err error
	}{
		{"aws.", s.AWS.Validate()},
		{"huawei.", s.Huawei.Validate()},
		{"monitoring.", s.Monitoring.Validate(s.gateways())},
		{"", fault.Check(Operations(), s.Faults...)},
	} {
		for _, wrong := range admin.Faults(section.err) {
			d.Wrong(section.at+wrong.Field, wrong.Value, wrong.Want)
		}
	}
	return s, d.Err()
}

// gateways are the ids of those that the scenario has.
func (s Scenario) gateways() map[string]bool {
	known := map[string]bool{}
	for _, g := range s.AWS.Gateways {
		known[g.ID] = true
	}
	return known
}
