package escalation

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/internal/approval"
	"github.com/weighlock/weighlock/internal/authz"
	"github.com/weighlock/weighlock/internal/requests"
	"github.com/weighlock/weighlock/internal/stream"
	"github.com/weighlock/weighlock/internal/stream/streamtest"
	"github.com/weighlock/weighlock/pkg/events"
)

// rig is a server, and a router that opens requests and takes verdicts on it.
type rig struct {
	*streamtest.Rig
	router jetstream.JetStream
	store  *requests.Store
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{Rig: streamtest.NewRig(t)}
	r.router = r.JetStream(t, identity(authz.ApproverRouter))
	r.store = requests.NewStore(r.router, r.Subjects)
	return r
}

func identity(name string) authz.Identity { return authz.Identity{Kind: authz.Service, Name: name} }

// start runs an escalator with its own credentials, as in production.
func (r *rig) start(t *testing.T, cfg Config) *streamtest.Running {
	t.Helper()
	if cfg.PinnedTTL == 0 {
		cfg.PinnedTTL = 300 * time.Millisecond
	}
	s, err := New(stream.Runtime{
		Conn: r.Connect(t, identity(authz.Escalator)), Replier: r.Connect(t, identity(authz.Replier)),
		Subjects: r.Subjects, Logger: slog.New(slog.DiscardHandler),
	}, cfg)
	if err != nil {
		t.Fatal(err)
	}
	running := streamtest.Go(t, s)
	streamtest.Eventually(t, "escalator is ready", s.Ready)
	return running
}

func tiers(waits ...time.Duration) (path []approval.Tier) {
	for i, w := range waits {
		path = append(path, approval.Tier{Group: fmt.Sprint("tier-", i), Wait: w})
	}
	return path
}

// create stores a request with one item without telling anybody.
func (r *rig) create(t *testing.T, id string, path []approval.Tier, deadline *time.Time) approval.State {
	t.Helper()
	return r.createAt(t, time.Now(), id, path, deadline)
}

func (r *rig) createAt(t testing.TB, opened time.Time, id string, path []approval.Tier, deadline *time.Time) approval.State {
	t.Helper()
	digest := events.Digest([]byte(id))
	card := events.Card{Request: id, Route: "money", Headline: "Pay", Level: events.High, Score: 80, Items: []events.CardItem{{
		ActionRef: events.ActionRef{Agent: "billing", Action: id, Sequence: 1, Digest: digest, ArgumentsDigest: digest},
		Level:     events.High, Score: 80, ProposedAt: time.Now(), Deadline: deadline,
	}}}
	rules := approval.Rules{Require: []approval.Requirement{{Group: path[0].Group, Count: 1}}, RejectionEnds: true, Otherwise: events.Expired, Tiers: path}
	origin := approval.ItemOrigin{ReplyTo: "_INBOX.billing.answers", TraceParent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", EventID: "assessment"}
	s, _, err := approval.Open(card, rules, []approval.ItemOrigin{origin}, approval.Duty{}, opened)
	if err != nil {
		t.Fatal(err)
	}
	if s, err = r.store.Create(context.Background(), s); err != nil {
		t.Fatal(err)
	}
	return s
}

// open creates a request and announces it.
func (r *rig) open(t *testing.T, id string, path []approval.Tier) approval.State {
	t.Helper()
	s := r.create(t, id, path, nil)
	r.tell(t, s, approval.Requested(s))
	return s
}

// tell publishes effects as the router does. What the ledger refuses is dropped.
func (r *rig) tell(t testing.TB, s approval.State, effects []approval.Effect) {
	t.Helper()
	out, err := requests.Outputs(r.Subjects, "/services/approver-router", events.Event{ID: "test"}, s, effects)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range out {
		h, data, err := events.EncodeBinary(o.Event)
		if err != nil {
			t.Fatal(err)
		}
		m := &nats.Msg{Subject: o.Subject, Header: h, Data: data}
		if o.MsgID != "" {
			m.Header.Set(jetstream.MsgIDHeader, o.MsgID)
		}
		_, err = r.router.PublishMsg(context.Background(), m)
		var api *jetstream.APIError
		if o.Once && errors.As(err, &api) && api.ErrorCode == 10077 {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// approve casts a verdict and tells what comes of it.
func (r *rig) approve(t testing.TB, s approval.State, sequence uint64) []approval.Effect {
	t.Helper()
	verdict := approval.Verdict{
		Sequence: sequence, EventID: fmt.Sprint("v-", sequence), Channel: "self", Approver: "alice", Groups: []string{"tier-0"}, At: time.Now(),
		Cast: events.VerdictCast{Digest: s.Digest, Verdict: events.Approve},
	}
	next, effects, err := r.store.Apply(context.Background(), s.Request, verdict, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	r.tell(t, next, effects)
	return effects
}

// fire puts a timer on its due subject at once.
func (r *rig) fire(t testing.TB, subject string, timer requests.Timer) {
	t.Helper()
	e, err := events.New(&timer, approval.TimerID(timer.Request, timer.Tier, timer.Kind, timer.N), "/test", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	r.Publish(t, subject, e)
}

// has checks that the streams hold exactly these counts of messages by subject.
func (r *rig) has(streamName, filter string, want map[string]uint64) error {
	got, err := r.Counts(r.Subjects.Stream(streamName), filter)
	if err != nil {
		return err
	}
	for subject, n := range want {
		if got[subject] != n {
			return fmt.Errorf("%s has %d messages, want %d; there are %v", subject, got[subject], n, got)
		}
	}
	if len(got) != len(want) {
		return fmt.Errorf("there are %v, want %v", got, want)
	}
	return nil
}

// quiet waits until the escalator has handled everything that was stored.
func (r *rig) quiet(t *testing.T) {
	t.Helper()
	streamtest.Eventually(t, "everything is handled", func() error {
		return errors.Join(r.Settled("WL_EVENTS", "escalator-requests"), r.Settled("WL_TIMERS", "escalator-due"))
	})
}

func (r *rig) decision(t testing.TB, id string) *events.DecisionMade {
	t.Helper()
	s, err := r.JS.Stream(context.Background(), "WL_DECISIONS")
	if err != nil {
		t.Fatal(err)
	}
	m, err := s.GetLastMsgForSubject(context.Background(), r.Subjects.Decision("billing", id))
	if err != nil {
		t.Fatal(err)
	}
	e, err := events.Decode(m.Header, m.Data)
	if err != nil {
		t.Fatal(err)
	}
	d, err := events.As[events.DecisionMade](e)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func (r *rig) noDeadLetters(t *testing.T) {
	t.Helper()
	dead, err := r.Dead(Name)
	if err != nil {
		t.Fatal(err)
	}
	var reasons []string
	for _, d := range dead {
		reasons = append(reasons, d.Reason)
	}
	if len(dead) > 0 {
		t.Errorf("dead letters: %s", strings.Join(reasons, "; "))
	}
}
