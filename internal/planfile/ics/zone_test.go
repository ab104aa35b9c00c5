package ics_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/planfile/ics"
)

// Every zone of Windows is one that the zone data have.
func TestEveryZoneOfWindowsIsKnown(t *testing.T) {
	t.Parallel()
	require.Greater(t, len(ics.WindowsZones), 130)
	for name, zone := range ics.WindowsZones {
		_, ok := ics.LoadZone(zone)
		require.True(t, ok, "%s: %s", name, zone)
	}
	require.Equal(t, "America/Los_Angeles", ics.WindowsZones["pacific standard time"])
	require.Equal(t, "Europe/Berlin", ics.WindowsZones["w. europe standard time"])
	require.Equal(t, "Etc/GMT+11", ics.WindowsZones["utc-11"])
}
