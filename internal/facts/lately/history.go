package lately

import (
	"math"

	"github.com/weighlock/weighlock/pkg/events"
)

// The windows in seconds, and the steps in which they are counted.
const (
	tenMinutes = 10 * 60
	hour       = 60 * 60
	day        = 24 * hour

	fineStep   = 60
	coarseStep = 15 * 60
)

// maxRecent is how many actions of one agent or principal are known one by one.
const maxRecent = 128

// counts is what happened in a cell or a window.
type counts struct {
	actions, low, medium, high int32
	denied, rejected, approved int32
	payments                   int32 // actions with an amount
	amount                     float64
}

func (c *counts) add(o *counts, sign int32) {
	c.actions += sign * o.actions
	c.low += sign * o.low
	c.medium += sign * o.medium
	c.high += sign * o.high
	c.denied += sign * o.denied
	c.rejected += sign * o.rejected
	c.approved += sign * o.approved
	c.payments += sign * o.payments
	c.amount += float64(sign) * o.amount
}

func ofLevel(l events.Level) (c counts) {
	switch l {
	case events.Low:
		c.low = 1
	case events.Medium:
		c.medium = 1
	default:
		c.high = 1
	}
	return c
}

func ofOutcome(o events.Outcome) (c counts) {
	switch o {
	case events.Approved:
		c.approved = 1
	case events.Denied:
		c.denied = 1
	case events.Rejected:
		c.rejected = 1
	}
	return c
}

// history is what one agent or one principal did.
type history struct {
	// made is when the first action was seen; doubted is until when an older history may have been forgotten.
	made, doubted int64
	first         uint64 // sequence of the first action
	fine, coarse  ring[counts]
	recent        []mark // a ring of the last marks
	next          int
}

// mark is one thing that was counted for an action.
type mark struct {
	sequence uint64 // of the action
	at       int64
	counts
}

func newHistory(at, doubted int64) history {
	return history{made: at, doubted: doubted, first: math.MaxUint64, fine: newRing[counts](fineStep, hour), coarse: newRing[counts](coarseStep, day)}
}

// count adds c at a time.
func (h *history) count(sequence uint64, at int64, c counts) {
	h.made = min(h.made, at)
	if cell := h.fine.at(at); cell != nil {
		cell.add(&c, 1)
	}
	if cell := h.coarse.at(at); cell != nil {
		cell.add(&c, 1)
	}
	m := mark{sequence, at, c}
	if len(h.recent) < maxRecent {
		h.recent = append(h.recent, m)
		return
	}
	h.recent[h.next] = m
	h.next = (h.next + 1) % maxRecent
}

// window sums up what was before the action with that sequence, within span seconds of now. Later
// actions beyond the last [maxRecent] marks stay in: then it says too much, never too little.
func (h *history) window(before uint64, now, span int64) (sum counts) {
	r := &h.fine
	if span > hour {
		r = &h.coarse
	}
	r.each(now, span, func(c *counts) { sum.add(c, 1) })
	for i := range h.recent {
		if m := &h.recent[i]; m.sequence >= before && r.covers(m.at, now, span) && r.kept(m.at) {
			sum.add(&m.counts, -1)
		}
	}
	if sum.payments <= 0 {
		sum.amount = 0 // what is left is rounding
	}
	return sum
}

// agent is the history of one agent.
type agent struct {
	history
	tools      *lru[*usage]
	recipients *lru[*usage]
}
