package lately

import (
	"math"
	"net/url"
	"strconv"
	"strings"

	"github.com/weighlock/weighlock/internal/facts/input"
)

// Seen are the values of an action that are compared with earlier ones.
type Seen struct {
	Tool       string
	Recipients []string  // people, accounts and hosts
	Amounts    []float64 // of money; whatever the currency
}

// sum is the amount of the action. What is no number, or negative, counts for nothing here: other facts judge it.
func (s Seen) sum() (sum float64) {
	for _, a := range s.Amounts {
		if a > 0 && !math.IsInf(a, 0) {
			sum += a
		}
	}
	return min(sum, maxAmount)
}

// maxAmount bounds what one action adds, so that sums stay exact enough to be taken back.
const maxAmount = 1e15

var recipientKeys = keys("to", "cc", "bcc", "recipient", "recipients", "email", "emailaddress", "payee", "beneficiary", "iban", "account", "accountnumber",
	"toaccount", "destination", "destinationaccount", "phone", "phonenumber", "channel", "host", "hostname", "domain", "wallet", "address")

var urlKeys = keys("url", "uri", "endpoint", "webhook", "link", "href")

var amountKeys = keys("amount", "amounts", "total", "totalamount", "sum", "price", "amountusd", "amounteur", "payment")

// letters are those of currencies' codes.
const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

func keys(names ...string) map[string]bool {
	m := make(map[string]bool, len(names))
	for _, n := range names {
		m[n] = true
	}
	return m
}

// SeenIn reads the values out of the arguments by the names of their keys. Arguments that cannot be
// read have none; that they cannot is for other facts to say.
func SeenIn(a *input.Action) Seen {
	s := Seen{Tool: a.Tool}
	parsed, err := a.Parsed()
	if err != nil {
		return s
	}
	for _, t := range parsed.Texts {
		switch value := strings.TrimSpace(t.Value); {
		case value == "":
		case recipientKeys[t.Key]:
			s.Recipients = append(s.Recipients, value)
		case amountKeys[t.Key]:
			if amount, err := strconv.ParseFloat(strings.Trim(value, " $€£"+letters), 64); err == nil {
				s.Amounts = append(s.Amounts, amount) // "20 EUR" too; what is written more oddly is for the facts about money
			}
		case urlKeys[t.Key]:
			if u, err := url.Parse(value); err == nil && u.Host != "" {
				s.Recipients = append(s.Recipients, u.Hostname())
			}
		}
	}
	for _, n := range parsed.Numbers {
		if amountKeys[n.Key] {
			s.Amounts = append(s.Amounts, n.Value)
		}
	}
	return s
}
