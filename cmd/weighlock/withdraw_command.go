package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/weighlock/weighlock/internal/authz"
	"github.com/weighlock/weighlock/pkg/agent"
	"github.com/weighlock/weighlock/pkg/events"
)

func (c *cli) withdrawCommand() *cobra.Command {
	var reason string
	var timeout time.Duration
	command := &cobra.Command{
		Use:   "withdraw AGENT/ACTION",
		Short: "Take a proposed action back, and print what became of it",
		Long: `Take a proposed action back, as its agent, and wait for the decision on it: withdrawn, or what was
decided before. The exit code is 0 where it was withdrawn, 3 where it was decided before, 4 where no
decision came in time.`,
		Example: `  weighlock withdraw billing/a-17 --reason "the invoice was paid by hand"`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			name, action, ok := strings.Cut(args[0], "/")
			if !ok {
				return fmt.Errorf("%q names no action: write AGENT/ACTION", args[0])
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), timeout)
			defer cancel()
			client, err := c.agent(ctx, name)
			if err != nil {
				return err
			}
			defer client.Close()
			if err := client.Withdraw(ctx, action, reason); err != nil {
				return err
			}
			d, err := client.Await(ctx, action)
			if errors.Is(err, agent.ErrUndecided) {
				return &exitError{code: exitUndecided, err: fmt.Errorf("the withdrawal is stored, and there is no decision yet: %w", err)}
			}
			if err != nil {
				return err
			}
			_, said := errors.AsType[*exitError](c.printDecision(cmd.OutOrStdout(), d))
			switch {
			case d.Outcome == events.Withdrawn:
				return nil
			case said:
				return &exitError{code: exitRefused}
			default:
				return &exitError{code: exitRefused, err: errors.New("too late: the action was approved before")}
			}
		},
	}
	command.Flags().StringVar(&reason, "reason", "", "why, for the audit")
	command.Flags().DurationVar(&timeout, "timeout", 10*time.Second, "how long to wait for the decision")
	return command
}

// agent opens a connection as an agent whose key is there.
func (c *cli) agent(ctx context.Context, name string) (*agent.Client, error) {
	return c.agentWith(ctx, name, nil)
}

// agentWith is agent with somebody who is told how its actions stand that wait.
func (c *cli) agentWith(ctx context.Context, name string, waiting func(agent.Waiting)) (*agent.Client, error) {
	place, err := c.place()
	if err != nil {
		return nil, err
	}
	key, err := place.Key(authz.Identity{Kind: authz.Agent, Name: name})
	if err != nil {
		return nil, err
	}
	return agent.Connect(ctx, agent.Options{URL: place.NATSURL, Agent: name, SeedFile: key, Prefix: place.Prefix, OnWaiting: waiting})
}
