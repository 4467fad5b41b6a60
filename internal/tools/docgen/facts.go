package docgen

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/weighlock/weighlock/internal/facts"
)

// ownGroup holds the facts without a domain in their name.
const ownGroup = "The action itself"

// FactsPage is docs/facts.md: all facts, by the first part of their names.
func FactsPage(all []facts.Fact) []byte {
	var b bytes.Buffer
	b.WriteString("# Facts\n\n" + generated + `
What rules may ask about an action, in CEL. Each fact is worked out when a rule first asks for it. What an action does not have reads as empty: "", 0, false, a list of nothing.
A fact that cannot be worked out makes the rule that asks for it fail, which is high. ` + "`weighlock policy facts --action FILE`" + ` shows them for one action;
[the policy](policy.md) says what else conditions may use.
`)
	var titles []string
	groups := map[string][]facts.Fact{}
	for _, f := range all {
		title, _, dotted := strings.Cut(f.Name, ".")
		if !dotted {
			title = ownGroup
		}
		if groups[title] == nil {
			titles = append(titles, title)
		}
		groups[title] = append(groups[title], f)
	}
	for _, title := range titles {
		heading := title
		if title != ownGroup {
			heading = "`" + title + "`"
		}
		fmt.Fprintf(&b, "\n## %s\n\n| fact | type | meaning |\n| --- | --- | --- |\n", heading)
		for _, f := range groups[title] {
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", f.Name, f.Type, cell(f.Doc))
		}
	}
	return b.Bytes()
}
