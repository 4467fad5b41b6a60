package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/weighlock/weighlock/cmd/weighlock/words"

	"github.com/spf13/cobra"

	"github.com/weighlock/weighlock/cmd/weighlock/dev"
	"github.com/weighlock/weighlock/internal/authz"
	"github.com/weighlock/weighlock/pkg/approver"
	"github.com/weighlock/weighlock/pkg/events"
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
	name, key, err := whoIsThere(place, as)
	if err != nil {
		return nil, err
	}
	return approver.Connect(ctx, approver.Options{URL: place.NATSURL, Approver: name, SeedFile: key, Prefix: place.Prefix})
}

func whoIsThere(place dev.Place, as string) (name, key string, err error) {
	if as != "" {
		key, err = place.Key(authz.Identity{Kind: authz.Approver, Name: as})
		return as, key, err
	}
	for _, guess := range []string{os.Getenv("WEIGHLOCK_APPROVER"), os.Getenv("USER")} {
		if key, err := place.Key(authz.Identity{Kind: authz.Approver, Name: guess}); err == nil {
			return guess, key, nil
		}
	}
	keys, err := authz.OpenKeys(place.KeysDir())
	if err != nil {
		return "", "", err
	}
	users, err := keys.List()
	if err != nil {
		return "", "", err
	}
	var names []string
	for _, u := range users {
		if u.Kind == authz.Approver {
			names = append(names, u.Name)
		}
	}
	if len(names) == 1 {
		return names[0], keys.Path(authz.Identity{Kind: authz.Approver, Name: names[0]}), nil
	}
	return "", "", fmt.Errorf("who are you? Say --as NAME, or set WEIGHLOCK_APPROVER; keys are there for %s", strings.Join(names, ", "))
}

func (c *cli) inboxCommand() *cobra.Command {
	var as string
	var watch, all bool
	command := &cobra.Command{
		Use:   "inbox",
		Short: "What waits for an answer, the most urgent first",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			client, err := c.approver(ctx, as)
			if err != nil {
				return err
			}
			defer client.Close()
			if watch {
				return c.watchInbox(ctx, client, cmd)
			}
			list, err := client.Requests(ctx)
			if err != nil {
				return err
			}
			list = slices.DeleteFunc(list, func(r approver.Request) bool { return !all && !r.Open() })
			slices.SortFunc(list, func(a, b approver.Request) int { return a.EndsAt.Compare(b.EndsAt) })
			if c.json {
				return printJSON(cmd.OutOrStdout(), list)
			}
			if len(list) == 0 {
				fmt.Fprintln(cmd.OutOrStdout(), "Nothing waits.")
				return nil
			}
			rows := make([][]string, len(list))
			for i, r := range list {
				rows[i] = inboxRow(r, time.Now())
			}
			return table(cmd.OutOrStdout(), []string{"REQUEST", "ENDS IN", "GROUP", "SCORE", "ITEMS", "WHAT"}, rows)
		},
	}
	asFlag(command, &as)
	command.Flags().BoolVar(&watch, "watch", false, "stay, and show what happens")
	command.Flags().BoolVar(&all, "all", false, "show what was resolved in the last day too")
	return command
}

func inboxRow(r approver.Request, now time.Time) []string {
	ends := r.EndsAt.Sub(now).Round(time.Second).String()
	if !r.Open() {
		ends = "closed"
	}
	return []string{r.ID, ends, r.Group, fmt.Sprint(r.Card.Score), fmt.Sprint(len(r.Items)), r.Card.Headline}
}

func (c *cli) watchInbox(ctx context.Context, client *approver.Client, cmd *cobra.Command) error {
	place, err := c.place()
	if err != nil {
		return err
	}
	subjects, err := place.Subjects()
	if err != nil {
		return err
	}
	err = client.Watch(ctx, func(ev approver.Event) {
		switch {
		case c.json:
			_ = printJSON(cmd.OutOrStdout(), ev)
		case ev.Request != nil:
			fmt.Fprintf(cmd.OutOrStdout(), "%s  waiting   %s\n", time.Now().Format(time.TimeOnly), words.Printable(strings.Join(inboxRow(*ev.Request, time.Now()), "  ")))
		default:
			fmt.Fprintf(cmd.OutOrStdout(), "%s  %-9s %s\n", time.Now().Format(time.TimeOnly), ev.Kind, words.Printable(words.Event(subjects, "", ev.Message)))
		}
	})
	if err != nil && ctx.Err() == nil { // the user ends a watch by ending ctx: no failure
		return err
	}
	return nil
}

