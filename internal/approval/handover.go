package approval

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/weighlock/weighlock/pkg/events"
)

const (
	// maxHandOvers is how often a request can be handed over, held, asked about or snoozed: so that its state does
	// not grow for ever, nor its end move.
	maxHandOvers = 50
	// maxQuestions is how many questions about a request can be asked.
	maxQuestions = 5
)

// HandOver is what an approver does with a request beside answering it, as it was stored.
type HandOver struct {
	// Sequence is its place in the stream of verdicts. From 1.
	Sequence uint64
	EventID  string
	// Channel and Approver are those of the subject, never of the payload.
	Channel  string
	Approver string
	// Person is who is behind the account, and Groups are theirs.
	Person string
	Groups []string
	// ToPerson is who is behind the account it is handed to, and ToGroups are theirs; "" where nobody is.
	ToPerson string
	ToGroups []string
	Cast     events.HandOverCast
	At       time.Time
}

// HandedOver is a hand-over that holds.
type HandedOver struct {
	Sequence uint64              `json:"sequence"`
	EventID  string              `json:"eventId"`
	Kind     events.HandOverKind `json:"kind"`
	Channel  string              `json:"channel"`
	Approver string              `json:"approver"`
	Person   string              `json:"person"`
	Comment  string              `json:"comment,omitempty"`
	At       time.Time           `json:"at"`
	Tier     int                 `json:"tier"`
	// Pause is the number of the pause that it made, from 1; 0 for none.
	Pause int `json:"pause,omitempty"`
	// Until is when that pause or a snooze ends.
	Until *time.Time `json:"until,omitempty"`
	// To and ToGroup are who it was handed to.
	To      string `json:"to,omitempty"`
	ToGroup string `json:"toGroup,omitempty"`
	// Question is what was asked about Item (0: the card), Answer what the agent said, and where that is in the stream of actions.
	Question string  `json:"question,omitempty"`
	Item     int     `json:"item,omitempty"`
	Answer   *Answer `json:"answer,omitempty"`
	// EndsAt is when the request was to end then.
	EndsAt time.Time `json:"endsAt"`
}

// Answer is what an agent answered.
type Answer struct {
	Sequence uint64    `json:"sequence"`
	Agent    string    `json:"agent"`
	Text     string    `json:"text"`
	At       time.Time `json:"at"`
}

// Answered says that an agent answers a question about one of its actions.
type Answered struct {
	Agent, Action, Question string
	// Sequence is the answer's place in the stream of actions. From 1.
	Sequence uint64
	EventID  string
	// Text is what is shown of it.
	Text string
	At   time.Time
}

func (HandOver) input() {}
func (Answered) input() {}

func applyHandOver(s State, in HandOver) (State, []Effect, transition) {
	in.At, in.Person = in.At.UTC().Round(0), cmp.Or(in.Person, in.Approver)
	if i := s.handOver(in.Sequence); i >= 0 {
		return s, s.handed(i), repeated
	}
	if r := s.mayHandOver(in); r != nil {
		return s, []Effect{s.notHanded(in, r)}, refused
	}
	next := s.copied()
	h := HandedOver{
		Sequence: in.Sequence, EventID: in.EventID, Kind: in.Cast.Kind, Channel: in.Channel, Approver: in.Approver, Person: in.Person,
		Comment: in.Cast.Comment, At: in.At, Tier: s.Tier,
	}
	switch in.Cast.Kind {
	case events.Acknowledge:
		next.hold(&h, time.Duration(in.Cast.Seconds)*time.Second)
	case events.Reassign:
		h.To, h.ToGroup = in.ToPerson, in.Cast.ToGroup
		next.hold(&h, 0)
	case events.Ask:
		h.Question, h.Item = in.Cast.Question, in.Cast.Item
		next.pauseFor(&h, s.Rules.Stop)
	case events.Snooze:
		until := in.Cast.Until.UTC().Round(0)
		h.Until = &until
	}
	h.EndsAt = next.EndsAt
	next.HandOvers = append(next.HandOvers, h)
	return next, next.handed(len(next.HandOvers) - 1), handed
}

// hold keeps the next tier back, once a tier.
func (s *State) hold(h *HandedOver, asked time.Duration) {
	for i := range s.HandOvers {
		if before := &s.HandOvers[i]; before.Tier == s.Tier && before.Pause > 0 && before.Kind != events.Ask {
			return
		}
	}
	if asked == 0 || asked > s.Rules.Hold {
		asked = s.Rules.Hold
	}
	s.pauseFor(h, asked)
}

func (s *State) pauseFor(h *HandedOver, d time.Duration) {
	if d == 0 {
		return
	}
	s.Pauses = append(s.Pauses, Pause{From: h.At, For: d})
	until := h.At.Add(d)
	h.Pause, h.Until = len(s.Pauses), &until
	s.EndsAt = s.rung(len(s.Plan) - 1).Ends
}

