package facts

import "github.com/weighlock/weighlock/internal/facts/input"

// Base is what the action says of itself, as it says it.
type Base struct {
	Agent       string   `doc:"the agent's name, from the subject"                                     fact:"agent"`
	Breakpoint  string   `doc:"plan, tool_call, computer_use, subtask or final_review"                 fact:"breakpoint"`
	Principal   string   `doc:"on whose behalf the agent acts"                                         fact:"principal"`
	Session     string   `doc:"the piece of work the action belongs to"                                fact:"session"`
	Request     string   `doc:"what the user asked for, in the user's words"                           fact:"request"`
	Reasoning   string   `doc:"why the agent wants to do this"                                         fact:"reasoning"`
	ToolName    string   `doc:"the tool's name"                                                        fact:"tool.name"`
	ToolWords   []string `doc:"the tool's name, split at camel case and signs, in lower case"          fact:"tool.words"`
	ToolPlain   bool     `doc:"the name is plain ASCII, not overlong, without digits inside a word"    fact:"tool.plain"`
	TargetKind  string   `doc:"what kind of thing the action acts on, as the agent says"               fact:"target.kind"`
	TargetName  string   `doc:"what it acts on, as the agent says"                                     fact:"target.name"`
	Environment string   `doc:"such as production or test, as the agent says"                          fact:"target.environment"`
	Bytes       int      `doc:"size of the arguments in bytes"                                         fact:"action.bytes"`
}

func base(s *Set) (*Base, error) {
	a := s.Action
	b := &Base{
		Agent: a.Agent, Breakpoint: string(a.Breakpoint), Principal: a.Principal, Session: a.Session, Request: a.Request, Reasoning: a.Reasoning,
		ToolName: a.Tool, ToolWords: a.Words, ToolPlain: input.PlainName(a.Tool), Bytes: len(a.Arguments),
	}
	if t := a.Target; t != nil {
		b.TargetKind, b.TargetName, b.Environment = t.Kind, t.Name, t.Environment
	}
	return b, nil
}
