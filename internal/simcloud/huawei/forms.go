package huawei

import (
	"cmp"
	"regexp"
	"strconv"
	"strings"
)

// Statuses of instances and proxies, from the vendor's SDK (model_mysql_proxy_v3.go).
const (
	statusActive   = "ACTIVE"
	statusAbnormal = "ABNORMAL"
	statusFailed   = "FAILED"
	// busyWeights is the documented status of a proxy whose weights change.
	busyWeights = "CHANGING WEIGHTS"
	// busyUpgrade and busyRestart are ours: the vendor documents none.
	busyUpgrade = "UPGRADING PROXY"
	busyRestart = "RESTARTING PROXY"
)

// The ids' forms, from the vendor's API reference.
var (
	projectIDForm  = regexp.MustCompile(`^[A-Za-z0-9]{32}$`)
	instanceIDForm = regexp.MustCompile(`^[A-Za-z0-9]{32}in07$`)
	proxyIDForm    = regexp.MustCompile(`^[A-Za-z0-9]{32}po01$`)
	versionForm    = regexp.MustCompile(`^\d{1,6}(\.\d{1,6}){3}$`)
)

func proxyStatuses() []string { return []string{statusActive, statusAbnormal, statusFailed} }

func instanceStatuses() []string {
	return []string{
		statusActive, statusFailed, "BUILD", "FROZEN", "MODIFYING", "REBOOTING", "RESTORING", "SWITCHOVER",
		"MIGRATING", "BACKING UP", "MODIFYING DATABASE PORT", "STORAGE FULL",
	}
}

func oneOf(values []string) string { return "one of " + strings.Join(values, ", ") }

func isVersion(version string) bool { return versionForm.MatchString(version) }

// compareVersions compares field by field as numbers, so that 2.9 comes before
// 2.24. What is not a number counts as 0.
func compareVersions(a, b string) int {
	left, right := strings.Split(a, "."), strings.Split(b, ".")
	for i := range max(len(left), len(right)) {
		if order := cmp.Compare(field(left, i), field(right, i)); order != 0 {
			return order
		}
	}
	return 0
}

func field(fields []string, i int) int {
	if i >= len(fields) {
		return 0
	}
	n, err := strconv.Atoi(fields[i])
	if err != nil {
		return 0
	}
	return n
}

// masterRange is what the primary's weight may be in a route mode.
func masterRange(mode int) (low, high int) {
	switch mode {
	case routeBalanced:
		return 0, 0
	case routeBalancedAll:
		return 1, 1
	default:
		return 0, maxWeight
	}
}

// maxReadWeight is the most that a read replica's weight may be in a route mode.
func maxReadWeight(mode int) int {
	if mode == routeByWeight {
		return maxWeight
	}
	return 1
}