func (s *State) handOver(sequence uint64) int {
	return slices.IndexFunc(s.HandOvers, func(h HandedOver) bool { return h.Sequence == sequence })
}

func (s *State) mayHandOver(in HandOver) *refusal {
	no := func(format string, args ...any) *refusal {
		return &refusal{events.RefusedHandOver, fmt.Sprintf(format, args...)}
	}
	asked, claims := 0, in.Cast
	for i := range s.HandOvers {
		if s.HandOvers[i].Kind == events.Ask {
			asked++
		}
	}
	switch {
	case s.Resolved != nil:
		return &refusal{events.RefusedClosed, "every item has its outcome already"}
	case !s.Rules.trusts(in.Channel):
		return &refusal{events.RefusedChannel, fmt.Sprintf("what comes through %s does not count for this request", in.Channel)}
	case !s.entitled(in.Person, in.Groups):
		return &refusal{events.RefusedNotEntitled, fmt.Sprintf("%s is in no group that was asked so far", in.Approver)}
	case claims.Approver != "" && claims.Approver != in.Approver, claims.Request != "" && claims.Request != s.Request:
		return &refusal{events.RefusedMalformed, fmt.Sprintf("it claims to be by %s on %s", claims.Approver, claims.Request)}
	case len(s.HandOvers) >= maxHandOvers:
		return no("the request was handed over, held, asked about and snoozed %d times: answer it", maxHandOvers)
	}
	if err := in.Cast.Validate(); err != nil {
		return &refusal{events.RefusedMalformed, err.Error()}
	}
	if r := s.checkWords(in.Person, in.Cast.Comment, in.Cast.Question); r != nil {
		return r
	}
	switch in.Cast.Kind {
	case events.Reassign:
		return s.mayReceive(in)
	case events.Ask:
		switch {
		case in.Cast.Item > len(s.Items):
			return &refusal{events.RefusedUnknownItem, fmt.Sprintf("the card has no item %d", in.Cast.Item)}
		case in.Cast.Item > 0 && s.Items[in.Cast.Item-1].closed():
			return s.closed(in.Cast.Item - 1)
		case asked >= maxQuestions:
			return no("%d questions were asked already: reject with guidance, or answer", maxQuestions)
		}
	case events.Snooze:
		if u := *in.Cast.Until; !u.After(in.At) || u.After(s.EndsAt) {
			return no("until is %s: name a time from now to the end, %s", u.UTC().Format(time.RFC3339), s.EndsAt.Format(time.RFC3339))
		}
	}
	return nil
}

// mayReceive refuses to hand a request to somebody whom its path would never bring in.
func (s *State) mayReceive(in HandOver) *refusal {
	to := in.ToGroups
	if in.Cast.ToGroup != "" {
		to = []string{in.Cast.ToGroup}
	}
	if s.onPath(to) {
		return nil
	}
	who := cmp.Or(in.Cast.To, in.Cast.ToGroup)
	return &refusal{events.RefusedHandOver, fmt.Sprintf("%s is not on the escalation path of this request, so could not answer it", who)}
}

func (s *State) notHanded(in HandOver, r *refusal) Announce {
	return s.refused(Verdict{Channel: in.Channel, Approver: in.Approver, Sequence: in.Sequence, At: in.At}, r)
}

// handed are the effects of HandOvers[i]: everybody who was brought in is told, and the agent where it is asked. Whoever hears it arms
// what was moved, see [Timers].
func (s *State) handed(i int) []Effect {
	h := &s.HandOvers[i]
	var effects []Effect
	for _, group := range s.groups(h.Tier, s.HandOvers[:i+1]) {
		payload := events.ApprovalHanded{
			Request: s.Request, Group: group, Kind: h.Kind, Channel: h.Channel, Approver: h.Approver, Comment: h.Comment, Sequence: h.Sequence, Tier: h.Tier,
			Until: h.Until, To: h.To, ToGroup: h.ToGroup, Question: h.Question, Item: h.Item, EndsAt: h.EndsAt,
		}
		if h.Kind == events.Ask {
			payload.QuestionID = events.QuestionID(h.Sequence)
		}
		effects = append(effects, Announce{Event: handOverEvents[h.Kind], Group: group, Key: fmt.Sprintf("handed/%d/%s", h.Sequence, group), At: h.At, Payload: &payload})
	}
	if s.Resolved != nil {
		return effects
	}
	if h.Kind == events.Ask && h.Answer == nil {
		effects = append(effects, s.tell(h)...)
	}
	return effects
}

var handOverEvents = map[events.HandOverKind]events.ApprovalEvent{
	events.Acknowledge: events.Acknowledged, events.Reassign: events.Reassigned, events.Ask: events.Asked, events.Snooze: events.Snoozed,
}

