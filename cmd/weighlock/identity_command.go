package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/weighlock/weighlock/internal/authz"
)

func (c *cli) identityCommand() *cobra.Command {
	command := &cobra.Command{Use: "identity", Short: "The keys of agents, approvers, adapters and services"}
	command.AddCommand(c.identityAddCommand(), c.identityListCommand(), c.identityConfigCommand())
	return command
}

func (c *cli) keys() (*authz.Keys, error) {
	place, err := c.place()
	if err != nil {
		return nil, err
	}
	return authz.OpenKeys(place.KeysDir())
}

// users are all who have a key.
func (c *cli) users() ([]authz.User, error) {
	keys, err := c.keys()
	if err != nil {
		return nil, err
	}
	return keys.List()
}

func (c *cli) identityAddCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "add KIND/NAME",
		Short:   "Make a key; a running `weighlock dev` lets it in within a second",
		Example: "  weighlock identity add agent/billing-bot",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := authz.ParseIdentity(args[0])
			if err != nil {
				return err
			}
			keys, err := c.keys()
			if err != nil {
				return err
			}
			path, public, err := keys.Ensure(id)
			if err != nil {
				return err
			}
			if c.json {
				return printJSON(cmd.OutOrStdout(), map[string]string{"identity": id.String(), "public": public, "seedFile": path})
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s\n  public key  %s\n  seed file   %s\n", id, public, path)
			return nil
		},
	}
}

func (c *cli) identityListCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "Who has a key",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			users, err := c.users()
			if err != nil {
				return err
			}
			if c.json {
				return printJSON(cmd.OutOrStdout(), users)
			}
			rows := make([][]string, len(users))
			for i, u := range users {
				rows[i] = []string{u.String(), u.PublicKey}
			}
			return table(cmd.OutOrStdout(), []string{"IDENTITY", "PUBLIC KEY"}, rows)
		},
	}
}

// identityConfigCommand prints what a production server needs, from the same source
// as the embedded one.
func (c *cli) identityConfigCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "config",
		Short: "Print the accounts block of a NATS server's configuration for these identities",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			place, err := c.place()
			if err != nil {
				return err
			}
			subjects, err := place.Subjects()
			if err != nil {
				return err
			}
			users, err := c.users()
			if err != nil {
				return err
			}
			text, err := authz.ServerConfig(subjects, users)
			if err != nil {
				return err
			}
			fmt.Fprint(cmd.OutOrStdout(), text)
			return nil
		},
	}
}
