package docs

import (
	"fmt"
	"strings"
	"testing"

	"github.com/weighlock/weighlock/internal/reports"
)

// The page lists every report with its question.
func TestReportsAreListed(t *testing.T) {
	t.Parallel()
	page := read(t, "docs/audit.md")
	for _, r := range reports.All() {
		if row := fmt.Sprintf("| `%s` | %s |\n", r.Name, r.Question); !strings.Contains(page, row) {
			t.Errorf("docs/audit.md lacks %s", row)
		}
	}
}
