package asked

// personal are words that stand before or after a person's name.
var personal = map[string]bool{
	"to": true, "for": true, "with": true, "from": true, "by": true, "of": true, "and": true, "or": true, "add": true, "invite": true, "remove": true, "message": true, "email": true, "ask": true, "tell": true, "inform": true, "notify": true,
	"let": true, "contact": true, "that": true, "where": true, "pay": true, "call": true, "text": true, "remind": true, "named": true, "colleague": true, "friend": true, "user": true, "boss": true, "send": true, "give": true, "forward": true, "update": true, "dm": true,
	"invites": true, "when": true, "after": true, "if": true, "whom": true, "dear": true, "an": true, "a": true, "mit": true, "von": true, "fur": true, "avec": true, "pour": true, "de": true, "con": true, "para": true,
}

// findNames marks the words that are written and placed like names of persons. Each word looks at the one
// before it, so one pass is enough.
func (s *source) findNames() {
	for i := range s.tokens {
		s.tokens[i].name = s.isName(i)
	}
}

func (s *source) isName(i int) bool {
	t := &s.tokens[i]
	if t.at > 0 && s.folded[t.at-1] == '@' && (t.at == 1 || s.folded[t.at-2] <= ' ') {
		return true
	}
	if !t.capital || t.shouted || len(t.text) < 2 || t.known.is&(notName|common) != 0 || t.quoted && s.inLongQuote(i) {
		return false
	}
	if t.possessive || i+1 < len(s.tokens) && s.tokens[i+1].capital && t.first && t.known.acts == 0 && !s.tokens[i+1].first {
		return true
	}
	if t.first || i == 0 {
		return false
	}
	before := &s.tokens[i-1]
	return personal[before.text] || before.name
}

func (s *source) inLongQuote(i int) bool {
	n := 0
	for j := max(0, i-2); j < min(len(s.tokens), i+3); j++ {
		if s.tokens[j].quoted {
			n++
		}
	}
	return n >= 3
}

// namesPlace says whether the request names places (channels, groups, …) and leaves none of them open.
func (s *source) namesPlace() bool {
	named := false
	for i := range s.tokens {
		t := &s.tokens[i]
		if t.at > 0 && s.folded[t.at-1] == '#' {
			named = true
			continue
		}
		if t.known.is&placeWord == 0 || t.quoted {
			continue
		}
		switch {
		case i > 0 && (s.tokens[i-1].quoted || s.tokens[i-1].capital && !s.tokens[i-1].first):
			named = true
		case i+1 < len(s.tokens) && s.tokens[i+1].quoted && !s.inLongQuote(i+1):
			named = true
		case len(t.text) > 1 && (i == 0 || s.tokens[i-1].known.is&loose != 0 || t.text != t.stem):
			return false
		}
	}
	return named
}
