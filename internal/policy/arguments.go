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
	if !json.Valid(raw) {
		return nil, errors.New("reading arguments: they are not JSON")
	}
	r := reader{rest: raw, into: p}
	v, err := r.value("", 0)
	if err != nil {
		return nil, fmt.Errorf("reading arguments: %w", err)
	}
	values, ok := v.(map[string]any)
	if !ok {
		return nil, errors.New("arguments are not a JSON object")
	}
	p.values = values
	return p, nil
}

var keySigns = strings.NewReplacer("_", "", "-", "", " ", "")

func plainKey(key string) string { return keySigns.Replace(strings.ToLower(key)) }
