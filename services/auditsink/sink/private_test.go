package sink

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/internal/stream"
	"github.com/weighlock/weighlock/pkg/events"
)

// keep stores an action with one private value, as the SDK does, and returns its commitment.
func (w *world) keep(agent, action, principal, secret string) string {
	w.t.Helper()
	a := proposed("send_payment")
	a.Principal, a.Request = principal, secret
	split, stored, err := events.Split(agent, action, a, []string{"/request"}, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	w.publish(w.nats.Subjects.Private(agent, action), stored, action+"/private")
	w.publish(w.nats.Subjects.Action(agent, action), split, action)
	return split.Private[0].Commitment
}

// asks publishes as the auditor dora, and returns the event's sequence.
func (w *world) asks(name string, p events.Payload) {
	w.t.Helper()
	js := w.nats.JetStream(w.t, theAuditor)
	e, err := events.New(p, name+"/"+strconv.FormatInt(time.Now().UnixNano(), 10), "/auditors/dora", time.Now())
	if err != nil {
		w.t.Fatal(err)
	}
	h, data, err := events.EncodeBinary(e)
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := js.PublishMsg(w.t.Context(), &nats.Msg{Subject: w.nats.Subjects.Privacy("dora", name), Header: nats.Header(h), Data: data}); err != nil {
		w.t.Fatal(err)
	}
}

// told waits for the n-th event on a subject.
func told[T any, P interface {
	*T
	events.Payload
}](w *world, subject string, n int) *T {
	w.t.Helper()
	var found *jetstream.RawStreamMsg
	w.until(subject, func() bool {
		s, err := w.js.Stream(w.t.Context(), w.nats.Subjects.Stream("EVENTS"))
		if err != nil {
			w.t.Fatal(err)
		}
		info, err := s.Info(w.t.Context(), jetstream.WithSubjectFilter(subject))
		if err != nil || info.State.Subjects[subject] < uint64(n) {
			return false
		}
		found, err = s.GetLastMsgForSubject(w.t.Context(), subject)
		return err == nil
	})
	e, err := events.Decode(events.Header(found.Header), found.Data)
	if err != nil {
		w.t.Fatal(err)
	}
	made, err := events.As[T, P](e)
	if err != nil {
		w.t.Fatal(err)
	}
	return made
}

func (w *world) erased(name string, scope events.PrivateScope) *events.ErasureMade {
	w.t.Helper()
	w.asks(name, &events.ErasureAsked{PrivateScope: scope, Reason: "the subject asked for it"})
	return told[events.ErasureMade](w, w.nats.Subjects.Erasure("dora", name), 1)
}

func (w *world) held(name string, ask *events.HoldAsked, n int) *events.HoldSet {
	w.t.Helper()
	w.asks(name, ask)
	return told[events.HoldSet](w, w.nats.Subjects.Hold("dora", name), n)
}

func (w *world) values(n int) {
	w.t.Helper()
	w.until(fmt.Sprintf("%d private values", n), func() bool {
		answer, err := w.web.Query(w.t.Context(), w.cfg.Database, "SELECT count() FROM private_values FINAL") // the table is made meanwhile
		return err == nil && strings.TrimSpace(answer) == strconv.Itoa(n)
	})
}

// nowhere fails where a text is in any message of any stream, in ClickHouse, or in any file below the server's directory.
func (w *world) nowhere(secret string, files bool) {
	w.t.Helper()
	for info := range w.js.ListStreams(w.t.Context()).Info() {
		s, err := w.js.Stream(w.t.Context(), info.Config.Name)
		if err != nil {
			w.t.Fatal(err)
		}
		for seq := info.State.FirstSeq; seq <= info.State.LastSeq; seq++ {
			if m, err := s.GetMsg(w.t.Context(), seq); err == nil && strings.Contains(string(m.Data)+fmt.Sprint(m.Header), secret) {
				w.t.Errorf("%s is in %s at %d: %s", secret, info.Config.Name, seq, m.Subject)
			}
		}
	}
	for _, table := range []string{"events", "dead_letters"} {
		if n := w.number("SELECT count() FROM " + table + " WHERE position(toString(tuple(*)), '" + secret + "') > 0"); n > 0 {
			w.t.Errorf("%s is in %d rows of %s", secret, n, table)
		}
	}
	if n := w.number("SELECT count() FROM private_values WHERE position(value, '" + secret + "') > 0"); n > 0 {
		w.t.Errorf("%s is in %d private values", secret, n)
	}
	if n := w.number("SELECT count() FROM system.parts WHERE database = currentDatabase() AND table = 'private_values' AND NOT active AND rows > 0"); n > 0 {
		w.t.Errorf("%d old parts of private_values are left", n)
	}
	if !files {
		return
	}
	err := filepath.WalkDir(filepath.Join(w.nats.Dir, "nats"), func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil // files come and go
		}
		data, err := os.ReadFile(path)
		if err == nil && strings.Contains(string(data), secret) {
			w.t.Errorf("%s is in the file %s", secret, path)
		}
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// leaves are the evidence: every row's hash, and the hash computed anew.
func (w *world) leaves() string {
	w.t.Helper()
	return w.ask("SELECT stream, seq, hex(leaf_hash), hex(chain_hash) FROM events FINAL WHERE kind = 'actions' ORDER BY stream, seq")
}

func TestErasureLeavesTheEvidence(t *testing.T) {
	t.Parallel()
	overBoth(t, erasureLeavesTheEvidence)
}

func erasureLeavesTheEvidence(t *testing.T, over address) {
	w := newWorld(t, nil, over)
	w.start()
	const secret = "Carol-lives-in-Zurich-7f3a"
	want := w.keep("billing", "a-1", "carol", secret)
	w.keep("crm", "a-2", "carol", secret+"-too")
	w.keep("billing", "a-3", "dave", "Dave-stays")
	w.values(3)
	w.caughtUp()
	before := w.leaves()
	if got := w.ask("SELECT commitment, value, principal, agent, action FROM private_values WHERE action = 'a-1'"); got != fmt.Sprintf("%s\t%q\tcarol\tbilling\ta-1", want, secret) {
		t.Errorf("stored is %s", got)
	}

	made := w.erased("e-1", events.PrivateScope{Principal: "carol"})
	if len(made.Items) != 2 || made.Items[0].Commitments[0] != want || made.Auditor != "dora" || made.Reason == "" || made.Held != 0 || made.More {
		t.Errorf("%+v", made)
	}
	w.nowhere(secret, true)
	w.values(1)
	w.caughtUp()
	if after := w.leaves(); after != before {
		t.Errorf("the evidence changed from\n%s\nto\n%s", before, after)
	}
	for _, name := range []string{"ACTIONS", "EVENTS", "VERDICTS"} {
		w.chain(w.nats.Subjects.Stream(name))
	}
	if got := w.ask("SELECT auditor, principal, actions, has(commitments, '" + want + "') FROM erasures"); got != "dora\tcarol\t2\t1" {
		t.Errorf("the view says %s", got)
	}
	// Once more is harmless, and says that there was nothing.
	if again := w.erased("e-2", events.PrivateScope{Principal: "carol"}); len(again.Items) != 0 {
		t.Errorf("%+v", again)
	}
	w.values(1)
	if one := w.erased("e-3", events.PrivateScope{Agent: "billing", Action: "a-3"}); len(one.Items) != 1 {
		t.Errorf("%+v", one)
	}
	w.nowhere("Dave-stays", true)
}

// What cannot be read goes by the name of its action, and is in no dead letter.
func TestUnreadablePrivateValues(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.start()
	w.raw(w.nats.Subjects.Private("billing", "odd"), nil, []byte("Carol-in-garbage"))
	w.keep("billing", "a-1", `o'carol\`, "fine")
	w.values(1)
	if made := w.erased("e-1", events.PrivateScope{Agent: "billing", Action: "odd"}); len(made.Items) != 1 {
		t.Errorf("%+v", made)
	}
	if made := w.erased("e-2", events.PrivateScope{Principal: `o'carol\`}); len(made.Items) != 1 {
		t.Errorf("%+v", made)
	}
	w.caughtUp()
	w.nowhere("Carol-in-garbage", true)
	w.values(0)
}

func TestLegalHold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.cfg.PrivateRetention = time.Hour
	r := w.start()
	for i, principal := range []string{"carol", "carol", "dave", "erin"} {
		w.keep("billing", fmt.Sprintf("a-%d", i), principal, "secret")
	}
	w.values(4)
	if set := w.held("case-1", &events.HoldAsked{PrivateScope: events.PrivateScope{Principal: "carol", Agent: "billing", Action: "a-0"}, Reason: "case 1"}, 1); set.Refused != "" || set.Auditor != "dora" {
		t.Fatalf("%+v", set)
	}
	w.held("case-2", &events.HoldAsked{PrivateScope: events.PrivateScope{Principal: "dave"}, Reason: "case 2"}, 1)
	made := w.erased("e-1", events.PrivateScope{Principal: "carol"})
	if len(made.Items) != 1 || made.Items[0].Action != "a-1" || made.Held != 1 || len(made.Holds) != 1 || made.Holds[0] != "case-1" {
		t.Errorf("%+v", made)
	}
	w.values(3)

	// A day later all have expired; held are two.
	later := w.service(w.cfg)
	later.rt.Now = func() time.Time { return time.Now().Add(24 * time.Hour) }
	if err := later.sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.values(2)
	if got := w.ask("SELECT groupArray(action) FROM (SELECT action FROM private_values ORDER BY action)"); got != "['a-0','a-2']" {
		t.Errorf("left are %s", got)
	}
	if set := w.held("case-2", &events.HoldAsked{PrivateScope: events.PrivateScope{Principal: "x"}, Reason: "again"}, 2); set.Refused == "" {
		t.Errorf("a name was used twice: %+v", set)
	}
	if set := w.held("case-9", &events.HoldAsked{Release: true, Reason: "none"}, 1); set.Refused == "" {
		t.Errorf("no hold was ended: %+v", set)
	}
	if set := w.held("case-2", &events.HoldAsked{Release: true, Reason: "settled"}, 3); set.Refused != "" || !set.Released || set.Principal != "dave" {
		t.Errorf("%+v", set)
	}
	if set := w.held("case-2", &events.HoldAsked{Release: true, Reason: "settled"}, 4); set.Refused == "" {
		t.Errorf("a hold ended twice: %+v", set)
	}
	if made := w.erased("e-2", events.PrivateScope{Principal: "dave"}); len(made.Items) != 1 || made.Held != 0 {
		t.Errorf("%+v", made)
	}
	r.stop()
	if err := later.sweep(t.Context()); err != nil { // in another process, which reads the holds
		t.Fatal(err)
	}
	w.values(1)
}

// Killed at any step, the next sink finishes the erasure, and its event names what it was to name.
func TestKilledErasureIsFinished(t *testing.T) {
	t.Parallel()
	for _, step := range []string{stepPlanned, stepRows, stepErased} {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			s := w.service(w.cfg)
			killed := make(chan struct{}, 100)
			s.reach = func(_, at string) error {
				if at == step {
					killed <- struct{}{}
					return errKilled
				}
				return nil
			}
			first := w.run(s)
			want := w.keep("billing", "a-1", "carol", "Carol-secret")
			w.keep("billing", "a-2", "carol", "Carol-secret-2")
			w.values(2)
			w.asks("e-1", &events.ErasureAsked{PrivateScope: events.PrivateScope{Principal: "carol"}, Reason: "asked"})
			<-killed
			first.stop()
			w.start()
			made := told[events.ErasureMade](w, w.nats.Subjects.Erasure("dora", "e-1"), 1)
			if len(made.Items) != 2 || made.Items[0].Commitments[0] != want {
				t.Errorf("%+v", made)
			}
			w.nowhere("Carol-secret", true)
			w.values(0)
		})
	}
}

