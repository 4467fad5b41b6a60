// Package phrase finds any of many phrases in a text in one pass.
package phrase

import "strings"

// Set is a set of phrases of at least two bytes. The zero value has none.
type Set struct {
	starts [1 << 10]uint64 // a bit for every pair of bytes that a phrase begins with
	slots  [slots][]string // the phrases, by the pair they begin with
}

const slots = 1 << 8

// Of returns the set of the given phrases; shorter ones than two bytes are left out.
func Of(phrases ...string) *Set {
	s := &Set{}
	for _, p := range phrases {
		if len(p) < 2 {
			continue
		}
		k := pair(p, 0)
		s.starts[k>>6] |= 1 << (k & 63)
		s.slots[slot(k)] = append(s.slots[slot(k)], p)
	}
	return s
}

// All returns the set of the phrases of all of sets.
func All(sets ...*Set) *Set {
	var phrases []string
	for _, s := range sets {
		for _, some := range s.slots {
			phrases = append(phrases, some...)
		}
	}
	return Of(phrases...)
}

func pair(s string, i int) uint16 { return uint16(s[i])<<8 | uint16(s[i+1]) }

func slot(pair uint16) uint16 { return (pair ^ pair>>5) % slots }

// In says that text holds one of the phrases, in the same case.
func (s *Set) In(text string) bool {
	for i := 0; i+1 < len(text); i++ {
		k := pair(text, i)
		if s.starts[k>>6]&(1<<(k&63)) == 0 {
			continue
		}
		for _, p := range s.slots[slot(k)] {
			if strings.HasPrefix(text[i:], p) {
				return true
			}
		}
	}
	return false
}
