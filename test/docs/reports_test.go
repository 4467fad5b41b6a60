package docs

import (
	"fmt"
	"strings"
	"testing"

	"github.com/weighlock/weighlock/cmd/weighlock/reports"
)

// The page lists every report with its question.
func TestReportsAreListed(t *testing.T) {
	t.Parallel()
	page := read(t, "docs/audit.md")
	all := reports.All()
	for _, r := range all {
		if row := fmt.Sprintf("| `%s` | %s |\n", r.Name, r.Question); !strings.Contains(page, row) {
			t.Errorf("docs/audit.md lacks %s", row)
		}
	}
	if len(all) != 12 {
		t.Errorf("there are %d reports: the changelog says twelve", len(all))
	}
}