// A hold that is placed while an erasure waits spares what is still there.
func TestHoldPlacedDuringAnErasure(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	s := w.service(w.cfg)
	w.run(s)
	w.keep("billing", "a-1", "carol", "one")
	w.keep("billing", "a-2", "carol", "two")
	w.values(2)
	ask := &events.ErasureAsked{PrivateScope: events.PrivateScope{Principal: "carol"}, Reason: "asked"}
	m := &stream.Message{Sequence: 1 << 40, StoredAt: time.Now()}
	if _, err := s.eraser.plan(t.Context(), m, "dora", "e-1", ask); err != nil {
		t.Fatal(err)
	}
	w.held("case-1", &events.HoldAsked{PrivateScope: events.PrivateScope{Agent: "billing", Action: "a-2"}, Reason: "case"}, 1)
	made, err := s.eraser.erase(t.Context(), m, "dora", "e-1", ask)
	if err != nil || len(made.Items) != 1 || made.Items[0].Action != "a-1" || made.Held != 1 {
		t.Fatalf("%+v, %v", made, err)
	}
	w.values(1)
}

// Two sinks, killed and started again between batches: each value is in the table once.
func TestPrivateValuesAreWrittenOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	const n = 300
	for i := range n {
		w.keep("billing", fmt.Sprintf("a-%d", i), "carol", fmt.Sprintf("secret %d", i))
		if i%100 == 50 {
			r, other := w.start(), w.start()
			r.stop()
			defer other.stop()
		}
	}
	w.start()
	w.values(n)
	if got := w.number("SELECT uniqExact(commitment) FROM private_values"); got != n {
		t.Errorf("%d commitments", got)
	}
	if got := w.number("SELECT count() FROM events WHERE kind = 'private'"); got != 0 {
		t.Errorf("%d are evidence", got)
	}
}

