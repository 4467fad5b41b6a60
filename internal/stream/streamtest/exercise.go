package streamtest

import (
	"fmt"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/weighlock/weighlock/internal/stream"
	"github.com/weighlock/weighlock/pkg/events"
)

// Factory says how to make the worker under test and what it is expected to do.
type Factory struct {
	// Service, Stream and Consumer are those of the worker's [stream.Config].
	Service, Stream, Consumer string
	// New makes a worker; each call makes another one for the same consumer.
	New func(rt stream.Runtime) (Runner, error)
	// Input is the n-th valid input: its subject and event.
	Input func(n int) (subject string, e events.Event)
	// Output is where the n-th input leads, and the stream that stores it.
	Output func(n int) (streamName, subject string)
	// Unique says that there is never a second message on an output's subject.
	Unique bool
	// Poison is a subject that the worker consumes and no Input uses.
	Poison func(n int) string
}

// Exercise runs every scenario against workers of the factory, which is made anew for
// each scenario's server.
func Exercise(t *testing.T, factory func(r *Rig) Factory) {
	t.Helper()
	for _, s := range []struct {
		name string
		run  func(*testing.T, *trial)
	}{
		{"PublishFails", publishFails},
		{"PubAckLost", pubAckLost},
		{"Poison", poison},
		{"ShutdownInTheMiddle", shutdownInTheMiddle},
		{"Reconnect", reconnect},
		{"ServerRestart", serverRestart},
		{"ConsumerDeleted", consumerDeleted},
		{"Standby", standby},
	} {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			r := NewRig(t)
			s.run(t, &trial{Rig: r, f: factory(r)})
		})
	}
}

// trial is one scenario on its server.
type trial struct {
	*Rig
	f Factory
}

func (x *trial) start(t *testing.T, url string) *Running {
	t.Helper()
	w, err := x.f.New(x.Runtime(t, url))
	if err != nil {
		t.Fatal(err)
	}
	return Go(t, w)
}

func (x *trial) feed(t *testing.T, from, to int) {
	t.Helper()
	for n := from; n < to; n++ {
		subject, e := x.f.Input(n)
		x.Publish(t, subject, e)
	}
}

// done waits until inputs 0..n-1 have led to their outputs and are acknowledged.
func (x *trial) done(t *testing.T, n int) {
	t.Helper()
	byStream := make(map[string][]string)
	for i := range n {
		name, subject := x.f.Output(i)
		byStream[name] = append(byStream[name], subject)
	}
	Eventually(t, "waiting for the outputs", func() error {
		for name, subjects := range byStream {
			if err := x.Stored(name, subjects); err != nil {
				return err
			}
		}
		return nil
	})
	Eventually(t, "waiting for acknowledgements", func() error { return x.Settled(x.f.Stream, x.f.Consumer) })
	for name, subjects := range byStream {
		counts, err := x.Counts(name, ">")
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range subjects {
			if x.f.Unique && counts[s] != 1 {
				t.Errorf("%s has %d messages, want 1", s, counts[s])
			}
		}
	}
}

// publishFails takes the output's stream off its subjects for a while.
func publishFails(t *testing.T, x *trial) {
	t.Helper()
	name, _ := x.f.Output(0)
	s, err := x.JS.Stream(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	config := s.CachedInfo().Config
	broken := config
	broken.Subjects = []string{x.Subjects.Prefix() + ".nowhere.>"}
	if _, err := x.JS.UpdateStream(t.Context(), broken); err != nil {
		t.Fatal(err)
	}
	x.start(t, x.URL)
	x.feed(t, 0, 20)
	Eventually(t, "waiting for retries", func() error {
		c, err := x.JS.Consumer(t.Context(), x.f.Stream, x.f.Consumer)
		if err != nil {
			return err
		}
		if i := c.CachedInfo(); i.NumRedelivered == 0 || i.AckFloor.Stream > 0 {
			return fmt.Errorf("redelivered %d, acknowledged up to %d", i.NumRedelivered, i.AckFloor.Stream)
		}
		return nil
	})
	if _, err := x.JS.UpdateStream(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	x.done(t, 20)
}

// pubAckLost lets publishes reach the server and loses what it answers.
func pubAckLost(t *testing.T, x *trial) {
	t.Helper()
	p := NewProxy(t, x.URL)
	x.start(t, p.URL())
	x.feed(t, 0, 10)
	x.done(t, 10)
	for n := 10; n < 60; n += 10 {
		p.Mute()
		x.feed(t, n, n+10)
		p.Cut()
		p.Mute()
		p.Cut()
	}
	x.done(t, 60)
}

// poison mixes messages nobody can handle among good ones.
func poison(t *testing.T, x *trial) {
	t.Helper()
	x.start(t, x.URL)
	x.feed(t, 0, 5)
	bad := []struct {
		header nats.Header
		data   string
	}{
		{nil, "no event at all"},
		{nats.Header{"X-Any": {"\xff"}}, "no Unicode in its header"},
		{nats.Header{"Ce-Specversion": {"1.0"}}, "header of another case"},
		{nats.Header{"ce-specversion": {"9.9"}, "ce-id": {"1"}, "ce-source": {"/x"}, "ce-type": {"t"}}, "{}"},
		{nats.Header{"ce-specversion": {"1.0"}, "ce-source": {"/x"}, "ce-type": {"t"}}, "{}"},
		{nats.Header{"ce-specversion": {"1.0"}, "ce-id": {"%ff"}, "ce-source": {"/x"}, "ce-type": {"t"}}, "{}"},
		{nats.Header{"ce-specversion": {"1.0"}, "ce-id": {"1"}, "ce-source": {"/x"}, "ce-type": {"t"}, "ce-datacontenttype": {"text/plain"}}, "hello"},
		{nats.Header{"Content-Type": {"application/cloudevents+xml"}}, "<event/>"},
		{nats.Header{"Content-Type": {"application/cloudevents+json"}}, "{"},
		{nats.Header{"ce-specversion": {"1.0"}, "ce-id": {"1"}, "ce-source": {"/x"}, "ce-type": {"t"}, "Nats-Stream": {"S"}, "Nats-Sequence": {"1"}, "Nats-Subject": {"s"}}, "{}"},
	}
	for i, b := range bad {
		x.PublishRaw(t, x.f.Poison(i), b.header, []byte(b.data))
	}
	x.feed(t, 5, 10)
	x.done(t, 10)
	letters, err := x.Dead(x.f.Service)
	if err != nil {
		t.Fatal(err)
	}
	found := make(map[string]*events.MessageDead)
	for _, l := range letters {
		found[l.Subject] = l
	}
	if len(letters) != len(bad) {
		t.Errorf("%d dead letters, want %d", len(letters), len(bad))
	}
	for i, b := range bad {
		l := found[x.f.Poison(i)]
		if l == nil {
			t.Errorf("poison %d (%q) was not buried", i, b.data)
			continue
		}
		if string(l.Data) != b.data || l.Stream != x.f.Stream || l.Sequence == 0 || l.Reason == "" || l.Digest != events.Digest([]byte(b.data)) || len(l.Header) != len(b.header) {
			t.Errorf("dead letter of poison %d lacks something: %+v", i, l)
		}
	}
}
