package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/weighlock/weighlock/cmd/weighlock/card"
	"github.com/weighlock/weighlock/cmd/weighlock/words"
	"github.com/weighlock/weighlock/pkg/approver"
	"github.com/weighlock/weighlock/pkg/events"
)

// answer is what a person at the terminal says to a request.
type answer struct {
	kind              events.VerdictKind
	as, digest        string
	items, but        string
	item              int
	arguments         string
	comment, guidance string
	reasonCode        string
	timeout           time.Duration
	grant             terms
	validFor          time.Duration
	atMost            string
}

func (c *cli) verdictCommands() []*cobra.Command {
	return []*cobra.Command{c.approveCommand(), c.rejectCommand(), c.editCommand(), c.respondCommand(), c.abstainCommand()}
}

func (c *cli) approveCommand() *cobra.Command {
	command, a := c.verdictCommand("approve", "Approve all items, or some, of a request", events.Approve)
	a.choose(command)
	a.limit(command)
	a.grant.register(command, "grant-")
	command.Example = `  weighlock approve r-yqymp7yzykyi --items 1-3,7 --comment "as ordered"
  weighlock approve r-yqymp7yzykyi --grant-for 2h --grant-uses 20 --grant-amount 500EUR`
	return command
}

func (c *cli) rejectCommand() *cobra.Command {
	command, a := c.verdictCommand("reject", "Reject all items, or some, of a request", events.Reject)
	a.choose(command)
	return command
}

func (c *cli) respondCommand() *cobra.Command {
	command, a := c.verdictCommand("respond", "Reject, and tell the agent what to do instead", events.Respond)
	a.choose(command)
	command.Flags().StringVar(&a.guidance, "guidance", "", "what the agent is told to do instead")
	command.Example = `  weighlock respond r-yqymp7yzykyi --guidance "pay it from the other account"`
	return command
}

func (c *cli) abstainCommand() *cobra.Command {
	command, a := c.verdictCommand("abstain", "Take an earlier answer back, and count neither way", events.Abstain)
	a.choose(command)
	return command
}

func (c *cli) editCommand() *cobra.Command {
	command, a := c.verdictCommand("edit", "Approve an item with other arguments", events.Edit)
	command.Long = `Approve an item with other arguments than were proposed: the same names, each with the same
type. They are scored before they count. Where they are riskier than what the card shows, the
action goes to a card of its own; else they make a new version of the card, and whoever else has
to approve approves that.`
	command.Example = `  weighlock edit r-yqymp7yzykyi --args '{"to":"acme","amount":100}'
  weighlock edit r-yqymp7yzykyi --item 2 --args @smaller.json --comment "half will do"`
	a.limit(command)
	command.Flags().IntVar(&a.item, "item", 0, "`number` of the item; needed where the card has several")
	command.Flags().StringVar(&a.arguments, "args", "", "the whole arguments as a `JSON` object, @FILE for a file, @- for standard input")
	return command
}

// limit adds the flags that bound an approval.
func (a *answer) limit(command *cobra.Command) {
	command.Flags().DurationVar(&a.validFor, "valid-for", 0, "for how long the approval holds: what has not run by then must not")
	command.Flags().StringVar(&a.atMost, "at-most", "", "approve nothing that moves more `money` than this, such as 500EUR")
}

// limits are the bounds that the flags give; nil for none.
func (a *answer) limits(now time.Time) (*events.ApprovalLimits, error) {
	if a.validFor == 0 && a.atMost == "" {
		return nil, nil //nolint:nilnil // documented
	}
	var l events.ApprovalLimits
	if a.validFor != 0 {
		until := now.Add(a.validFor).UTC()
		l.ValidUntil = &until
	}
	var err error
	if a.atMost != "" {
		l.Amount, l.Currency, err = parseMoney("--at-most", a.atMost)
	}
	return &l, err
}

// choose adds the flags for answering some items only.
func (a *answer) choose(command *cobra.Command) {
	command.Flags().StringVar(&a.items, "items", "", "only these `items`, such as 1-3,7")
	command.Flags().StringVar(&a.but, "but", "", "all `items` but these, which are left as they are")
	command.MarkFlagsMutuallyExclusive("items", "but")
}