func (c *cli) showCommand() *cobra.Command {
	var as string
	command := &cobra.Command{
		Use:   "show REQUEST",
		Short: "The whole card, with the actions as they were proposed",
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
				return printJSON(cmd.OutOrStdout(), map[string]any{"request": r, "items": items})
			}
			printCard(cmd.OutOrStdout(), r, items, time.Now())
			if r.Open() {
				fmt.Fprintf(cmd.OutOrStdout(), "weighlock approve %s --comment …   or   weighlock reject %s --comment …\n", r.ID, r.ID)
			}
			return nil
		},
	}
	asFlag(command, &as)
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
func fetchItems(ctx context.Context, client *approver.Client, r approver.Request) []fetched {
	items := make([]fetched, len(r.Items))
	for i, item := range r.Items {
		items[i].Item = item
		proposed, _, err := client.Action(ctx, item.ActionRef)
		if err != nil {
			items[i].Problem = err.Error()
			continue
		}
		items[i].Proposed = &proposed
	}
	return items
}

func (c *cli) approveCommand() *cobra.Command {
	return c.verdictCommand("approve", "Approve all items, or some, of a request", events.Approve)
}

func (c *cli) rejectCommand() *cobra.Command {
	return c.verdictCommand("reject", "Reject all items, or some, of a request", events.Reject)
}

func (c *cli) verdictCommand(use, short string, verdict events.VerdictKind) *cobra.Command {
	var as, items, comment, digest string
	var timeout time.Duration
	command := &cobra.Command{
		Use:   use + " REQUEST",
		Short: short,
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, cancel := context.WithTimeout(cmd.Context(), timeout)
			defer cancel()
			client, err := c.approver(ctx, as)
			if err != nil {
				return err
			}
			defer client.Close()
			r, err := findRequest(ctx, client, args[0])
			if err != nil {
				return err
			}
			v := approver.Verdict{Request: r.ID, Digest: r.Digest, Verdict: verdict, Comment: comment, Wait: true}
			if digest != "" {
				v.Digest = digest
			}
			if items != "" {
				v.Verdict = ""
				if v.Items, err = itemVerdicts(items, verdict); err != nil {
					return err
				}
			}
			return c.cast(ctx, cmd, client, v)
		},
	}
	asFlag(command, &as)
	flags := command.Flags()
	flags.StringVar(&items, "items", "", "only these items, such as 1-3,7")
	flags.StringVar(&comment, "comment", "", "why")
	flags.StringVar(&digest, "digest", "", "digest of the card that was read (default: that of the card as it stands)")
	flags.DurationVar(&timeout, "timeout", 10*time.Second, "how long to wait for the outcome")
	return command
}

func (c *cli) cast(ctx context.Context, cmd *cobra.Command, client *approver.Client, v approver.Verdict) error {
	// A verdict that leaves items open is not followed by the request's end: the store says
	// soon enough that it counted.
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	cast, err := client.Cast(ctx, v)
	if _, ok := errors.AsType[*approver.RefusedError](err); ok {
		return &exitError{code: exitRefused, err: err}
	}
	if err != nil && cast.Sequence == 0 {
		return err
	}
	out := cmd.OutOrStdout()
	if c.json {
		return printJSON(out, map[string]any{"request": v.Request, "sequence": cast.Sequence, "resolved": cast.Resolved})
	}
	if cast.Resolved == nil {
		fmt.Fprintf(out, "%s: your answer is stored; the request is still open\n", v.Request)
		return nil
	}
	for _, item := range cast.Resolved.Items {
		fmt.Fprintf(out, "[%d] %s/%s  %s\n", item.Number, item.Agent, item.Action, item.Outcome)
	}
	return nil
}
