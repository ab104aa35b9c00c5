//go:build darwin || freebsd || linux || netbsd || openbsd

package devserver

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// lockDatabase keeps a second server off the file: the two would take the runs
// from each other for good. The lock is on a file next to it, since closing any
// descriptor of the database itself would drop SQLite's own locks, and ends
// with the process, however that dies.
func lockDatabase(file string) (unlock func(), err error) {
	if file == "" {
		return func() {}, nil
	}
	f, err := os.OpenFile(file+".lock", os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // the operator names the file
	if err != nil {
		return nil, fmt.Errorf("lock database file %s: %w", file, err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = errors.New("another dev server uses it: stop that one, or name another file")
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lock database file %s: %w", file, err), f.Close())
	}
	return func() { _ = f.Close() }, nil // closing drops the lock; nothing was written
}
