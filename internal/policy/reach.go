package policy

import (
	"path/filepath"

	"github.com/weighlock/weighlock/internal/rulefile"
)

// reach finds rules that can never tell anything: their condition is always or never true,
// or is that of another rule of the same pack, which is the files of one directory. A team's own file
// may ask what the built-in pack asks.
type reach struct {
	seen map[string]home // by directory, condition and guard
}

func newReach() *reach { return &reach{map[string]home{}} }

func (r *reach) check(f *decoded, i int, guard *rulefile.Condition, one *rule, found *problems) {
	at := []any{"rules", i, "when"}
	conditions := []rulefile.Condition{one.when}
	key := filepath.Dir(f.Name()) + "\n" + rulefile.Text(one.when)
	if guard != nil {
		conditions = append(conditions, *guard)
		key += "\n" + rulefile.Text(*guard)
	}
	holds, constant := rulefile.FormulaOf(conditions...).Constant()
	switch {
	case constant && holds:
		found.at(f, at, "ask for a fact; what holds for a whole file goes into applies", "is always true")
	case constant && guard != nil:
		found.at(f, at, "correct it, or move the rule to another file", "is never true together with applies")
	case constant:
		found.at(f, at, "correct or remove the rule", "is never true")
	}
	if rulefile.Text(one.when) == "" {
		return
	}
	earlier, taken := r.seen[key]
	if taken && !one.shadow && !earlier.file.in.Rules[earlier.index].Shadow {
		found.at(f, at, "make them one rule", "is the condition of rule %s at %s:%d", earlier.file.in.Rules[earlier.index].ID, earlier.file.Name(), earlier.line())
	}
	if !taken {
		r.seen[key] = home{f, i}
	}
}
