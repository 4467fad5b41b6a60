package web

import (
	"maps"
	"slices"
	"strings"
	"unicode"
)

// brands are the names that phishing kits imitate most, as the yearly reports of mail and
// browser vendors list them.
var brands = set("google paypal microsoft apple amazon facebook instagram netflix github gitlab linkedin twitter dropbox chase wellsfargo bankofamerica citibank hsbc barclays coinbase binance kraken metamask stripe ebay adobe docusign outlook office365 office yahoo gmail icloud whatsapp telegram discord slack shopify walmart fedex usps revolut santander blockchain okta cloudflare atlassian salesforce openai anthropic sparkasse commerzbank postbank americanexpress capitalone steam roblox spotify airbnb alibaba tiktok venmo zelle wise klarna")

var lures = set("login secure security verify verification account accounts support update signin auth billing service services help wallet id sso portal confirm recovery unlock alert payment online web mail team admin")

// skeletons fold letters that look alike, after Unicode's confusables (UTS 39) for Cyrillic, Greek and a few others.
var skeletons = map[rune]rune{
	'а': 'a', 'в': 'b', 'с': 'c', 'ԁ': 'd', 'е': 'e', 'һ': 'h', 'і': 'i', 'ј': 'j', 'к': 'k', 'ӏ': 'l', 'м': 'm', 'о': 'o', 'р': 'p', 'ԛ': 'q', 'г': 'r', 'ѕ': 's', 'т': 't', 'у': 'y', 'х': 'x', 'ѵ': 'v', 'ԝ': 'w', 'п': 'n', 'ь': 'b',
	'α': 'a', 'β': 'b', 'ε': 'e', 'ι': 'i', 'κ': 'k', 'ν': 'v', 'ο': 'o', 'ρ': 'p', 'τ': 't', 'υ': 'u', 'χ': 'x', 'γ': 'y', 'ω': 'w', 'η': 'n', 'σ': 'o',
	'ı': 'i', 'ł': 'l', 'ø': 'o', 'đ': 'd', 'ħ': 'h', 'ɡ': 'g', 'ɑ': 'a', 'ʟ': 'l', 'ɴ': 'n', 'ʀ': 'r', 'օ': 'o', 'ս': 'u', 'ո': 'n', 'զ': 'q', 'ց': 'g',
	'à': 'a', 'á': 'a', 'â': 'a', 'ã': 'a', 'ä': 'a', 'å': 'a', 'ā': 'a', 'ạ': 'a', 'ç': 'c', 'è': 'e', 'é': 'e', 'ê': 'e', 'ë': 'e', 'ẹ': 'e', 'ì': 'i', 'í': 'i', 'î': 'i', 'ï': 'i', 'ị': 'i', 'ñ': 'n', 'ń': 'n', 'ò': 'o', 'ó': 'o', 'ô': 'o', 'õ': 'o', 'ö': 'o', 'ọ': 'o', 'ù': 'u', 'ú': 'u', 'û': 'u', 'ü': 'u', 'ý': 'y', 'ÿ': 'y', 'š': 's', 'ş': 's', 'ğ': 'g', 'ž': 'z', 'ḷ': 'l', 'ṃ': 'm',
	'0': 'o', '1': 'l', '3': 'e', '5': 's', '4': 'a', '7': 't',
}

var digraphs = strings.NewReplacer("rn", "m", "vv", "w", "cl", "d")

func skeleton(s string) string {
	if ascii(s) && !strings.ContainsAny(s, "013457") {
		return s
	}
	return strings.Map(func(r rune) rune {
		if c, ok := skeletons[r]; ok {
			return c
		}
		return r
	}, s)
}

// mixed says that a label mixes Latin with letters that pass for Latin.
func mixed(label string) bool {
	latin, alike := false, false
	for _, r := range label {
		latin = latin || r < 0x80 && unicode.IsLetter(r)
		alike = alike || unicode.Is(unicode.Cyrillic, r) || unicode.Is(unicode.Greek, r) || unicode.Is(unicode.Armenian, r) || unicode.Is(unicode.Cherokee, r)
	}
	return latin && alike
}

var brandList = slices.Sorted(maps.Keys(brands))

// brandish says that a label imitates a well-known name; s is its skeleton.
func brandish(label, s string) bool {
	if brands[label] {
		return false
	}
	if s != label && brands[s] || brands[undouble(s)] || strings.IndexByte(s, 'l') >= 0 && brands[strings.ReplaceAll(s, "l", "i")] || strings.IndexByte(s, '-') >= 0 && brands[strings.ReplaceAll(s, "-", "")] {
		return true
	}
	for _, b := range brandList {
		switch d := len(s) - len(b); {
		case d < -1:
		case len(b) >= 6 && d <= 1 && near(s, b) && (squeeze(s) == squeeze(b) || swapped(s, b)), d >= 2 && hasLure(s, b):
			return true
		}
	}
	return false
}

// undouble reads letters that are written as two: "rn" for "m".
func undouble(s string) string {
	if strings.Contains(s, "rn") || strings.Contains(s, "vv") || strings.Contains(s, "cl") {
		return digraphs.Replace(s)
	}
	return s
}

// resembles says that two different labels look the same; plain is the skeleton of the first.
func resembles(label, plain, other string) bool {
	o := skeleton(other)
	return plain == o || undouble(plain) == undouble(o) || swapped(label, other)
}

// hasLure says that a label is a name joined with a word such as "login": paypal-login.
func hasLure(label, name string) bool {
	if !strings.Contains(label, name) || label == name {
		return false
	}
	rest := strings.Trim(strings.Replace(label, name, "-", 1), "-")
	for w := range strings.SplitSeq(rest, "-") {
		if lures[w] {
			return true
		}
	}
	return false
}

// borrows says that a well-known domain stands before the registered one: paypal.com.example.net.
func (h *Host) borrows(base string) bool {
	before := strings.TrimSuffix(strings.TrimSuffix(h.Name, base), ".")
	if before == "" {
		return false
	}
	prev := ""
	for label := range strings.SplitSeq(before, ".") {
		if label == "com" && prev != "" && prev != "www" || brands[prev] && (label == "net" || label == "org" || label == "co" || label == "gov" || label == "io") {
			return true
		}
		if name, ok := strings.CutSuffix(label, "-com"); ok && brands[name] {
			return true
		}
		prev = label
	}
	return false
}

func squeeze(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if i == 0 || s[i] != s[i-1] {
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

// swapped says that two neighbours have changed places.
func swapped(a, b string) bool {
	if len(a) != len(b) || a == b {
		return false
	}
	i := 0
	for a[i] == b[i] {
		i++
	}
	return i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
}

// near says that two labels differ by at most one letter more, less or other, or by a swap.
func near(a, b string) bool {
	if a == b || len(a) > len(b)+1 || len(b) > len(a)+1 {
		return false
	}
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	ra, rb := a[i:], b[i:]
	switch {
	case len(ra) == len(rb):
		return ra[1:] == rb[1:] || swapped(a, b)
	case len(ra) > len(rb):
		return ra[1:] == rb
	}
	return ra == rb[1:]
}
