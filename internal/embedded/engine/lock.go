package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// dirLock keeps two engines off one directory. The engine's process inherits it, so that it holds until that is gone as well.
type dirLock struct{ file *os.File }

// lockDir takes the lock. When its owner is dead but the engine it had still ends, it waits for that, 10 s at most.
func lockDir(ctx context.Context, dir string) (*dirLock, error) {
	path := filepath.Join(dir, "weighlock.lock")
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("locking the engine's directory: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, stopGrace)
	defer cancel()
	for {
		err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			break
		}
		owner := lockOwner(path)
		if !errors.Is(err, syscall.EWOULDBLOCK) || alive(owner) || ctx.Err() != nil {
			file.Close() // nothing was written
			return nil, fmt.Errorf("engine directory %s is in use by process %d: stop that one, or use another directory: %w", dir, owner, err)
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
		}
	}
	if err := writeOwner(file); err != nil {
		file.Close() // the write's error is the one that counts
		return nil, fmt.Errorf("locking the engine's directory: %w", err)
	}
	return &dirLock{file: file}, nil
}

func writeOwner(file *os.File) error {
	if err := file.Truncate(0); err != nil {
		return err
	}
	_, err := file.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return err
}

// lockOwner is the process that took the lock, 0 if the file does not say.
func lockOwner(path string) int {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0
	}
	return pid
}

// alive says whether a process exists; one that may not be signalled does.
func alive(pid int) bool {
	return pid > 0 && !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH)
}

func (l *dirLock) release() error { return l.file.Close() }
