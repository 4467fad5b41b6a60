package facts

import "github.com/weighlock/weighlock/internal/facts/input"

// Base is what the action says of itself, as it says it.
type Base struct {
	Agent        string   `doc:"the agent's name, from the subject"                                      fact:"agent"`
	Breakpoint   string   `doc:"plan, tool_call, computer_use, subtask or final_review"                  fact:"breakpoint"`
	Principal    string   `doc:"on whose behalf the agent acts"                                          fact:"principal"`
	Session      string   `doc:"the piece of work the action belongs to"                                 fact:"session"`
	Request      string   `doc:"what the user asked for, in the user's words"                            fact:"request"`
	Reasoning    string   `doc:"why the agent wants to do this"                                          fact:"reasoning"`
	ToolName     string   `doc:"the tool's name"                                                         fact:"tool.name"`
	ToolWords    []string `doc:"the tool's name, split at camel case and signs, in lower case"           fact:"tool.words"`
	ToolFirst    string   `doc:"the first of tool.words"                                                 fact:"tool.first"`
	ToolLast     string   `doc:"the last of tool.words"                                                  fact:"tool.last"`
	ToolPlain    bool     `doc:"the name is plain ASCII, not overlong, without digits inside a word"     fact:"tool.plain"`
	TargetKind   string   `doc:"what kind of thing the action acts on, as the agent says"                fact:"target.kind"`
	TargetName   string   `doc:"what it acts on, as the agent says"                                      fact:"target.name"`
	Environment  string   `doc:"such as production or test, as the agent says"                           fact:"target.environment"`
	Impact       string   `doc:"what the agent expects to change, in its words"                          fact:"impact.summary"`
	Irreversible bool     `doc:"the agent says that it cannot be undone; false where it says nothing"    fact:"impact.irreversible"`
	Memory       []string `doc:"the texts of what the agent remembered or retrieved"                     fact:"memory.texts"`
	Untrusted    int      `doc:"how many of them nobody vouches for"                                     fact:"memory.untrusted"`
	PlanSteps    int      `doc:"how many steps the plan has; 0 at other breakpoints"                     fact:"plan.steps"`
	Bytes        int      `doc:"size of the arguments in bytes"                                          fact:"action.bytes"`
}

func base(s *Set) (*Base, error) {
	a := s.Action
	b := &Base{
		Agent: a.Agent, Breakpoint: string(a.Breakpoint), Principal: a.Principal, Session: a.Session, Request: a.Request, Reasoning: a.Reasoning,
		ToolName: a.Tool, ToolWords: a.Words, ToolPlain: input.PlainName(a.Tool), PlanSteps: len(a.Plan), Bytes: len(a.Arguments),
	}
	if n := len(a.Words); n > 0 {
		b.ToolFirst, b.ToolLast = a.Words[0], a.Words[n-1]
	}
	if t := a.Target; t != nil {
		b.TargetKind, b.TargetName, b.Environment = t.Kind, t.Name, t.Environment
	}
	if i := a.Impact; i != nil {
		b.Impact, b.Irreversible = i.Summary, i.Reversible != nil && !*i.Reversible
	}
	for _, m := range a.Memory {
		b.Memory = append(b.Memory, m.Text)
		if !m.Trusted {
			b.Untrusted++
		}
	}
	return b, nil
}

// Texts is what all the arguments say.
type Texts struct {
	All []string `doc:"every text in the arguments, at any depth" fact:"arguments_texts"`
}

func texts(s *Set) (*Texts, error) {
	parsed, err := s.Action.Parsed()
	if err != nil {
		return nil, err
	}
	t := &Texts{All: make([]string, len(parsed.Texts))}
	for i, text := range parsed.Texts {
		t.All[i] = text.Value
	}
	return t, nil
}
