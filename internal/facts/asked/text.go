package asked

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of what is looked at. What lies beyond them is unknown, see [Facts.Truncated].
const (
	maxTextBytes = 32 << 10
	maxTokens    = 4096
)

// token is one word of a text, in lower case and without diacritics.
type token struct {
	text, stem string
	known      *entry
	at, end    int32 // where it is in the folded text
	capital    bool  // the first letter was a capital
	shouted    bool  // more than one letter, all of them capitals
	first      bool  // first word of a sentence
	quoted     bool  // inside quotation marks
	possessive bool  // followed by 's
	name       bool  // like a person's name, see findNames
	comma      bool  // a comma, colon or the like stands before it
}

// source is a text made ready for being searched.
type source struct {
	folded    string
	tokens    []token
	stems     stemSet
	squashed  string // letters and digits alone
	bounds    []bool // by byte of squashed: a word starts there; one more at the end
	numbers   []float64
	truncated bool
}

// clip cuts s to n bytes without cutting a character in two.
func clip(s string, n int) (string, bool) {
	if len(s) <= n {
		return s, false
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n], true
}

// newSource reads text. nil stands for a text that is not there.
func newSource(text string) *source {
	if strings.TrimSpace(text) == "" {
		return nil
	}
	s := &source{}
	text, s.truncated = clip(text, maxTextBytes)
	(&folder{in: text, into: s, start: true}).run()
	s.stems = newStemSet(len(s.tokens))
	squash := make([]byte, 0, len(s.folded))
	s.bounds = make([]bool, len(s.folded)+1)
	for i := range s.tokens {
		t := &s.tokens[i]
		t.stem = stem(t.text)
		t.known = look(t.stem)
		s.stems.add(t.stem)
		s.bounds[len(squash)] = true
		squash = append(squash, t.text...)
	}
	s.bounds[len(squash)] = true
	s.squashed = string(squash)
	s.numbers = numbersIn(s)
	return s
}

// folder turns a text into its folded form and its words in one pass.
type folder struct {
	in    string
	into  *source
	out   []byte
	start bool // a sentence starts
	comma bool
	quote rune // the mark that ends what is quoted, 0 outside
}

func (f *folder) run() {
	f.out = make([]byte, 0, len(f.in)+8)
	f.into.tokens = make([]token, 0, len(f.in)/5+8)
	for i := 0; i < len(f.in); {
		r, n := decode(f.in[i:])
		if !isWord(r) {
			f.sign(r, i, n)
			i += n
			continue
		}
		if len(f.into.tokens) >= maxTokens {
			f.into.truncated = true
			break
		}
		i = f.word(i)
		i = f.possessive(i)
	}
	f.into.folded = string(f.out)
	for i := range f.into.tokens {
		t := &f.into.tokens[i]
		t.text = f.into.folded[t.at:t.end]
	}
}

func decode(s string) (rune, int) {
	if s[0] < utf8.RuneSelf {
		return rune(s[0]), 1
	}
	return utf8.DecodeRuneInString(s)
}

// class is what an ASCII character is within a word.
var class = func() (c [utf8.RuneSelf]byte) {
	for r := range c {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			c[r] = 1
		case r >= 'A' && r <= 'Z':
			c[r] = 2
		}
	}
	return c
}()

func isWord(r rune) bool {
	if r < utf8.RuneSelf {
		return r >= 0 && class[r] != 0
	}
	return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.Mn, r)
}

// word reads one word that starts at i and returns where it ends.
func (f *folder) word(i int) int {
	t := token{at: int32(len(f.out)), first: f.start, quoted: f.quote != 0, comma: f.comma}
	f.start, f.comma = false, false
	letters, capitals := 0, 0
	for i < len(f.in) {
		if c := f.in[i]; c < utf8.RuneSelf && class[c] != 0 {
			if class[c] == 2 {
				t.capital = t.capital || letters == 0
				capitals++
				c |= 0x20
			}
			letters++
			f.out = append(f.out, c)
			i++
			continue
		}
		r, n := decode(f.in[i:])
		if isApostrophe(r) && i+n < len(f.in) && letters > 0 && !f.ownMark(r) {
			// "don't" is one word, "Alice's" is Alice.
			if next, _ := decode(f.in[i+n:]); isWord(next) && !isGenitive(f.in[i+n:]) {
				i += n
				continue
			}
		}
		if !isWord(r) {
			break
		}
		if unicode.IsUpper(r) {
			t.capital = t.capital || letters == 0
			capitals++
		}
		letters++
		f.out = appendFolded(f.out, r)
		i += n
	}
	if len(f.out) == int(t.at) {
		f.out = append(f.out, '*') // marks without a letter: a word is never empty
	}
	t.end = int32(len(f.out))
	t.shouted = letters > 1 && capitals == letters
	f.into.tokens = append(f.into.tokens, t)
	return i
}

