package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/weighlock/weighlock/cmd/weighlock/words"

	"github.com/nats-io/nats.go"
	"github.com/spf13/cobra"

	"github.com/weighlock/weighlock/cmd/weighlock/dev"
	"github.com/weighlock/weighlock/cmd/weighlock/policycmd"
	"github.com/weighlock/weighlock/internal/authz"
)

// cli is what every command shares.
type cli struct {
	dir  string // data directory of a running `weighlock dev`
	json bool
}

func newRoot() *cobra.Command {
	c := &cli{}
	root := &cobra.Command{
		Use:           "weighlock",
		Short:         "Weighs what AI agents are about to do, and asks people where it matters",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	flags := root.PersistentFlags()
	flags.StringVar(&c.dir, "dir", "", "data `directory` of a running `weighlock dev` (default: $WEIGHLOCK_DIR, ./.weighlock, then the user's own)")
	flags.BoolVar(&c.json, "json", false, "print JSON for programs instead of text for people")
	root.AddGroup(&cobra.Group{ID: "run", Title: "Run it:"}, &cobra.Group{ID: "agent", Title: "As an agent:"},
		&cobra.Group{ID: "approver", Title: "As an approver:"}, &cobra.Group{ID: "author", Title: "As an author of policies:"}, &cobra.Group{ID: "analyst", Title: "As an analyst or operator:"})
	add := func(group string, commands ...*cobra.Command) {
		for _, command := range commands {
			command.GroupID = group
			root.AddCommand(command)
		}
	}
	add("run", c.devCommand(), c.demoCommand(), c.benchCommand())
	add("agent", c.proposeCommand(), c.withdrawCommand(), c.answerCommand())
	add("approver", slices.Concat([]*cobra.Command{c.inboxCommand(), c.showCommand()}, c.verdictCommands(), c.handOverCommands(), []*cobra.Command{c.grantsCommand(), c.reviewsCommand()})...)
	policies := policycmd.Command()
	policies.AddCommand(c.backtestCommand())
	add("author", policies)
	add("analyst", c.traceCommand(), c.auditCommand(), c.doctorCommand(), c.routesCommand(), c.oncallCommand(), c.identityCommand(), c.topologyCommand())
	root.AddCommand(docsCommand())
	return root
}

// place finds the pipeline to talk to.
func (c *cli) place() (dev.Place, error) { return dev.Find(c.dir) }

// audited is the place of a pipeline that has an audit to ask.
func (c *cli) audited() (dev.Place, error) {
	place, err := c.place()
	if err == nil && place.ClickHouseURL == "" {
		err = errors.New("the pipeline runs without ClickHouse, and this asks the audit there: `weighlock doctor` says what is missing")
	}
	return place, err
}

// connect opens a connection as id with the key in the data directory.
func connect(ctx context.Context, place dev.Place, id authz.Identity) (*nats.Conn, error) {
	key, err := place.Key(id)
	if err != nil {
		return nil, err
	}
	return authz.Connect(ctx, place.NATSURL, key, id)
}

// printJSON writes v for programs: one object, indented.
func printJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// table writes rows in columns for people.
func table(w io.Writer, header []string, rows [][]string) error {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	if _, err := io.WriteString(t, strings.Join(header, "\t")+"\n"); err != nil {
		return err
	}
	for _, row := range rows {
		for i := range row {
			row[i] = words.Printable(row[i])
		}
		if _, err := io.WriteString(t, strings.Join(row, "\t")+"\n"); err != nil {
			return err
		}
	}
	return t.Flush()
}
