package lately

// remembered is how many sequences back a set knows each one. More than any worker has in flight.
const remembered = 1 << 20

// sequences remembers which of the last sequences of a stream were counted. What is older than it
// remembers counts as counted.
type sequences struct {
	bits    []uint64
	highest uint64
}

func newSequences() sequences { return sequences{bits: make([]uint64, remembered/64)} }

// has says whether sequence was added, or is too old to tell.
func (s *sequences) has(sequence uint64) bool {
	if sequence > s.highest {
		return false
	}
	return s.highest-sequence >= remembered || s.bits[sequence/64%uint64(len(s.bits))]&(1<<(sequence%64)) != 0
}

// knows says whether sequence was added; false where it is too old to tell.
func (s *sequences) knows(sequence uint64) bool {
	return s.has(sequence) && s.highest-sequence < remembered
}

// add reports whether sequence is new, and remembers it.
func (s *sequences) add(sequence uint64) bool {
	if s.has(sequence) {
		return false
	}
	s.moveTo(sequence)
	s.bits[sequence/64%uint64(len(s.bits))] |= 1 << (sequence % 64)
	return true
}

// moveTo forgets what falls out when sequence comes in.
func (s *sequences) moveTo(sequence uint64) {
	if sequence <= s.highest {
		return
	}
	if sequence-s.highest >= remembered {
		clear(s.bits)
	} else {
		for n := s.highest + 1; n <= sequence; n++ {
			s.bits[n/64%uint64(len(s.bits))] &^= 1 << (n % 64)
		}
	}
	s.highest = sequence
}
