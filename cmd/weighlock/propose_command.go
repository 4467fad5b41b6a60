package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/weighlock/weighlock/cmd/weighlock/words"

	"github.com/spf13/cobra"

	"github.com/weighlock/weighlock/pkg/agent"
	"github.com/weighlock/weighlock/pkg/events"
)

// proposal is what `weighlock propose` was told.
type proposal struct {
	agent, id, file   string
	tool, arguments   string
	breakpoint        string
	request, reason   string
	session, behalfOf string
	planAction        string
	target            events.Target
	private           []string
	wait              bool
	timeout           time.Duration
}

func (c *cli) proposeCommand() *cobra.Command {
	var p proposal
	command := &cobra.Command{
		Use:   "propose",
		Short: "Propose an action; with --wait the exit code tells the outcome",
		Long: `Propose an action as an agent and print its id.

With --wait the decision is awaited, and the exit code is 0 where the action was
approved, 3 where it was rejected, denied, expired or withdrawn, 4 where no answer came in time.`,
		Example: `  weighlock propose --agent assistant --tool search_web --args '{"query":"tides"}' --wait
  weighlock propose --agent assistant --tool look_up --args '{"person":"Carol Meier"}' --principal carol@example.com --private /arguments/person
  weighlock propose --agent assistant --file action.json --wait --timeout 10m && ./do-it`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.propose(cmd.Context(), cmd.OutOrStdout(), p) },
	}
	flags := command.Flags()
	flags.StringVar(&p.agent, "agent", "assistant", "`name` of the agent")
	flags.StringVar(&p.id, "id", "", "`id` of the action, unique within the agent (default: a new one)")
	flags.StringVar(&p.file, "file", "", "`file` with the action as the JSON of an action.proposed event's data; - for standard input")
	flags.StringVar(&p.tool, "tool", "", "`name` of the tool")
	flags.StringVar(&p.arguments, "args", "", "the tool's arguments as a `JSON` object")
	flags.StringVar(&p.breakpoint, "breakpoint", string(events.AtToolCall), "where the agent pauses: plan, tool_call, computer_use, subtask or final_review")
	flags.StringVar(&p.request, "request", "", "what the user asked for")
	flags.StringVar(&p.reason, "reasoning", "", "why the agent wants this")
	flags.StringVar(&p.session, "session", "", "the piece of work this belongs to")
	flags.StringVar(&p.behalfOf, "principal", "", "on whose behalf")
	flags.StringVar(&p.planAction, "plan", "", "`id` of the action with the plan of which this is a step")
	flags.StringVar(&p.target.Kind, "target-kind", "", "`kind` of what is acted on, such as database")
	flags.StringVar(&p.target.Name, "target-name", "", "`name` of what is acted on")
	flags.StringVar(&p.target.Environment, "target-environment", "", "`environment` of what is acted on, such as production")
	flags.StringArrayVar(&p.private, "private", nil, "JSON `pointer` to what is kept apart from the audit and can be erased, such as /arguments/iban or /request; may be given several times")
	flags.BoolVar(&p.wait, "wait", false, "wait for the decision")
	flags.DurationVar(&p.timeout, "timeout", 5*time.Minute, "how long to wait")
	return command
}

func (c *cli) propose(ctx context.Context, w io.Writer, p proposal) error {
	action, err := p.action()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	client, err := c.agentWith(ctx, p.agent, func(p agent.Waiting) { fmt.Fprintln(os.Stderr, words.Printable(words.Pending(&p))) })
	if err != nil {
		return err
	}
	defer client.Close()
	proposed, err := client.Propose(ctx, action)
	if err != nil {
		return err
	}
	if !p.wait {
		return c.printProposed(w, p.agent, proposed)
	}
	fmt.Fprintf(os.Stderr, "proposed %s/%s, waiting\n", p.agent, proposed.ID)
	decision, err := client.Await(ctx, proposed.ID)
	if errors.Is(err, agent.ErrUndecided) {
		return &exitError{code: exitUndecided, err: err}
	}
	if err != nil {
		return err
	}
	return c.printDecision(w, decision)
}

func (c *cli) printProposed(w io.Writer, name string, proposed agent.Proposal) error {
	if c.json {
		return printJSON(w, map[string]any{"agent": name, "action": proposed.ID, "sequence": proposed.Sequence, "argumentsDigest": proposed.ArgumentsDigest, "alreadyAccepted": proposed.AlreadyAccepted})
	}
	_, err := fmt.Fprintln(w, proposed.ID)
	return err
}

func (c *cli) printDecision(w io.Writer, d agent.Decision) error {
	if c.json {
		if err := printJSON(w, d.DecisionMade); err != nil {
			return err
		}
	} else {
		fmt.Fprintln(w, words.Printable(words.Decision(&d.DecisionMade)))
		for _, a := range d.DecidedBy.Approvers {
			fmt.Fprintf(w, "  %s: %s%s\n", a.Approver, a.Verdict, words.Printable(words.Quoted(a.Comment)))
		}
		if len(d.Arguments) > 0 {
			fmt.Fprintf(w, "  with other arguments: %s\n", words.Printable(string(d.Arguments)))
		}
		if d.Guidance != "" {
			fmt.Fprintf(w, "  instead: %s\n", words.Printable(d.Guidance))
		}
	}
	if d.Outcome != events.Approved {
		return &exitError{code: exitRefused}
	}
	return nil
}

// action gathers the action from the file, with the flags on top.
func (p proposal) action() (agent.Action, error) {
	data := events.ActionProposed{Breakpoint: events.Breakpoint(p.breakpoint)}
	if p.file != "" {
		text, err := readFile(p.file)
		if err != nil {
			return agent.Action{}, err
		}
		if err := json.Unmarshal(text, &data); err != nil {
			return agent.Action{}, fmt.Errorf("reading %s: %w", p.file, err)
		}
	}
	for _, set := range []struct {
		flag string
		to   *string
	}{{p.tool, &data.Tool}, {p.request, &data.Request}, {p.reason, &data.Reasoning}, {p.session, &data.Session}, {p.behalfOf, &data.Principal}, {p.planAction, &data.PlanAction}} {
		if set.flag != "" {
			*set.to = set.flag
		}
	}
	if p.arguments != "" {
		data.Arguments = json.RawMessage(p.arguments)
	}
	if p.target != (events.Target{}) {
		data.Target = &p.target
	}
	return agent.Action{
		ID: p.id, Breakpoint: data.Breakpoint, Tool: data.Tool, Arguments: data.Arguments, Target: data.Target,
		Request: data.Request, Reasoning: data.Reasoning, Plan: data.Plan, PlanAction: data.PlanAction, Impact: data.Impact, Memory: data.Memory,
		Session: data.Session, Principal: data.Principal, Deadline: data.Deadline, Private: p.private,
	}, nil
}

func readFile(name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(os.Stdin)
	}
	return os.ReadFile(name)
}
