package policy

import (
	"fmt"
	"strconv"
	"strings"
)

// maxShown is the longest value of a fact that Text shows, in characters.
const maxShown = 120

// Text is the explanation for people. Facts that are false or empty are left out.
func (e Explanation) Text() string {
	var b strings.Builder
	for _, p := range e.Parts {
		p.write(&b)
	}
	denied := ""
	if e.Denied {
		denied = ", denied"
	}
	fmt.Fprintf(&b, "level %s, score %d%s: %s\n", e.Level, e.Score, denied, e.Reason)
	fmt.Fprintf(&b, "policy %s\n", e.Version)
	return b.String()
}

func (p Part) write(b *strings.Builder) {
	fmt.Fprintf(b, "%s %s\n", p.Name, strconv.Quote(p.Tool))
	b.WriteString("  facts (what is false or empty is left out):\n")
	for _, v := range p.Facts {
		if !v.Empty() {
			fmt.Fprintf(b, "    %s = %s\n", v.Name, v.Text())
		}
	}
	if len(p.Words) > 0 {
		fmt.Fprintf(b, "    true: %s\n", strings.Join(p.Words, ", "))
	}
	for _, g := range p.Guards {
		if !g.Applies {
			fmt.Fprintf(b, "  %s does not apply\n", g.File)
		}
	}
	b.WriteString("  arithmetic:\n")
	if len(p.Sums) == 0 {
		b.WriteString("    no rule with points fired: 0\n")
	}
	for _, s := range p.Sums {
		limit := ""
		if s.Before+s.Points > s.Cap {
			limit = fmt.Sprintf(" (at most %d)", s.Cap)
		}
		fmt.Fprintf(b, "    %3d + %d = %d%s  %s: %s\n", s.Before, s.Points, s.After, limit, s.Rule, s.Reason)
	}
	p.writeLevel(b)
}

func (p Part) writeLevel(b *strings.Builder) {
	for _, f := range p.Floors {
		if f.Denies {
			fmt.Fprintf(b, "  denied by %s: %s\n", f.Rule, f.Reason)
		} else {
			fmt.Fprintf(b, "  at least %s (%d) by %s: %s\n", f.Level, p.Thresholds.least(f.Level), f.Rule, f.Reason)
		}
	}
	for _, s := range p.Shadows {
		fmt.Fprintf(b, "  does not count: %s\n", s)
	}
	for _, o := range p.Overrides {
		fmt.Fprintf(b, "  %s\n", o)
	}
	fmt.Fprintf(b, "  score %d is %s (medium from %d, high from %d)\n\n", p.Score, p.Level, p.Thresholds.Medium, p.Thresholds.High)
}

// Text is the value as a condition would write it, cut where it is long.
func (v Value) Text() string {
	if v.Error != "" {
		return "? " + Neutral(Shorten(v.Error, maxShown))
	}
	switch x := v.Value.(type) {
	case string:
		return strconv.Quote(Shorten(x, maxShown))
	case []string:
		items := make([]string, 0, len(x))
		for i, item := range x {
			if i == 10 {
				items = append(items, fmt.Sprintf("… %d more", len(x)-i))
				break
			}
			items = append(items, strconv.Quote(Shorten(item, maxShown)))
		}
		return "[" + strings.Join(items, ", ") + "]"
	}
	return fmt.Sprint(v.Value)
}
