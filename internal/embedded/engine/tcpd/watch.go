package tcpd

import (
	"context"
	"crypto/rand"
	"errors"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/weighlock/weighlock/internal/embedded/engine/chdb"
	"github.com/weighlock/weighlock/internal/embedded/engine/session"
)

const killEvery = 200 * time.Millisecond

// watch listens to the client while its statement runs: a cancel, or its going away, ends the statement.
type watch struct {
	c     *connection
	ctx   context.Context //nolint:containedctx // the statement's
	stop  context.CancelFunc
	ended chan struct{} // nobody listens any more
	over  chan struct{} // the statement has ended

	mu     sync.Mutex
	kill   func()
	asked  bool // the client sent a cancel
	ending bool // the statement has ended by itself
}

func (c *connection) watch(ctx context.Context) *watch {
	w := &watch{c: c, ended: make(chan struct{}), over: make(chan struct{})}
	w.ctx, w.stop = context.WithCancel(ctx)
	go w.listen()
	return w
}

func (w *watch) listen() {
	defer close(w.ended)
	p, err := w.c.in.Peek(1)
	w.mu.Lock()
	if errors.Is(err, os.ErrDeadlineExceeded) && w.ending {
		w.mu.Unlock()
		return
	}
	if err == nil && p[0] != clientCancel {
		w.mu.Unlock()
		return // the next packet has to wait
	}
	if err != nil {
		w.c.in.fail(err)
	} else {
		w.c.in.skip(1)
		w.asked = true
	}
	w.mu.Unlock()
	w.stop()
	w.killAll()
}

// killAll kills the statement, again and again until it has ended: at first it may not have begun.
func (w *watch) killAll() {
	tick := time.NewTicker(killEvery)
	defer tick.Stop()
	for {
		w.mu.Lock()
		kill := w.kill
		w.mu.Unlock()
		if kill != nil {
			kill()
		}
		select {
		case <-tick.C:
		case <-w.over:
			return
		}
	}
}

// end stops listening; after it the connection's input is the caller's again.
func (w *watch) end() {
	w.mu.Lock()
	w.ending = true
	w.mu.Unlock()
	close(w.over)
	_ = w.c.conn.SetReadDeadline(time.Now()) // a connection that is closed has woken up already
	<-w.ended
	_ = w.c.conn.SetReadDeadline(time.Time{}) // likewise
	w.stop()
}

func (w *watch) cancelled() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.asked
}

// mark is a comment for the end of the statement, by which it is found and killed when the client wants no more of it.
func (w *watch) mark(sessions *session.Pool) string {
	id := rand.Text()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.kill = func() { _ = sessions.Kill(id) } // it may have ended in between
	return "\n-- " + id
}

// unmarked takes the mark out of the engine's text.
func unmarked(err error, mark string) error {
	if e, ok := errors.AsType[*chdb.Error](err); ok {
		return &chdb.Error{Code: e.Code, Name: e.Name, Text: strings.ReplaceAll(e.Text, mark, "")}
	}
	return err
}
