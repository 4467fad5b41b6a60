// Package money derives facts about money: how much an action moves, in what currency, by what means and to whom.
package money

import (
	"math"
	"strconv"
	"strings"

	"github.com/weighlock/weighlock/internal/facts/input"
	"github.com/weighlock/weighlock/internal/facts/name"
	"github.com/weighlock/weighlock/internal/facts/verb"
	"github.com/weighlock/weighlock/internal/facts/word"
)

// Facts is what can be said of the money that an action moves or reads about.
type Facts struct {
	Found     bool     `doc:"the action has to do with money: by the tool's name, or by an amount or a means of payment in its arguments" fact:"found"`
	Moves     bool     `doc:"money or what is worth money moves: by a verb such as pay, transfer, refund, buy; by booking or ordering with a means of payment or an amount; or by an amount beside a payee in a tool that does more than look" fact:"moves"`
	MayMove   bool     `doc:"an amount of money in a tool whose name tells no act" fact:"may_move"`
	Reads     bool     `doc:"only looks at money: balances, invoices, prices, rates" fact:"reads"`
	Kind      string   `doc:"payment, refund, purchase, transfer, trade, withdrawal, deposit, subscription, donation, booking or crypto where money moves; else empty" fact:"kind"`
	Asks      bool     `doc:"asks somebody else for money: an invoice or a payment request is made or sent" fact:"requests_payment"`
	Limit     bool     `doc:"sets a limit or a budget" fact:"sets_limit"`
	Method    bool     `doc:"registers, changes or removes a card, a bank account or another means of payment" fact:"changes_method"`
	Uses      bool     `doc:"the arguments name a means of payment: a card, a payment method, a bank account" fact:"uses_method"`
	Crypto    bool     `doc:"cryptocurrency, tokens, a smart contract, an NFT, a DAO or a wallet's address" fact:"crypto"`
	Contract  bool     `doc:"calls a smart contract, which may move value by itself" fact:"contract_call"`
	Largest   float64  `doc:"the largest amount of money in the arguments, 0 where there is none" fact:"amount"`
	Sum       float64  `doc:"the sum of all amounts of money in the arguments" fact:"sum"`
	Total     bool     `doc:"an amount is there and can be read" fact:"amount_known"`
	Currency  string   `doc:"the currency as an ISO 4217 code or a coin's symbol; 'mixed' where there are several; empty where none is named" fact:"currency"`
	Said      string   `doc:"the sum with its currency, for people: 49.9 EUR; empty where there is no amount" fact:"said"`
	Odd       bool     `doc:"an amount that cannot be read for sure: 1e9 as text, 1.000 that may be a thousand, words, other digits, beyond 1e15, several numbers in one text" fact:"odd_amount"`
	Negative  bool     `doc:"an amount below zero" fact:"negative"`
	Zero      bool     `doc:"an amount of zero" fact:"zero"`
	Recurring bool     `doc:"the payment repeats: a subscription, a standing order, an interval" fact:"recurring"`
	Payees    []string `doc:"to whom, at most 64: account numbers, addresses of wallets and mail, names" fact:"recipients"`
	PayeeKind []string `doc:"what the payees are: iban, wallet, email, account, card, name" fact:"recipient_kinds"`
	BadIBAN   bool     `doc:"something has the form of an IBAN and a wrong checksum" fact:"bad_iban"`
	Card      bool     `doc:"a card's number is in the arguments: 13 to 19 digits with a right check digit, or any such digits under a key for card numbers" fact:"card_number"`
	Truncated bool     `doc:"there are more amounts or payees than are looked at" fact:"truncated"`

	value bool // a contract's function that moves value is named

	// Acts are the acts in the domain of money, the strongest first.
	Acts []verb.Act
	// Amounts are the amounts as read, in the order of the arguments, at most 256.
	Amounts []Amount
	// Recipients are the payees with what they are, at most 64.
	Recipients []Recipient
}

// Amount is an amount of money in the arguments.
type Amount struct {
	Key      string  // the plain key, see [input.PlainKey]
	Value    float64 // never infinite and no NaN
	Currency string  // an ISO 4217 code or a coin's symbol; "" where none is beside it
}

// Recipient is somebody or something that gets money.
type Recipient struct {
	Value string // as written, without spaces where it is a number
	Kind  string // iban, wallet, email, account, card or name
}