// Thousands of holds would make a statement that ClickHouse refuses, and with it every erasure and expiry.
func TestTooManyHoldsAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.start()
	long := strings.Repeat("x", events.MaxCommentLength)
	for i := 0; ; i++ {
		set := w.held(fmt.Sprintf("case-%d", i), &events.HoldAsked{PrivateScope: events.PrivateScope{Principal: fmt.Sprintf("%d-%s", i, long[10:])}, Reason: "case"}, 1)
		if set.Refused == "" {
			continue
		}
		if i == 0 || !strings.Contains(set.Refused, "remove some") {
			t.Errorf("the hold %d: %s", i, set.Refused)
		}
		break
	}
	w.keep("billing", "a-1", "carol", "Carol-secret")
	w.values(1)
	if made := w.erased("e-1", events.PrivateScope{Principal: "carol"}); len(made.Items) != 1 || made.Held != 0 {
		t.Errorf("%+v", made)
	}
	w.nowhere("Carol-secret", true)
}

// The list of what goes is an event, and must not outgrow what the server takes: the rest goes with the next question.
func TestManyValuesGoInParts(t *testing.T) {
	t.Parallel()
	many := func(actions, values int) (items []events.ErasedItem) {
		for i := range actions {
			item := events.ErasedItem{Agent: strings.Repeat("a", 64), Action: fmt.Sprintf("%064d", i)}
			for range values {
				item.Commitments = append(item.Commitments, events.Digest(nil))
			}
			items = append(items, item)
		}
		return items
	}
	for _, c := range []struct{ actions, values, want int }{{0, 0, 0}, {1, events.MaxPrivate, 1}, {erasureActions, 1, erasureActions}, {erasureActions + 1, 1, erasureActions}, {100, events.MaxPrivate, 0}} {
		items := many(c.actions, c.values)
		n := fitting(items, 512<<10)
		if c.want > 0 && n != c.want || n > c.actions || c.actions > 0 && n == 0 {
			t.Errorf("%+v: %d fit", c, n)
		}
		data, err := json.Marshal(events.ErasureMade{Items: items[:n]})
		if err != nil || len(data) > 520<<10 {
			t.Errorf("%+v: %d of them have %d bytes, %v", c, n, len(data), err)
		}
	}
	if n := fitting(many(3, events.MaxPrivate), 1); n != 1 {
		t.Errorf("%d fit where none does", n)
	}
}

