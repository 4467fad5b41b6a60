package asked

import "strings"

// minStem is how long a word must stay when an ending is taken off.
const minStem = 3

// endings are taken off, the first that fits; what they leave is compared, not read.
var endings = []string{"ations", "ation", "ments", "ment", "ings", "ing", "ions", "ion", "ies", "ied", "es", "ed", "s"}

// ends is 1 for the bytes that no ending ends with.
var ends = func() (no [256]byte) {
	for i := range no {
		no[i] = 1
	}
	for _, e := range endings {
		no[e[len(e)-1]] = 0
	}
	return no
}()

// irregular are forms whose stems would differ.
var irregular = map[string]string{
	"paid": "pay", "sent": "send", "bought": "buy", "sold": "sell", "made": "mak", "wrote": "writ", "written": "writ", "told": "tell", "gave": "giv", "given": "giv",
	"took": "tak", "taken": "tak", "got": "get", "gotten": "get", "ran": "run", "drew": "draw", "drawn": "draw", "spent": "spend", "lent": "lend", "built": "build", "forgot": "forget",
	"people": "person", "children": "child", "men": "man", "women": "woman", "mice": "mous", "data": "data", "news": "news", "status": "status",
	"comment": "comment", "comments": "comment", "moment": "moment", "moments": "moment", "this": "this", "is": "is", "as": "as", "was": "was", "his": "his", "its": "its", "has": "has", "us": "us", "yes": "yes", "need": "need", "feed": "feed", "bring": "bring", "thing": "thing", "string": "string", "king": "king", "ring": "ring", "question": "question",
}

// stem is what a folded word has in common with its other forms. It is rough: both sides of a
// comparison are cut the same way.
func stem(w string) string {
	if len(w) <= minStem {
		return w
	}
	if s, ok := irregular[w]; ok {
		return s
	}
	whole := len(w)
	for _, e := range endings[len(endings)*int(ends[w[len(w)-1]]):] {
		if len(w) >= len(e)+minStem && strings.HasSuffix(w, e) && hasVowel(w[:len(w)-len(e)]) && (e != "s" || w[len(w)-2] != 's') {
			w = w[:len(w)-len(e)]
			if e == "ies" || e == "ied" {
				return w
			}
			break
		}
	}
	n := len(w)
	if n > minStem && w[n-1] == w[n-2] && n < whole && doubles(w) {
		n--
	} else if n > minStem && (w[n-1] == 'e' || w[n-1] == 'y') {
		n--
	}
	return w[:n]
}

// doubles says that the last letter was doubled by an ending: cancell-ing and dropp-ed, not install-ed and miss-ed.
func doubles(w string) bool {
	switch w[len(w)-1] {
	case 's', 'f', 'z':
		return false
	case 'l':
		return len(w) > 5 && !strings.HasSuffix(w, "stall") && !strings.HasSuffix(w, "roll")
	}
	return true
}

func hasVowel(w string) bool { return strings.ContainsAny(w, "aeiouy") }

// stemSet is a set of stems: open addressing over hashes, because a map of strings
// for every text took most of the time.
type stemSet struct {
	slots []uint64
	mask  uint64
}

func newStemSet(n int) stemSet {
	size := 16
	for size < 2*n+2 {
		size *= 2
	}
	return stemSet{make([]uint64, size), uint64(size - 1)}
}

// hash is FNV-1a and never 0.
func hash(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h | 1
}

func (s stemSet) add(word string) {
	h := hash(word)
	for i := h >> 7 & s.mask; ; i = (i + 1) & s.mask {
		if s.slots[i] == h {
			return
		}
		if s.slots[i] == 0 {
			s.slots[i] = h
			return
		}
	}
}

func (s stemSet) has(word string) bool { return s.hasHash(hash(word)) }

func (s stemSet) hasHash(h uint64) bool {
	if s.slots == nil {
		return false
	}
	for i := h >> 7 & s.mask; s.slots[i] != 0; i = (i + 1) & s.mask {
		if s.slots[i] == h {
			return true
		}
	}
	return false
}