const (
	maxAmounts    = 256
	maxRecipients = 64
)

// Of derives the facts. It fails where the arguments cannot be read.
func Of(a *input.Action) (*Facts, error) {
	args, err := a.Parsed()
	if err != nil {
		return nil, err
	}
	f := &Facts{}
	n := name.Of(a.Tool)
	t := topicOf(&n)
	f.gather(args, t.money || t.pays)
	f.decide(&n, t)
	f.total()
	return f, nil
}

// Words of tools' names.
var (
	moneyWords = word.Set(`money fund funds payment payments pay payout payouts payroll salary invoice invoices bill bills billing refund refunds transaction transactions balance balances price prices cost costs
		fee fees fare fares bank banking iban card credit debit loan mortgage tax taxes budget expense expenses currency currencies wallet wallets stock stocks share portfolio trade trades etf dividend
		crypto bitcoin btc eth ethereum token tokens nft nfts dao stake swap defi insurance donation tip charge charges deposit withdrawal purchase purchases checkout subscription subscriptions
		escrow treasury revenue cash remittance beneficiary payee coupon giftcard venmo paypal stripe zelle quote rate rates`)
	cryptoWords  = word.Set("crypto cryptocurrency bitcoin btc eth ether ethereum solana nft nfts dao defi blockchain onchain web3 staking unstake airdrop ipfs erc20 erc721 usdc usdt")
	tokenWords   = word.Set("token tokens coin coins") // of a chain only beside a verb of chains
	chainVerbs   = word.Set("swap stake mint transfer burn airdrop bridge buy sell send")
	callWords    = word.Set("invoke invocation call smart write execute transaction")
	methodWords  = word.Set("card cards method methods account payee beneficiary bank wallet iban mandate")
	limitWords   = word.Set("limit limits budget cap threshold allowance quota")
	bookingVerbs = word.Set("book order reserve buy purchase rent subscribe checkout upgrade renew preorder bid rebook")
	askWords     = word.Set("request requests invoice invoices bill quote reminder")
)

// topic is what a tool's name says of money.
type topic struct {
	money bool // some word is about money
	pays  bool // a verb moves money
}

func topicOf(n *name.Name) topic {
	var t topic
	for _, w := range n.Words {
		t.money = t.money || moneyWords[w]
	}
	for _, a := range n.Acts {
		t.pays = t.pays || a == verb.Pay
	}
	t.money = t.money || t.pays
	return t
}

// decide tells moving from reading, by the name first and by the arguments where it says too little.
func (f *Facts) decide(n *name.Name, t topic) {
	looks := n.Looks()
	words := n.Words
	f.Crypto = f.Crypto || word.Any(words, cryptoWords) || word.Any(words, tokenWords) && word.Any(words, chainVerbs) || word.Has(words, "contract") && (word.Any(words, callWords) || f.hasWallet())
	f.Contract = f.Crypto && word.Has(words, "contract") && !looks
	f.Found = t.money || f.Crypto || len(f.Amounts) > 0 || f.Uses || f.Odd
	f.Limit = word.Any(words, limitWords) && !looks && n.Act() != verb.Pay
	f.Method = t.money && word.Any(words, methodWords) && registers[n.Act()] && !f.Limit && !word.Has(words, "payment", "payments", "pay", "transfer") || word.Has(words, "method", "methods") && registers[n.Act()] && t.money
	asks := word.Has(words, "request", "requests") && word.Has(words, "payment", "payments", "money") || (n.Act() == verb.Create || n.Act() == verb.Send) && word.Any(words, askWords) && t.money
	f.Asks = asks && !looks && !t.pays
	f.Moves = !looks && f.moves(n, t)
	f.Reads = f.Found && looks
	f.MayMove = !f.Moves && len(n.Acts) == 0 && (f.positive() || f.Odd)
	if !f.Found {
		f.dropNames()
	}
	f.kind(n)
	f.Recurring = f.Recurring || f.Moves && word.Has(words, "subscribe", "subscription", "recurring", "autopay", "standing", "installment", "mandate")
	f.acts(n)
}

