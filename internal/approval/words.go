package approval

import (
	"encoding/json"
	"fmt"

	"github.com/weighlock/weighlock/pkg/events"
)

// maxWords is how much of a request's state the words of one person may take, in bytes of JSON, where a byte may take six: nobody is to fill it so
// that what others answer, or its end, finds no room.
const maxWords = 64 << 10

// checkWords refuses more words of somebody who has said so much already. Without any, everybody can still answer.
func (s *State) checkWords(person string, words ...string) *refusal {
	more := length(words...)
	if more == 0 {
		return nil
	}
	said := 0
	counted := make(map[uint64]bool)
	for i := range s.Items {
		for _, v := range s.Items[i].Votes {
			if a, ok := s.accepted(v.Sequence); ok && v.Person == person && !counted[v.Sequence] {
				counted[v.Sequence] = true
				said += length(a.Comment, a.Guidance)
			}
		}
	}
	for i := range s.HandOvers {
		if h := &s.HandOvers[i]; h.Person == person {
			said += length(h.Comment, h.Question)
		}
	}
	if said+more > maxWords {
		return &refusal{events.RefusedMalformed, fmt.Sprintf("the comments and questions of %s on this request would take %d bytes, at most %d can be kept: answer without", person, said+more, maxWords)}
	}
	return nil
}

// length is how many bytes texts take in JSON.
func length(texts ...string) (n int) {
	for _, t := range texts {
		if t == "" {
			continue
		}
		if quoted, err := json.Marshal(t); err == nil { // which a text never fails
			n += len(quoted)
		}
	}
	return n
}
