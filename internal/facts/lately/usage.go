package lately

// usage is how one agent used one tool, or what it sent one recipient.
type usage struct {
	first        uint64 // sequence of the first action
	fine, coarse ring[paid]
	recent       []usageMark // a ring of the last ones
	next         int
}

type paid struct {
	times  int32
	amount float64
}

type usageMark struct {
	sequence uint64
	at       int64
	amount   float64
}

// Tools and recipients are many, so they are counted in coarser steps than agents.
const (
	usageFineStep   = 5 * 60
	usageCoarseStep = hour
	maxUsageMarks   = 16
)

// count counts one action. The rings are made at the first: most recipients are never paid.
func (u *usage) count(sequence uint64, at int64, amount float64) {
	if u.fine.cells == nil {
		u.fine, u.coarse = newRing[paid](usageFineStep, hour), newRing[paid](usageCoarseStep, day)
	}
	for _, r := range [...]*ring[paid]{&u.fine, &u.coarse} {
		if cell := r.at(at); cell != nil {
			cell.times++
			cell.amount += amount
		}
	}
	m := usageMark{sequence, at, amount}
	if len(u.recent) < maxUsageMarks {
		u.recent = append(u.recent, m)
		return
	}
	u.recent[u.next] = m
	u.next = (u.next + 1) % maxUsageMarks
}

// window is as [history.window].
func (u *usage) window(before uint64, now, span int64) (sum paid) {
	r := &u.fine
	if span > hour {
		r = &u.coarse
	}
	if r.cells == nil {
		return sum
	}
	r.each(now, span, func(p *paid) {
		sum.times += p.times
		sum.amount += p.amount
	})
	for _, m := range u.recent {
		if m.sequence >= before && r.covers(m.at, now, span) && r.kept(m.at) {
			sum.times--
			sum.amount -= m.amount
		}
	}
	if sum.times <= 0 {
		sum.amount = 0 // what is left is rounding
	}
	return sum
}
