package money

import (
	"encoding/json"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/weighlock/weighlock/internal/facts/input"
	"github.com/weighlock/weighlock/internal/facts/verb"
	"github.com/weighlock/weighlock/pkg/events"
)

func of(t *testing.T, tool, arguments string) *Facts {
	t.Helper()
	f, err := Of(input.New(&events.ActionProposed{Tool: tool, Arguments: json.RawMessage(arguments)}, "agent", time.Time{}, nil))
	if err != nil {
		t.Fatalf("%s %.80s: %v", tool, arguments, err)
	}
	return f
}

// check wants each of the facts named in want to be true, and false where it begins with "!".
func check(t *testing.T, what string, f *Facts, want string) {
	t.Helper()
	v := reflect.ValueOf(f).Elem()
	have := map[string]bool{}
	for i := range v.NumField() {
		if name, ok := v.Type().Field(i).Tag.Lookup("fact"); ok && v.Field(i).Kind() == reflect.Bool {
			have[name] = v.Field(i).Bool()
		}
	}
	for w := range strings.FieldsSeq(want) {
		name, not := strings.CutPrefix(w, "!")
		if is, known := have[name]; !known || is == not {
			t.Errorf("%.140s: %s is %v (known %v)", what, name, is, known)
		}
	}
}

func TestFacts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ tool, arguments, kind, want string }{
		{"transfer_funds", `{"to":"DE89370400440532013000","amount":10}`, "transfer", "found moves !reads amount_known"},
		{"send_money", `{"recipient":"GB82WEST12345698765432","amount":98.7}`, "transfer", "moves"},
		{"pay_invoice", `{"amount":10}`, "payment", "moves"},
		{"pay_bill", `{}`, "payment", "moves !amount_known"},
		{"issue_refund", `{"order_id":"1","amount":5}`, "refund", "moves"},
		{"request_refund", `{"order_id":"1"}`, "refund", "moves"},
		{"withdraw_funds", `{"amount":500}`, "withdrawal", "moves"},
		{"donate", `{"amount":5,"charity":"x"}`, "donation", "moves"},
		{"subscribe_plan", `{"plan":"pro","payment_method":"pm_1"}`, "subscription", "moves recurring"},
		{"sell_stock", `{"symbol":"X","shares":5,"price":10}`, "trade", "moves"},
		{"buy_item", `{"sku":"1"}`, "purchase", "moves"},
		{"checkout", `{}`, "purchase", "moves"},
		{"book_flight", `{"card_id":"c1","from":"A"}`, "booking", "moves uses_method"},
		{"book_flight", `{"from":"A"}`, "", "!moves"},
		{"reserve_hotel", `{"hotel":"A","date":"x"}`, "", "!moves !found"},
		{"update_reservation", `{"payment_id":"credit_card_1"}`, "booking", "moves uses_method"},
		{"execute", `{"amount":5,"recipient":"Bob"}`, "payment", "moves"},
		{"frobnicate", `{"amount":5}`, "", "!moves may_move"},
		{"frobnicate", `{"amount":5,"payee":"Bob"}`, "payment", "moves"},
		{"frobnicate", `{"count":5}`, "", "!moves !may_move !found"},
		{"get_balance", `{"account":"1"}`, "", "found reads !moves"},
		{"list_transactions", ``, "", "found reads !moves"},
		{"get_exchange_rate", `{"from":"USD","to":"EUR"}`, "", "reads !moves"},
		{"convert_currency", `{"amount":5,"to":"EUR"}`, "", "reads !moves"},
		{"payment_history", ``, "", "reads !moves"},
		{"calculate_tip", `{"amount":50}`, "", "reads !moves"},
		{"search_and_pay", `{"amount":50}`, "payment", "moves !reads"},
		{"set_budget", `{"budget":1000}`, "", "sets_limit !moves"},
		{"update_card_limit", `{"limit":5000}`, "", "sets_limit !moves"},
		{"register_card", `{"card_number":"4111 1111 1111 1111"}`, "", "changes_method card_number !moves"},
		{"add_bank_account", `{"iban":"DE89370400440532013000"}`, "", "changes_method !moves"},
		{"add_payment_method", `{"card_number":"4111"}`, "", "changes_method !moves"},
		{"delete_beneficiary", `{"id":"1"}`, "", "!moves"},
		{"send_payment_request", `{"to":"bob@example.com","amount":5}`, "", "requests_payment !moves"},
		{"create_invoice", `{"customer":"x","amount":5}`, "", "requests_payment !moves"},
		{"invoke_contract", `{"contract_address":"0xabcdef12","function":"transfer","parameters":{"to":"0xabcdef34","amount":0.1}}`, "crypto", "moves crypto contract_call"},
		{"invoke_contract", `{"contract_address":"0xabcdef12","function":"verify"}`, "", "!moves crypto contract_call"},
		{"vote_on_dao", `{"proposal":"1"}`, "", "!moves crypto"},
		{"swap_tokens", `{"amount":"1.5","token":"ETH"}`, "trade", "moves crypto"},
		{"mint_nft", `{"name":"x"}`, "", "crypto !moves"},
		{"get_wallet", `{"wallet_address":"0xde0B295669a9FD93d5F28D9Ec85E40f4cb697BAe"}`, "", "crypto reads !moves"},
		{"schedule_payment", `{"amount":5,"frequency":"monthly"}`, "payment", "moves recurring"},
		{"get_weather", `{"city":"x"}`, "", "!found"},
		{"add_storage", `{"gb_amount":2}`, "", "!found !may_move"},
		{"send_email", `{"to":"bob@example.com","body":"pay 5 EUR"}`, "", "!moves"},
		{"create_event", `{"title":"x","cost":5,"recipient":"Bob"}`, "", "!moves"},
	} {
		f := of(t, c.tool, c.arguments)
		check(t, c.tool+" "+c.arguments, f, c.want)
		if f.Kind != c.kind {
			t.Errorf("%s %s: kind %q, want %q", c.tool, c.arguments, f.Kind, c.kind)
		}
		if f.Moves && (len(f.Acts) == 0 || !slices.Contains(f.Acts, verb.Pay)) {
			t.Errorf("%s moves money and its acts are %v", c.tool, f.Acts)
		}
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]reading{
		"20":                   {20, "", true, false},
		"EUR 20":               {20, "EUR", true, false},
		"20 EUR":               {20, "EUR", true, false},
		"$1,234.50":            {1234.5, "USD", true, false},
		"1.234,50 €":           {1234.5, "EUR", true, false},
		"1,000.00":             {1000, "", true, false},
		"1.000,00":             {1000, "", true, false},
		"1,000":                {1000, "", true, false},
		"1.000":                {1, "", true, true},
		"0.500":                {0.5, "", true, false},
		"1 000,50":             {1000.5, "", true, false},
		"1\u00a0000,50":        {1000.5, "", true, false},
		"1'000.50":             {1000.5, "", true, false},
		"10,5":                 {10.5, "", true, false},
		"1,000,000":            {1e6, "", true, false},
		"1.000.000":            {1e6, "", true, false},
		"1,00,000.00":          {1e5, "", true, true},
		"1,0000":               {1, "", true, false},
		".5":                   {0.5, "", true, false},
		"-5":                   {-5, "", true, false},
		"\u22125":              {-5, "", true, false},
		"(5)":                  {-5, "", true, false},
		"$-5":                  {-5, "USD", true, false},
		"10 ETH":               {10, "ETH", true, false},
		"ten":                  {0, "", false, true},
		"NaN":                  {0, "", false, true},
		"Infinity":             {0, "", false, true},
		"1e9":                  {0, "", false, true},
		"0x10":                 {0, "", false, true},
		"20-30":                {0, "", false, true},
		"100%":                 {100, "", true, true},
		"1 million":            {1, "", true, true},
		"５０":                   {0, "", false, true},
		"5 ٠":                  {5, "", true, true},
		"USD 5 EUR":            {5, "EUR", true, true},
		"99999999999999999999": {1e20, "", true, true},
		"":                     {0, "", false, false},
	} {
		if got := read(text); got != want {
			t.Errorf("%q: %+v, want %+v", text, got, want)
		}
	}
}