func TestRowsAreDeletedWhereTheyAre(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	c := w.client()
	for _, server := range [][3]string{{"ReplacingMergeTree", "", "private_values"}, {"ReplicatedReplacingMergeTree", "main", "private_values"}, {"Distributed", "main", "private_values_local ON CLUSTER 'main'"}} {
		target := mutable(server[0], server[1])
		if target != server[2] {
			t.Errorf("%v: %s", server, target)
		}
		if _, err := c.Query(t.Context(), "default", "EXPLAIN AST ALTER TABLE "+target+" DELETE WHERE 1 SETTINGS mutations_sync = 2"); err != nil {
			t.Errorf("%v: %v", server, err)
		}
	}
}

func TestHoldScopesCoverNothingMore(t *testing.T) {
	t.Parallel()
	for scope, want := range map[events.PrivateScope]string{
		{}:                          "0",
		{Principal: `a' OR '1'='1`}: `(principal = 'a\' OR \'1\'=\'1')`,
		{Principal: `\`}:            `(principal = '\\')`,
		{Principal: "p", Agent: "a", Action: "x"}: "(principal = 'p' AND agent = 'a' AND action = 'x')",
	} {
		if got := scopeSQL(scope); got != want {
			t.Errorf("%+v: %s", scope, got)
		}
	}
}

// While values come in all the time and two sinks take turns, what was stored before the question is gone after the answer, and every action is named by
// one answer.
func TestErasureAmongNewValues(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	first := w.start()
	w.start()
	const n, parts = 120, 3
	named := map[string]int{}
	for part := range parts {
		secret := fmt.Sprintf("Carol-part-%d", part)
		for i := range n / parts {
			w.keep("billing", fmt.Sprintf("a-%d-%d", part, i), "carol", secret)
		}
		more := make(chan struct{})
		go func() {
			defer close(more)
			for i := range 20 {
				w.keep("crm", fmt.Sprintf("b-%d-%d", part, i), "carol", "later")
			}
		}()
		made := w.erased(fmt.Sprintf("e-%d", part), events.PrivateScope{Principal: "carol"})
		for _, item := range made.Items {
			named[item.Action]++
		}
		<-more
		w.nowhere(secret, false)
		if part == 0 {
			first.stop()
		}
	}
	for _, item := range w.erased("e-last", events.PrivateScope{Principal: "carol"}).Items {
		named[item.Action]++
	}
	for action, times := range named {
		if times != 1 {
			t.Errorf("%s was erased %d times", action, times)
		}
	}
	if len(named) != n+20*parts {
		t.Errorf("%d actions were erased, want %d", len(named), n+20*parts)
	}
	w.values(0)
	w.nowhere("later", true)
}
