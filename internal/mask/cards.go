package mask

import "strings"

// Payment cards have 13 to 19 digits (ISO/IEC 7812), of which the last checks the others.
const (
	leastDigits = 13
	mostDigits  = 19
)

func hasCardNumber(s string) bool { from, _ := cardNumber(s); return from >= 0 }

// cardNumbers masks the numbers of payment cards, also those in groups.
func cardNumbers(s string) string {
	var b strings.Builder
	for {
		from, to := cardNumber(s)
		if from < 0 {
			return b.String() + s
		}
		b.WriteString(s[:from] + masked("card number", s[from:to]))
		s = s[to:]
	}
}

// cardNumber finds the first number of a card: digits, in groups divided by single spaces or hyphens, that pass the check and begin as issuers'
// numbers do. from is -1 where there is none.
func cardNumber(s string) (from, to int) {
	for i := 0; i < len(s); {
		if !digit(s[i]) || i > 0 && (digit(s[i-1]) || letter(s[i-1])) {
			i++
			continue
		}
		end, digits, groups := i, make([]byte, 0, mostDigits+1), ""
		size := byte('0')
		for j := i; j < len(s) && len(digits) <= mostDigits; j++ {
			switch {
			case digit(s[j]):
				digits, end, size = append(digits, s[j]), j+1, size+1
				continue
			case (s[j] == ' ' || s[j] == '-') && j+1 < len(s) && digit(s[j+1]):
				groups, size = groups+string(size), '0'
				continue
			}
			break
		}
		bounded := end == len(s) || !digit(s[end]) && !letter(s[end])
		if n := len(digits); n >= leastDigits && n <= mostDigits && bounded && printed(groups+string(size)) && digits[0] >= '3' && digits[0] <= '6' && luhn(digits) {
			return i, end
		}
		i = end
	}
	return -1, -1
}

// printed reports whether digits are in groups as they are printed on cards, or in none. Telephone numbers are not.
func printed(groups string) bool {
	return len(groups) == 1 || groups == "465" || len(groups) >= 4 && strings.HasPrefix(groups, "444")
}

func digit(c byte) bool  { return c >= '0' && c <= '9' }
func letter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// luhn is the check of ISO/IEC 7812.
func luhn(digits []byte) bool {
	sum := 0
	for i := range digits {
		n := int(digits[len(digits)-1-i] - '0')
		if i%2 == 1 {
			if n *= 2; n > 9 {
				n -= 9
			}
		}
		sum += n
	}
	return sum%10 == 0
}