func TestAmounts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		arguments    string
		largest, sum float64
		currency     string
		want         string
	}{
		{`{"amount":5,"currency":"EUR"}`, 5, 5, "EUR", "amount_known !odd_amount"},
		{`{"amount":"$5"}`, 5, 5, "USD", "amount_known"},
		{`{"payments":[{"amount":5},{"amount":7}]}`, 7, 12, "", "amount_known"},
		{`{"amount":"5 EUR","fee":"1 USD"}`, 5, 6, "mixed", ""},
		{`{"amount":-5}`, 5, 5, "", "negative"},
		{`{"amount":0}`, 0, 0, "", "zero amount_known"},
		{`{"amount":"1e9"}`, 0, 0, "", "odd_amount !amount_known"},
		{`{"amount":"all"}`, 0, 0, "", "odd_amount"},
		{`{"amount":1e300}`, 1e300, 1e300, "", "odd_amount"},
		{`{"amount":5,"note":"amount: 9999"}`, 5, 5, "", "amount_known"},
		{`{"ticketPrice":5}`, 5, 5, "", ""},
		{`{"value":5}`, 5, 5, "", ""},
		{`{}`, 0, 0, "", "!amount_known !zero"},
	} {
		f := of(t, "pay", c.arguments)
		check(t, c.arguments, f, c.want)
		if f.Largest != c.largest || f.Sum != c.sum || f.Currency != c.currency {
			t.Errorf("%s: largest %v, sum %v %s", c.arguments, f.Largest, f.Sum, f.Currency)
		}
	}
	many := of(t, "pay", `{"amounts":[`+strings.Repeat("1e308,", 500)+`1]}`)
	if len(many.Amounts) != maxAmounts || !many.Truncated || math.IsInf(many.Sum, 0) {
		t.Errorf("%d amounts, truncated %v, sum %v", len(many.Amounts), many.Truncated, many.Sum)
	}
}

