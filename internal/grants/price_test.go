package grants

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/weighlock/weighlock/internal/facts/input"
	"github.com/weighlock/weighlock/internal/facts/money"
	"github.com/weighlock/weighlock/pkg/events"
)

func TestPrice(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		tool, arguments string
		micros          int64 // 0 for none
		unknown         bool
	}{
		{"refund_payment", `{"amount":49.9,"currency":"EUR"}`, 49_900_000, false},
		{"refund_payment", `{"amount":49.9}`, 0, true},
		{"refund_payment", `{"amount":"1e9","currency":"EUR"}`, 0, true},
		{"refund_payment", `{"amount":-5,"currency":"EUR"}`, 0, true},
		{"refund_payment", `{"amount":0,"currency":"EUR"}`, 0, true},
		{"refund_payment", `{}`, 0, true},
		{"pay_invoices", `{"payments":[{"amount":5,"currency":"EUR"},{"amount":6,"currency":"USD"}]}`, 0, true},
		{"list_files", `{"path":"/tmp"}`, 0, false},
	} {
		f, err := money.Of(input.New(&events.ActionProposed{Tool: c.tool, Arguments: json.RawMessage(c.arguments)}, "billing", time.Now(), nil))
		if err != nil {
			t.Fatal(err)
		}
		amount, unknown := Price(f)
		var micros int64
		if amount != nil {
			micros = amount.Micros
		}
		if micros != c.micros || unknown != c.unknown || (amount != nil) != (c.micros > 0) {
			t.Errorf("%s %s: %v, unknown %v", c.tool, c.arguments, amount, unknown)
		}
	}
}
