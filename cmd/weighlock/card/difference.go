package card

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
)

// printDifference shows which arguments somebody changed: as they were proposed, and as they are now. as is how arguments are shown.
func printDifference(w io.Writer, by string, proposed, edited json.RawMessage, as func(json.RawMessage) json.RawMessage) {
	was, err := members(proposed)
	is, err2 := members(edited)
	shownWas, _ := members(legible(as(proposed)))
	shownIs, _ := members(legible(as(edited)))
	if err != nil || err2 != nil {
		field(w, "Edited", "by "+by+"; what changed cannot be told")
		return
	}
	field(w, "Edited", "by "+by)
	for _, name := range slices.Sorted(maps.Keys(is)) {
		before, ok := was[name]
		switch {
		case ok && bytes.Equal(before, is[name]):
		case ok:
			field(w, "  proposed", fmt.Sprintf("%s: %s", name, shownWas[name]))
			field(w, "  now", fmt.Sprintf("%s: %s", name, shownIs[name]))
		default:
			field(w, "  added", fmt.Sprintf("%s: %s", name, shownIs[name]))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(was)) {
		if _, ok := is[name]; !ok {
			field(w, "  removed", fmt.Sprintf("%s: %s", name, shownWas[name]))
		}
	}
}

// members are the arguments by name, without white space between their values.
func members(arguments json.RawMessage) (map[string]json.RawMessage, error) {
	if len(bytes.TrimSpace(arguments)) == 0 {
		return nil, nil
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(arguments, &all); err != nil {
		return nil, err
	}
	for name, value := range all {
		var b bytes.Buffer
		if err := json.Compact(&b, value); err != nil {
			return nil, err
		}
		all[name] = b.Bytes()
	}
	return all, nil
}
