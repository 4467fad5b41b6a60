package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/weighlock/weighlock/cmd/weighlock/card"
	"github.com/weighlock/weighlock/cmd/weighlock/words"
	"github.com/weighlock/weighlock/internal/approval"
	"github.com/weighlock/weighlock/internal/policy"
	"github.com/weighlock/weighlock/internal/routes"
	"github.com/weighlock/weighlock/pkg/events"
	"github.com/weighlock/weighlock/services/approver-router/routing"
)

func (c *cli) routesCommand() *cobra.Command {
	command := &cobra.Command{Use: "routes", Short: "Check routes and approvers, and see who is asked about an action"}
	command.AddCommand(c.routesCheckCommand(), c.routesExplainCommand())
	return command
}

// routeFiles adds the flags for the two files, which belong together.
func routeFiles(command *cobra.Command) *routing.Config {
	cfg := &routing.Config{}
	command.Flags().StringVar(&cfg.RoutesFile, "routes", "", "routes `file` (default: the built-in example)")
	command.Flags().StringVar(&cfg.ApproversFile, "approvers", "", "people and groups `file` (default: the built-in example)")
	return cfg
}

func (c *cli) routesCheckCommand() *cobra.Command {
	command := &cobra.Command{
		Use:     "check",
		Short:   "Load both files as the router does; a mistake is named with its line",
		Example: "  weighlock routes check --routes routes.yaml --approvers approvers.yaml",
		Args:    cobra.NoArgs,
	}
	cfg := routeFiles(command)
	command.RunE = func(cmd *cobra.Command, _ []string) error {
		r, d, err := cfg.Load()
		if err != nil {
			return err
		}
		if c.json {
			return printJSON(cmd.OutOrStdout(), map[string]any{
				"routes": len(r.All()), "people": len(d.Persons()), "groups": len(d.Groups()), "routesVersion": r.Version(), "approversVersion": d.Version(),
			})
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "%d routes, %d people in %d groups: no mistakes found\n", len(r.All()), len(d.Persons()), len(d.Groups()))
		return err
	}
	return command
}

func (c *cli) routesExplainCommand() *cobra.Command {
	var file, policyFile, name string
	command := &cobra.Command{
		Use:   "explain",
		Short: "The path of an action through the tree of routes, and who is asked",
		Long: `Assess an action by the policy, and show its path through the tree of routes. Nothing is
proposed, and no pipeline need run.`,
		Example: "  weighlock routes explain --action action.json --routes routes.yaml --approvers approvers.yaml",
		Args:    cobra.NoArgs,
	}
	cfg := routeFiles(command)
	command.Flags().StringVar(&file, "action", "", "`file` with the action as the JSON of an action.proposed event's data; - for standard input")
	command.Flags().StringVar(&policyFile, "policy", "", "risk policy `file` (default: the built-in one)")
	command.Flags().StringVar(&name, "agent", "assistant", "`name` of the agent, where the file names none")
	_ = command.MarkFlagRequired("action") // the flag is there
	command.RunE = func(cmd *cobra.Command, _ []string) error {
		r, _, err := cfg.Load()
		if err != nil {
			return err
		}
		p := policy.Default()
		if policyFile != "" {
			if p, err = policy.Load(policyFile); err != nil {
				return err
			}
		}
		proposed, err := readAction(file)
		if err != nil {
			return err
		}
		now := time.Now()
		assessed, err := assess(p, proposed, name, now)
		if err != nil {
			return err
		}
		x := routing.Explain(r, assessed, proposed, now)
		if c.json {
			return printJSON(cmd.OutOrStdout(), explanationJSON(assessed, x))
		}
		printExplanation(cmd.OutOrStdout(), assessed, x)
		return nil
	}
	return command
}

func readAction(file string) (*events.ActionProposed, error) {
	text, err := readFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading the action: %w", err)
	}
	a := events.ActionProposed{Breakpoint: events.AtToolCall}
	if err := json.Unmarshal(text, &a); err != nil {
		return nil, fmt.Errorf("reading the action in %s: %w", file, err)
	}
	if err := a.Validate(); err != nil {
		return nil, fmt.Errorf("reading the action in %s: %w", file, err)
	}
	return &a, nil
}

