package events

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// PrivateField is a value of an action that is kept apart from it, so that it can be erased.
type PrivateField struct {
	// Pointer is where in the action the value belongs (RFC 6901).
	Pointer string `json:"pointer"`
	// Commitment binds the value and says nothing about it, see [Commitment].
	Commitment string `json:"commitment"`
}

// PrivateStored has the private values of one action. It is never part of the audit's evidence.
type PrivateStored struct {
	Agent  string `json:"agent"`
	Action string `json:"action"`
	// Principal is that of the action: whose values these are.
	Principal string         `json:"principal,omitempty"`
	Values    []PrivateValue `json:"values"`
}

// PrivateValue is one value with what its commitment was made with.
type PrivateValue struct {
	Pointer string `json:"pointer"`
	// Salt is 32 random bytes in hex. Without it a commitment cannot be compared with a guess.
	Salt  string          `json:"salt"`
	Value json.RawMessage `json:"value"`
}

// PrivateStoredType is the type of [PrivateStored].
const PrivateStoredType = "dev.weighlock.private.stored.v1"

const (
	// MaxPrivate is how many private values an action may have.
	MaxPrivate = 256
	// privateMark starts what stands in the place of a private value.
	privateMark = "private:"
	saltSize    = 32
	// commitmentLabel keeps commitments apart from every other hash.
	commitmentLabel = "weighlock.private.v1\n"
)

// EventType implements [Payload].
func (*PrivateStored) EventType() string { return PrivateStoredType }

// Validate implements [Payload].
func (p *PrivateStored) Validate() error {
	if len(p.Values) == 0 {
		return missing("values", "list what is private")
	}
	if len(p.Values) > MaxPrivate {
		return tooManyPrivate("values", len(p.Values))
	}
	for i := range p.Values {
		if _, err := Commitment(p.Agent, p.Action, p.Values[i]); err != nil {
			return fmt.Errorf("values[%d]: %w", i, err)
		}
	}
	return checkTokens("agent", p.Agent, "action", p.Action)
}

func tooManyPrivate(field string, n int) error {
	return &FieldError{Field: field, Problem: fmt.Sprintf("has %d entries", n), Fix: fmt.Sprintf("use at most %d", MaxPrivate)}
}

func validatePrivate(fields []PrivateField) error {
	if len(fields) > MaxPrivate {
		return tooManyPrivate("private", len(fields))
	}
	for i, f := range fields {
		if err := CheckDigest(fmt.Sprintf("private[%d].commitment", i), f.Commitment); err != nil {
			return err
		}
	}
	return nil
}

// Mark is the text that stands in the place of a private value.
func (f PrivateField) Mark() string { return privateMark + f.Commitment }

// NewSalt draws the salt of one value.
func NewSalt() string {
	b := make([]byte, saltSize)
	_, _ = rand.Read(b) // it never fails
	return hex.EncodeToString(b)
}

// Commitment binds a value to its place in an agent's action: "sha256:" and 64 hex digits. Each part is preceded by its length, so that no two
// values share one. It does not depend on white space, the order of keys or escapes.
func Commitment(agent, action string, v PrivateValue) (string, error) {
	salt, err := hex.DecodeString(v.Salt)
	if err != nil || len(salt) != saltSize {
		return "", &FieldError{Field: "salt", Problem: "is not 32 bytes in hex", Fix: "draw one with events.NewSalt"}
	}
	value, err := canonicalValue(v.Value)
	if err != nil {
		return "", &FieldError{Field: "value", Problem: "cannot be read: " + err.Error(), Fix: "send one JSON value"}
	}
	h := sha256.New()
	h.Write([]byte(commitmentLabel))
	for _, part := range [][]byte{salt, []byte(agent), []byte(action), []byte(v.Pointer), value} {
		var size [8]byte
		binary.BigEndian.PutUint64(size[:], uint64(len(part)))
		h.Write(size[:])
		h.Write(part)
	}
	return digestPrefix + hex.EncodeToString(h.Sum(nil)), nil
}

func canonicalValue(raw json.RawMessage) ([]byte, error) {
	c := canonicals.Get().(*canonical) //nolint:forcetypeassert // the pool holds nothing else
	defer c.release()
	c.read(raw)
	if err := c.value(); err != nil {
		return nil, err
	}
	if _, err := c.dec.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, errors.New("it is followed by something else")
	}
	return bytes.Clone(c.out), nil
}

// Revealer puts private values in the places of their marks. The zero Revealer knows none.
type Revealer struct {
	values map[string]json.RawMessage // by mark
}

