package money

import (
	"math"
	"strings"

	"github.com/weighlock/weighlock/internal/facts/input"
	"github.com/weighlock/weighlock/internal/facts/secret"
	"github.com/weighlock/weighlock/internal/facts/word"
)

// Plain keys of arguments, see input.PlainKey.
var (
	amountKeys  = word.Set("amount amounts price total subtotal grandtotal totalamount totalprice totalcost cost fee fare tip sum payment bid offer principal salary wage budget balance premium deposit refund donation charge spend budgetlimit limitprice stopprice unitprice maxprice maxamount minamount notional eth btc usd eur gbp usdc amountusd amountcents amountincents unitamount")
	amountEnds  = []string{"amount", "price", "cost", "fee", "fare", "subtotal", "payment", "salary", "premium", "donation"}
	looseKeys   = word.Set("value quantity qty shares units total sum limit max balance budget") // money only where the tool is about money
	units       = []string{"gb", "mb", "kb", "tb", "kg", "lb", "oz", "ml", "liter", "litre", "gallon", "unit", "dose", "fuel", "water", "data", "item", "rain", "sugar", "salt", "exercise", "coffee", "energy", "power", "time"}
	currencies  = word.Set("currency currencycode curr ccy currencyid asset coin token tokensymbol denomination")
	payeeKeys   = word.Set("to recipient recipients payee beneficiary toaccount toaccountid destination destinationaccount receiver receiverid recipientaccount recipientid recipientiban iban toaddress walletaddress recipientaddress toiban accountnumber account accountid targetaccount vendor supplier merchant seller payto touser recipientname beneficiaryname payeename recipientemail towallet destinationaddress creditoraccount contractaddress donee charity")
	methodKeys  = word.Set("paymentmethod paymentmethods paymentmethodid paymentid cardid cardnumber creditcard creditcardnumber card fundingsource sourceaccount fromaccount bankaccount walletid giftcard payfrom paymenttoken billingaccount paymentsource paymentdetails cardtoken debitaccount")
	cardKeys    = word.Set("cardnumber creditcard creditcardnumber ccnumber pan debitcardnumber card")
	repeatKeys  = word.Set("recurring recurrence interval frequency billingcycle billingperiod autorenew repeat installments schedule rrule autopay")
	valueCalls  = []string{"transfer(", "transferfrom(", "withdraw(", "mint(", "approve(", "send(", "swap(", "burn(", "deposit(", "stake(", "redeem("}
	chainFields = word.Set("contractaddress walletaddress fromwallet towallet tokenaddress tokenid txhash chainid gas gaslimit gasprice nftid network privatekey")
)

// gather collects amounts, currencies, payees and means of payment. about says that the tool's name is about money.
func (f *Facts) gather(args *input.Arguments, about bool) {
	currency := ""
	for _, t := range args.Texts {
		if currencies[t.Key] {
			if c := currencyOf(strings.TrimSpace(t.Value)); c != "" {
				if currency != "" && currency != c {
					c = "mixed"
				}
				currency = c
			}
		}
		f.textOf(t, about)
	}
	for _, n := range args.Numbers {
		f.numberOf(n, about)
	}
	for _, k := range args.Keys {
		plain := input.PlainKey(k)
		f.Crypto = f.Crypto || chainFields[plain] && plain != "network" && plain != "privatekey" && plain != "gas"
		f.Recurring = f.Recurring || about && repeatKeys[plain]
		f.Uses = f.Uses || methodKeys[plain]
	}
	for i := range f.Amounts {
		if f.Amounts[i].Currency == "" {
			f.Amounts[i].Currency = currency
		}
	}
}

func (f *Facts) numberOf(n input.Number, about bool) {
	if cardKeys[n.Key] && n.Value >= 1e12 {
		f.Card = true
		return
	}
	if !isAmount(n.Key, about) {
		return
	}
	if math.IsNaN(n.Value) || math.Abs(n.Value) > most {
		f.Odd = true
		if math.IsNaN(n.Value) || math.IsInf(n.Value, 0) {
			return
		}
	}
	f.addAmount(Amount{Key: n.Key, Value: n.Value})
}

func (f *Facts) textOf(t input.Text, about bool) {
	v := strings.TrimSpace(t.Value)
	if v == "" {
		return
	}
	if isAmount(t.Key, about) {
		r := read(v)
		strict := about || amountKeys[t.Key]
		f.Odd = f.Odd || r.odd && strict
		if r.found {
			f.addAmount(Amount{t.Key, r.value, r.currency})
		}
		return
	}
	lower := strings.ToLower(v[:min(len(v), 4096)])
	for _, c := range valueCalls {
		f.value = f.value || strings.Contains(lower, c)
	}
	f.value = f.value || (t.Key == "function" || t.Key == "functionname" || t.Key == "method" || t.Key == "functioncall") && containsCall(lower)
	f.payee(t, v)
}

// containsCall says that the name of a contract's function moves value.
func containsCall(lower string) bool {
	for _, c := range valueCalls {
		if strings.HasPrefix(lower, strings.TrimSuffix(c, "(")) {
			return true
		}
	}
	return false
}

// isAmount says that a key holds an amount of money.
func isAmount(key string, about bool) bool {
	if looseKeys[key] {
		return about && key != "limit"
	}
	if amountKeys[key] {
		return true
	}
	for _, end := range amountEnds {
		if stem, ok := strings.CutSuffix(key, end); ok {
			for _, u := range units {
				if strings.HasSuffix(stem, u) {
					return false
				}
			}
			return true
		}
	}
	return false
}

func (f *Facts) addAmount(a Amount) {
	if len(f.Amounts) >= maxAmounts {
		f.Truncated = true
		return
	}
	f.Amounts = append(f.Amounts, a)
}

// payee takes accounts and wallets wherever they stand, and names where a key says so.
func (f *Facts) payee(t input.Text, v string) {
	if len(v) > 128 {
		return
	}
	kind := ""
	switch squeezed := squeeze(v); {
	case ibanShape(squeezed):
		kind, v = "iban", squeezed
		f.BadIBAN = f.BadIBAN || !ibanValid(squeezed)
	case cardShape(squeezed) && (cardKeys[t.Key] || luhn(squeezed) && !payeeKeys[t.Key] && !strings.HasSuffix(t.Key, "id") && secret.OfKey(t.Key) == ""):
		f.Card = true
		return
	case walletShape(v):
		kind = "wallet"
		f.Crypto = true
	case payeeKeys[t.Key]:
		kind = kindOfPayee(t.Key, v)
	}
	if kind == "" || ownKeys[t.Key] || kind == "name" && t.Key == "destination" {
		return
	}
	for _, have := range f.Recipients {
		if have.Value == v {
			return
		}
	}
	if len(f.Recipients) >= maxRecipients {
		f.Truncated = true
		return
	}
	f.Recipients = append(f.Recipients, Recipient{v, kind})
	f.Payees = append(f.Payees, v)
	f.PayeeKind = word.Once(f.PayeeKind, kind)
}

// ownKeys name whose money it is, and not who gets it.
var ownKeys = word.Set("from fromaccount sourceaccount fromaddress sender fromwallet fundingsource debitaccount payer")

func kindOfPayee(key, v string) string {
	switch {
	case strings.IndexByte(v, '@') > 0:
		return "email"
	case strings.Contains(key, "account") || digits(v) >= 6 && digits(v)*2 > len(v):
		return "account"
	}
	return "name"
}
