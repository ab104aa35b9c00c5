//go:build seed

// Package seed keeps modules in go.mod that are being built in.
package seed

import (
	_ "charm.land/bubbles/v2/progress"
	_ "charm.land/bubbletea/v2"
	_ "charm.land/lipgloss/v2"
	_ "github.com/creack/pty"
	_ "github.com/nicholas-fedor/shoutrrr"
)