// ownMark says that r ends the quotation that is open.
func (f *folder) ownMark(r rune) bool { return f.quote == r && r != '\'' }

func (f *folder) possessive(i int) int {
	if i >= len(f.in) {
		return i
	}
	if r, n := decode(f.in[i:]); isApostrophe(r) && isGenitive(f.in[i+n:]) {
		f.into.tokens[len(f.into.tokens)-1].possessive = true
		f.out = append(f.out, '\'', 's')
		return i + n + 1
	}
	return i
}

func isApostrophe(r rune) bool { return r == '\'' || r == '’' || r == 'ʼ' }

// isGenitive says that rest, which follows an apostrophe, is an s and the word's end.
func isGenitive(rest string) bool {
	if rest == "" || rest[0]|0x20 != 's' {
		return false
	}
	if len(rest) == 1 {
		return true
	}
	r, _ := decode(rest[1:])
	return !isWord(r)
}

// sign takes note of what stands between words.
func (f *folder) sign(r rune, at, n int) {
	switch r {
	case '.', '!', '?':
		// "3.50" and "a.txt" end no sentence.
		f.start = f.start || at+n >= len(f.in) || f.in[at+n] <= ' ' || f.in[at+n] == '"' || f.in[at+n] == '\''
	case '\n':
		f.start = true
	case ',', ';', ':':
		f.comma = true
	}
	f.quotation(r, at)
	f.out = appendFolded(f.out, r)
}

func (f *folder) quotation(r rune, at int) {
	if r == ' ' || r == '.' || r == ',' {
		return
	}
	if f.quote != 0 {
		if r == f.quote {
			f.quote = 0
		}
		return
	}
	closing := closes(r)
	if closing == 0 {
		return
	}
	if r == '\'' && at > 0 && f.in[at-1] > ' ' && f.in[at-1] != '(' {
		return // an apostrophe
	}
	f.quote = closing
}

// closes is the mark that ends what r opens, 0 where it opens nothing.
func closes(r rune) rune {
	switch r {
	case '"', '\'', '`':
		return r
	case '“':
		return '”'
	case '‘':
		return '’'
	case '«':
		return '»'
	case '„':
		return '“'
	}
	return 0
}

// plainLetters are the letters from U+00C0 to U+017F without what stands above or below them.
const plainLetters = "aaaaaaaceeeeiiiidnooooo*ouuuuytsaaaaaaaceeeeiiiidnooooo*ouuuuyty" +
	"aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiiijjkkklllllllllln" +
	"nnnnnnnnoooooooorrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs"

func appendFolded(b []byte, r rune) []byte {
	switch {
	case r >= 'A' && r <= 'Z':
		return append(b, byte(r)|0x20)
	case r < utf8.RuneSelf:
		return append(b, byte(r))
	case r >= 0xc0 && int(r-0xc0) < len(plainLetters) && plainLetters[r-0xc0] != '*':
		return append(b, plainLetters[r-0xc0])
	case r == '’' || r == '‘':
		return append(b, '\'')
	case r >= 0xff01 && r <= 0xff5e: // full width forms of ASCII
		return appendFolded(b, r-0xfee0)
	case r == '‐' || r == '‑' || r == '–' || r == '—':
		return append(b, '-')
	case unicode.Is(unicode.Mn, r) || r == 0xad:
		return b
	}
	return utf8.AppendRune(b, unicode.ToLower(r))
}

// fold is a short text as sources have it.
func fold(s string) string {
	if isFolded(s) {
		return s
	}
	b := make([]byte, 0, len(s))
	for _, r := range s {
		b = appendFolded(b, r)
	}
	return string(b)
}

// isFolded says that folding would change nothing.
func isFolded(s string) bool {
	for i := range len(s) {
		if c := s[i]; c >= utf8.RuneSelf || c >= 'A' && c <= 'Z' {
			return false
		}
	}
	return true
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
