package policycmd

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/weighlock/weighlock/internal/policy/rows"
	"github.com/weighlock/weighlock/pkg/events"
)

func explainCommand() *cobra.Command {
	var file string
	c := &cobra.Command{
		Use:   "explain",
		Short: "Explain what a policy says of one action: facts, rules, arithmetic, level",
		Long: `Explain what a policy says of one action: its facts, the files that apply, the arithmetic step by step, and the level.
The file is JSON: a proposed action as agents publish it, or one row as ` + "`policy assess`" + ` reads it.`,
		Example: `  echo '{"tool":"pay_invoice","arguments":{"amount":10}}' | weighlock policy explain --action -`,
		Args:    cobra.NoArgs,
	}
	c.Flags().StringVar(&file, "action", "", "`file` with the action; - is standard input")
	paths := policyFlag(c)
	c.RunE = func(cmd *cobra.Command, _ []string) error {
		p, err := load(*paths)
		if err != nil {
			return err
		}
		agent, a, err := readAction(cmd, file)
		if err != nil {
			return err
		}
		e := p.Explain(a, agent, time.Now())
		if wantsJSON(cmd) {
			return printJSON(cmd.OutOrStdout(), e)
		}
		_, err = io.WriteString(cmd.OutOrStdout(), e.Text())
		return err
	}
	must(c.MarkFlagRequired("action"))
	return c
}

func readAction(cmd *cobra.Command, file string) (string, *events.ActionProposed, error) {
	data, err := read(cmd, file)
	if err != nil {
		return "", nil, err
	}
	return rows.ReadAction(data)
}

func read(cmd *cobra.Command, file string) (data []byte, err error) {
	if file == "-" {
		data, err = io.ReadAll(cmd.InOrStdin())
	} else {
		data, err = os.ReadFile(file)
	}
	if err != nil {
		return nil, fmt.Errorf("reading actions: %w", err)
	}
	return data, nil
}

// must is for what fails only where this program is wrong.
func must(err error) {
	if err != nil {
		panic(err)
	}
}
