package money

import "strings"

var accountSigns = strings.NewReplacer(" ", "", "-", "")

// squeeze drops spaces and hyphens, and writes in capitals.
func squeeze(s string) string {
	if strings.ContainsAny(s, " -") {
		s = accountSigns.Replace(s)
	}
	return strings.ToUpper(s)
}

func digits(s string) int {
	n := 0
	for i := range len(s) {
		if s[i] >= '0' && s[i] <= '9' {
			n++
		}
	}
	return n
}

// ibanShape says that s is written like an IBAN (ISO 13616): two letters, two digits, up to thirty more, mostly digits.
func ibanShape(s string) bool {
	if len(s) < 15 || len(s) > 34 || !letter(s[0]) || !letter(s[1]) || digits(s[2:4]) != 2 {
		return false
	}
	for i := 4; i < len(s); i++ {
		if !letter(s[i]) && (s[i] < '0' || s[i] > '9') {
			return false
		}
	}
	return digits(s[4:]) >= 8
}

func letter(c byte) bool { return c >= 'A' && c <= 'Z' }

// ibanValid checks the remainder by 97 (ISO 7064).
func ibanValid(s string) bool {
	rest := 0
	for _, part := range [2]string{s[4:], s[:4]} {
		for i := range len(part) {
			if c := part[i]; letter(c) {
				rest = (rest*100 + int(c-'A') + 10) % 97
			} else {
				rest = (rest*10 + int(c-'0')) % 97
			}
		}
	}
	return rest == 1
}

// cardShape says that s is 13 to 19 digits.
func cardShape(s string) bool { return len(s) >= 13 && len(s) <= 19 && digits(s) == len(s) }

// luhn checks a card number's last digit (ISO/IEC 7812).
func luhn(s string) bool {
	sum := 0
	for i := range len(s) {
		d := int(s[len(s)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

// walletShape knows addresses of Ethereum and its like, of Bitcoin, and names that stand for them. Short
// ones ("0xabc1234") are addresses of test networks or made up, and nobody can tell.
func walletShape(s string) bool {
	switch {
	case strings.HasPrefix(s, "0x") || strings.HasPrefix(s, "0X"):
		return len(s) >= 7 && len(s) <= 66 && hex(s[2:])
	case strings.HasPrefix(s, "bc1") || strings.HasPrefix(s, "tb1"):
		return len(s) >= 14 && len(s) <= 74 && plainWord(s)
	case strings.HasSuffix(s, ".eth"), strings.HasSuffix(s, ".sol"):
		return len(s) <= 64 && !strings.ContainsAny(s, " /@")
	case len(s) >= 26 && len(s) <= 44 && (s[0] == '1' || s[0] == '3') && plainWord(s):
		return digits(s) < len(s)-8 && !strings.ContainsAny(s, "0OIl")
	}
	return false
}

func plainWord(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c|0x20 < 'a' || c|0x20 > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}

func hex(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c|0x20 < 'a' || c|0x20 > 'f') && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}
