package lately

import "container/list"

// lru keeps at most limit values, those used last.
type lru[V any] struct {
	limit int
	order *list.List // of *pair[V], the one used last in front
	items map[uint64]*list.Element
}

type pair[V any] struct {
	key   uint64
	value V
}

func newLRU[V any](limit int) *lru[V] {
	return &lru[V]{limit, list.New(), map[uint64]*list.Element{}}
}

// get returns the value of key without using it.
func (l *lru[V]) get(key uint64) (v V, ok bool) {
	if e := l.items[key]; e != nil {
		return e.Value.(*pair[V]).value, true
	}
	return v, false
}

// use returns the value of key, made by fresh where there is none, and whether another had to go for it.
func (l *lru[V]) use(key uint64, fresh func() V) (v V, evicted bool) {
	if e := l.items[key]; e != nil {
		l.order.MoveToFront(e)
		return e.Value.(*pair[V]).value, false
	}
	if len(l.items) >= l.limit {
		last := l.order.Back()
		delete(l.items, last.Value.(*pair[V]).key)
		l.order.Remove(last)
		evicted = true
	}
	v = fresh()
	l.items[key] = l.order.PushFront(&pair[V]{key, v})
	return v, evicted
}
