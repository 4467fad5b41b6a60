package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"runtime"
	"time"
)

// childKind knows how one sort of engine process is started and asked to end.
type childKind interface {
	// command makes the process's command; its tail gets what the process says last on standard error.
	command(errors io.Writer) (*exec.Cmd, error)
	// started runs right after the start: it hands over what the process needs.
	started() error
	// ask asks the process to end by itself.
	ask(cmd *exec.Cmd)
	// release frees what command made, once the process has ended.
	release()
}

// supervise runs the process until ctx ends, starting it again when it ends by itself. ready gets the first start's outcome.
func (e *Engine) supervise(ctx context.Context, kind childKind, ready chan<- error) {
	// Linux kills a child with Pdeathsig when the thread that started it ends, so this thread must last as long as the engine.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(e.done)
	defer e.releaseAll()
	backoff := firstBackoff
	for {
		begun := time.Now()
		err := e.runOnce(ctx, kind, func() {
			if ready != nil {
				ready <- nil
				ready = nil
			}
		})
		if ctx.Err() != nil {
			return
		}
		if ready != nil {
			ready <- err
			return
		}
		if time.Since(begun) > stableAfter {
			backoff = firstBackoff
		}
		e.log.Warn("engine process ended, starting it again", "error", err, "after", backoff)
		select {
		case <-time.After(backoff):
		case <-ctx.Done():
			return
		}
		backoff = min(2*backoff, lastBackoff)
		e.mu.Lock()
		e.restarts++
		e.mu.Unlock()
	}
}

// runOnce runs one process to its end. answering is called when it first answers. The error says why it ended.
func (e *Engine) runOnce(ctx context.Context, kind childKind, answering func()) error {
	tail := &tailBuffer{}
	cmd, err := kind.command(tail)
	if err != nil {
		return err
	}
	defer kind.release()
	dieWithParent(cmd)
	cmd.WaitDelay = time.Second
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting the engine's process: %w", err)
	}
	e.setPID(cmd.Process.Pid)
	defer e.setPID(0)
	exited := make(chan error, 1)
	go func() { exited <- cmd.Wait() }()
	if err := kind.started(); err != nil {
		e.log.Warn("handing the engine's process its settings", "error", err)
	}
	probe, cancel := context.WithCancel(ctx)
	defer cancel()
	answers := make(chan struct{})
	go func() {
		if e.waitAnswer(probe) {
			close(answers)
		}
	}()
	for {
		select {
		case <-answers:
			e.log.Info("engine answers", "address", e.Addr, "pid", cmd.Process.Pid)
			answering()
			answers = nil
		case err := <-exited:
			return fmt.Errorf("the engine's process ended (%w): %s", orExit(err), tail)
		case <-ctx.Done():
			e.end(kind, cmd, exited)
			return ctx.Err()
		}
	}
}

var errExit = errors.New("exit status 0")

func orExit(err error) error {
	if err == nil {
		return errExit
	}
	return err
}

// end asks the process to end, and kills it when it does not.
func (e *Engine) end(kind childKind, cmd *exec.Cmd, exited <-chan error) {
	kind.ask(cmd)
	timer := time.NewTimer(stopGrace)
	defer timer.Stop()
	select {
	case <-exited: //nolint:errcheck // it was asked to end; how it did matters to nobody
	case <-timer.C:
		e.log.Warn("engine does not end, killing it", "pid", cmd.Process.Pid)
		cmd.Process.Kill() //nolint:errcheck // it ended in between
		<-exited           //nolint:errcheck // it was killed
	}
}

// waitAnswer polls /ping until the engine answers it, or ctx ends.
func (e *Engine) waitAnswer(ctx context.Context) bool {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+e.Addr+"/ping", nil)
		if err != nil {
			return false
		}
		if response, err := client.Do(request); err == nil {
			response.Body.Close() // nothing was read that could be lost
			if response.StatusCode == http.StatusOK {
				return true
			}
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return false
		}
	}
}

func (e *Engine) setPID(pid int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.pid = pid
}

func (e *Engine) releaseAll() {
	for _, listener := range []*net.TCPListener{e.listener, e.native} {
		if listener == nil {
			continue
		}
		if err := listener.Close(); err != nil {
			e.log.Warn("closing the engine's port", "error", err)
		}
	}
	if err := e.lock.release(); err != nil {
		e.log.Warn("unlocking the engine's directory", "error", err)
	}
}
