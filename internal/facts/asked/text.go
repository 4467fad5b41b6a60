package asked

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxText is how much of one text is looked at, in bytes; maxWords how many of its words.
const (
	maxText  = 32 << 10
	maxWords = 6000
)

// text is a text made ready for looking things up in it.
type text struct {
	plain string // lower case, white space folded
	words []string
	stems map[string]int // stem -> how often
}

func newText(parts ...string) *text {
	t := &text{stems: map[string]int{}}
	var b strings.Builder
	for _, p := range parts {
		if room := maxText - b.Len(); len(p) > room {
			p = p[:max(room, 0)]
		}
		b.WriteString(p)
		b.WriteByte(' ')
	}
	t.plain = fold(b.String())
	for w := range strings.FieldsFuncSeq(t.plain, notWord) {
		if len(t.words) == maxWords {
			break
		}
		t.words = append(t.words, w)
		t.stems[stem(w)]++
	}
	return t
}

func notWord(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }

// fold is a text in lower case without the marks on Latin letters.
func fold(s string) string {
	ascii := true
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			ascii = false
			break
		}
	}
	s = strings.ToLower(s)
	if ascii {
		return s
	}
	return unmarked.Replace(s)
}

var unmarked = strings.NewReplacer("ä", "a", "á", "a", "à", "a", "â", "a", "ã", "a", "å", "a", "ç", "c", "é", "e", "è", "e", "ê", "e", "ë", "e",
	"í", "i", "ì", "i", "î", "i", "ï", "i", "ñ", "n", "ö", "o", "ó", "o", "ò", "o", "ô", "o", "õ", "o", "ø", "o", "ü", "u", "ú", "u", "ù", "u", "û", "u",
	"ß", "ss", "’", "'", "‘", "'", "“", "\"", "”", "\"", "–", "-", "—", "-")

// stem cuts the commonest endings of English words: enough to bring "hobbies" and "hobby" together.
func stem(w string) string {
	switch {
	case len(w) > 4 && strings.HasSuffix(w, "ies"):
		return w[:len(w)-3] + "y"
	case len(w) > 5 && strings.HasSuffix(w, "ing"):
		return undouble(w[:len(w)-3])
	case len(w) > 4 && strings.HasSuffix(w, "ed"):
		return undouble(w[:len(w)-2])
	case len(w) > 4 && (strings.HasSuffix(w, "ses") || strings.HasSuffix(w, "xes") || strings.HasSuffix(w, "ches") || strings.HasSuffix(w, "shes")):
		return w[:len(w)-2]
	case len(w) > 3 && strings.HasSuffix(w, "s") && !strings.HasSuffix(w, "ss"):
		return strings.TrimSuffix(w[:len(w)-1], "e")
	case len(w) > 3 && strings.HasSuffix(w, "e"):
		return w[:len(w)-1]
	}
	return w
}

func undouble(w string) string {
	if n := len(w); n > 2 && w[n-1] == w[n-2] {
		return w[:n-1]
	}
	return strings.TrimSuffix(w, "e")
}

// has reports whether the text has a phrase, whole words only.
func (t *text) has(phrase string) bool {
	for from := 0; ; {
		i := strings.Index(t.plain[from:], phrase)
		if i < 0 || phrase == "" {
			return false
		}
		i += from
		before, _ := utf8.DecodeLastRuneInString(t.plain[:i])
		after, _ := utf8.DecodeRuneInString(t.plain[i+len(phrase):])
		if (i == 0 || notWord(before)) && (i+len(phrase) == len(t.plain) || notWord(after)) {
			return true
		}
		from = i + 1
	}
}

// share is the part of the content words of other that the text has, 0 to 1; 1 where there are none.
func (t *text) share(words []string) float64 {
	content, found := 0, 0
	for _, w := range words {
		if common[w] || len(w) < 2 {
			continue
		}
		content++
		if t.stems[stem(w)] > 0 {
			found++
		}
	}
	if content == 0 {
		return 1
	}
	return float64(found) / float64(content)
}

// common are words that say little of what a text is about.
var common = func() map[string]bool {
	m := map[string]bool{}
	for w := range strings.FieldsSeq(`a an and any all am are as at be been but by can could did do does for from get had has have he her here him his how i if in into is it its
		just let like make may me might more most my need no not of on one only or other our out over please should show so some such than that the their them then there
		these they this those to too up us use using want was we were what when where which who why will with would you your`) {
		m[w] = true
	}
	return m
}()
