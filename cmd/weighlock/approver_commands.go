package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/weighlock/weighlock/cmd/weighlock/card"

	"github.com/spf13/cobra"

	"github.com/weighlock/weighlock/cmd/weighlock/dev"
	"github.com/weighlock/weighlock/internal/authz"
	"github.com/weighlock/weighlock/internal/mask"
	"github.com/weighlock/weighlock/pkg/approver"
)

// asFlag lets a person say who they are; their key must be there.
func asFlag(command *cobra.Command, as *string) {
	command.Flags().StringVar(as, "as", "", "`name` of the approver (default: $WEIGHLOCK_APPROVER, then $USER, then the only one with a key)")
}

// approver opens a connection as the person at the terminal.
func (c *cli) approver(ctx context.Context, as string) (*approver.Client, error) {
	place, err := c.place()
	if err != nil {
		return nil, err
	}
	name, key, err := whoIsThere(place, authz.Approver, as)
	if err != nil {
		return nil, err
	}
	return approver.Connect(ctx, approver.Options{URL: place.NATSURL, Approver: name, SeedFile: key, Prefix: place.Prefix})
}

// whoIsThere is who of a kind sits at the terminal, and their key: who is named, who the environment names, or the only one with a key.
func whoIsThere(place dev.Place, kind authz.Kind, as string) (name, key string, err error) {
	if as != "" {
		key, err = place.Key(authz.Identity{Kind: kind, Name: as})
		return as, key, err
	}
	variable := "WEIGHLOCK_" + strings.ToUpper(string(kind))
	for _, guess := range []string{os.Getenv(variable), os.Getenv("USER")} {
		if key, err := place.Key(authz.Identity{Kind: kind, Name: guess}); err == nil {
			return guess, key, nil
		}
	}
	names, err := named(place, kind)
	switch {
	case err != nil:
		return "", "", err
	case len(names) == 0:
		return "", "", fmt.Errorf("no %s has a key here: `weighlock identity add %[1]s/NAME` makes one", kind)
	case len(names) > 1:
		return "", "", fmt.Errorf("who are you? Say --as NAME, or set %s; keys are there for %s", variable, strings.Join(names, ", "))
	}
	key, err = place.Key(authz.Identity{Kind: kind, Name: names[0]})
	return names[0], key, err
}

// named are those of a kind who have a key.
func named(place dev.Place, kind authz.Kind) (names []string, err error) {
	keys, err := authz.OpenKeys(place.KeysDir())
	if err != nil {
		return nil, err
	}
	users, err := keys.List()
	for _, u := range users {
		if u.Kind == kind {
			names = append(names, u.Name)
		}
	}
	return names, err
}

func (c *cli) showCommand() *cobra.Command {
	var as string
	var reveal bool
	command := &cobra.Command{
		Use:   "show REQUEST",
		Short: "The whole card, with the actions as they were proposed and edited",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			client, err := c.approver(cmd.Context(), as)
			if err != nil {
				return err
			}
			defer client.Close()
			r, err := findRequest(cmd.Context(), client, args[0])
			if err != nil {
				return err
			}
			items := fetchItems(cmd.Context(), client, r)
			if c.json {
				for i := range items {
					items[i] = items[i].Filled(r.Card.Context, reveal)
					if !reveal {
						items[i].Proposed = nil // the card has it, with its secrets masked
						if items[i].Private != nil {
							items[i].Edited, _ = mask.JSON(items[i].Edited, items[i].Masked)
						}
					}
				}
				return printJSON(cmd.OutOrStdout(), map[string]any{"request": r, "items": items})
			}
			desk{client}.Opened(cmd.Context(), r)
			card.View{Request: r, Items: items, Now: time.Now(), Reveal: reveal}.Print(cmd.OutOrStdout())
			if r.Open() {
				fmt.Fprintf(cmd.OutOrStdout(), "weighlock approve %s   or reject, edit, respond, abstain\n", r.ID)
			}
			return nil
		},
	}
	asFlag(command, &as)
	command.Flags().BoolVar(&reveal, "reveal", false, "show secrets too, and all of what the card cuts")
	return command
}

// findRequest takes a request's id or an unambiguous beginning of it.
func findRequest(ctx context.Context, client *approver.Client, id string) (approver.Request, error) {
	if r, err := client.Get(ctx, id); err == nil {
		return r, nil
	}
	list, err := client.Requests(ctx)
	if err != nil {
		return approver.Request{}, err
	}
	var found []approver.Request
	for _, r := range list {
		if strings.HasPrefix(r.ID, id) || strings.HasPrefix(strings.TrimPrefix(r.ID, "r-"), id) {
			found = append(found, r)
		}
	}
	switch len(found) {
	case 0:
		return approver.Request{}, fmt.Errorf("there is no request %s: `weighlock inbox --all` lists them", id)
	case 1:
		return found[0], nil
	default:
		return approver.Request{}, fmt.Errorf("%s fits %d requests: give more of its id", id, len(found))
	}
}

// fetchItems reads the actions from their stream; what does not fit its digest is not
// shown as if it did.
func fetchItems(ctx context.Context, client *approver.Client, r approver.Request) []card.Fetched {
	items := make([]card.Fetched, len(r.Items))
	for i, item := range r.Items {
		items[i].Item = item
		proposed, _, err := client.Action(ctx, item.ActionRef)
		if err != nil {
			items[i].Problem = err.Error()
			continue
		}
		items[i].Proposed = &proposed
		if len(proposed.Private) == 0 {
			continue
		}
		private, err := client.Private(ctx, item.ActionRef, &proposed)
		if err != nil {
			items[i].Problem = "its private values cannot be read: " + err.Error()
			continue
		}
		items[i].Private = &private
	}
	return items
}
