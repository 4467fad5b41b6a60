package grants

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Money is an amount in one currency, exact: sums of it do not drift.
type Money struct {
	Micros   int64  `json:"micros"` // millionths of the currency's unit
	Currency string `json:"currency"`
}

const (
	places    = 6
	maxAmount = 1e12
)

var errAmount = errors.New("not an amount of money that can be counted: use 0 to 1e12 in one named currency")

// MoneyOf returns the amount exactly as it is written in decimal. Whatever is finer than a millionth is rounded up.
func MoneyOf(amount float64, currencyCode string) (Money, error) {
	if math.IsNaN(amount) || amount < 0 || amount > maxAmount || !currency(currencyCode) {
		return Money{}, fmt.Errorf("%v %q is %w", amount, currencyCode, errAmount)
	}
	whole, fraction, _ := strings.Cut(strconv.FormatFloat(amount, 'f', -1, 64), ".")
	up := int64(0)
	if len(fraction) > places {
		fraction, up = fraction[:places], 1
	}
	micros, err := strconv.ParseInt(whole+fraction+strings.Repeat("0", places-len(fraction)), 10, 64)
	if err != nil {
		return Money{}, fmt.Errorf("%v is %w", amount, errAmount)
	}
	return Money{Micros: micros + up, Currency: currencyCode}, nil
}

// Amount is millionths in the currency's unit, for people to read; it is not counted with.
func Amount(micros int64) float64 { return float64(micros) / 1e6 }

// currency says that code names one currency: not "mixed" and not nothing.
func currency(code string) bool {
	for _, c := range code {
		if c < 'A' || c > 'Z' {
			return false
		}
	}
	return len(code) >= 2 && len(code) <= 8
}