// moves says that money moves, in a tool that does more than look.
func (f *Facts) moves(n *name.Name, t topic) bool {
	amount := f.positive() || f.Odd
	if f.Contract && (amount || f.value) {
		return true
	}
	if f.Limit || f.Method || f.Asks {
		return false
	}
	switch {
	case t.pays:
		return true
	case word.Any(n.Words, bookingVerbs) && (f.Uses || amount):
		return true
	case amount && len(f.Recipients) > 0 && !n.Has("message", "calendar", "ticket"):
		return true
	case f.Uses && (f.positive() || n.Act() != verb.None) && !offline[n.Act()]:
		return true
	}
	return t.money && handing[n.Act()] && word.Any(n.Words, movements)
}

// handing are the acts that, done to a movement of money, make it.
var handing = map[verb.Act]bool{verb.Send: true, verb.Create: true, verb.Run: true, verb.None: true}

// movements are the words for movements of money.
var movements = word.Set("payment payments payout payouts refund refunds transfer transfers money funds withdrawal purchase trade remittance transaction charge donation deposit checkout payroll")

// registers are the acts that put a means of payment in place or take it away.
var registers = map[verb.Act]bool{verb.Create: true, verb.Change: true, verb.Delete: true, verb.Grant: true}

// offline are the acts that use no means of payment although one is named.
var offline = map[verb.Act]bool{verb.Read: true, verb.Compute: true, verb.Login: true, verb.Delete: true}

// kindWords tell the kind of movement, the most telling first.
var kindWords = []struct {
	kind  string
	words map[string]bool
}{
	{"refund", word.Set("refund refunds reimburse reimbursement cashback chargeback return")},
	{"withdrawal", word.Set("withdraw withdrawal withdrawals cashout")},
	{"deposit", word.Set("deposit deposits topup fund")},
	{"donation", word.Set("donate donation donations tip")},
	{"subscription", word.Set("subscribe subscription subscriptions autopay renew")},
	{"trade", word.Set("trade trades sell stock stocks invest swap exchange liquidate etf option options bid stake unstake shares forex")},
	{"purchase", word.Set("buy purchase purchases checkout cart preorder order orders insurance")},
	{"booking", word.Set("book reserve reservation booking rebook rent flight flights hotel")},
	{"transfer", word.Set("transfer transfers wire remit remittance send zelle venmo payout payouts disburse payroll airdrop")},
}

func (f *Facts) kind(n *name.Name) {
	if !f.Moves {
		return
	}
	for _, k := range kindWords {
		if word.Any(n.Words, k.words) {
			f.Kind = k.kind
			return
		}
	}
	f.Kind = "payment"
	if f.Crypto {
		f.Kind = "crypto"
	}
}

func (f *Facts) acts(n *name.Name) {
	if !f.Found {
		return
	}
	f.Acts = append(f.Acts, n.Acts...)
	if f.Moves {
		f.Acts = append(f.Acts, verb.Pay)
	}
	f.Acts = verb.Sorted(f.Acts)
}

func (f *Facts) positive() bool {
	for _, a := range f.Amounts {
		if a.Value > 0 {
			return true
		}
	}
	return false
}

// dropNames forgets the people that the arguments name where no money is about.
func (f *Facts) dropNames() {
	f.Payees, f.PayeeKind = nil, nil
	kept := f.Recipients[:0]
	for _, r := range f.Recipients {
		if r.Kind == "iban" || r.Kind == "wallet" {
			kept = append(kept, r)
			f.Payees = append(f.Payees, r.Value)
			f.PayeeKind = word.Once(f.PayeeKind, r.Kind)
		}
	}
	f.Recipients = kept
}

func (f *Facts) hasWallet() bool {
	for _, r := range f.Recipients {
		if r.Kind == "wallet" {
			return true
		}
	}
	return false
}

// total sums up; amounts are finite, their sum is capped.
func (f *Facts) total() {
	for _, a := range f.Amounts {
		f.Negative = f.Negative || a.Value < 0
		f.Zero = f.Zero || a.Value == 0
		f.Largest = max(f.Largest, math.Abs(a.Value))
		f.Sum = min(f.Sum+math.Abs(a.Value), math.MaxFloat64)
		if a.Currency != "" && f.Currency == "" {
			f.Currency = a.Currency
		} else if a.Currency != "" && f.Currency != a.Currency {
			f.Currency = "mixed"
		}
	}
	f.Total = len(f.Amounts) > 0 && !f.Odd && !f.Truncated
	if len(f.Amounts) > 0 {
		f.Said = strings.TrimSpace(strconv.FormatFloat(f.Sum, 'f', -1, 64) + " " + f.Currency)
	}
}
