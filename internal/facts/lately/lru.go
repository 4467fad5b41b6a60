package lately

// lru keeps at most limit values, those used last.
type lru[V any] struct {
	limit int
	items map[uint64]*node[V]
	ring  node[V] // ring.next was used last, ring.previous least lately
}

type node[V any] struct {
	key            uint64
	value          V
	previous, next *node[V]
}

func newLRU[V any](limit int) *lru[V] {
	l := &lru[V]{limit: limit, items: map[uint64]*node[V]{}}
	l.ring.previous, l.ring.next = &l.ring, &l.ring
	return l
}

// get returns the value of key without using it.
func (l *lru[V]) get(key uint64) (v V, ok bool) {
	if n := l.items[key]; n != nil {
		return n.value, true
	}
	return v, false
}

// use returns the value of key, made by fresh where there is none, and whether another had to go for it.
func (l *lru[V]) use(key uint64, fresh func() V) (v V, evicted bool) {
	n := l.items[key]
	if n != nil {
		n.unlink()
		l.toFront(n)
		return n.value, false
	}
	if len(l.items) >= l.limit {
		last := l.ring.previous
		last.unlink()
		delete(l.items, last.key)
		evicted = true
	}
	n = &node[V]{key: key, value: fresh()}
	l.items[key] = n
	l.toFront(n)
	return n.value, evicted
}

func (n *node[V]) unlink() { n.previous.next, n.next.previous = n.next, n.previous }

func (l *lru[V]) toFront(n *node[V]) {
	n.previous, n.next = &l.ring, l.ring.next
	n.previous.next, n.next.previous = n, n
}
