package native

import (
	"strconv"
	"strings"
)

// kind says how a column's values lie in a block.
type kind int

const (
	fixed    kind = iota // width bytes each
	text                 // a length and bytes
	nullable             // a byte each that says NULL, then the values
	array                // where each ends, then all elements
	tuple                // the elements' columns one after the other
	low                  // LowCardinality: the different values, then which one each is
)

// layout is a column's type as far as it matters for finding its end.
type layout struct {
	kind  kind
	width int64
	elems []*layout
}

// UnknownTypeError is a type whose values cannot be told apart without decoding them.
type UnknownTypeError struct{ Type string }

func (e *UnknownTypeError) Error() string { return "type " + e.Type + " is not known" }

const maxDepth = 32

var widths = map[string]int64{
	"Int8": 1, "UInt8": 1, "Bool": 1, "Enum8": 1, "Nothing": 1, "Int16": 2, "UInt16": 2, "Enum16": 2, "Date": 2, "BFloat16": 2,
	"Int32": 4, "UInt32": 4, "Float32": 4, "Date32": 4, "DateTime": 4, "IPv4": 4, "Time": 4, "Decimal32": 4,
	"Int64": 8, "UInt64": 8, "Float64": 8, "DateTime64": 8, "Time64": 8, "Decimal64": 8,
	"Int128": 16, "UInt128": 16, "UUID": 16, "IPv6": 16, "Decimal128": 16, "Int256": 32, "UInt256": 32, "Decimal256": 32,
}

var geometry = map[string]string{
	"Point": "Tuple(Float64, Float64)", "Ring": "Array(Point)", "LineString": "Array(Point)", "Polygon": "Array(Ring)",
	"MultiLineString": "Array(LineString)", "MultiPolygon": "Array(Polygon)",
}

// parseType reads a type as ClickHouse writes it.
func parseType(name string) (*layout, error) { return parseNested(name, 0) }

func parseNested(name string, depth int) (*layout, error) {
	base, args, ok := splitType(name)
	if !ok || depth > maxDepth {
		return nil, &UnknownTypeError{name}
	}
	if width := widths[base]; width > 0 {
		return &layout{kind: fixed, width: width}, nil
	}
	switch base {
	case "String":
		return &layout{kind: text}, nil
	case "FixedString":
		return parseWidth(name, args)
	case "Decimal":
		return parseDecimal(name, args)
	case "Nullable", "Array", "LowCardinality", "Tuple", "Map", "Nested", "SimpleAggregateFunction":
		return parseCompound(name, base, args, depth)
	}
	if meant := geometry[base]; meant != "" {
		return parseNested(meant, depth+1)
	}
	if strings.HasPrefix(base, "Interval") {
		return &layout{kind: fixed, width: 8}, nil
	}
	return nil, &UnknownTypeError{name}
}

func parseCompound(name, base string, args []string, depth int) (*layout, error) {
	if base == "SimpleAggregateFunction" && len(args) > 1 { // the function's name comes first
		return parseNested(args[len(args)-1], depth+1)
	}
	elems := make([]*layout, 0, len(args))
	for _, arg := range args {
		if base == "Tuple" || base == "Nested" {
			arg = withoutName(arg)
		}
		elem, err := parseNested(arg, depth+1)
		if err != nil {
			return nil, err
		}
		elems = append(elems, elem)
	}
	switch {
	case base == "Tuple" && len(elems) > 0:
		return &layout{kind: tuple, elems: elems}, nil
	case base == "Map" && len(elems) == 2, base == "Nested" && len(elems) > 0:
		return &layout{kind: array, elems: []*layout{{kind: tuple, elems: elems}}}, nil
	case base == "Array" && len(elems) == 1:
		return &layout{kind: array, elems: elems}, nil
	case base == "Nullable" && len(elems) == 1:
		return &layout{kind: nullable, elems: elems}, nil
	case base == "LowCardinality" && len(elems) == 1:
		if elems[0].kind == nullable { // NULL is one of the different values
			elems = elems[0].elems
		}
		if k := elems[0].kind; k == text || k == fixed {
			return &layout{kind: low, elems: elems}, nil
		}
	}
	return nil, &UnknownTypeError{name}
}

func parseWidth(name string, args []string) (*layout, error) {
	const most = 1 << 24 // ClickHouse's own bound
	if len(args) == 1 {
		if n, err := strconv.ParseInt(args[0], 10, 64); err == nil && n > 0 && n < most {
			return &layout{kind: fixed, width: n}, nil
		}
	}
	return nil, &UnknownTypeError{name}
}

func parseDecimal(name string, args []string) (*layout, error) {
	if len(args) == 0 {
		return nil, &UnknownTypeError{name}
	}
	precision, err := strconv.Atoi(args[0])
	switch {
	case err != nil || precision < 1 || precision > 76:
		return nil, &UnknownTypeError{name}
	case precision <= 9:
		return &layout{kind: fixed, width: 4}, nil
	case precision <= 18:
		return &layout{kind: fixed, width: 8}, nil
	case precision <= 38:
		return &layout{kind: fixed, width: 16}, nil
	}
	return &layout{kind: fixed, width: 32}, nil
}

// splitType cuts Base(arg, arg) at the commas that are neither in quotes nor in parentheses.
func splitType(name string) (base string, args []string, ok bool) {
	name = strings.TrimSpace(name)
	open := strings.IndexByte(name, '(')
	if open < 0 {
		return name, nil, name != ""
	}
	if name[len(name)-1] != ')' {
		return "", nil, false
	}
	inner, start, depth := name[open+1:len(name)-1], 0, 0
	for i := 0; i < len(inner); i++ {
		switch c := inner[i]; c {
		case '\'', '`', '"':
			i = quoteEnd(inner, i)
		case '(':
			depth++
		case ')':
			if depth--; depth < 0 {
				return "", nil, false
			}
		case ',':
			if depth == 0 {
				args, start = append(args, strings.TrimSpace(inner[start:i])), i+1
			}
		}
	}
	if rest := strings.TrimSpace(inner[start:]); rest != "" {
		args = append(args, rest)
	}
	return name[:open], args, depth == 0
}

// quoteEnd is where the quote that opens at from closes, or the end.
func quoteEnd(s string, from int) int {
	for i := from + 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case s[from]:
			return i
		}
	}
	return len(s)
}

// withoutName drops an element's name, as in Tuple(name Type).
func withoutName(arg string) string {
	if arg != "" && (arg[0] == '`' || arg[0] == '"') {
		return strings.TrimSpace(arg[min(quoteEnd(arg, 0)+1, len(arg)):])
	}
	space, open := strings.IndexByte(arg, ' '), strings.IndexByte(arg, '(')
	if space >= 0 && (open < 0 || space < open) {
		return strings.TrimSpace(arg[space:])
	}
	return arg
}
