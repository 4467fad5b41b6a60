package card

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"github.com/weighlock/weighlock/cmd/weighlock/words"
)

const (
	mostColumns = 5
	mostCells   = 24 // of a column
	leastCells  = 6
)

// printTable shows what differs between the items: a line each, with the arguments that are not the same in all.
func printTable(w io.Writer, items []shown) {
	columns, complete := differing(items)
	printSame(w, items)
	table := [][]string{append([]string{"#", "SCORE"}, columns...)}
	for i := range items {
		s := &items[i]
		row := []string{fmt.Sprint(s.Number), fmt.Sprint(s.Score)}
		values := topLevel(s.arguments)
		for _, name := range columns {
			switch name {
			case "agent":
				row = append(row, s.Agent)
			case "target":
				row = append(row, targetWords(s.Target))
			default:
				row = append(row, strings.Trim(string(values[strings.TrimPrefix(name, ".")]), `"`))
			}
		}
		table = append(table, row)
	}
	for _, row := range table {
		for i := range row {
			row[i] = words.Printable(row[i])
		}
	}
	widths := fit(table)
	for i := range items {
		s, whole := &items[i], true
		for c, cell := range table[i+1] {
			whole = whole && ansi.StringWidth(cell) <= widths[c]
		}
		s.inTable = complete && whole && !s.cut && s.problem == ""
	}
	fmt.Fprintln(w)
	for _, row := range table {
		var line strings.Builder
		for i, cell := range row {
			line.WriteString(pad(cell, widths[i]) + "  ")
		}
		fmt.Fprintln(w, strings.TrimRight(line.String(), " "))
	}
}

// printSame shows the call with the arguments that are the same in all items.
func printSame(w io.Writer, items []shown) {
	same := topLevel(items[0].arguments)
	for i := range items {
		if items[i].tool != items[0].tool {
			return
		}
		values := topLevel(items[i].arguments)
		maps.DeleteFunc(same, func(name string, value json.RawMessage) bool { return string(values[name]) != string(value) })
	}
	text, err := json.Marshal(same)
	if err != nil || len(same) == 0 {
		text = nil
	}
	field(w, "All do", strings.TrimSpace(items[0].tool+" "+string(legible(text))))
}

// differing are the columns: agent, tool and target where they differ, and the arguments that do, by name. complete says that nothing else does.
func differing(items []shown) (columns []string, complete bool) {
	differs := func(of func(*shown) string) bool {
		first := of(&items[0])
		return slices.ContainsFunc(items[1:], func(s shown) bool { return of(&s) != first })
	}
	if differs(func(s *shown) string { return s.Agent }) {
		columns = append(columns, "agent")
	}
	if differs(func(s *shown) string { return targetWords(s.Target) }) {
		columns = append(columns, "target")
	}
	names := map[string]bool{}
	for i := range items {
		for name := range topLevel(items[i].arguments) {
			names[name] = true
		}
	}
	complete = !differs(func(s *shown) string { return s.tool })
	for _, name := range slices.Sorted(maps.Keys(names)) {
		switch {
		case !differs(func(s *shown) string { return string(topLevel(s.arguments)[name]) }):
		case len(columns) < mostColumns:
			columns = append(columns, "."+name)
		default:
			complete = false
		}
	}
	return columns, complete
}

func topLevel(arguments json.RawMessage) map[string]json.RawMessage {
	var values map[string]json.RawMessage
	if json.Unmarshal(arguments, &values) != nil {
		return nil
	}
	return values
}

// fit gives each column as many cells as its longest text needs, and takes from the widest until all fit.
func fit(table [][]string) []int {
	widths := make([]int, len(table[0]))
	for _, row := range table {
		for i, cell := range row {
			widths[i] = min(max(widths[i], ansi.StringWidth(cell)), mostCells)
		}
	}
	for {
		total, widest := 2*(len(widths)-1), 0
		for i, n := range widths {
			total += n
			if n > widths[widest] {
				widest = i
			}
		}
		if total <= Width || widths[widest] <= leastCells {
			return widths
		}
		widths[widest]--
	}
}
