package lately

// ring counts by time: each cell holds what happened in one step of seconds. Writing to a
// cell that is older than the ring forgets it.
type ring[T any] struct {
	step  int64
	cells []cell[T]
}

type cell[T any] struct {
	number int64 // seconds since 1970 divided by the step
	value  T
}

// slack is how many seconds a ring has beyond its window, so that an action that is assessed
// somewhat later than others were seen still finds its window whole.
const slack = 2 * hour

func newRing[T any](step, span int64) ring[T] {
	return ring[T]{step, make([]cell[T], (span+slack)/step+1)}
}

// at returns where to count what happened at t; nil where that is older than the ring.
func (r *ring[T]) at(t int64) *T {
	number := t / r.step
	c := &r.cells[uint64(number)%uint64(len(r.cells))]
	switch {
	case c.number > number:
		return nil
	case c.number < number:
		*c = cell[T]{number: number}
	}
	return &c.value
}

// covers says whether t is in the window of span seconds that ends at now. Both ends are rounded
// out to whole cells, so a window never misses anything.
func (r *ring[T]) covers(t, now, span int64) bool {
	number := t / r.step
	return number <= now/r.step && number >= (now-span)/r.step
}

// each calls f with every cell of the window that has something.
func (r *ring[T]) each(now, span int64, f func(*T)) {
	for number := (now - span) / r.step; number <= now/r.step; number++ {
		if c := &r.cells[uint64(number)%uint64(len(r.cells))]; c.number == number {
			f(&c.value)
		}
	}
}

// kept says whether what happened at t is still counted.
func (r *ring[T]) kept(t int64) bool {
	number := t / r.step
	return r.cells[uint64(number)%uint64(len(r.cells))].number == number
}
