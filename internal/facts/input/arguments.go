package input

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// Limits of what is looked into. Arguments beyond them cannot be judged, so every
// rule that needs them fails, which is high.
const (
	maxArgumentBytes = 256 << 10
	maxArgumentDepth = 64
)

// Text is one text anywhere inside the arguments.
type Text struct {
	// Key is the nearest object key above it, see [PlainKey]; texts of a list have the list's key.
	Key string
	// Parent is the key of the object that holds Key; "" at the top.
	Parent string
	Value  string
}

// Number is one number anywhere inside the arguments.
type Number struct {
	Key, Parent string // as in [Text]
	Value       float64
}

// Arguments are the parsed arguments of one action. Texts, Numbers and Keys are in the order of the JSON.
type Arguments struct {
	Values  map[string]any // as CEL sees them: numbers are float64
	Texts   []Text
	Numbers []Number
	Keys    []string // every object key at any depth, as written
	Nested  bool     // something at the top other than texts, numbers and bools
}

// Parse reads a JSON object. A key given twice is an error, because the agent's
// parser may take the other one. Nothing at all is an empty object.
func Parse(raw json.RawMessage) (*Arguments, error) {
	p := &Arguments{}
	if len(bytes.TrimSpace(raw)) == 0 {
		p.Values = map[string]any{}
		return p, nil
	}
	if len(raw) > maxArgumentBytes {
		return nil, fmt.Errorf("arguments of %d bytes are too large to be judged (limit %d)", len(raw), maxArgumentBytes)
	}
	if !json.Valid(raw) {
		return nil, errors.New("reading arguments: they are not JSON")
	}
	r := reader{rest: raw, into: p}
	v, err := r.value("", "", 0)
	if err != nil {
		return nil, fmt.Errorf("reading arguments: %w", err)
	}
	values, ok := v.(map[string]any)
	if !ok {
		return nil, errors.New("arguments are not a JSON object")
	}
	p.Values = values
	return p, nil
}

var keySigns = strings.NewReplacer("_", "", "-", "", " ", "")

// PlainKey is a key in lower case without "_", "-" and spaces: "userEmail", "user_email" and "User-Email" are one.
func PlainKey(key string) string { return keySigns.Replace(strings.ToLower(key)) }
