package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/weighlock/weighlock/cmd/weighlock/ask"
	"github.com/weighlock/weighlock/cmd/weighlock/words"
	"github.com/weighlock/weighlock/pkg/approver"
	"github.com/weighlock/weighlock/pkg/events"
)

func (c *cli) grantsCommand() *cobra.Command {
	command := &cobra.Command{Use: "grants", Short: "Standing approvals: who gave which, give one, end one"}
	command.AddCommand(c.grantsListCommand(), c.grantsCreateCommand(), c.grantsRevokeCommand(), c.grantsSuggestCommand())
	return command
}

// terms are how far a grant reaches, as flags.
type terms struct {
	period            time.Duration
	uses              int
	amount            string
	same              []string
	anyAgent, anybody bool
}

// register adds the flags; prefix comes before their names.
func (t *terms) register(command *cobra.Command, prefix string) {
	flags := command.Flags()
	flags.DurationVar(&t.period, prefix+"for", 0, "for how long the next ones like this pass")
	flags.IntVar(&t.uses, prefix+"uses", 0, "how many of them pass")
	flags.StringVar(&t.amount, prefix+"amount", "", "how much `money` they may move in all, such as 500EUR; without it what moves money does not pass")
	flags.StringSliceVar(&t.same, prefix+"same", nil, "JSON `pointer` to an argument that must stay as it is here, such as /recipient; may be given several times")
	flags.BoolVar(&t.anyAgent, prefix+"any-agent", false, "of any agent, not of this one alone")
	flags.BoolVar(&t.anybody, prefix+"any-principal", false, "on behalf of anybody, not of this principal alone")
}

// given are the terms; nil where no flag asks for a grant.
func (t *terms) given(prefix string) (*events.GrantTerms, error) {
	if t.period == 0 && t.uses == 0 && t.amount == "" && len(t.same) == 0 && !t.anyAgent && !t.anybody {
		return nil, nil //nolint:nilnil // documented
	}
	if t.period < time.Second || t.uses < 1 {
		return nil, fmt.Errorf("say both for how long and how often: --%sfor 2h --%suses 20", prefix, prefix)
	}
	out := &events.GrantTerms{Seconds: int(t.period.Seconds()), Uses: t.uses, Same: t.same, AnyAgent: t.anyAgent, AnyPrincipal: t.anybody}
	if t.amount != "" {
		var err error
		if out.Amount, out.Currency, err = parseMoney("--"+prefix+"amount", t.amount); err != nil {
			return nil, err
		}
	}
	return out, out.Validate()
}

// parseMoney reads an amount with its currency, such as 500EUR.
func parseMoney(flag, text string) (amount float64, currency string, err error) {
	number := strings.TrimRightFunc(text, func(r rune) bool { return unicode.IsLetter(r) || r == ' ' })
	amount, err = strconv.ParseFloat(number, 64)
	currency = strings.ToUpper(strings.TrimSpace(strings.TrimPrefix(text, number)))
	if err != nil || currency == "" {
		return 0, "", fmt.Errorf("%s is %q: write an amount with its currency, such as 500EUR", flag, text)
	}
	return amount, currency, nil
}

func (c *cli) grantsListCommand() *cobra.Command {
	var as string
	var all bool
	command := &cobra.Command{
		Use:   "list",
		Short: "Grants in force, with what is left of them",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			client, err := c.approver(cmd.Context(), as)
			if err != nil {
				return err
			}
			defer client.Close()
			list, err := client.Grants(cmd.Context())
			if err != nil {
				return err
			}
			now := time.Now()
			shown := []approver.Grant{}
			for _, g := range list {
				if all || g.Open(now) {
					shown = append(shown, g)
				}
			}
			if c.json {
				return printJSON(cmd.OutOrStdout(), shown)
			}
			if len(shown) == 0 {
				_, err := fmt.Fprintln(cmd.OutOrStdout(), "No grant is in force.")
				return err
			}
			rows := make([][]string, len(shown))
			for i, g := range shown {
				rows[i] = grantRow(g, now)
			}
			return table(cmd.OutOrStdout(), []string{"GRANT", "BY", "GROUP", "ROUTE", "OF", "FOR", "USED", "MONEY", "ENDS", "ONLY WHERE"}, rows)
		},
	}
	asFlag(command, &as)
	command.Flags().BoolVar(&all, "all", false, "show those that ended lately too")
	return command
}

