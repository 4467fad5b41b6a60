package money

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/weighlock/weighlock/internal/facts/word"
)

// most is the largest amount that is believed: a hundred times the money there is.
const most = 1e15

// codes are the currencies of ISO 4217 in use, and the symbols of common coins.
var codes = word.Set(`usd eur gbp jpy chf cny rmb cad aud nzd sek nok dkk isk pln czk huf ron bgn try rub uah ils aed sar qar kwd bhd omr egp zar ngn kes ghs mad tnd inr pkr bdt lkr npr
	thb vnd idr myr sgd php hkd twd krw mnt kzt uzs gel amd azn brl mxn ars clp cop pen uyu bob pyg crc gtq dop jmd ttd xaf xof
	btc eth usdt usdc sol bnb xrp ada doge dot ltc matic avax link dai trx shib wei gwei sats lamports weth wbtc`)

var symbols = map[string]string{
	"$": "USD", "US$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "₹": "INR", "₽": "RUB", "₩": "KRW", "₺": "TRY", "₿": "BTC", "R$": "BRL", "A$": "AUD", "C$": "CAD", "zł": "PLN",
	"dollar": "USD", "dollars": "USD", "euro": "EUR", "euros": "EUR", "pound": "GBP", "pounds": "GBP", "yen": "JPY", "francs": "CHF", "rupees": "INR", "yuan": "CNY", "bitcoin": "BTC", "ether": "ETH", "ethereum": "ETH",
}

// reading is what a text says of an amount.
type reading struct {
	value    float64
	currency string
	found    bool // there is a number
	odd      bool // the number can be read in more than one way, or not for sure
}

// read reads "20", "EUR 20", "$1,234.50", "1.234,50 €", "10 ETH". What may be meant
// otherwise is odd: people and banks would not agree on "1.000" or "1e9".
func read(text string) reading {
	text = strings.TrimSpace(text)
	if text == "" || len(text) > 64 {
		return reading{odd: len(text) > 64}
	}
	var r reading
	start, end := -1, -1
	for i := range len(text) {
		if text[i] >= '0' && text[i] <= '9' {
			if start < 0 {
				start = i
			}
			end = i + 1
		}
	}
	if start < 0 {
		r.odd = true // words, other scripts' digits, NaN, infinity
		return r
	}
	before, digits, after := strings.TrimSpace(text[:start]), text[start:end], strings.TrimSpace(text[end:])
	negative := strings.HasSuffix(before, "-") || strings.HasPrefix(before, "-") || strings.HasPrefix(before, "(") || strings.HasPrefix(before, "\u2212")
	leading := strings.HasSuffix(before, ".") || strings.HasSuffix(before, ",") // ".5"
	before = strings.Trim(before, "-+(.,\u2212 ")
	after = strings.Trim(after, ".,)- ")
	r.currency = currencyOf(before)
	if c := currencyOf(after); c != "" {
		r.odd = r.currency != "" && r.currency != c
		r.currency = c
	}
	r.odd = r.odd || !sayable(before) || !sayable(after)
	plain, odd := normal(digits)
	if leading {
		plain = "0." + plain
	}
	v, err := strconv.ParseFloat(plain, 64)
	if err != nil || math.IsInf(v, 0) || math.IsNaN(v) {
		r.odd = true
		return r
	}
	if negative {
		v = -v
	}
	r.value, r.found, r.odd = v, true, r.odd || odd || math.Abs(v) > most
	return r
}

// sayable says that what stands beside a number is a currency or nothing.
func sayable(s string) bool { return s == "" || currencyOf(s) != "" }

func currencyOf(s string) string {
	if s == "" || len(s) > 12 {
		return ""
	}
	if c, ok := symbols[s]; ok {
		return c
	}
	lower := strings.ToLower(s)
	if c, ok := symbols[lower]; ok {
		return c
	}
	if codes[lower] {
		return strings.ToUpper(lower)
	}
	return ""
}

// thousands are signs between thousands that are read as spaces.
var thousands = strings.NewReplacer("'", " ", "_", " ")

// normal writes a number with a point and no signs between thousands.
func normal(d string) (plain string, odd bool) {
	for i := range len(d) {
		if c := d[i]; (c < '0' || c > '9') && c != '.' && c != ',' && c != ' ' && c != '\'' && c != '_' {
			if r, n := utf8.DecodeRuneInString(d[i:]); r == 0xA0 || r == 0x202F || r == 0x2019 {
				return normal(d[:i] + " " + d[i+n:])
			}
			return "", true // "1e9", "0x10", "20-30", other digits
		}
	}
	d = thousands.Replace(d)
	decimal, odd := decimalOf(d)
	plain, uneven := join(d, decimal)
	return plain, odd || uneven
}

// decimalOf tells the sign before the fraction, 0 where there is none, and whether it may be meant otherwise.
func decimalOf(d string) (sign byte, odd bool) {
	points, commas := strings.Count(d, "."), strings.Count(d, ",")
	switch {
	case points > 0 && commas > 0: // the last sign divides
		if strings.LastIndexByte(d, ',') > strings.LastIndexByte(d, '.') {
			return ',', points > 1 && commas > 1
		}
		return '.', points > 1 && commas > 1
	case points == 1:
		at := strings.IndexByte(d, '.')
		return '.', len(d)-at == 4 && d[0] != '0' && at <= 3 // "1.000"
	case commas == 1 && (len(d)-strings.IndexByte(d, ',') != 4 || d[0] == '0'): // "1,000" is a thousand nearly everywhere it is written
		return ',', false
	}
	return 0, false
}

// join drops the signs between thousands; uneven says that they do not stand between thousands.
func join(d string, decimal byte) (plain string, uneven bool) {
	var b strings.Builder
	group := -1 // digits since the last sign between thousands
	divided := false
	for i := range len(d) {
		switch c := d[i]; {
		case c >= '0' && c <= '9':
			b.WriteByte(c)
			if group >= 0 && !divided {
				group++
			}
		case c == decimal && i == strings.LastIndexByte(d, decimal):
			uneven = uneven || group >= 0 && group != 3
			divided = true
			b.WriteByte('.')
		default:
			uneven = uneven || group >= 0 && group != 3 || divided
			group = 0
		}
	}
	return b.String(), uneven || !divided && group >= 0 && group != 3
}
