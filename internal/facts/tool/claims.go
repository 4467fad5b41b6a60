package tool

import (
	"strings"

	"github.com/weighlock/weighlock/internal/facts/input"
	"github.com/weighlock/weighlock/internal/facts/verb"
)

// ofClaims reads what server and agent claim. Harmlessness is believed of trusted servers only, harm of anyone.
func (f *Facts) ofClaims(a *input.Action) {
	if i := a.Impact; i != nil {
		f.Irreversible = i.Reversible != nil && !*i.Reversible
		if i.Count != nil && *i.Count > int64(f.Count) {
			f.Count = int(min(*i.Count, 1<<31))
		}
		if effect := effectOf(i.Effect); effect != verb.None {
			f.Effect, f.EffectWrites = string(effect), !verb.Looks(effect)
			f.Acts = append(f.Acts, effect)
		} else {
			f.EffectUnknown = strings.TrimSpace(i.Effect) != "" && !strings.EqualFold(strings.TrimSpace(i.Effect), "none")
		}
	}
	f.Acts = verb.Sorted(f.Acts)
	t := a.ToolInfo
	if t == nil {
		return
	}
	f.TrustedServer = t.Server != "" && a.Org.Servers[t.Server]
	readOnly := t.ReadOnlyHint != nil && *t.ReadOnlyHint
	f.AnnotatedReadOnly = readOnly && f.TrustedServer
	f.AnnotatedWrites = t.ReadOnlyHint != nil && !*t.ReadOnlyHint
	f.AnnotatedDestructive = !readOnly && t.DestructiveHint != nil && *t.DestructiveHint
	f.AnnotatedOpenWorld = t.OpenWorldHint != nil && *t.OpenWorldHint
	harmless := readOnly || t.DestructiveHint != nil && !*t.DestructiveHint || t.OpenWorldHint != nil && !*t.OpenWorldHint
	f.UnbelievedClaim = harmless && !f.TrustedServer
	f.ClaimDisagrees = readOnly && (f.Writes || f.DescribesWrite || f.EffectWrites || t.DestructiveHint != nil && *t.DestructiveHint)
}

// effectOf is the act of a declared effect: one word, or its first that names an act.
func effectOf(effect string) verb.Act {
	if len(effect) > 200 {
		return verb.None
	}
	best := verb.None
	for _, w := range proseWords(effect) {
		if a := verb.OfForm(w); verb.Rank(a) > verb.Rank(best) {
			best = a
		}
	}
	return best
}