func grantRow(g approver.Grant, now time.Time) []string {
	anyOr := func(s string) string {
		if s == "" {
			return "any"
		}
		return s
	}
	ends, money := "in "+g.Expires.Sub(now).Round(time.Second).String(), "-"
	switch {
	case g.RevokedBy != "":
		ends = "revoked by " + g.RevokedBy
	case !now.Before(g.Expires):
		ends = "over"
	}
	if g.Amount > 0 {
		money = fmt.Sprintf("%g of %g %s", g.Moved, g.Amount, g.Currency)
	}
	equal := make([]string, 0, len(g.Equal))
	for pointer, value := range g.Equal {
		equal = append(equal, pointer+" = "+string(value))
	}
	return []string{
		g.ID, g.Approver, g.Group, g.Route, anyOr(g.OfAgent), anyOr(g.OnBehalfOf), fmt.Sprintf("%d of %d", g.Used, g.Uses), money, ends, words.Clip(strings.Join(equal, ", "), 40),
	}
}

func (c *cli) grantsCreateCommand() *cobra.Command {
	var as, comment string
	var t terms
	command := &cobra.Command{
		Use:   "create --like AGENT/ACTION",
		Short: "Let the next actions like one pass without asking",
		Long: `Let the next actions like one pass without asking: those of the same route that it would share a card with, of the same agent and on behalf of the
same principal. Only who could approve them alone may give a grant, and routes bound how far it reaches.`,
		Example: "  weighlock grants create --like billing-bot/a-17 --for 2h --uses 20 --amount 500EUR --same /recipient",
		Args:    cobra.NoArgs,
	}
	var like string
	command.Flags().StringVar(&like, "like", "", "the example, as `AGENT/ACTION`")
	command.Flags().StringVar(&comment, "comment", "", "why")
	asFlag(command, &as)
	t.register(command, "")
	command.RunE = func(cmd *cobra.Command, _ []string) error {
		agent, action, ok := strings.Cut(like, "/")
		if !ok {
			return fmt.Errorf("--like is %q: name the example as AGENT/ACTION", like)
		}
		given, err := t.given("")
		if err == nil && given == nil {
			err = errors.New("say how far it reaches: --for 2h --uses 20")
		}
		if err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(cmd.Context(), 10*time.Second)
		defer cancel()
		client, err := c.approver(ctx, as)
		if err != nil {
			return err
		}
		defer client.Close()
		made, err := client.GiveGrant(ctx, "", events.GrantAsked{GrantTerms: *given, Agent: agent, Action: action, Comment: comment})
		if err != nil {
			return err
		}
		if c.json {
			return printJSON(cmd.OutOrStdout(), made)
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: %s\n", made.Grant, words.Printable(words.Granted(&made)))
		return err
	}
	return command
}

func (c *cli) grantsRevokeCommand() *cobra.Command {
	var as, comment string
	command := &cobra.Command{
		Use:   "revoke GRANT",
		Short: "End a grant at once; what passed before stands",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, cancel := context.WithTimeout(cmd.Context(), 10*time.Second)
			defer cancel()
			client, err := c.approver(ctx, as)
			if err != nil {
				return err
			}
			defer client.Close()
			ended, err := client.RevokeGrant(ctx, "", args[0], comment)
			if err != nil {
				return err
			}
			if c.json {
				return printJSON(cmd.OutOrStdout(), ended)
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s is revoked by %s; %d actions had passed\n", ended.Grant, ended.By, ended.Used)
			return err
		},
	}
	asFlag(command, &as)
	command.Flags().StringVar(&comment, "comment", "", "why")
	return command
}

// suggestSQL finds what people always approve, and fast: the same agent, principal, tool, kind of target and rules, before the same group.
const suggestSQL = `SELECT s.agent AS agent, s.principal AS principal, s.tool AS tool, s.` + "`group`" + ` AS asked, count() AS actions, argMax(s.action, s.decided_at) AS example,
    round(quantileExact(0.5)(dateDiff('second', s.requested_at, s.decided_at))) AS median_seconds, toUInt32(dateDiff('day', min(s.requested_at), max(s.decided_at)) + 1) AS days
FROM action_state AS s
INNER JOIN (SELECT cell, agent, action, argMin(arraySort(rules), assessed_at) AS rules FROM assessments GROUP BY cell, agent, action) AS a
    ON a.cell = s.cell AND a.agent = s.agent AND a.action = s.action
WHERE s.request != '' AND s.requested_at >= now() - toIntervalDay({days:UInt32}) AND s.state NOT IN ('waiting', 'withdrawn')
GROUP BY s.cell, s.agent, s.principal, s.tool, s.target_kind, a.rules, asked
HAVING countIf(s.state != 'approved' OR s.decided_by != 'approvers') = 0 AND actions >= {least:UInt32} AND median_seconds <= {seconds:UInt32}
ORDER BY actions DESC, agent, tool LIMIT 20`

// suggestion is a grant that somebody might give.
type suggestion struct {
	Agent     string `json:"agent"`
	Principal string `json:"principal"`
	Tool      string `json:"tool"`
	Asked     string `json:"asked"`
	Actions   int    `json:"actions,string"`
	Example   string `json:"example"`
	Median    int    `json:"median_seconds,string"`
	Days      int    `json:"days"`
	Command   string `json:"command"`
}

func (c *cli) grantsSuggestCommand() *cobra.Command {
	var days, least int
	var within time.Duration
	command := &cobra.Command{
		Use:   "suggest",
		Short: "What a group always approved, and fast, with the command that would grant it",
		Long: `Say what one group always approved, and fast: actions of the same agent on behalf of the same principal, with the same tool, kind of target and rules.
Nothing is granted by that. Each command grants for two hours, and no more actions than came on an average day; add --same and --amount where they fit.`,
		Args: cobra.NoArgs,
	}
	command.Flags().IntVar(&days, "days", 30, "how many days are looked at")
	command.Flags().IntVar(&least, "least", 5, "how many such actions there must have been")
	command.Flags().DurationVar(&within, "within", 5*time.Minute, "how fast half of them were approved")
	command.RunE = func(cmd *cobra.Command, _ []string) error {
		place, err := c.audited()
		if err != nil {
			return err
		}
		list := []suggestion{}
		params := map[string]string{"days": strconv.Itoa(days), "least": strconv.Itoa(least), "seconds": strconv.Itoa(int(within.Seconds()))}
		err = ask.Rows(cmd.Context(), place.ClickHouseURL, suggestSQL, params, func(row []byte) error {
			var s suggestion
			if err := json.Unmarshal(row, &s); err != nil {
				return fmt.Errorf("reading a suggestion: %w", err)
			}
			s.Command = fmt.Sprintf("weighlock grants create --like %s/%s --for 2h --uses %d", s.Agent, s.Example, max(1, s.Actions/max(s.Days, 1)))
			list = append(list, s)
			return nil
		})
		if err != nil {
			return err
		}
		if c.json {
			return printJSON(cmd.OutOrStdout(), list)
		}
		return printSuggestions(cmd.OutOrStdout(), list)
	}
	return command
}

func printSuggestions(w io.Writer, list []suggestion) error {
	if len(list) == 0 {
		_, err := fmt.Fprintln(w, "Nothing was approved so often, always and fast.")
		return err
	}
	for _, s := range list {
		behalf := ""
		if s.Principal != "" {
			behalf = " on behalf of " + s.Principal
		}
		text := fmt.Sprintf("%s approved all %d × %s of %s%s, half of them within %d s\n    %s", s.Asked, s.Actions, words.Tool(s.Tool, "action"), s.Agent, behalf, s.Median, s.Command)
		for line := range strings.SplitSeq(text, "\n") {
			if _, err := fmt.Fprintln(w, words.Printable(line)); err != nil {
				return err
			}
		}
	}
	return nil
}
