// Package reviews makes digests of medium actions that went through, and counts what reviewers say of them. It is pure.
package reviews

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/weighlock/weighlock/internal/similar"
	"github.com/weighlock/weighlock/pkg/events"
)

const (
	maxKinds = 50  // that a digest tells apart; the rest are one
	maxText  = 200 // characters
)

// Collector counts the actions of one digest and keeps a sample of each kind. The sample follows from the names of the actions alone, so
// that two routers that read the same log make the same digest. Its memory is bounded by its sample and its kinds.
type Collector struct {
	sample int
	kinds  map[string]*kind
	total  int
}

type kind struct {
	tool, reason string
	actions      int
	agents       map[string]bool
	picked       []pick // at most as many as the sample, those with the least hash
}

type pick struct {
	hash [8]byte
	item events.ReviewItem
}

// NewCollector collects a digest with a sample of so many items.
func NewCollector(sample int) *Collector {
	return &Collector{sample: sample, kinds: map[string]*kind{}}
}

// rest is the kind of what is told apart no more.
const rest = "\x00rest"

// Add counts an action.
func (c *Collector) Add(a *events.ActionAssessed, at time.Time) {
	key := similar.Key(a, []similar.Part{similar.Tool, similar.Rules})
	k := c.kinds[key]
	if k == nil && len(c.kinds) >= maxKinds {
		key = rest
		k = c.kinds[rest]
	}
	if k == nil {
		k = &kind{tool: clip(a.Tool), reason: clip(a.Reason), agents: map[string]bool{}}
		if key == rest {
			k.tool, k.reason = "", "of other kinds"
		}
		c.kinds[key] = k
	}
	c.total++
	k.actions++
	if len(k.agents) < 1000 {
		k.agents[a.Agent] = true
	}
	k.pick(a, at, c.sample)
}

// pick keeps the action if its hash is among the least.
func (k *kind) pick(a *events.ActionAssessed, at time.Time, most int) {
	sum := sha256.Sum256([]byte(a.Agent + "/" + a.Action))
	p := pick{item: events.ReviewItem{ActionRef: a.ActionRef, Tool: clip(a.Tool), Principal: clip(a.Principal), Score: a.Score, Reason: clip(a.Reason), At: at}}
	copy(p.hash[:], sum[:])
	if t := a.Target; t != nil {
		p.item.Target = &events.Target{Kind: clip(t.Kind), Name: clip(t.Name), Environment: clip(t.Environment)}
	}
	i, found := slices.BinarySearchFunc(k.picked, p, func(x, y pick) int { return slices.Compare(x.hash[:], y.hash[:]) })
	if found || i >= most {
		return
	}
	k.picked = slices.Insert(k.picked, i, p)
	if len(k.picked) > most {
		k.picked = k.picked[:most]
	}
}

func clip(s string) string {
	r := []rune(strings.ToValidUTF8(s, "\ufffd"))
	if len(r) <= maxText {
		return string(r)
	}
	return string(r[:maxText-1]) + "…"
}

// Sampled are the actions that the digest would show, in its order: one of each kind by turns, the largest kind first, until the sample is full. keep
// reports whether one is to be looked at; what it refuses is left out.
func (c *Collector) Sampled(keep func(events.ActionRef) (bool, error)) ([]events.ReviewItem, error) {
	sorted := c.sorted()
	var items []events.ReviewItem
	next := make([]int, len(sorted))
	for more := true; more && len(items) < c.sample; {
		more = false
		for i, k := range sorted {
			for next[i] < len(k.picked) && len(items) < c.sample {
				item := k.picked[next[i]].item
				next[i]++
				ok, err := keep(item.ActionRef)
				if err != nil {
					return nil, err
				}
				if ok {
					items, more = append(items, item), true
					break
				}
			}
		}
	}
	for i := range items {
		items[i].Number = i + 1
	}
	return items, nil
}

func (c *Collector) sorted() []*kind {
	return slices.SortedFunc(maps.Values(c.kinds), func(a, b *kind) int {
		return cmp.Or(cmp.Compare(b.actions, a.actions), cmp.Compare(a.tool, b.tool), cmp.Compare(a.reason, b.reason))
	})
}

// Empty reports whether there is nothing to look at.
func (c *Collector) Empty() bool { return c.total == 0 }

// Open freezes the digest.
func (c *Collector) Open(review, group string, from, to time.Time, items []events.ReviewItem) (State, error) {
	card := events.ReviewCard{Review: review, Group: group, From: from.UTC(), To: to.UTC(), Actions: c.total, Items: items}
	for _, k := range c.sorted() {
		card.Kinds = append(card.Kinds, events.ReviewKind{Tool: k.tool, Reason: k.reason, Actions: k.actions, Agents: len(k.agents)})
	}
	data, err := json.Marshal(card)
	if err != nil {
		return State{}, fmt.Errorf("writing review %s: %w", review, err)
	}
	return State{Review: review, Group: group, Digest: events.Digest(data), Card: data, card: &card}, nil
}
