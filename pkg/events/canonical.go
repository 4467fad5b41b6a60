package events

import (
	"bytes"
	"fmt"
	"slices"
	"sync"

	"github.com/go-json-experiment/json/jsontext"
)

// canonical writes JSON in its canonical form, see [ArgumentsDigest]. It is used again and again: every action's arguments are
// digested by its agent and by the scorer.
type canonical struct {
	dec     *jsontext.Decoder // refuses duplicate keys and invalid text itself
	in      *bytes.Buffer
	out     []byte
	members []member // of the objects that are open, the innermost last
	moved   []byte
}

// member is one member of an object: where in out it is, its key without quotes and escapes.
type member struct {
	key      []byte
	from, to int
}

// maxKept is the largest buffer that is kept to be used again.
const maxKept = 64 << 10

var canonicals = sync.Pool{New: func() any {
	in := new(bytes.Buffer)
	return &canonical{dec: jsontext.NewDecoder(in), in: in}
}}

// read begins with text, which must not change before release.
func (c *canonical) read(text []byte) {
	*c.in = *bytes.NewBuffer(text)
	c.dec.Reset(c.in)
	c.out, c.members = c.out[:0], c.members[:0]
}

// release gives c back to the pool, without a hold on what was read.
func (c *canonical) release() {
	*c.in = bytes.Buffer{}
	c.dec.Reset(c.in)
	clear(c.members[:cap(c.members)])
	if cap(c.out) <= maxKept && cap(c.members) <= maxKept/64 {
		canonicals.Put(c)
	}
}

// value appends the canonical form of the next value.
func (c *canonical) value() error {
	if c.dec.StackDepth() > MaxArgumentsDepth {
		return fmt.Errorf("deeper than %d", MaxArgumentsDepth)
	}
	switch c.dec.PeekKind() {
	case '{':
		return c.object()
	case '[':
		return c.array()
	}
	raw, err := c.dec.ReadValue()
	if err != nil {
		return err
	}
	if raw.Kind() == '"' {
		_, err := c.text(raw)
		return err
	}
	c.out = append(c.out, raw...) // a number as it was written, or a literal
	return nil
}

// text appends a string and returns it without quotes and escapes, valid until release. One without escapes is canonical
// already.
func (c *canonical) text(raw jsontext.Value) (plain []byte, err error) {
	if bytes.IndexByte(raw, '\\') < 0 {
		from := len(c.out)
		c.out = append(c.out, raw...)
		return c.out[from+1 : len(c.out)-1], nil
	}
	if plain, err = jsontext.AppendUnquote(nil, raw); err != nil {
		return nil, err
	}
	c.out, err = jsontext.AppendQuote(c.out, plain)
	return plain, err
}

func (c *canonical) array() error {
	if _, err := c.dec.ReadToken(); err != nil {
		return err
	}
	c.out = append(c.out, '[')
	for n := 0; c.dec.PeekKind() != ']'; n++ {
		if n > 0 {
			c.out = append(c.out, ',')
		}
		if err := c.value(); err != nil {
			return err
		}
	}
	c.out = append(c.out, ']')
	_, err := c.dec.ReadToken()
	return err
}

func (c *canonical) object() error {
	if _, err := c.dec.ReadToken(); err != nil {
		return err
	}
	c.out = append(c.out, '{')
	first := len(c.members)
	for c.dec.PeekKind() != '}' {
		if len(c.members) > first {
			c.out = append(c.out, ',')
		}
		from := len(c.out)
		name, err := c.dec.ReadValue()
		if err != nil {
			return err
		}
		key, err := c.text(name)
		if err != nil {
			return err
		}
		c.out = append(c.out, ':')
		if err := c.value(); err != nil {
			return err
		}
		c.members = append(c.members, member{key, from, len(c.out)})
	}
	c.sort(c.members[first:])
	c.members = c.members[:first]
	c.out = append(c.out, '}')
	_, err := c.dec.ReadToken()
	return err
}

// sort puts the members of the object that out ends with into the order of their keys.
func (c *canonical) sort(members []member) {
	byKey := func(a, b member) int { return bytes.Compare(a.key, b.key) }
	if slices.IsSortedFunc(members, byKey) {
		return
	}
	start := members[0].from
	slices.SortFunc(members, byKey)
	c.moved = c.moved[:0]
	for i, m := range members {
		if i > 0 {
			c.moved = append(c.moved, ',')
		}
		c.moved = append(c.moved, c.out[m.from:m.to]...)
	}
	copy(c.out[start:], c.moved)
}
