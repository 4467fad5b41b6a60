package clickhouse

import (
	"strings"

	"github.com/ClickHouse/ch-go/proto"
)

// LowColumn is a LowCardinality(String) column that builds its dictionary while rows come: a row takes a byte or two, and the messages that
// its texts came from can go. Rows often repeat the text of the row before, which is not looked up.
type LowColumn struct {
	proto.ColLowCardinalityRaw

	texts proto.ColStr
	known map[string]low
	last  low
}

// low is a text and its place in the dictionary.
type low struct {
	text string
	key  int
}

func newLowColumn() *LowColumn {
	c := &LowColumn{known: map[string]low{}}
	c.Index = &c.texts
	return c
}

// Append adds a row.
func (c *LowColumn) Append(text string) {
	if text != c.last.text || c.texts.Rows() == 0 {
		var ok bool
		if c.last, ok = c.known[text]; !ok {
			c.last = c.learn(text)
		}
	}
	c.AppendKey(c.last.key)
}

// learn adds text to the dictionary.
func (c *LowColumn) learn(text string) low {
	n := low{strings.Clone(text), c.texts.Rows()}
	c.texts.Append(n.text)
	c.known[n.text] = n
	switch n.key {
	case 1 << 8:
		c.Key = proto.KeyUInt16
		c.Keys16 = widened(c.Keys16, c.Keys8)
	case 1 << 16:
		c.Key = proto.KeyUInt32
		c.Keys32 = widened(c.Keys32, c.Keys16)
	}
	return n
}

func widened[W ~[]w, N ~[]n, w, n ~uint8 | ~uint16 | ~uint32](wide W, narrow N) W {
	wide = wide[:0]
	for _, key := range narrow {
		wide = append(wide, w(key))
	}
	return wide
}

// Reset implements proto.Resettable.
func (c *LowColumn) Reset() {
	c.ColLowCardinalityRaw.Reset()
	c.Key, c.last = proto.KeyUInt8, low{}
	clear(c.known)
}
