package dev

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// lock keeps a second pipeline off the directory. The kernel lets go of it
// whichever way the process ends.
func (p *Pipeline) lock(context.Context) error {
	path := filepath.Join(p.Place.Dir, "lock")
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("locking the data directory: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		return fmt.Errorf("%s is in use by another `weighlock dev`: stop it, or name another directory with --dir", p.Place.Dir)
	}
	p.onStop(func() { _ = f.Close() })
	return nil
}