func TestRecipients(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		arguments, value, kind string
		bad                    bool
	}{
		{`{"to":"DE89 3704 0044 0532 0130 00"}`, "DE89370400440532013000", "iban", false},
		{`{"to":"de89370400440532013000"}`, "DE89370400440532013000", "iban", false},
		{`{"to":"DE00370400440532013000"}`, "DE00370400440532013000", "iban", true},
		{`{"x":{"y":"GB82WEST12345698765432"}}`, "GB82WEST12345698765432", "iban", false},
		{`{"to":"0xde0B295669a9FD93d5F28D9Ec85E40f4cb697BAe"}`, "0xde0B295669a9FD93d5F28D9Ec85E40f4cb697BAe", "wallet", false},
		{`{"to":"bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq"}`, "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq", "wallet", false},
		{`{"to":"1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2"}`, "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2", "wallet", false},
		{`{"to":"vitalik.eth"}`, "vitalik.eth", "wallet", false},
		{`{"payee":"bob@example.com"}`, "bob@example.com", "email", false},
		{`{"to":"12345678"}`, "12345678", "account", false},
		{`{"payee":"Bob"}`, "Bob", "name", false},
		{`{"from_account":"DE89370400440532013000"}`, "", "", false},
		{`{"note":"hello"}`, "", "", false},
	} {
		f := of(t, "pay", c.arguments)
		value, kind := "", ""
		if len(f.Recipients) > 0 {
			value, kind = f.Recipients[0].Value, f.Recipients[0].Kind
		}
		if value != c.value || kind != c.kind || f.BadIBAN != c.bad {
			t.Errorf("%s: %q %q, bad %v", c.arguments, value, kind, f.BadIBAN)
		}
	}
}

func TestCards(t *testing.T) {
	t.Parallel()
	for arguments, want := range map[string]bool{
		`{"x":"4111 1111 1111 1111"}`:           true,
		`{"x":"4111-1111-1111-1112"}`:           false,
		`{"card_number":"4111-1111-1111-1112"}`: true,
		`{"card_number":4111111111111111}`:      true,
		`{"order_id":"4111111111111111"}`:       false,
		`{"x":"4111"}`:                          false,
	} {
		if got := of(t, "x", arguments).Card; got != want {
			t.Errorf("%s: card %v", arguments, got)
		}
	}
}

func FuzzOf(f *testing.F) {
	f.Add("pay", `{"amount":"1.000,50 EUR","to":"DE89370400440532013000"}`)
	f.Add("x", `{"amount":[-1e300,"5 ٠"],"card":"4111111111111111"}`)
	f.Fuzz(func(t *testing.T, tool, arguments string) {
		facts, err := Of(input.New(&events.ActionProposed{Tool: tool, Arguments: json.RawMessage(arguments)}, "", time.Time{}, nil))
		if err != nil {
			return
		}
		if math.IsNaN(facts.Sum) || math.IsInf(facts.Sum, 0) || facts.Sum < facts.Largest {
			t.Fatalf("%s: sum %v of amounts up to %v", arguments, facts.Sum, facts.Largest)
		}
		if facts.Moves && facts.Reads || facts.Moves && facts.Kind == "" || len(facts.Payees) != len(facts.Recipients) {
			t.Fatalf("%s %s: %+v", tool, arguments, facts)
		}
	})
}

func FuzzRead(f *testing.F) {
	for _, s := range []string{"1.000,50 €", "1e9", "-.5", "''1", "1,,2"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if r := read(s); math.IsNaN(r.value) || math.IsInf(r.value, 0) || r.found && math.Abs(r.value) > most && !r.odd {
			t.Fatalf("%q: %+v", s, r)
		}
	})
}

func BenchmarkOf(b *testing.B) {
	filler := strings.Repeat("word ", 150)
	for name, a := range map[string]*events.ActionProposed{
		"payment": {Tool: "pay_invoice", Arguments: json.RawMessage(`{"amount":"1.000,50 EUR","to":"DE89370400440532013000","note":"` + filler + `"}`)},
		"other":   {Tool: "get_order", Arguments: json.RawMessage(`{"id":"1"}`)},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			in := input.New(a, "a", time.Time{}, nil)
			if _, err := in.Parsed(); err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if _, err := Of(in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
