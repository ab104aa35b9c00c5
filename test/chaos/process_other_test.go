//go:build !linux

package chaos_test

import "syscall"

// dieWithUs is for Linux: elsewhere a program outlives a test that is killed.
func dieWithUs() *syscall.SysProcAttr { return nil }
