package stream

import (
	"context"
	"sync"
	"time"
)

// drain ends the work: nothing new is handled, what has begun is finished for a while,
// and what has not goes back to the server when the pin is gone, so that the standby gets it.
func (w *Worker) drain(cancel context.CancelFunc, quit chan struct{}, ended *sync.WaitGroup) {
	deadline := time.Now().Add(w.cfg.Drain)
	w.draining.Store(true)
	w.puller.stop()
	w.waitBegun(deadline)
	// From here on nothing is published, so nothing that is unfinished is acknowledged.
	cancel()
	w.publisher.close()
	close(quit)
	w.waitLanes(ended)
	w.puller.unpin()
	for _, j := range w.flight.rest() {
		if j.state.CompareAndSwap(jobQueued, jobAbandoned) || j.state.CompareAndSwap(jobHeld, jobAbandoned) {
			w.nak(j, 0)
		}
	}
	if err := w.rt.Conn.FlushTimeout(time.Second); err != nil {
		w.logger.Warn("acknowledgements may be lost with the connection, their messages will be redelivered", "error", err)
	}
}

// waitBegun waits until every message that a handler has begun is settled.
func (w *Worker) waitBegun(deadline time.Time) {
	poll := time.NewTicker(5 * time.Millisecond)
	defer poll.Stop()
	beat := time.NewTicker(w.cfg.AckWait / 4)
	defer beat.Stop()
	for time.Now().Before(deadline) && w.begun() {
		select {
		case <-poll.C:
		case <-beat.C:
			w.flight.beat(w.rt.Conn, w.cfg.AckWait/4)
		}
	}
}

func (w *Worker) begun() bool {
	for _, j := range w.flight.rest() {
		if j.state.Load() != jobQueued {
			return true
		}
	}
	return false
}

// waitLanes gives handlers that were cancelled a second to return. One that does not
// is left behind: it can publish nothing and its message is redelivered.
func (w *Worker) waitLanes(ended *sync.WaitGroup) {
	done := make(chan struct{})
	go func() {
		ended.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(time.Second):
		w.logger.Warn("a handler did not return when its context was cancelled")
	}
}