// Reveals prepares the values that an action committed to, by computing their commitments again: others are never used. Missing are the
// fields without a value. stored is nil where nothing is stored any more; it is of the agent and action given, whatever it claims.
func Reveals(agent, action string, fields []PrivateField, stored *PrivateStored) (r Revealer, lacking []PrivateField) {
	if len(fields) == 0 {
		return r, nil
	}
	r.values = make(map[string]json.RawMessage, len(fields))
	known := make(map[string]json.RawMessage)
	if stored != nil {
		for _, v := range stored.Values {
			if c, err := Commitment(agent, action, v); err == nil {
				known[c] = v.Value
			}
		}
	}
	for _, f := range fields {
		value, ok := known[f.Commitment]
		if !ok {
			lacking = append(lacking, f)
			continue
		}
		r.values[f.Mark()] = value
	}
	return r, lacking
}

// JSON puts values in the places of their marks in a document, wherever in it they stand: as whole strings, not as keys or parts of strings.
func (r Revealer) JSON(document json.RawMessage) (json.RawMessage, error) {
	if len(r.values) == 0 || len(bytes.TrimSpace(document)) == 0 {
		return document, nil
	}
	return rewrite(document, func(_ string, v any) (any, bool) {
		text, ok := v.(string)
		if !ok {
			return nil, false
		}
		value, ok := r.values[text]
		return value, ok
	})
}

// leastMoved is the shortest text that [Revealer.Keep] recognises in another place than its own.
const leastMoved = 4

// Keep is the reverse of [Revealer.JSON] for arguments that were edited by somebody who was shown the values: marks stand again in the places of values
// that were left as they are, and of texts that were moved.
func (r Revealer) Keep(arguments json.RawMessage, fields []PrivateField) (json.RawMessage, error) {
	if len(r.values) == 0 || len(bytes.TrimSpace(arguments)) == 0 {
		return arguments, nil
	}
	return rewrite(arguments, func(at string, v any) (any, bool) {
		raw, err := encode(v)
		if err == nil {
			raw, err = canonicalValue(raw)
		}
		if err != nil {
			return nil, false
		}
		text, _ := v.(string)
		for _, f := range fields {
			value, ok := r.values[f.Mark()]
			if !ok || f.Pointer != "/arguments"+at && len(text) < leastMoved {
				continue
			}
			if value, err = canonicalValue(value); err == nil && (bytes.Equal(raw, value) || sameNumber(raw, value)) {
				return f.Mark(), true
			}
		}
		return nil, false
	})
}

// sameNumber says whether both are numbers, and equal: people write 12.5 for 12.50.
func sameNumber(a, b json.RawMessage) bool {
	x, errX := strconv.ParseFloat(string(a), 64)
	y, errY := strconv.ParseFloat(string(b), 64)
	return errX == nil && errY == nil && x == y
}

// Text is [Revealer.JSON] for a text: the value where the text is its mark.
func (r Revealer) Text(s string) string {
	value, ok := r.values[s]
	if !ok {
		return s
	}
	var text string
	if json.Unmarshal(value, &text) == nil {
		return text
	}
	return string(value)
}

// Action is a copy of an action with its values in their places. What decides who is asked is never private, so marks there stay.
func (r Revealer) Action(a *ActionProposed) (*ActionProposed, error) {
	if len(r.values) == 0 {
		return a, nil
	}
	data, err := marshal(a)
	if err != nil {
		return nil, err
	}
	if data, err = r.JSON(data); err != nil {
		return nil, err
	}
	var out ActionProposed
	if err := unmarshal(data, &out); err != nil {
		return nil, err
	}
	out.Agent, out.Action, out.Breakpoint, out.Tool, out.ToolInfo, out.Target = a.Agent, a.Action, a.Breakpoint, a.Tool, a.ToolInfo, a.Target
	out.PlanAction, out.Session, out.Principal = a.PlanAction, a.Session, a.Principal
	return &out, nil
}

// Marked says whether a commitment of one of the fields stands anywhere in a JSON document, in a key or a part of a text too. What cannot be read
// counts as marked.
func Marked(document json.RawMessage, fields []PrivateField) bool {
	if len(fields) == 0 || len(bytes.TrimSpace(document)) == 0 {
		return false
	}
	found := false
	look := func(text string) {
		for _, f := range fields {
			found = found || strings.Contains(text, f.Commitment)
		}
	}
	_, err := rewrite(document, func(at string, v any) (any, bool) {
		look(at)
		if text, ok := v.(string); ok {
			look(text)
		}
		return nil, false
	})
	return found || err != nil
}
