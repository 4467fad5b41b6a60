package policycmd

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/weighlock/weighlock/internal/facts"
	"github.com/weighlock/weighlock/internal/policy"
)

// factRow is one fact, with its value where there is an action.
type factRow struct {
	Name    string `json:"name"`
	Type    string `json:"type"`
	Meaning string `json:"meaning"`
	Value   any    `json:"value,omitempty"`
	Error   string `json:"error,omitempty"`
}

func factsCommand() *cobra.Command {
	var file string
	c := &cobra.Command{
		Use:     "facts [DOMAIN]",
		Short:   "List the facts that rules may ask, and what they are for an action",
		Example: "  weighlock policy facts shell\n  weighlock policy facts --action action.json",
		Args:    cobra.MaximumNArgs(1),
	}
	c.Flags().StringVar(&file, "action", "", "`file` with an action, as `policy explain` reads it; - is standard input")
	paths := policyFlag(c)
	c.RunE = func(cmd *cobra.Command, args []string) error {
		list := make([]factRow, 0, len(facts.All()))
		values := map[string]policy.Value{}
		if file != "" {
			var err error
			if values, err = valuesOf(cmd, *paths, file); err != nil {
				return err
			}
		}
		for _, f := range facts.All() {
			if len(args) == 1 && f.Name != args[0] && !strings.HasPrefix(f.Name, args[0]+".") {
				continue
			}
			v := values[f.Name]
			list = append(list, factRow{f.Name, f.Type.String(), f.Doc, v.Value, v.Error})
		}
		if len(list) == 0 {
			return fmt.Errorf("there are no facts %q", args[0])
		}
		if wantsJSON(cmd) {
			return printJSON(cmd.OutOrStdout(), list)
		}
		return writeFacts(cmd, list, values)
	}
	return c
}

// valuesOf works out the facts of an action for the organisation of a policy.
func valuesOf(cmd *cobra.Command, paths []string, file string) (map[string]policy.Value, error) {
	p, err := load(paths)
	if err != nil {
		return nil, err
	}
	agent, a, err := readAction(cmd, file)
	if err != nil {
		return nil, err
	}
	out := map[string]policy.Value{}
	for _, v := range p.Explain(a, agent, time.Now()).Parts[0].Facts {
		out[v.Name] = v
	}
	return out, nil
}

func writeFacts(cmd *cobra.Command, list []factRow, values map[string]policy.Value) error {
	w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 4, 2, ' ', 0)
	for _, f := range list {
		middle := f.Type
		if v, ok := values[f.Name]; ok {
			middle = v.Text()
		}
		if _, err := fmt.Fprintf(w, "%s\t%s\t%s\n", f.Name, middle, f.Meaning); err != nil {
			return err
		}
	}
	return w.Flush()
}