// assess is what the risk scorer makes of the action.
func assess(p *policy.Policy, a *events.ActionProposed, name string, now time.Time) (*events.ActionAssessed, error) {
	ref := events.ActionRef{Agent: a.Agent, Action: a.Action, Sequence: 1}
	if ref.Agent == "" {
		ref.Agent = name
	}
	if ref.Action == "" {
		ref.Action = "explained"
	}
	var err error
	if ref.ArgumentsDigest, err = events.ArgumentsDigest(a.Arguments); err != nil {
		return nil, err
	}
	w := p.Assess(a, ref, now)
	return &events.ActionAssessed{
		ActionRef: ref, Level: w.Level, Score: w.Score, Denied: w.Denied, Reason: w.Reason, Rules: w.Rules,
		Breakpoint: a.Breakpoint, Tool: a.Tool, Target: a.Target, Session: a.Session, Principal: a.Principal, Deadline: a.Deadline, ProposedAt: now,
	}, nil
}

func printExplanation(w io.Writer, a *events.ActionAssessed, x routing.Explanation) {
	card.Field(w, "Assessed", fmt.Sprintf("%d, %s: %s", a.Score, a.Level, a.Reason))
	for i, step := range x.Steps {
		label := ""
		if i == 0 {
			label = "Routes"
		}
		fmt.Fprintf(w, "%-12s%s%s  %s\n", label, strings.Repeat("  ", step.Depth), step.ID, stepWords(step))
	}
	if d := x.Decision; d != nil {
		card.Field(w, "Asked", fmt.Sprintf("nobody: the action is %s at once", d.Outcome))
		return
	}
	r := x.Route
	card.Field(w, "Asked", r.ID+": "+card.Quorum(r.Require)+" to approve")
	var path []string
	total := time.Duration(0)
	for _, t := range r.Tiers {
		path = append(path, fmt.Sprintf("%s for %s", t.Group, tierWords(t)))
		total += max(t.Wait, t.Working)
	}
	if r.Repeat > 0 {
		path = append(path, fmt.Sprintf("all of it again, %d times", r.Repeat))
		total *= time.Duration(r.Repeat + 1)
	}
	card.Field(w, "Path", strings.Join(path, ", then "))
	card.Field(w, "Otherwise", fmt.Sprintf("%s after %s", r.Otherwise, total))
	if len(r.CommentOn) > 0 {
		card.Field(w, "Comment", "required with "+joinKinds(r.CommentOn))
	}
	if len(r.Channels) > 0 {
		card.Field(w, "Channels", strings.Join(r.Channels, ", "))
	}
	sent := fmt.Sprintf("of what arrives within %s, at most %d items, sent %s", r.Window, r.MaxItems, r.Delivery)
	if r.Window.First == 0 || r.MaxItems == 1 {
		sent = "of its own, sent " + string(r.Delivery)
	}
	card.Field(w, "Card", sent)
	if f := r.Flood; f.Actions > 0 {
		card.Field(w, "Flood", fmt.Sprintf("above %d actions of an agent per %s, %s for %s", f.Actions, f.Per, f.Then, f.For))
	}
}

// tierWords say how long a tier has.
func tierWords(t routes.Tier) string {
	switch {
	case t.Working == 0:
		return t.Wait.String()
	case t.Wait == 0:
		return t.Working.String() + " of its working time"
	}
	return fmt.Sprintf("%s of its working time, at most %s", t.Working, t.Wait)
}

func stepWords(s routes.Step) string {
	switch {
	case s.Failed != nil:
		return "counts as matched, because its condition fails: " + words.Printable(words.Clip(s.Failed.Error(), card.Width))
	case s.Chosen:
		return "matches, and is the deepest"
	case s.Matched:
		return "matches"
	}
	return "-"
}

func joinKinds(kinds []events.VerdictKind) string {
	texts := make([]string, len(kinds))
	for i, k := range kinds {
		texts[i] = string(k)
	}
	return strings.Join(texts, ", ")
}

func explanationJSON(a *events.ActionAssessed, x routing.Explanation) any {
	type step struct {
		Route   string `json:"route"`
		Depth   int    `json:"depth"`
		Matched bool   `json:"matched"`
		Chosen  bool   `json:"chosen"`
		Failed  string `json:"failed,omitempty"`
	}
	steps := make([]step, len(x.Steps))
	for i, s := range x.Steps {
		steps[i] = step{Route: s.ID, Depth: s.Depth, Matched: s.Matched, Chosen: s.Chosen}
		if s.Failed != nil {
			steps[i].Failed = s.Failed.Error()
		}
	}
	out := map[string]any{"level": a.Level, "score": a.Score, "reason": a.Reason, "steps": steps}
	if x.Decision != nil {
		out["outcome"] = x.Decision.Outcome
		return out
	}
	out["route"], out["require"], out["approvers"] = x.Route.ID, x.Route.Require, approval.Words(x.Route.Require)
	out["otherwise"] = x.Route.Otherwise
	return out
}
