package policy

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

// argument is one text anywhere inside the arguments.
type argument struct {
	key  string // the nearest object key above it, lower case, without "_" and "-"
	text string
}

// arguments are the parsed arguments of one action.
type arguments struct {
	values map[string]any // as CEL sees them: numbers are float64
	texts  []argument
	keys   []string // every object key at any depth, as written
	odd    bool     // something at the top other than texts, numbers and bools
}

// parseArguments reads a JSON object. A key given twice is an error, because the
// agent's parser may take the other one.
func parseArguments(raw json.RawMessage) (*arguments, error) {
	p := &arguments{}
	if len(bytes.TrimSpace(raw)) == 0 {
		p.values = map[string]any{}
		return p, nil
	}
	if len(raw) > maxArgumentBytes {
		return nil, fmt.Errorf("arguments of %d bytes are too large to be judged (limit %d)", len(raw), maxArgumentBytes)
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	v, err := p.value(dec, "", 0)
	if err != nil {
		return nil, fmt.Errorf("reading arguments: %w", err)
	}
	values, ok := v.(map[string]any)
	if !ok {
		return nil, errors.New("arguments are not a JSON object")
	}
	if dec.InputOffset() < int64(len(bytes.TrimRight(raw, " \t\r\n"))) {
		return nil, errors.New("something follows the arguments")
	}
	p.values = values
	return p, nil
}

func (p *arguments) value(dec *json.Decoder, key string, depth int) (any, error) {
	if depth > maxArgumentDepth {
		return nil, fmt.Errorf("nested deeper than %d", maxArgumentDepth)
	}
	token, err := dec.Token()
	if err != nil {
		return nil, err
	}
	switch t := token.(type) {
	case string:
		p.texts = append(p.texts, argument{key, t})
		return t, nil
	case json.Number:
		f, err := t.Float64()
		return f, err
	case json.Delim:
		if depth == 1 {
			p.odd = true
		}
		if t == '{' {
			return p.object(dec, depth)
		}
		return p.list(dec, key, depth)
	}
	return token, nil
}

func (p *arguments) object(dec *json.Decoder, depth int) (any, error) {
	m := map[string]any{}
	for dec.More() {
		token, err := dec.Token()
		if err != nil {
			return nil, err
		}
		key, _ := token.(string)
		if _, twice := m[key]; twice {
			return nil, fmt.Errorf("the key %.40q is given twice", key)
		}
		p.keys = append(p.keys, key)
		if m[key], err = p.value(dec, plainKey(key), depth+1); err != nil {
			return nil, err
		}
	}
	_, err := dec.Token()
	return m, err
}

func (p *arguments) list(dec *json.Decoder, key string, depth int) (any, error) {
	list := []any{}
	for dec.More() {
		v, err := p.value(dec, key, depth+1)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	_, err := dec.Token()
	return list, err
}

var keySigns = strings.NewReplacer("_", "", "-", "", " ", "")

func plainKey(key string) string { return keySigns.Replace(strings.ToLower(key)) }
