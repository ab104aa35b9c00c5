package ics

// WindowsZones are the zones of Windows, for tests.
var WindowsZones = windowsZones
