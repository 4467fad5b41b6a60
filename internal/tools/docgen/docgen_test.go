package docgen

import (
	"flag"
	"reflect"
	"strings"
	"testing"

	"cel.dev/cel-go/cel"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"

	"github.com/weighlock/weighlock/internal/facts"
)

func TestCatalogKnowsEveryKind(t *testing.T) {
	t.Parallel()
	var c Catalog
	c.MustRegister(
		prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "b", Help: `Says "how much", not {how} often.`}, []string{"x"}),
		prometheus.NewCounterVec(prometheus.CounterOpts{Name: "a_total", Help: "Counts."}, []string{"x", "y"}),
		prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "c_seconds", Help: "Lasts."}, nil),
	)
	want := []Metric{
		{Name: "a_total", Kind: "counter", Help: "Counts.", Labels: []string{"x", "y"}},
		{Name: "b", Kind: "gauge", Help: `Says "how much", not {how} often.`, Labels: []string{"x"}},
		{Name: "c_seconds", Kind: "histogram", Help: "Lasts."},
	}
	if got := c.Metrics(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}

func TestCatalogRefusesWhatItHasNoWordFor(t *testing.T) {
	t.Parallel()
	var c Catalog
	if err := c.Register(prometheus.NewSummary(prometheus.SummaryOpts{Name: "s", Help: "S."})); err == nil {
		t.Error("a summary was taken for something else")
	}
}

func TestSettingsHaveOneRowEach(t *testing.T) {
	t.Parallel()
	fs := flag.NewFlagSet("x", flag.ContinueOnError)
	fs.String("ack-wait", "30s", "`time` to wait | or not")
	fs.Int("rows", 0, "most `rows`; 0 means 7")
	page := string(Settings("WEIGHLOCK", []Section{{Title: "x", Text: "About x.", Flags: fs}}))
	for _, want := range []string{
		"## x\n\nAbout x.\n", "| `ack-wait` | `WEIGHLOCK_ACK_WAIT` | `30s` | time to wait \\| or not |\n", "| `rows` | `WEIGHLOCK_ROWS` |  | most rows; 0 means 7 |\n",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q:\n%s", want, page)
		}
	}
}

func TestCommandsLeaveOutWhatIsHidden(t *testing.T) {
	t.Parallel()
	run := func(*cobra.Command, []string) {}
	root := &cobra.Command{Use: "tool", Short: "Does things"}
	root.AddGroup(&cobra.Group{ID: "g", Title: "Things:"})
	parent := &cobra.Command{Use: "parent", GroupID: "g"}
	child := &cobra.Command{Use: "child NAME", Short: "Does one thing", Example: "  tool parent child x", Run: run}
	child.Flags().Bool("fast", false, "be quick")
	parent.AddCommand(child, &cobra.Command{Use: "secret", Hidden: true, Run: run})
	root.AddCommand(parent)
	page := string(Commands(root, []ExitCode{{0, "fine"}}))
	for _, want := range []string{"## Things\n", "### tool parent child\n\nDoes one thing.\n", "```sh\ntool parent child x\n```", "| `--fast` |  | be quick |\n", "| 0 | fine |\n"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q:\n%s", want, page)
		}
	}
	if strings.Contains(page, "secret") || strings.Contains(page, "### tool parent\n") {
		t.Errorf("the page shows what nobody can call:\n%s", page)
	}
}

func TestFactsAreGroupedByDomain(t *testing.T) {
	t.Parallel()
	page := string(FactsPage([]facts.Fact{
		{Name: "agent", Type: cel.StringType, Doc: "who | what"}, {Name: "tool.name", Type: cel.StringType, Doc: "a"},
		{Name: "shell.paths", Type: cel.ListType(cel.StringType), Doc: "b"}, {Name: "tool.reads", Type: cel.BoolType, Doc: "c"},
	}))
	for _, want := range []string{
		"## The action itself\n\n| fact | type | meaning |\n| --- | --- | --- |\n| `agent` | string | who \\| what |\n",
		"## `tool`\n\n| fact | type | meaning |\n| --- | --- | --- |\n| `tool.name` | string | a |\n| `tool.reads` | bool | c |\n", "| `shell.paths` | list(string) | b |\n",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q:\n%s", want, page)
		}
	}
}
