package asked

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

func display(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// has says that the text contains the value, as people would write it.
func (s *source) has(v *value) bool {
	if s == nil {
		return false
	}
	switch v.kind {
	case blank:
		return false
	case amount:
		if v.text == "" || s.hasNumber(v.number) && v.text == display(v.number) {
			return true
		}
		return s.hasAmountText(v.text)
	}
	f := v.folded
	if v.text == display(v.number) && isDigit(v.text[0]) {
		return s.hasNumber(v.number)
	}
	if s.hasWords(f) {
		return true
	}
	switch v.kind {
	case mail:
		return s.hasMail(f)
	case host:
		return s.hasHost(f)
	case path:
		return s.hasPath(f)
	case calendarDay:
		month, day, ok := dayIn(f)
		return ok && s.hasDate(month, day)
	case person:
		return s.hasName(f) || s.hasUser(f)
	case place, plain:
		return s.hasName(f)
	case prose:
		return s.share(v) >= 0.5
	}
	return false
}

func (s *source) hasAmountText(text string) bool {
	return slices.ContainsFunc(digitNumbers(fold(text)), s.hasNumber)
}

// minSquashed is how many letters and digits a value needs to be looked for regardless of spaces and signs.
const minSquashed = 4

// Limits of one search, against texts that are made to take long.
const (
	maxTries  = 64
	maxSought = 2 << 10 // bytes of a value
)

// hasWords says that the text has the words of f in this order, whatever stands between them:
// "course_notes" is "course notes". It starts and ends where words do.
func (s *source) hasWords(f string) bool {
	var buf [64]byte
	q := squash(buf[:0], f, len(s.squashed))
	if len(q) == 0 || len(q) > len(s.squashed) {
		return false
	}
	short := len(q) < minSquashed
	from := 0
	for range maxTries {
		i := strings.Index(s.squashed[from:], string(q))
		if i < 0 {
			return false
		}
		i += from
		if s.bounds[i] && (s.bounds[i+len(q)] || !short && s.pluralAt(i+len(q))) {
			return true
		}
		from = i + 1
	}
	return false
}

func (s *source) pluralAt(i int) bool {
	return s.squashed[i] == 's' && s.bounds[i+1]
}

// squash appends the letters and digits of f; more than most are too many, and it stops.
func squash(to []byte, f string, most int) []byte {
	for i := 0; i < len(f) && len(to) <= most; {
		if c := f[i]; c < utf8.RuneSelf {
			if class[c] != 0 {
				to = append(to, c)
			}
			i++
			continue
		}
		r, n := decode(f[i:])
		if isWord(r) {
			to = append(to, f[i:i+n]...)
		}
		i += n
	}
	return to
}

// words calls f with each word of folded text until it returns false.
func words(folded string, f func(word string) bool) {
	for from, to := nextWord(folded, 0); from < to; from, to = nextWord(folded, to) {
		if !f(folded[from:to]) {
			return
		}
	}
}

// nextWord is where the first word from i on starts and ends; both are the end of the text where there is none.
func nextWord(folded string, i int) (from, to int) {
	for i < len(folded) {
		n, is := wordAt(folded, i)
		if is {
			break
		}
		i += n
	}
	from = i
	for i < len(folded) {
		n, is := wordAt(folded, i)
		if !is {
			break
		}
		i += n
	}
	return from, i
}

// wordAt is how long the character at i is and whether it belongs to a word.
func wordAt(s string, i int) (n int, is bool) {
	if s[i] < utf8.RuneSelf {
		return 1, class[s[i]] != 0
	}
	r, n := decode(s[i:])
	return n, isWord(r)
}

// term is a word of a value, made ready for being compared.
type term struct {
	hash   uint64 // of the stem
	weight float64
	end    int32 // where it ends in the folded text
}

// read are the words of the value. They are read once, because every source is asked for them.
func (v *value) read() []term {
	if v.terms != nil {
		return v.terms
	}
	v.terms = make([]term, 0, len(v.folded)/5+1)
	for from, to := nextWord(v.folded, 0); from < to; from, to = nextWord(v.folded, to) {
		st := stem(v.folded[from:to])
		v.terms = append(v.terms, term{hash(st), look(st).weight(st), int32(to)})
	}
	return v.terms
}

// hasName says that every word of a name is in the text, or of a name of several words the first or the last.
func (s *source) hasName(f string) bool {
	n, found, telling := 0, 0, false
	words(f, func(w string) bool {
		n++
		st := stem(w)
		if s.stems.has(st) {
			found++
			telling = telling || look(st).weight(st) > 0
		}
		return n < 16
	})
	return n > 0 && telling && (found == n || n <= 3 && n > 1 && found >= 1)
}

// minSurname is how long a name must be to be seen within a user's name ("kstone").
const minSurname = 4

// hasUser says that one word of f holds a name that the text has with a capital.
func (s *source) hasUser(f string) bool {
	if len(f) <= minSurname || len(f) > 40 || strings.IndexByte(f, ' ') >= 0 {
		return false
	}
	for i := range s.tokens {
		if t := &s.tokens[i]; t.capital && len(t.text) >= minSurname && t.known.is&(common|notName|generic) == 0 && t.known.acts == 0 && strings.Contains(f, t.text) {
			return true
		}
	}
	return false
}

// hasMail says that the text names who owns the address: a part of the local part that is a name.
func (s *source) hasMail(f string) bool {
	local, _, _ := strings.Cut(f, "@")
	n, found := 0, false
	words(strings.ReplaceAll(local, "_", " "), func(w string) bool {
		w = strings.TrimRight(w, "0123456789")
		found = len(w) >= 3 && look(stem(w)).is&generic == 0 && s.stems.has(stem(w)) || s.hasUser(w)
		n++
		return !found && n < 16
	})
	return found
}

// hostOf is the host of a URL without port, "www." and user.
func hostOf(f string) string {
	if _, after, ok := strings.Cut(f, "://"); ok {
		f = after
	}
	if end := strings.IndexAny(f, "/?#"); end >= 0 {
		f = f[:end]
	}
	f = f[strings.LastIndexByte(f, '@')+1:]
	f, _, _ = strings.Cut(f, ":")
	return strings.TrimPrefix(f, "www.")
}

// hasHost says that the text has the host, or all words of the label that somebody registered:
// "our company" is our-company.com, and "the GitLab repo" gitlab.example.org.
func (s *source) hasHost(f string) bool {
	h := hostOf(f)
	if h == "" || s.hasWords(h) {
		return h != ""
	}
	labels := strings.Split(h, ".")
	if len(labels) < 2 {
		return false
	}
	for _, label := range labels[:len(labels)-1] {
		n, found, telling := 0, 0, false
		words(label, func(w string) bool {
			if tops[w] || len(w) < 2 {
				return true
			}
			n++
			if st := stem(w); s.stems.has(st) {
				found++
				telling = telling || look(st).weight(st) > 0
			}
			return true
		})
		if n == found && telling {
			return true
		}
	}
	return false
}

// hasPath says that the text has the last part of the path; an ordinary one ("file.txt") only as it is written.
func (s *source) hasPath(f string) bool {
	base := strings.TrimRight(f, `/\*`)
	base = base[strings.LastIndexAny(base, `/\`)+1:]
	if base == "" || base == "." || base == ".." {
		return false
	}
	if s.hasWords(base) && (strings.IndexByte(base, '.') > 0 || look(stem(base)).weight(stem(base)) == 1) {
		return true
	}
	name := base
	if dot := strings.LastIndexByte(base, '.'); dot > 0 {
		name = base[:dot]
	}
	n, found, telling := 0, 0, false
	words(strings.ReplaceAll(name, "_", " "), func(w string) bool {
		n++
		st := stem(w)
		if s.stems.has(st) {
			found++
			telling = telling || look(st).weight(st) == 1
		}
		return n < 16
	})
	return n > 0 && n == found && telling
}

// maxShared is how many words of a value are compared.
const maxShared = 512

// share is how much of the words of the value is in s, by weight; 1 where there is nothing to find.
func (s *source) share(v *value) float64 {
	all, found := 0.0, 0.0
	terms := v.read()
	for _, t := range terms[:min(len(terms), maxShared)] {
		all += t.weight
		if t.weight > 0 && s.stems.hasHash(t.hash) {
			found += t.weight
		}
	}
	if all == 0 {
		return 1
	}
	return found / all
}
