package engine

import (
	"strings"
	"sync"
)

// tailBuffer keeps the last bytes written to it: the reason a process ended.
type tailBuffer struct {
	mu   sync.Mutex
	last []byte
}

const tailSize = 4 << 10

func (t *tailBuffer) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last = append(t.last, p...)
	if excess := len(t.last) - tailSize; excess > 0 {
		t.last = append(t.last[:0], t.last[excess:]...)
	}
	return len(p), nil
}

// String is the text kept, on one line's ends trimmed; "it said nothing" when there is none.
func (t *tailBuffer) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if text := strings.TrimSpace(string(t.last)); text != "" {
		return text
	}
	return "it said nothing"
}
