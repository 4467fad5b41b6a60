package techniques

import "strings"

// matcher finds which of many short texts occur in a text, in one pass over it: most
// positions are passed over by a table of the first two bytes.
type matcher struct {
	texts  []string
	ids    map[string]int
	first  [1 << 16]bool
	second map[[3]byte][]int
	short  []int // texts of less than three bytes
}

func newMatcher() *matcher {
	return &matcher{ids: map[string]int{}, second: map[[3]byte][]int{}}
}

// id adds a text and returns its number.
func (m *matcher) id(text string) int {
	if id, ok := m.ids[text]; ok {
		return id
	}
	id := len(m.texts)
	m.ids[text] = id
	m.texts = append(m.texts, text)
	if len(text) < 3 {
		m.short = append(m.short, id)
		return id
	}
	m.first[int(text[0])<<8|int(text[1])] = true
	key := [3]byte{text[0], text[1], text[2]}
	m.second[key] = append(m.second[key], id)
	return id
}

// find returns the set of texts that occur in s.
func (m *matcher) find(s string) bits {
	found := make(bits, (len(m.texts)+63)/64)
	for i := 0; i+2 < len(s); i++ {
		if !m.first[int(s[i])<<8|int(s[i+1])] {
			continue
		}
		for _, id := range m.second[[3]byte{s[i], s[i+1], s[i+2]}] {
			if !found.has(id) && strings.HasPrefix(s[i:], m.texts[id]) {
				found.set(id)
			}
		}
	}
	for _, id := range m.short {
		if strings.Contains(s, m.texts[id]) {
			found.set(id)
		}
	}
	return found
}

// bits is a set of small numbers.
type bits []uint64

func (b bits) has(i int) bool { return b[i>>6]&(1<<(i&63)) != 0 }
func (b bits) set(i int)      { b[i>>6] |= 1 << (i & 63) }
