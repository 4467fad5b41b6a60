package main

import (
	"fmt"
	"log/slog"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/weighlock/weighlock/cmd/weighlock/dev"
	"github.com/weighlock/weighlock/internal/authz"
	address "github.com/weighlock/weighlock/internal/clickhouse"
	"github.com/weighlock/weighlock/internal/people"
)

func (c *cli) devCommand() *cobra.Command {
	var o dev.Options
	var agents, policies []string
	var verbose bool
	command := &cobra.Command{
		Use:   "dev",
		Short: "Run everything on this machine: NATS, the services, ClickHouse's engine",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.Dir = c.dir; o.Dir == "" {
				o.Dir = dev.DefaultDir()
			}
			level := slog.LevelInfo
			if verbose {
				level = slog.LevelDebug
			}
			o.Logger = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
			o.PolicyFile = strings.Join(policies, ",")
			var err error
			if o.Identities, err = identities(agents, o.ApproversFile); err != nil {
				return err
			}
			p, err := dev.Start(cmd.Context(), o)
			if err != nil {
				return err
			}
			defer p.Stop()
			welcome(p.Place, agents)
			select {
			case <-cmd.Context().Done():
				fmt.Fprintln(os.Stderr, "draining…")
				return nil
			case err := <-p.Failed():
				return err
			}
		},
	}
	flags := command.Flags()
	flags.StringVar(&o.Prefix, "prefix", "", "subject `prefix` of the pipeline (default wl)")
	flags.StringVar(&o.NATSListen, "nats-listen", "", "`address` of the NATS server (default: a free port on 127.0.0.1)")
	flags.StringVar(&o.HTTP, "http", "", "`address` of health and metrics (default: a free port on 127.0.0.1)")
	flags.StringVar(&o.ClickHouseURL, "clickhouse-url", "", "`URL` of a ClickHouse to use instead of a local engine, http(s):// or clickhouse://")
	flags.StringSliceVar(&policies, "policy", nil, "`path` of a file or directory with the risk policy; several are merged in the order given, and \"default\" stands for the built-in ones (default: these alone)")
	flags.StringVar(&o.RoutesFile, "routes", "", "routes `file` (default: the built-in example)")
	flags.StringVar(&o.ApproversFile, "approvers", "", "people and groups `file` (default: the built-in example)")
	flags.StringSliceVar(&agents, "agent", []string{"assistant"}, "`names` of agents to make keys for; more with `weighlock identity add`")
	flags.BoolVarP(&verbose, "verbose", "v", false, "log more")
	return command
}

// localAuditor may have private values erased on this machine.
var localAuditor = authz.Identity{Kind: authz.Auditor, Name: "local"}

// identities are the agents named on the command line, every account in the approvers file, and the local auditor.
func identities(agents []string, approversFile string) ([]authz.Identity, error) {
	directory := people.Default()
	if approversFile != "" {
		var err error
		if directory, err = people.Load(approversFile); err != nil {
			return nil, err
		}
	}
	var ids []authz.Identity
	for _, name := range agents {
		ids = append(ids, authz.Identity{Kind: authz.Agent, Name: name})
	}
	for _, name := range directory.Accounts() {
		ids = append(ids, authz.Identity{Kind: authz.Approver, Name: name})
	}
	return append(ids, localAuditor), nil
}

func welcome(place dev.Place, agents []string) {
	clickhouse := "none found; `weighlock doctor` says what to do"
	if place.ClickHouseURL != "" {
		clickhouse = "running"
		if a, err := address.Parse(place.ClickHouseNative); err == nil {
			clickhouse += "; native protocol on " + a.Host + ", user and password in dev.json"
		}
	}
	agent := "NAME"
	if len(agents) > 0 {
		agent = agents[0]
	}
	fmt.Fprintf(os.Stderr, `
Weighlock is ready.
  data        %s
  NATS        %s
  ClickHouse  %s
  health      http://%s/readyz

Try, in another terminal:
  weighlock propose --agent %s --tool send_payment --args '{"amount": 90}' --wait
  weighlock inbox
Stop with Ctrl-C.

`, place.Dir, place.NATSURL, clickhouse, place.HTTP, strings.TrimSpace(agent))
}
