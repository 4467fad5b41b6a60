package checker

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/weighlock/weighlock/pkg/events"
)

// run is a log by what its events are about.
type run struct {
	rules Rules
	found []Violation

	actions     map[string]*action // by "agent/action"
	order       []string           // of the actions
	withdrawals map[string]bool
	receipts    []receipt
	assessments map[string][]assessment
	requests    map[string]*request
	opened      []*request // in the order of their announcements
	refusals    map[uint64]bool
	decisions   map[string][]decision
	grants      map[string]*standing
	warnings    []warned
	people      people
}

type action struct {
	Record
	proposed  *events.ActionProposed // nil where it cannot be read
	arguments string                 // their digest; "" where there is none
}

type receipt struct {
	key string
	events.ActionExecuted
}

type assessment struct {
	*events.ActionAssessed

	stored uint64 // its sequence
	at     time.Time
}

type decision struct {
	Record
	*events.DecisionMade

	key string
}

// request is a card with its versions and everything that was answered to it.
type request struct {
	id       string
	first    Record // its first announcement
	versions []version
	joined   map[string]bool            // the groups that later tiers brought in
	handed   map[string]bool            // groups, and persons as "@name", that it was handed to
	onCall   map[string]map[string]bool // who was on call, by schedule
	verdicts []verdict
	resolved *events.ApprovalResolved
	ended    Record // its first resolution
}

type version struct {
	digest string
	*events.Card
}

type verdict struct {
	Record
	events.VerdictCast

	channel, approver string
}

func keyOf(agent, action string) string { return agent + "/" + action }

func (r *run) sayf(kind Kind, about, format string, args ...any) {
	r.found = append(r.found, Violation{Kind: kind, About: about, Detail: fmt.Sprintf(format, args...)})
}

// read sorts the log.
func read(log Log, rules Rules) *run {
	r := &run{
		rules: rules, people: newPeople(rules),
		actions: map[string]*action{}, withdrawals: map[string]bool{}, assessments: map[string][]assessment{},
		requests: map[string]*request{}, refusals: map[uint64]bool{}, decisions: map[string][]decision{}, grants: map[string]*standing{},
	}
	for _, rec := range log.Actions {
		r.readAction(log.Subjects, rec)
	}
	for _, rec := range log.Events {
		if err := r.readEvent(rec); err != nil {
			r.sayf(Unreadable, rec.Subject, "%d: %s", rec.Sequence, err)
		}
	}
	for _, rec := range log.Verdicts {
		r.readVerdict(log.Subjects, rec)
	}
	for _, rec := range log.Decisions {
		if err := r.readDecision(log.Subjects, rec); err != nil {
			r.sayf(Unreadable, rec.Subject, "%d: %s", rec.Sequence, err)
		}
	}
	return r
}

// readAction takes what agents published. What cannot be read is theirs to answer for; it has to be decided all the same, unless
// its name is one on which nobody can be answered.
func (r *run) readAction(s events.Subjects, rec Record) {
	kind, agent, name, err := s.ParseAction(rec.Subject)
	if err != nil {
		return
	}
	key := keyOf(agent, name)
	switch kind {
	case "actions":
		a := &action{Record: rec}
		if p, err := events.As[events.ActionProposed](rec.Event); err == nil {
			a.proposed = p
			a.arguments, _ = events.ArgumentsDigest(p.Arguments) // those without one are never approved
		}
		r.actions[key] = a
		r.order = append(r.order, key)
	case "withdrawals":
		r.withdrawals[key] = true
	case "receipts":
		if e, err := events.As[events.ActionExecuted](rec.Event); err == nil {
			r.receipts = append(r.receipts, receipt{key, *e})
		}
	}
}

