package backtest

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"time"

	"github.com/weighlock/weighlock/internal/policy"
)

// Block is a stretch of the stream of actions that is read at once.
type Block struct {
	Stream string    `json:"stream"`
	Epoch  uint64    `json:"epoch"` // when the stream was created; a stream made anew counts from 1 again
	From   uint64    `json:"from"`  // first sequence
	To     uint64    `json:"to"`    // last sequence
	First  time.Time `json:"first"` // when its first and its last action were stored
	Last   time.Time `json:"last"`
	// Count is how many actions it has, Open how many of them are not decided: what becomes of these may change.
	Count int `json:"count"`
	Open  int `json:"open"`
}

// Source is where records come from.
type Source interface {
	// Blocks lists all blocks with actions stored from since on and before until, in order.
	Blocks(ctx context.Context, since, until time.Time) ([]Block, error)
	// Read gives the actions of a block in the order of their sequences.
	Read(ctx context.Context, b Block) ([]Record, error)
}

// Store keeps what was worked out, so that a run that was broken off goes on where it was.
type Store interface {
	// Load gives the report of a block, nil where it is not known.
	Load(b Block) *Report
	Save(b Block, r *Report) error
}

// Run is one backtest.
type Run struct {
	Source Source
	Policy *policy.Policy
	Asks   Asks
	// Store may be nil.
	Store Store
	// Workers is how many actions are weighed at a time; 0 means as many as there are processors.
	Workers int
	// Progress is told after each block how many of all actions are done. It may be nil.
	Progress func(done, all int)
}

// historySpan is how far back the facts of what was lately look.
const historySpan = 24 * time.Hour

// Do weighs what was stored from since on and before until. What was stored in the 24 hours before is read too, as the history of
// what follows.
func (r *Run) Do(ctx context.Context, since, until time.Time) (*Report, error) {
	blocks, err := r.Source.Blocks(ctx, since.Add(-historySpan), until)
	if err != nil {
		return nil, fmt.Errorf("looking for recorded actions: %w", err)
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	jobs, all := r.plan(blocks, since, until)
	p := newPass(r.Policy, r.Asks, cmp.Or(r.Workers, runtime.GOMAXPROCS(0)))
	total, done := NewReport(), 0
	read := r.prefetch(ctx, jobs)
	for i := range jobs {
		j := &jobs[i]
		if j.known != nil {
			total.Join(j.known)
			done += j.known.Actions
			r.tell(done, all)
		}
		if !j.read {
			continue
		}
		records, err := read()
		if err != nil {
			return nil, err
		}
		if j.fresh {
			p.begin(j.First.Add(-historySpan)) // nothing was in between, or it is of no use to what is weighed
		}
		before, within := split(records, since, until)
		p.remember(before)
		if j.known != nil {
			p.remember(within)
			continue
		}
		part := NewReport()
		p.weigh(within, part)
		if r.Store != nil && j.whole(since, until) {
			if err := r.Store.Save(j.Block, part); err != nil {
				return nil, fmt.Errorf("keeping what was worked out: %w", err)
			}
		}
		total.Join(part)
		done += part.Actions
		r.tell(done, all)
	}
	return total, nil
}

// job is a block and what is to be done about it.
type job struct {
	Block
	known *Report // what was worked out before
	read  bool    // it has to be weighed, or is history of one that has to be
	fresh bool    // nothing is known of what was before it
}

// whole says that nothing of the block is left out.
func (j *job) whole(since, until time.Time) bool {
	return !j.First.Before(since) && j.Last.Before(until)
}

// plan finds out which blocks have to be read, and about how many actions there are.
func (r *Run) plan(blocks []Block, since, until time.Time) (jobs []job, all int) {
	jobs = make([]job, len(blocks))
	for i, b := range blocks {
		j := job{Block: b}
		if !b.Last.Before(since) {
			all += b.Count
			if r.Store != nil && j.whole(since, until) {
				j.known = r.Store.Load(b)
			}
			j.read = j.known == nil
		}
		jobs[i] = j
	}
	for i := range jobs { // whatever is weighed needs its history
		if !jobs[i].read || jobs[i].known != nil {
			continue
		}
		for k := i - 1; k >= 0 && jobs[k].Epoch == jobs[i].Epoch && jobs[k].Stream == jobs[i].Stream && jobs[i].First.Sub(jobs[k].Last) < historySpan && !jobs[k].read; k-- {
			jobs[k].read = true
		}
	}
	var last *job
	for i := range jobs {
		j := &jobs[i]
		if !j.read {
			continue
		}
		j.fresh = last == nil || last.Epoch != j.Epoch || last.Stream != j.Stream || i > 0 && last != &jobs[i-1]
		last = j
	}
	return jobs, all
}

func (r *Run) tell(done, all int) {
	if r.Progress != nil {
		r.Progress(done, all)
	}
}

// prefetch reads one block ahead of the one that is weighed, until ctx ends.
func (r *Run) prefetch(ctx context.Context, jobs []job) func() ([]Record, error) {
	type answer struct {
		records []Record
		err     error
	}
	answers := make(chan answer)
	go func() {
		for i := range jobs {
			if !jobs[i].read {
				continue
			}
			records, err := r.Source.Read(ctx, jobs[i].Block)
			if err != nil {
				err = fmt.Errorf("reading actions %d to %d of %s: %w", jobs[i].From, jobs[i].To, jobs[i].Stream, err)
			}
			select {
			case answers <- answer{records, err}:
			case <-ctx.Done():
				return
			}
		}
	}()
	return func() ([]Record, error) {
		select {
		case a := <-answers:
			return a.records, a.err
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// split parts the records from those before since; those from until on are left out.
func split(records []Record, since, until time.Time) (before, within []Record) {
	n := 0
	for n < len(records) && records[n].At.Before(since) {
		n++
	}
	m := n
	for m < len(records) && records[m].At.Before(until) {
		m++
	}
	return records[:n], records[n:m]
}
