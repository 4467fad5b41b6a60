package routing

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/weighlock/weighlock/internal/approval"
	"github.com/weighlock/weighlock/internal/routes"
	"github.com/weighlock/weighlock/pkg/events"
)

const (
	// maxHeadline is the longest headline in characters: what fits a notification's title.
	maxHeadline = 120
	// maxText and maxReasons bound what a card repeats of an assessment, in characters and
	// in number. The action itself can always be read in full.
	maxText    = 300
	maxReasons = 10
	// cardOverhead is what a card and its request take besides their items, in bytes:
	// amply.
	cardOverhead = 16 << 10
)

// sortByRisk puts the riskiest first, and of equal ones the oldest.
func sortByRisk(items []waiting) {
	slices.SortStableFunc(items, func(a, b waiting) int {
		return cmp.Or(cmp.Compare(b.assessment.Score, a.assessment.Score), cmp.Compare(a.assessment.Sequence, b.assessment.Sequence))
	})
}

// newCard makes the card of items, which are sorted by risk. What follows from the
// route's rules and the time is filled in by [approval.Open].
func newCard(request string, route *routes.Route, items []waiting, room int) events.Card {
	card := events.Card{
		Request: request, Route: route.ID, Headline: headline(items),
		Level: events.High, Score: items[0].assessment.Score,
		Items: make([]events.CardItem, len(items)),
	}
	for i, w := range items {
		card.Items[i] = itemOf(w.assessment)
		show(&card.Items[i], w, route.Mask, room/len(items))
	}
	card.Context = lift(card.Items)
	return card
}

func itemOf(a *events.ActionAssessed) events.CardItem {
	item := events.CardItem{
		ActionRef: a.ActionRef,
		Tool:      clip(a.Tool, maxText), Principal: clip(a.Principal, maxText), Session: clip(a.Session, maxText),
		Level: a.Level, Score: a.Score, Reasons: reasons(a),
		ProposedAt: a.ProposedAt, Deadline: a.Deadline,
	}
	if a.Edited != nil {
		item.Edited, item.EditedBy = a.Edited.Arguments, a.Edited.By
	}
	if t := a.Target; t != nil {
		item.Target = &events.Target{Kind: clip(t.Kind, maxText), Name: clip(t.Name, maxText), Environment: clip(t.Environment, maxText)}
	}
	return item
}

func reasons(a *events.ActionAssessed) []string {
	counted := a.Counted()
	if len(counted) == 0 {
		return []string{clip(a.Reason, maxText)}
	}
	var out []string
	for i, r := range counted {
		if i == maxReasons {
			out = append(out, fmt.Sprintf("and %d more rules", len(counted)-i))
			break
		}
		out = append(out, clip(r.Reason, maxText))
	}
	return out
}

func originOf(w waiting) approval.ItemOrigin {
	return approval.ItemOrigin{
		ReplyTo:     replyTo(w.assessment.Agent, w.cause),
		TraceParent: clip(w.cause.TraceParent, maxText), PolicyVersion: clip(w.cause.PolicyVersion, maxText), EventID: clip(w.cause.ID, maxText),
	}
}

// split cuts items into parts of which each makes a request of at most most bytes, as
// far as single items allow. Their order stays.
func split(items []waiting, most int) [][]waiting {
	var parts [][]waiting
	start, size := 0, cardOverhead
	for i, w := range items {
		n := sizeOf(w)
		if i > start && size+n > most {
			parts = append(parts, items[start:i])
			start, size = i, cardOverhead
		}
		size += n
	}
	return append(parts, items[start:])
}

// sizeOf is what w adds to the state of its request, which is the largest message
// made of it, in bytes.
func sizeOf(w waiting) int {
	shown, err := json.Marshal(itemOf(w.assessment))
	origin, err2 := json.Marshal(originOf(w))
	if err != nil || err2 != nil {
		return 0 // opening the request will say so
	}
	return len(shown) + len(origin) + len(`"number":1000,,`)
}

// oneLine replaces what would break a line, or reorder or hide what is on it: an agent
// chooses these texts.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, s)
}

func clip(s string, most int) string {
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most-1]) + "…"
}
