package grants

import "github.com/weighlock/weighlock/internal/facts/money"

// Price is what an action moves by its facts, for [Action]: nil and false only where it moves nothing for certain.
// What is doubtful is unknown, and an unknown amount is never granted.
func Price(f *money.Facts) (amount *Money, unknown bool) {
	looks := f.Reads && !f.Moves && !f.MayMove && !f.Contract && !f.Asks && !f.Uses
	doubtful := f.Odd || f.Negative || f.Zero || f.Truncated || f.Recurring || f.Contract || f.Limit || f.Method
	switch {
	case !f.Found && !f.Moves && !f.MayMove && !doubtful, looks && !doubtful:
		return nil, false
	case doubtful, !f.Total:
		return nil, true
	}
	sum, err := MoneyOf(f.Sum, f.Currency)
	if err != nil {
		return nil, true // no one currency, or beyond what is counted
	}
	return &sum, false
}
