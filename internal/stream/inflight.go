package stream

import (
	"sync"
	"time"

	"github.com/nats-io/nats.go"
)

// inFlight knows every delivered message that is not settled yet.
type inFlight struct {
	mu   sync.Mutex
	jobs map[uint64]*job
	held int

	bytes, heldBytes int
}

// add takes j in. It reports false where the message is in flight already: the server
// redelivered what is still being worked on. A message that was stored at another time is another one, of a stream that was made anew: it
// takes the place, and what became of the one before is nothing to tell the server.
func (f *inFlight) add(j *job) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if before, ok := f.jobs[j.msg.Sequence]; ok && before.msg.StoredAt.Equal(j.msg.StoredAt) {
		return false
	}
	f.jobs[j.msg.Sequence] = j
	f.bytes += j.size
	return true
}

// remove lets go of j. It reports false where another message has its place.
func (f *inFlight) remove(j *job) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.bytes -= j.size
	if f.jobs[j.msg.Sequence] != j {
		return false
	}
	delete(f.jobs, j.msg.Sequence)
	return true
}

// hold notes that j is held; release that it is not any more.
func (f *inFlight) hold(j *job) { f.holds(1, j.size) }

func (f *inFlight) release(j *job) { f.holds(-1, -j.size) }

func (f *inFlight) holds(n, bytes int) {
	f.mu.Lock()
	f.held += n
	f.heldBytes += bytes
	f.mu.Unlock()
}

// sizes returns the bytes of all messages in flight and of those that are held.
func (f *inFlight) sizes() (all, held int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.bytes, f.heldBytes
}

// counts returns all messages in flight and how many of them are held.
func (f *inFlight) counts() (all, held int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.jobs), f.held
}

// rest returns what is still in flight.
func (f *inFlight) rest() []*job {
	f.mu.Lock()
	defer f.mu.Unlock()
	jobs := make([]*job, 0, len(f.jobs))
	for _, j := range f.jobs {
		jobs = append(jobs, j)
	}
	return jobs
}

var inProgress = []byte("+WPI")

// beat tells the server that everything older than age is still being worked on.
func (f *inFlight) beat(conn *nats.Conn, age time.Duration) {
	now := time.Now()
	f.mu.Lock()
	var replies []string
	for _, j := range f.jobs {
		if now.Sub(j.arrived) >= age {
			replies = append(replies, j.reply)
		}
	}
	f.mu.Unlock()
	for _, reply := range replies {
		if conn.Publish(reply, inProgress) != nil {
			return // without a connection the server redelivers, which is harmless
		}
	}
}
