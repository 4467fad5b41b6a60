package routing

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/weighlock/weighlock/internal/approval"
	"github.com/weighlock/weighlock/internal/facts/input"
	"github.com/weighlock/weighlock/internal/facts/money"
	"github.com/weighlock/weighlock/internal/grants"
	"github.com/weighlock/weighlock/pkg/events"
)

// overLimit says which items move more money than the verdict's limits allow, with the arguments that the verdict approves. What cannot be
// read is over every limit.
func (v *verdicts) overLimit(ctx context.Context, s *approval.State, cast *events.VerdictCast) (map[int]string, error) {
	over := make(map[int]string)
	for n := 1; n <= len(s.Items); n++ {
		shown := s.CardItem(n)
		proposed, err := v.editor.actions.load(ctx, shown.ActionRef)
		if errors.Is(err, errNotAtHand) {
			over[n] = "is not stored any more, so nobody knows how much it moves"
			continue
		}
		if err != nil {
			return nil, err
		}
		if why := tooMuch(proposed, shown.Agent, argumentsOn(cast, shown), cast.Limits); why != "" {
			over[n] = why
		}
	}
	return over, nil
}

// argumentsOn are those that the verdict would approve where they are not the proposed ones.
func argumentsOn(cast *events.VerdictCast, shown events.CardItem) json.RawMessage {
	for _, item := range cast.Items {
		if item.Number == shown.Number && item.Verdict == events.Edit {
			return item.Arguments
		}
	}
	return shown.Edited
}

func tooMuch(proposed *events.ActionProposed, agent string, edited json.RawMessage, l *events.ApprovalLimits) string {
	p := *proposed
	if len(edited) > 0 {
		p.Arguments = edited
	}
	if events.Marked(p.Arguments, p.Private) {
		return "has private arguments, so nobody here knows how much it moves"
	}
	limit, err := grants.MoneyOf(l.Amount, l.Currency)
	if err != nil {
		return "cannot be compared with the limit: " + err.Error()
	}
	f, err := money.Of(input.New(&p, agent, time.Time{}, nil))
	if err != nil {
		return "cannot be read, so nobody knows how much it moves"
	}
	switch amount, unknown := grants.Price(f); {
	case unknown:
		return "moves money, and nobody knows for certain how much"
	case amount == nil:
		return ""
	case amount.Currency != limit.Currency:
		return fmt.Sprintf("moves %s, and the limit is in %s", amount.Currency, limit.Currency)
	case amount.Micros > limit.Micros:
		return fmt.Sprintf("moves %g %s, above the limit of %g", grants.Amount(amount.Micros), amount.Currency, l.Amount)
	}
	return ""
}