// applyAnswered puts an agent's answer onto the card: a new version, for which what it is about is judged anew.
func applyAnswered(s State, in Answered) (State, []Effect, transition) {
	in.At = in.At.UTC().Round(0)
	cause := Cause{EventID: in.EventID, Answer: in.Sequence}
	i := slices.IndexFunc(s.HandOvers, func(h HandedOver) bool { return h.Kind == events.Ask && events.QuestionID(h.Sequence) == in.Question })
	if i < 0 || !s.isAsked(s.HandOvers[i].Item, in.Agent, in.Action) {
		return s, nil, dropped
	}
	if a := s.HandOvers[i].Answer; a != nil && a.Sequence == in.Sequence {
		return s, s.consequences(cause), repeated
	}
	if s.Resolved != nil || s.HandOvers[i].Answer != nil || s.card.Version >= maxVersions {
		return s, nil, dropped
	}
	next := s.copied()
	h := &next.HandOvers[i]
	h.Answer = &Answer{Sequence: in.Sequence, Agent: in.Agent, Text: in.Text, At: in.At}
	if h.Pause > 0 && in.At.Before(*h.Until) { // the clock goes on
		p := &next.Pauses[h.Pause-1]
		p.For = max(0, in.At.Sub(p.From))
		next.EndsAt = next.rung(len(next.Plan) - 1).Ends
	}
	for n := range next.Items {
		if (h.Item == 0 || h.Item == n+1) && !next.Items[n].closed() {
			next.Items[n].Votes = nil
		}
	}
	card := *next.card
	card.EndsAt = next.EndsAt
	card.Questions = append(slices.Clone(card.Questions), events.CardQuestion{
		Item: h.Item, AskedBy: h.Person, AskedAt: h.At, Question: h.Question, Agent: in.Agent, Answer: in.Text, AnsweredAt: in.At,
	})
	next.card = &card
	next.freeze(cause, in.At)
	return next, next.consequences(cause), revised
}

// isAsked reports whether a question about item (0: the card) is one to the agent about its action.
func (s *State) isAsked(item int, agent, action string) bool {
	for n := range s.Items {
		shown := &s.card.Items[n]
		if (item == 0 || item == n+1) && shown.Agent == agent && shown.Action == action && !s.Items[n].closed() {
			return true
		}
	}
	return false
}

// tell tells every agent that still waits how things stand; question is one that it is asked, nil for none.
func (s *State) tell(question *HandedOver) []Effect {
	var effects []Effect
	for i := range s.Items {
		if s.Items[i].closed() || question != nil && question.Item != 0 && question.Item != i+1 {
			continue
		}
		shown := &s.card.Items[i]
		p := events.ApprovalPending{
			Agent: shown.Agent, Action: shown.Action, Request: s.Request, Group: s.Group(), Tier: s.Tier,
			EndsAt: s.EndsAt, Otherwise: s.Rules.Otherwise,
		}
		if question != nil {
			p.Question, p.QuestionID, p.AskedBy = question.Question, events.QuestionID(question.Sequence), question.Person
		}
		effects = append(effects, Tell{Pending: p, ReplyTo: s.Items[i].ReplyTo, TraceParent: s.Items[i].TraceParent})
	}
	return effects
}

// entitled reports whether the person may answer now: as a member of a group that was asked, as somebody on call, or because the
// request was handed to them.
func (s *State) entitled(person string, groups []string) bool {
	if s.Rules.entitled(s.counting(person, groups), s.Tier) {
		return true
	}
	return slices.ContainsFunc(s.HandOvers, func(h HandedOver) bool {
		return h.To != "" && h.To == person || h.ToGroup != "" && slices.Contains(groups, h.ToGroup)
	})
}

// counting are the groups in which the person counts here: not in a schedule where others are on call.
func (s *State) counting(person string, groups []string) []string {
	if len(s.OnCall) == 0 {
		return groups
	}
	return slices.DeleteFunc(slices.Clone(groups), func(g string) bool {
		onCall, isSchedule := s.OnCall[g]
		return isSchedule && !slices.Contains(onCall, person) && !s.handedTo(person, g)
	})
}

// handedTo reports whether the request was handed to the person, or to the group.
func (s *State) handedTo(person, group string) bool {
	return slices.ContainsFunc(s.HandOvers, func(h HandedOver) bool { return h.To != "" && h.To == person || h.ToGroup == group })
}

// enter notes how the current tier came in, and who is on call for it.
func (s *State) enter(at time.Time, onCall map[string][]string) {
	s.Entered = append(s.Entered, Entry{At: at, EndsAt: s.EndsAt, OnCall: onCall})
	if len(onCall) == 0 {
		return
	}
	s.OnCall = maps.Clone(s.OnCall)
	if s.OnCall == nil {
		s.OnCall = make(map[string][]string, len(onCall))
	}
	for group, persons := range onCall {
		if !s.Rules.EarlierLeave { // who was asked before stays able to answer
			persons = append(slices.Clone(s.OnCall[group]), persons...)
		}
		persons = slices.Clone(persons)
		slices.Sort(persons)
		s.OnCall[group] = slices.Compact(persons)
	}
}