func (c *cli) verdictCommand(use, short string, kind events.VerdictKind) (*cobra.Command, *answer) {
	a := &answer{kind: kind}
	command := &cobra.Command{
		Use:   use + " REQUEST",
		Short: short,
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, cancel := context.WithTimeout(cmd.Context(), a.timeout)
			defer cancel()
			client, err := c.approver(ctx, a.as)
			if err != nil {
				return err
			}
			defer client.Close()
			r, err := findRequest(ctx, client, args[0])
			if err != nil {
				return err
			}
			v, err := a.verdict(r)
			if err != nil {
				return err
			}
			return c.cast(ctx, cmd.OutOrStdout(), client, v)
		},
	}
	asFlag(command, &a.as)
	flags := command.Flags()
	flags.StringVar(&a.comment, "comment", "", "why")
	flags.StringVar(&a.reasonCode, "reason", "", "a reason to count by: one `word` of A-Z a-z 0-9 _ -")
	flags.StringVar(&a.digest, "digest", "", "digest of the card that was read (default: that of the card as it stands)")
	flags.DurationVar(&a.timeout, "timeout", 10*time.Second, "how long to wait for the outcome")
	return command, a
}

// verdict makes the verdict on r.
func (a *answer) verdict(r approver.Request) (approver.Verdict, error) {
	v := approver.Verdict{
		Request: r.ID, Digest: r.Digest, Verdict: a.kind, Comment: a.comment, Guidance: a.guidance, ReasonCode: a.reasonCode, UntilCounted: true,
	}
	if a.digest != "" {
		v.Digest = a.digest
	}
	var err error
	if v.Limits, err = a.limits(time.Now()); err != nil {
		return v, err
	}
	if v.Grant, err = a.grant.given("grant-"); err != nil {
		return v, err
	}
	switch {
	case a.kind == events.Edit:
		v.Verdict = ""
		v.Items, err = a.edit(r)
	case a.items != "":
		v.Verdict = ""
		v.Items, err = itemVerdicts(a.items, a.kind)
	case a.but != "":
		v.Verdict = ""
		var numbers []int
		if numbers, err = itemNumbers("--but", a.but); err == nil {
			v.Items, err = r.AllBut(a.kind, numbers...)
		}
	}
	return v, err
}

func (a *answer) edit(r approver.Request) ([]events.ItemVerdict, error) {
	number := a.item
	if number == 0 {
		if len(r.Items) > 1 {
			return nil, fmt.Errorf("the card has %d items: say which with --item", len(r.Items))
		}
		number = 1
	}
	if a.arguments == "" {
		return nil, errors.New("--args is missing: give the whole arguments as they should be")
	}
	text := []byte(a.arguments)
	if name, ok := strings.CutPrefix(a.arguments, "@"); ok {
		var err error
		if text, err = readFile(name); err != nil {
			return nil, fmt.Errorf("reading the edited arguments: %w", err)
		}
	}
	if _, err := events.ArgumentsDigest(text); err != nil {
		return nil, fmt.Errorf("--args: %w", err)
	}
	return []events.ItemVerdict{{Number: number, Verdict: events.Edit, Arguments: json.RawMessage(text)}}, nil
}

func (c *cli) cast(ctx context.Context, out io.Writer, client *approver.Client, v approver.Verdict) error {
	cast, err := client.Cast(ctx, v)
	if _, ok := errors.AsType[*approver.RefusedError](err); ok {
		return &exitError{code: exitRefused, err: err}
	}
	if err != nil && cast.Sequence > 0 {
		return &exitError{code: exitUndecided, err: fmt.Errorf("your answer is stored, and no router has looked at it yet: %w", err)}
	}
	if err != nil {
		return err
	}
	r := cast.Counted
	if r == nil {
		found, err := client.Get(ctx, v.Request)
		if err != nil {
			return fmt.Errorf("your answer counts; looking at what it did: %w", err)
		}
		r = &found
	}
	if c.json {
		return printJSON(out, map[string]any{"request": v.Request, "sequence": cast.Sequence, "resolved": cast.Resolved, "digest": r.Digest, "version": r.Version})
	}
	switch {
	case !r.Open():
	case r.Digest != v.Digest:
		fmt.Fprintf(out, "%s: your answer counts; the edit made version %d of the card, which others have to approve\n", r.ID, r.Version)
	default:
		fmt.Fprintf(out, "%s: your answer counts; the request is still open\n", r.ID)
	}
	for _, item := range r.Items {
		fmt.Fprintf(out, "[%d] %s/%s  %s\n", item.Number, item.Agent, item.Action, standing(*r, item))
	}
	return nil
}

// standing is how far an item is.
func standing(r approver.Request, item approver.Item) string {
	if !item.Open() {
		return card.OutcomeWords(item.Outcome, item.Moved)
	}
	if len(item.Votes) == 0 {
		return "waits for " + card.Quorum(r.Require)
	}
	var votes []string
	for _, vote := range item.Votes {
		votes = append(votes, vote.Approver+": "+string(vote.Verdict))
	}
	return "waits for " + card.Quorum(r.Require) + "; so far " + words.Printable(strings.Join(votes, ", "))
}
