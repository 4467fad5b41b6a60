package topology_test

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/internal/authz"
	"github.com/weighlock/weighlock/internal/embedded/natstest"
	"github.com/weighlock/weighlock/internal/topology"
)

func start(t *testing.T, options ...natstest.Option) (*natstest.Server, jetstream.JetStream) {
	t.Helper()
	s := natstest.Start(t, options...)
	return s, s.JetStream(t, authz.TheOperator())
}

func config(t *testing.T, js jetstream.JetStream, name string) jetstream.StreamConfig {
	t.Helper()
	stream, err := js.Stream(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return stream.CachedInfo().Config
}

func TestEnsureIsIdempotent(t *testing.T) {
	t.Parallel()
	s, js := start(t, natstest.WithoutTopology())
	set := topology.Default(s.Subjects)
	if err := topology.Check(t.Context(), js, set); !errors.Is(err, jetstream.ErrStreamNotFound) {
		t.Fatalf("checking an empty server: %v", err)
	}
	// Every process ensures the topology at start, so several do it at once.
	var wg sync.WaitGroup
	results := make([]error, 8)
	for i := range results {
		wg.Go(func() { results[i] = topology.Ensure(t.Context(), js, set) })
	}
	wg.Wait()
	if err := errors.Join(results...); err != nil {
		t.Fatal(err)
	}
	created := config(t, js, "WL_ACTIONS")
	if err := topology.Ensure(t.Context(), js, set); err != nil {
		t.Fatal(err)
	}
	if got := config(t, js, "WL_ACTIONS"); !reflect.DeepEqual(got, created) {
		t.Fatalf("a second Ensure changed %+v into %+v", created, got)
	}
	if err := topology.Check(t.Context(), js, set); err != nil {
		t.Fatal(err)
	}
}

// The streams behind buckets are made here and not by the client, so that they are
// compared like the others. They must be what the client would have made.
func TestBucketsAreWhatTheClientMakes(t *testing.T) {
	t.Parallel()
	s, js := start(t)
	set := topology.Default(s.Subjects)
	for _, kv := range topology.Buckets(set) {
		ours := config(t, js, "KV_"+kv.Bucket)
		if err := js.DeleteKeyValue(t.Context(), kv.Bucket); err != nil {
			t.Fatal(err)
		}
		if _, err := js.CreateKeyValue(t.Context(), kv); err != nil {
			t.Fatal(err)
		}
		if theirs := config(t, js, "KV_"+kv.Bucket); !reflect.DeepEqual(ours, theirs) {
			t.Errorf("bucket %s\n  ours   %+v\n  theirs %+v", kv.Bucket, ours, theirs)
		}
	}
	if err := topology.Check(t.Context(), js, set); err != nil {
		t.Fatal(err)
	}
}

func TestEntriesOfRequestsMayAge(t *testing.T) {
	t.Parallel()
	s, js := start(t)
	kv, err := js.KeyValue(t.Context(), s.Subjects.Stream("REQUESTS"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := kv.Create(t.Context(), "r1", []byte("resolved"), jetstream.KeyTTL(time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := kv.Create(t.Context(), "r1", []byte("again")); !errors.Is(err, jetstream.ErrKeyExists) {
		t.Fatalf("creating it again: %v", err)
	}
	watcher, err := kv.Watch(t.Context(), "r1")
	if err != nil {
		t.Fatal(err)
	}
	defer watcher.Stop()
	for entry := range watcher.Updates() { // ends with the test's deadline if it never comes
		if entry != nil && entry.Operation() == jetstream.KeyValuePurge {
			return
		}
	}
	t.Fatal("the watch ended before the entry aged out")
}

func TestEnsureAppliesSafeChanges(t *testing.T) {
	t.Parallel()
	s, js := start(t)
	set := topology.Default(s.Subjects)
	set.Retention.Events = 60 * 24 * time.Hour
	set.MaxPayload = 1000

	err := topology.Check(t.Context(), js, set)
	for _, field := range []string{"stream WL_EVENTS: max_age", "stream WL_ACTIONS: max_msg_size", "stream WL_VERDICTS: max_msg_size"} {
		if err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("Check does not name %q: %v", field, err)
		}
	}
	if _, err := js.Publish(t.Context(), s.Subjects.Dead("riskscorer"), nil); err != nil {
		t.Fatal(err)
	}
	if err := topology.Ensure(t.Context(), js, set); err != nil {
		t.Fatal(err)
	}
	stream, err := js.Stream(t.Context(), "WL_EVENTS")
	if err != nil {
		t.Fatal(err)
	}
	if got := stream.CachedInfo(); got.Config.MaxAge != set.Retention.Events || got.State.Msgs != 1 {
		t.Fatalf("after the change: max age %s, %d messages", got.Config.MaxAge, got.State.Msgs)
	}
	if err := topology.Check(t.Context(), js, set); err != nil {
		t.Fatal(err)
	}
}

// A stream made by an earlier version, with a subject fewer and a looser ledger,
// is brought up to date.
func TestEnsureWidensAndTightens(t *testing.T) {
	t.Parallel()
	s, js := start(t, natstest.WithoutTopology())
	set := topology.Default(s.Subjects)
	for _, old := range topology.Streams(set) {
		switch old.Name {
		case "WL_EVENTS":
			old.Subjects = old.Subjects[1:]
		case "WL_DECISIONS":
			old.DenyDelete, old.DenyPurge, old.AllowDirect = false, false, false
		}
		if _, err := js.CreateStream(t.Context(), old); err != nil {
			t.Fatal(err)
		}
	}
	if err := topology.Ensure(t.Context(), js, set); err != nil {
		t.Fatal(err)
	}
	if err := topology.Check(t.Context(), js, set); err != nil {
		t.Fatal(err)
	}
}

func TestEnsureRefusesUnsafeChanges(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		stream, field string
		change        func(*jetstream.StreamConfig)
	}{
		"storage":          {"WL_EVENTS", "storage", func(c *jetstream.StreamConfig) { c.Storage = jetstream.MemoryStorage }},
		"retention policy": {"WL_TIMERS", "retention", func(c *jetstream.StreamConfig) { c.Retention = jetstream.LimitsPolicy }},
		"discard": {"WL_DECISIONS", "discard", func(c *jetstream.StreamConfig) {
			c.Discard, c.DiscardNewPerSubject = jetstream.DiscardOld, false
		}},
		"discard new per subject": {"WL_ACTIONS", "discard_new_per_subject", func(c *jetstream.StreamConfig) { c.DiscardNewPerSubject = false }},
		"more per subject":        {"WL_DECISIONS", "max_msgs_per_subject", func(c *jetstream.StreamConfig) { c.MaxMsgsPerSubject = 2 }},
		"subjects narrowed":       {"WL_EVENTS", "subjects", func(c *jetstream.StreamConfig) { c.Subjects = append(c.Subjects, "wl.other.>") }},
		"a limit":                 {"WL_EVENTS", "max_bytes", func(c *jetstream.StreamConfig) { c.MaxBytes = 1 << 20 }},
		"no acknowledgements":     {"WL_EVENTS", "no_ack", func(c *jetstream.StreamConfig) { c.NoAck = true }},
		"message TTL":             {"WL_ACTIONS", "allow_msg_ttl", func(c *jetstream.StreamConfig) { c.AllowMsgTTL = true }},
		"rollup":                  {"WL_VERDICTS", "allow_rollup_hdrs", func(c *jetstream.StreamConfig) { c.AllowRollup = true }},
		"schedules":               {"WL_VERDICTS", "allow_msg_schedules", func(c *jetstream.StreamConfig) { c.AllowMsgSchedules, c.AllowRollup = true, true }},
		"counters":                {"WL_VERDICTS", "allow_msg_counter", func(c *jetstream.StreamConfig) { c.AllowMsgCounter = true }},
		"batches":                 {"WL_VERDICTS", "allow_atomic", func(c *jetstream.StreamConfig) { c.AllowAtomicPublish = true }},
		"republish": {"WL_DECISIONS", "republish", func(c *jetstream.StreamConfig) {
			c.RePublish = &jetstream.RePublish{Source: ">", Destination: "leak.>"}
		}},
		"subject transform": {"WL_VERDICTS", "subject_transform", func(c *jetstream.StreamConfig) {
			c.SubjectTransform = &jetstream.SubjectTransformConfig{Source: "wl.verdicts.*.*.*", Destination: "wl.verdicts.self.alice.{{wildcard(3)}}"}
		}},
		"a source": {"WL_DECISIONS", "sources", func(c *jetstream.StreamConfig) { c.Sources = []*jetstream.StreamSource{{Name: "ELSEWHERE"}} }},
		"history":  {"KV_WL_REQUESTS", "max_msgs_per_subject", func(c *jetstream.StreamConfig) { c.MaxMsgsPerSubject = 5 }},
		"not ours": {"WL_ACTIONS", "metadata", func(c *jetstream.StreamConfig) { c.Metadata = nil }},
		"another pipeline's": {"WL_ACTIONS", "metadata", func(c *jetstream.StreamConfig) {
			c.Metadata = map[string]string{"weighlock.dev/pipeline": "Wl"}
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, js := start(t)
			set := topology.Default(s.Subjects)
			strange := config(t, js, test.stream)
			if err := js.DeleteStream(t.Context(), test.stream); err != nil {
				t.Fatal(err)
			}
			test.change(&strange)
			if _, err := js.CreateStream(t.Context(), strange); err != nil {
				t.Fatal(err)
			}
			before := config(t, js, test.stream)
			set.Retention.Events *= 2 // a safe change, which must wait too
			refused(t, topology.Ensure(t.Context(), js, set), test.stream, test.field)
			if after := config(t, js, test.stream); !reflect.DeepEqual(before, after) {
				t.Errorf("the stream changed from %+v to %+v", before, after)
			}
			if test.stream != "WL_EVENTS" && config(t, js, "WL_EVENTS").MaxAge == set.Retention.Events {
				t.Error("a change was applied although another was refused")
			}
			refused(t, topology.Check(t.Context(), js, set), test.stream, test.field)
		})
	}
}

func refused(t *testing.T, err error, stream, field string) {
	t.Helper()
	if err == nil {
		t.Fatal("nothing was refused")
	}
	if want := "stream " + stream + ": " + field; !strings.Contains(err.Error(), want) {
		t.Fatalf("%q does not name %q", err, want)
	}
	if _, ok := errors.AsType[*topology.DifferenceError](err); !ok {
		t.Fatalf("%v is no DifferenceError", err)
	}
}

func TestEnsureLeavesTheRestAlone(t *testing.T) {
	t.Parallel()
	s, js := start(t, natstest.WithoutTopology())
	if _, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "WL_NOTES", Subjects: []string{"notes.>"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := js.Publish(t.Context(), "notes.a", nil); err != nil {
		t.Fatal(err)
	}
	if err := topology.Ensure(t.Context(), js, topology.Default(s.Subjects)); err != nil {
		t.Fatal(err)
	}
	stream, err := js.Stream(t.Context(), "WL_NOTES")
	if err != nil || stream.CachedInfo().State.Msgs != 1 {
		t.Fatalf("the other stream: %v, %v", stream, err)
	}
}

// Somebody's stream that already takes our subjects makes Ensure fail, not share.
func TestEnsureReportsAnOverlap(t *testing.T) {
	t.Parallel()
	s, js := start(t, natstest.WithoutTopology())
	if _, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "TAP", Subjects: []string{"wl.decisions.>"}}); err != nil {
		t.Fatal(err)
	}
	err := topology.Ensure(t.Context(), js, topology.Default(s.Subjects))
	if err == nil || !strings.Contains(err.Error(), "creating stream WL_DECISIONS") {
		t.Fatalf("ensuring over an overlapping stream: %v", err)
	}
}

// The ledger takes one decision for a subject, whoever asks and however it asks,
// and gives none of them up.
func TestTheLedgerIsFinal(t *testing.T) {
	t.Parallel()
	s, js := start(t)
	subject := s.Subjects.Decision("billing", "a1")
	ack, err := js.Publish(t.Context(), subject, []byte("first"))
	if err != nil {
		t.Fatal(err)
	}
	attempts := map[string]func() error{
		"a second decision": func() error { _, err := js.Publish(t.Context(), subject, []byte("second")); return err },
		"with the sequence expected": func() error {
			_, err := js.Publish(t.Context(), subject, []byte("second"), jetstream.WithExpectLastSequencePerSubject(ack.Sequence))
			return err
		},
		"rolled up": func() error {
			_, err := js.PublishMsg(t.Context(), &nats.Msg{Subject: subject, Header: nats.Header{"Nats-Rollup": {"sub"}}})
			return err
		},
		"deleted": func() error { return ledger(t, js).DeleteMsg(t.Context(), ack.Sequence) },
		"erased":  func() error { return ledger(t, js).SecureDeleteMsg(t.Context(), ack.Sequence) },
		"purged":  func() error { return ledger(t, js).Purge(t.Context()) },
		"purged by subject": func() error {
			return ledger(t, js).Purge(t.Context(), jetstream.WithPurgeSubject(subject))
		},
		"allowed to be deleted": func() error { return change(t, js, func(c *jetstream.StreamConfig) { c.DenyDelete = false }) },
		"allowed to be purged":  func() error { return change(t, js, func(c *jetstream.StreamConfig) { c.DenyPurge = false }) },
	}
	for name, attempt := range attempts {
		if err := attempt(); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	m, err := ledger(t, js).GetLastMsgForSubject(t.Context(), subject)
	if err != nil || string(m.Data) != "first" || m.Sequence != ack.Sequence {
		t.Fatalf("the ledger holds %v, %v", m, err)
	}
}

func ledger(t *testing.T, js jetstream.JetStream) jetstream.Stream {
	t.Helper()
	stream, err := js.Stream(t.Context(), "WL_DECISIONS")
	if err != nil {
		t.Fatal(err)
	}
	return stream
}

func change(t *testing.T, js jetstream.JetStream, f func(*jetstream.StreamConfig)) error {
	t.Helper()
	c := config(t, js, "WL_DECISIONS")
	f(&c)
	_, err := js.UpdateStream(t.Context(), c)
	return err
}

// DiscardNewPerSubject refuses with 10077 and uses up no sequence; other subjects go on.
func TestDiscardNewPerSubject(t *testing.T) {
	t.Parallel()
	s, js := start(t)
	publish := func(action string) (*jetstream.PubAck, error) {
		return js.Publish(t.Context(), s.Subjects.Action("billing", action), []byte("x"))
	}
	if ack, err := publish("a1"); err != nil || ack.Sequence != 1 {
		t.Fatalf("first: %v, %v", ack, err)
	}
	_, err := publish("a1")
	var api *jetstream.APIError
	if !errors.As(err, &api) || api.ErrorCode != 10077 {
		t.Fatalf("again: %v, want error 10077", err)
	}
	if ack, err := publish("a2"); err != nil || ack.Sequence != 2 || ack.Duplicate {
		t.Fatalf("another: %+v, %v", ack, err)
	}
}

func TestTimersFireOnTheirStream(t *testing.T) {
	t.Parallel()
	s, js := start(t)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	m := nats.NewMsg(s.Subjects.Timer("r1", 0, 1))
	m.Header.Set("Nats-Schedule", "@at "+time.Now().Add(50*time.Millisecond).UTC().Format(time.RFC3339Nano))
	m.Header.Set("Nats-Schedule-Target", s.Subjects.Due("r1", 0, 1))
	if _, err := js.PublishMsg(ctx, m); err != nil {
		t.Fatal(err)
	}
	consumer, err := js.CreateConsumer(ctx, "WL_TIMERS", jetstream.ConsumerConfig{FilterSubject: s.Subjects.All("due", 3), AckPolicy: jetstream.AckExplicitPolicy})
	if err != nil {
		t.Fatal(err)
	}
	fired, err := consumer.Next(jetstream.FetchContext(ctx))
	if err != nil || fired.Subject() != "wl.due.r1.0.1" {
		t.Fatalf("fired: %v, %v", fired, err)
	}
}

func TestSettingsThatCannotWork(t *testing.T) {
	t.Parallel()
	s, js := start(t, natstest.WithoutTopology())
	for field, change := range map[string]func(*topology.Settings){
		"prefix":              func(set *topology.Settings) { set.Subjects = topology.Settings{}.Subjects },
		"replicas":            func(set *topology.Settings) { set.Replicas = 2 },
		"longestRequest":      func(set *topology.Settings) { set.LongestRequest = 0 },
		"maxPayload":          func(set *topology.Settings) { set.MaxPayload = -1 },
		"retention.actions":   func(set *topology.Settings) { set.Retention.Actions = set.LongestRequest },
		"retention.events":    func(set *topology.Settings) { set.Retention.Events = 0 },
		"retention.verdicts":  func(set *topology.Settings) { set.Retention.Verdicts = time.Hour },
		"retention.decisions": func(set *topology.Settings) { set.Retention.Decisions = set.Retention.Actions - 1 },
	} {
		set := topology.Default(s.Subjects)
		change(&set)
		if err := set.Validate(); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%s: %v", field, err)
		}
		if err := topology.Ensure(t.Context(), js, set); err == nil {
			t.Errorf("%s: ensured", field)
		}
	}
	names := js.StreamNames(t.Context())
	for name := range names.Name() {
		t.Errorf("settings that cannot work made stream %s", name)
	}
	if !slices.Equal([]int{1, 3, 5}, slices.DeleteFunc([]int{0, 1, 2, 3, 4, 5, 6}, func(n int) bool {
		set := topology.Default(s.Subjects)
		set.Replicas = n
		return set.Validate() != nil
	})) {
		t.Error("replicas other than 1, 3 and 5 pass")
	}
}

// What the server cannot do, here replicas without a cluster, is an error that
// names the stream and leaves what is stored.
func TestEnsureSaysWhatTheServerCannotDo(t *testing.T) {
	t.Parallel()
	s, js := start(t)
	if _, err := js.Publish(t.Context(), s.Subjects.Action("billing", "a1"), nil); err != nil {
		t.Fatal(err)
	}
	set := topology.Default(s.Subjects)
	set.Replicas = 3
	if err := topology.Ensure(t.Context(), js, set); err == nil || !strings.Contains(err.Error(), "updating stream WL_ACTIONS") {
		t.Fatalf("ensuring three replicas on one server: %v", err)
	}
	if err := topology.Check(t.Context(), js, set); err == nil || !strings.Contains(err.Error(), "stream WL_ACTIONS: num_replicas is 1, should be 3") {
		t.Fatalf("checking: %v", err)
	}
	if stream, err := js.Stream(t.Context(), "WL_ACTIONS"); err != nil || stream.CachedInfo().State.Msgs != 1 {
		t.Fatalf("the action is gone: %v", err)
	}
}
