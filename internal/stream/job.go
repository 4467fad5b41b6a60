package stream

import (
	"sync/atomic"
	"time"
)

// job is one message in flight.
type job struct {
	msg     Message
	reply   string // where acknowledgements go
	size    int    // in bytes, as it was delivered
	lane    *lane
	arrived time.Time

	// state says who may settle a held job: its promise or the end of the drain.
	state atomic.Int32
	held  Outcome // what the promise said

	sends     []send
	remaining atomic.Int32
	done      chan struct{} // one value when every send is answered
	buried    error         // why the message is being buried; nil for one that is not
	bare      bool          // the dead letter is without the message's bytes
}

const (
	jobQueued int32 = iota
	jobHandling
	jobHeld
	jobSettling
	jobAbandoned
)

// expect prepares j for n sends, which must all be answered before done is.
func (j *job) expect(n int) {
	j.sends = make([]send, n)
	j.remaining.Store(int32(n))
	if j.done == nil {
		j.done = make(chan struct{}, 1)
	}
}

// answered counts one answered send.
func (j *job) answered() {
	if j.remaining.Add(-1) == 0 {
		j.done <- struct{}{}
	}
}

// backoff is how long a message waits before it is tried again.
func (j *job) backoff() time.Duration {
	const least, most = 200 * time.Millisecond, 15 * time.Second
	return min(most, least<<min(max(j.msg.Deliveries-1, 0), 8))
}