func (r *run) readEvent(rec Record) error {
	switch rec.Event.Type {
	case events.ActionAssessedType:
		a, err := events.As[events.ActionAssessed](rec.Event)
		if err != nil {
			return err
		}
		key := keyOf(a.Agent, a.Action)
		r.assessments[key] = append(r.assessments[key], assessment{a, rec.Sequence, rec.At})
	case events.ApprovalRequestedType:
		announced, err := events.As[events.ApprovalRequested](rec.Event)
		if err != nil {
			return err
		}
		return r.readCard(rec, announced)
	case events.ApprovalEscalatedType:
		e, err := events.As[events.ApprovalEscalated](rec.Event)
		if err != nil {
			return err
		}
		r.request(e.Request).join(e)
	case events.ApprovalHandedType:
		e, err := events.As[events.ApprovalHanded](rec.Event)
		if err != nil {
			return err
		}
		r.request(e.Request).handOver(e)
	case events.ApprovalResolvedType:
		e, err := events.As[events.ApprovalResolved](rec.Event)
		if err != nil {
			return err
		}
		if q := r.request(e.Request); q.resolved == nil { // it is announced to several groups, and after a crash once more
			q.resolved, q.ended = e, rec
		}
	case events.VerdictRefusedType:
		e, err := events.As[events.VerdictRefused](rec.Event)
		if err != nil {
			return err
		}
		r.refusals[e.Sequence] = true
	}
	return errors.Join(r.readGrant(rec), r.readWarning(rec))
}

func (r *run) request(id string) *request {
	q := r.requests[id]
	if q == nil {
		q = &request{id: id, joined: map[string]bool{}, handed: map[string]bool{}, onCall: map[string]map[string]bool{}}
		r.requests[id] = q
	}
	return q
}

func (r *run) readCard(rec Record, announced *events.ApprovalRequested) error {
	card, err := announced.ReadCard()
	if err != nil {
		return err
	}
	q := r.request(announced.Request)
	q.call(announced.Group, announced.OnCall)
	if q.first.Subject == "" {
		q.first = rec
		r.opened = append(r.opened, q)
	}
	for _, v := range q.versions {
		if v.digest == announced.Digest {
			return nil // announced to another group, or once more
		}
		if v.Version == card.Version {
			r.sayf(CardChanged, q.id, "version %d has the digests %s and %s", v.Version, v.digest, announced.Digest)
			return nil
		}
	}
	q.versions = append(q.versions, version{announced.Digest, card})
	return nil
}

func (r *run) readVerdict(s events.Subjects, rec Record) {
	channel, approver, request, err := s.ParseVerdict(rec.Subject)
	if err != nil {
		return
	}
	cast, err := events.As[events.VerdictCast](rec.Event)
	if err != nil {
		return // it cannot count, and a decision that names it names what nobody cast
	}
	q := r.request(request)
	q.verdicts = append(q.verdicts, verdict{rec, *cast, channel, approver})
}

func (r *run) readDecision(s events.Subjects, rec Record) error {
	agent, name, err := s.ParseDecision(rec.Subject)
	if err != nil {
		return err
	}
	d, err := events.As[events.DecisionMade](rec.Event)
	if err != nil {
		return err
	}
	key := keyOf(agent, name)
	if key != keyOf(d.Agent, d.Action) {
		r.sayf(OtherAction, key, "the decision that stands there is on %s", keyOf(d.Agent, d.Action))
	}
	r.decisions[key] = append(r.decisions[key], decision{rec, d, key})
	return nil
}

// on finds an action among the items of a card: its number, from 1, or 0.
func (c version) on(key string) int {
	for _, item := range c.Items {
		if keyOf(item.Agent, item.Action) == key {
			return item.Number
		}
	}
	return 0
}

// shows is what the card shows of an action; nil where it does not.
func (c version) shows(key string) *events.CardItem {
	for i := range c.Items {
		if keyOf(c.Items[i].Agent, c.Items[i].Action) == key {
			return &c.Items[i]
		}
	}
	return nil
}

// answer is what the verdict says of an item, with the arguments of an edit.
func (v *verdict) answer(number int) (events.VerdictKind, json.RawMessage) {
	for _, item := range v.Items {
		if item.Number == number {
			return item.Verdict, item.Arguments
		}
	}
	return v.Verdict, nil
}

func digestOf(arguments json.RawMessage) string {
	if len(bytes.TrimSpace(arguments)) == 0 {
		return ""
	}
	d, err := events.ArgumentsDigest(arguments)
	if err != nil {
		return ""
	}
	return d
}
