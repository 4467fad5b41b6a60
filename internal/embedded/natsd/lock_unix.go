//go:build unix

package natsd

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// lock keeps a second server away from the directory, because two would write
// into the same streams. The kernel lets go when the process dies.
func lock(dir string) (unlock func(), err error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("%s is in use by another server: %w", dir, err)
	}
	return func() { _ = f.Close() }, nil
}
