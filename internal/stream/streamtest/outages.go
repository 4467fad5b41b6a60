package streamtest

import (
	"errors"
	"fmt"
	"testing"
)

// shutdownInTheMiddle stops workers in the middle of the work, again and again; what one
// leaves, the next one takes up.
func shutdownInTheMiddle(t *testing.T, x *trial) {
	t.Helper()
	const n = 400
	x.feed(t, 0, n)
	for upTo := 50; upTo < n; upTo += 100 {
		g := x.start(t, x.URL)
		Eventually(t, "waiting for some outputs", func() error {
			some := 0
			for i := range n {
				if name, subject := x.f.Output(i); x.Stored(name, []string{subject}) == nil {
					if some++; some >= upTo {
						return nil
					}
				}
			}
			return fmt.Errorf("%d outputs", some)
		})
		if err := g.Stop(); err != nil {
			t.Fatalf("Run: %v", err)
		}
	}
	x.start(t, x.URL)
	x.done(t, n)
}

// reconnect breaks the connection at every stage of the work.
func reconnect(t *testing.T, x *trial) {
	t.Helper()
	p := NewProxy(t, x.URL)
	x.start(t, p.URL())
	for n := 0; n < 100; n += 10 {
		x.feed(t, n, n+5)
		p.Cut()
		x.feed(t, n+5, n+10)
	}
	x.done(t, 100)
}

// serverRestart restarts the server under a worker that has work.
func serverRestart(t *testing.T, x *trial) {
	t.Helper()
	w, err := x.f.New(x.Runtime(t, x.URL))
	if err != nil {
		t.Fatal(err)
	}
	if w.Ready() == nil {
		t.Error("ready before it runs")
	}
	Go(t, w)
	x.feed(t, 0, 50)
	x.Stop(t)
	Eventually(t, "waiting for the worker to notice", func() error {
		if w.Ready() == nil {
			return errors.New("ready without a server")
		}
		return nil
	})
	x.Restart(t)
	x.WaitConnected(t, x.JS.Conn())
	x.feed(t, 50, 100)
	x.done(t, 100)
	Eventually(t, "waiting for the worker to be ready", w.Ready)
}

// consumerDeleted takes the consumer away; the worker makes a new one.
func consumerDeleted(t *testing.T, x *trial) {
	t.Helper()
	x.start(t, x.URL)
	x.feed(t, 0, 10)
	x.done(t, 10)
	if err := x.JS.DeleteConsumer(t.Context(), x.f.Stream, x.f.Consumer); err != nil {
		t.Fatal(err)
	}
	x.feed(t, 10, 20)
	x.done(t, 20)
}

// standby cuts the active worker off for good; the other one takes over.
func standby(t *testing.T, x *trial) {
	t.Helper()
	p := NewProxy(t, x.URL)
	x.start(t, p.URL())
	x.feed(t, 0, 20)
	x.done(t, 20)
	x.start(t, x.URL)
	p.Mute() // alive, but deaf: it learns of nothing that happens from here on
	x.feed(t, 20, 60)
	x.done(t, 60)
	p.Unmute()
	x.feed(t, 60, 80)
	x.done(t, 80)
}
