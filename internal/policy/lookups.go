package policy

import (
	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
)

// lookups declares arguments.text("key") and arguments.number("key"): an argument
// that may be absent or of another type, which reads as "" or 0 instead of failing.
func lookups() []cel.EnvOption {
	m := cel.MapType(cel.StringType, cel.DynType)
	return []cel.EnvOption{
		cel.Function("text", cel.MemberOverload("arguments_text", []*cel.Type{m, cel.StringType}, cel.StringType,
			cel.BinaryBinding(func(m, key ref.Val) ref.Val {
				if s, ok := lookup(m, key).(types.String); ok {
					return s
				}
				return types.String("")
			}))),
		cel.Function("number", cel.MemberOverload("arguments_number", []*cel.Type{m, cel.StringType}, cel.DoubleType,
			cel.BinaryBinding(func(m, key ref.Val) ref.Val {
				if n, ok := lookup(m, key).(types.Double); ok {
					return n
				}
				return types.Double(0)
			}))),
	}
}

func lookup(m, key ref.Val) ref.Val {
	if mapper, ok := m.(traits.Mapper); ok {
		if v, found := mapper.Find(key); found {
			return v
		}
	}
	return types.NullValue
}
