package checker

import (
	"slices"

	"github.com/weighlock/weighlock/pkg/events"
)

// join notes that a tier came in. Where the path begins anew, those who were asked first are asked again, and stand in for nobody.
func (q *request) join(e *events.ApprovalEscalated) {
	q.call(e.ToGroup, e.OnCall)
	if e.Round > 0 && len(q.versions) > 0 && q.versions[0].asks(e.ToGroup) {
		return
	}
	q.joined[e.ToGroup] = true
}

// call notes who is on call for a group that is a schedule.
func (q *request) call(group string, persons []string) {
	if len(persons) == 0 {
		return
	}
	if q.onCall[group] == nil {
		q.onCall[group] = map[string]bool{}
	}
	for _, p := range persons {
		q.onCall[group][p] = true
	}
}

func (q *request) handOver(e *events.ApprovalHanded) {
	if e.ToGroup != "" {
		q.handed[e.ToGroup] = true
	}
	if e.To != "" {
		q.handed["@"+e.To] = true
	}
}

// counts reports whether a person counts as one of a group here: everybody does, but for a schedule only who was on call, or was handed the request.
func (q *request) counts(person, group string) bool {
	onCall, isSchedule := q.onCall[group]
	return !isSchedule || onCall[person] || q.handed["@"+person] || q.handed[group]
}

// asks reports whether a group is one that the card is before at first.
func (c version) asks(group string) bool {
	return group == c.Group || slices.ContainsFunc(c.Require, func(r events.Requirement) bool { return r.Group == group })
}

// questions are those that a version answers about an item.
func (c version) questions(number int) int {
	n := 0
	for _, q := range c.Questions {
		if q.Item == 0 || q.Item == number {
			n++
		}
	}
	return n
}
