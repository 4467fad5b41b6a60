package stream

import (
	"fmt"
	"runtime"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/pkg/events"
)

// Config says what a worker consumes and how.
type Config struct {
	// Service names the worker in dead letters and metrics: one safe token.
	Service string
	// Stream and Consumer are the full names in JetStream. Workers of the same
	// consumer stand by for one another: one is active at a time.
	Stream, Consumer string
	// Filters are the subjects to consume; none means all of the stream.
	Filters []string
	// Key gives what order is kept by. It sees the message before it is decoded. The
	// default is [AgentKey].
	Key func(*Message) string
	// Workers is how many messages are handled at a time; default GOMAXPROCS.
	Workers int
	// Batch is how many messages one pull asks for; default 2000, where throughput levels off.
	Batch int
	// MaxInFlight bounds the messages in flight, held ones (Later) included; default
	// 50000. Of messages that are not held at most twice Batch are in flight, so that holds do not
	// stop the others before they fill MaxInFlight on their own; then nothing more is pulled
	// until one is resolved.
	MaxInFlight int
	// MaxBytes bounds the bytes of the messages in flight, in the same way: those that are not held take at most a quarter of it. Default 256 MiB. It
	// is passed by what single messages and requests under way may bring.
	MaxBytes int
	// AckWait is after which time the server redelivers what a dead worker held;
	// default 30s, at least 100ms. A living worker keeps its messages by heartbeats.
	AckWait time.Duration
	// PinnedTTL is after which silence a standby takes over; default 2s, at least 100ms.
	PinnedTTL time.Duration
	// Drain is how long a shutdown waits for what is in flight; default 10s.
	Drain time.Duration
	// PublishTimeout is how long a PubAck may take; default 5s.
	PublishTimeout time.Duration
}

// priorityGroup is the only priority group of every consumer.
const priorityGroup = "active"

func (c Config) withDefaults() Config {
	setDefault(&c.Workers, runtime.GOMAXPROCS(0))
	setDefault(&c.Batch, 2000)
	setDefault(&c.MaxInFlight, 50_000)
	setDefault(&c.MaxBytes, 256<<20)
	setDefault(&c.AckWait, 30*time.Second)
	setDefault(&c.PinnedTTL, 2*time.Second)
	setDefault(&c.Drain, 10*time.Second)
	setDefault(&c.PublishTimeout, 5*time.Second)
	if c.Key == nil {
		c.Key = AgentKey
	}
	return c
}

func setDefault[T ~int | ~int64](v *T, d T) {
	if *v == 0 {
		*v = d
	}
}

// Validate names the first field that is wrong.
func (c Config) Validate() error {
	if err := events.CheckToken("Service", c.Service); err != nil {
		return err
	}
	if err := events.CheckToken("Stream", c.Stream); err != nil {
		return err
	}
	if err := events.CheckToken("Consumer", c.Consumer); err != nil {
		return err
	}
	for _, n := range []struct {
		field string
		value int64
		least int64
	}{
		{"Workers", int64(c.Workers), 0}, {"Batch", int64(c.Batch), 0}, {"MaxInFlight", int64(c.MaxInFlight), 0}, {"MaxBytes", int64(c.MaxBytes), 0}, {"Drain", int64(c.Drain), 0},
		{"PublishTimeout", int64(c.PublishTimeout), 0},
	} {
		if n.value < n.least {
			return &events.FieldError{Field: n.field, Problem: "is negative", Fix: "leave it out for the default"}
		}
	}
	for field, d := range map[string]time.Duration{"AckWait": c.AckWait, "PinnedTTL": c.PinnedTTL} {
		if d != 0 && d < 100*time.Millisecond {
			return &events.FieldError{Field: field, Problem: fmt.Sprintf("is %s", d), Fix: "use at least 100ms, or leave it out for the default"}
		}
	}
	return nil
}

// consumer is the JetStream consumer of a validated config.
func (c Config) consumer() jetstream.ConsumerConfig {
	return jetstream.ConsumerConfig{
		Name: c.Consumer, Durable: c.Consumer, FilterSubjects: c.Filters,
		AckPolicy: jetstream.AckExplicitPolicy, AckWait: c.AckWait, MaxDeliver: -1,
		MaxAckPending: c.MaxUnsettled(), MaxWaiting: 512,
		PriorityPolicy: jetstream.PriorityPolicyPinned, PriorityGroups: []string{priorityGroup}, PinnedTTL: c.PinnedTTL,
	}
}

// MaxUnsettled is how many messages may be delivered and not settled: twice those in flight, since what was postponed and waits for its time is
// not settled either.
func (c Config) MaxUnsettled() int {
	c = c.withDefaults()
	return 2 * (c.MaxInFlight + 2*c.Batch)
}

// AgentKey is the default of [Config.Key]: the third token of the subject, which is the
// agent of an action or a decision; of an assessment it is the fourth.
func AgentKey(m *Message) string {
	n := 2
	if _, rest, ok := strings.Cut(m.Subject, "."); ok && strings.HasPrefix(rest, "assessments.") {
		n = 3
	}
	rest := m.Subject
	for range n {
		_, after, ok := strings.Cut(rest, ".")
		if !ok {
			return rest
		}
		rest = after
	}
	token, _, _ := strings.Cut(rest, ".")
	return token
}
