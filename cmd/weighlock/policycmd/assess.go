package policycmd

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/weighlock/weighlock/internal/policy/rows"
)

func assessCommand() *cobra.Command {
	var in, out string
	c := &cobra.Command{
		Use:   "assess",
		Short: "Assess many actions, one JSON object a line",
		Long: `Assess many actions, one JSON object a line: id, agent_kind, tool, args and user_request, and where there are any reasoning, target and tool_description.
No other field is read. Each gives one line with id, level, score and the ids of the rules that counted, in the order of the input. Lines that cannot be read are named at the end.`,
		Example: "  weighlock policy assess --in actions.jsonl --out levels.jsonl --policy default --policy team.yaml",
		Args:    cobra.NoArgs,
	}
	c.Flags().StringVar(&in, "in", "-", "`file` with the actions; - is standard input")
	c.Flags().StringVar(&out, "out", "-", "`file` for the levels; - is standard output")
	paths := policyFlag(c)
	c.RunE = func(cmd *cobra.Command, _ []string) (err error) {
		p, err := load(*paths)
		if err != nil {
			return err
		}
		r, w := cmd.InOrStdin(), cmd.OutOrStdout()
		if in != "-" {
			f, err := os.Open(in)
			if err != nil {
				return fmt.Errorf("reading actions: %w", err)
			}
			defer f.Close()
			r = f
		}
		if out != "-" {
			f, err := os.Create(out)
			if err != nil {
				return fmt.Errorf("writing levels: %w", err)
			}
			defer closing(f, &err)
			w = f
		}
		return rows.Assess(p, r, w, time.Now())
	}
	return c
}

// closing closes what was written; a failure there is one of the writing.
func closing(c io.Closer, err *error) {
	if e := c.Close(); e != nil && *err == nil {
		*err = fmt.Errorf("writing levels: %w", e)
	}
}
