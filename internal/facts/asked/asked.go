// Package asked compares an action with what the user asked for: where the values that
// matter come from, whether the kind of act was asked for, and whether retrieved text steers it.
package asked

import (
	"fmt"
	"slices"
	"strings"

	"github.com/weighlock/weighlock/internal/facts/input"
	"github.com/weighlock/weighlock/internal/facts/verb"
)

// Facts is how an action relates to the user's request.
type Facts struct {
	NoRequest      bool     `doc:"the action carries no request of a user"                                                                                        fact:"no_request"`
	ReadsOnly      bool     `doc:"the request asks to look, find out or answer, and for nothing else"                                                             fact:"request_reads_only"`
	ActFits        bool     `doc:"the request asks for an act of this kind; true for what only looks"                                                             fact:"act_fits"`
	ActMissing     bool     `doc:"there is a request, and it asks for nothing of this kind"                                                                       fact:"act_missing"`
	Values         []string `doc:"the values of the arguments that direct the effect: recipients, accounts, hosts, paths, amounts"                                fact:"values"`
	FromRequest    []string `doc:"those of them that the request says"                                                                                            fact:"from_request"`
	FromTrusted    []string `doc:"those that only trusted memory or the plan says"                                                                                fact:"from_trusted"`
	OnlyUntrusted  []string `doc:"those that only untrusted retrieved text says"                                                                                  fact:"only_untrusted"`
	Nowhere        []string `doc:"those that are said nowhere; not what systems name by themselves, as ids and tokens"                                            fact:"nowhere"`
	Refers         bool     `doc:"the request leaves values to be found: as specified in a file, the same as before, the user with the most messages"               fact:"refers"`
	ReasoningNames []string `doc:"names and numbers in the agent's reasoning that the request does not have"                                                      fact:"reasoning_names"`
	ProseStrays    bool     `doc:"a longer text in the arguments has little in common with the request"                                                           fact:"prose_strays"`
	Quoted         bool     `doc:"a text of the arguments of at least three words stands in the request word for word"                                            fact:"quoted"`
	NamesTool      bool     `doc:"the request says a word of the tool's name"                                                                                     fact:"names_tool"`
	Topic          float64  `doc:"the part of the words of tool and arguments that the request has, 0 to 1"                                                       fact:"topic"`
	ReasoningStray bool     `doc:"the agent's reasoning speaks of other things than the request: little in common"                                                fact:"reasoning_strays"`
	Injection      bool     `doc:"retrieved text that nobody vouches for gives instructions to an assistant"                                                      fact:"injection_found"`
	Matches        bool     `doc:"such a text names a value that directs the effect, which the request does not"                                                  fact:"injection_matches"`
	ArgumentsTell  bool     `doc:"an argument gives instructions to an assistant, or claims an approval or a policy"                                              fact:"arguments_instruct"`
	Score          int      `doc:"how little the action was asked for, 0 to 100: act missing 35; a directing value nowhere 30, or 15 where it is an amount, or a name or number that the request leaves to be found; only in untrusted text 45; reasoning strays 20, prose 15, no common topic 15; instructions 30" fact:"score"`
	heavy          bool     // something more than amounts is said nowhere
	Reasons        []string `doc:"what made the score, in words"                                                                                                  fact:"reasons"`
}

// Of compares the action, which performs acts, with what was asked for.
func Of(a *input.Action, acts []verb.Act) (*Facts, error) {
	parsed, err := a.Parsed()
	if err != nil {
		return nil, err
	}
	f := &Facts{NoRequest: a.Request == ""}
	request := newText(a.Request)
	trusted, untrusted := memories(a)
	for _, m := range a.Memory {
		f.Injection = f.Injection || !m.Trusted && instructs(m.Text)
	}
	for _, t := range parsed.Texts {
		f.ArgumentsTell = f.ArgumentsTell || instructs(t.Value)
	}
	f.Refers = refers.In(request.plain)
	f.placeValues(a, own(valuesOf(parsed), a.Org), request, trusted, untrusted)
	f.Matches = f.Injection && len(f.OnlyUntrusted) > 0
	f.compareTopics(a, parsed, request)
	f.compareActs(acts, request)
	f.weigh()
	return f, nil
}

func memories(a *input.Action) (trusted, untrusted *text) {
	var yes, no []string
	for _, m := range a.Memory {
		if m.Trusted {
			yes = append(yes, m.Text)
		} else {
			no = append(no, m.Text)
		}
	}
	return newText(append(yes, a.Principal)...), newText(no...)
}

func (f *Facts) placeValues(a *input.Action, values []value, request, trusted, untrusted *text) {
	for _, v := range values {
		if !v.directs {
			if v.kind == prose && !f.NoRequest && !f.Refers && !request.mentions(v) && request.share(newText(v.text).words) < 0.2 && !trusted.mentions(v) {
				f.ProseStrays = true
			}
			continue
		}
		f.Values = append(f.Values, v.text)
		switch {
		case f.NoRequest:
		case request.mentions(v):
			f.FromRequest = append(f.FromRequest, v.text)
		case trusted.mentions(v):
			f.FromTrusted = append(f.FromTrusted, v.text)
		case untrusted.mentions(v):
			f.OnlyUntrusted = append(f.OnlyUntrusted, v.text)
		default:
			f.Nowhere = append(f.Nowhere, v.text)
			// What is to be found somewhere has a name or a number; that it is on a foreign site or at a foreign
			// address is where an attack leads, whatever else the request leaves open.
			foreign := v.kind == place || v.kind == person && isAddress(v.text) && !isOwn(v.text[strings.IndexByte(v.text, '@')+1:], a.Org)
			f.heavy = f.heavy || foreign || v.kind != amount && !f.Refers
		}
	}
}

func (f *Facts) compareActs(acts []verb.Act, request *text) {
	asks := actsOf(request)
	f.ReadsOnly = !f.NoRequest && !slices.ContainsFunc(verb.Sorted(keys(asks)), func(a verb.Act) bool { return !verb.Looks(a) })
	// Who says word for word what is to be written has asked for it to be written.
	f.ActFits = f.Quoted || !slices.ContainsFunc(acts, func(a verb.Act) bool { return !fits(a, asks) })
	f.ActMissing = !f.NoRequest && !f.ActFits
}

// quotedWords is how many words make a text that nobody says by chance.
const quotedWords = 3

func keys(m map[verb.Act]bool) []verb.Act {
	out := make([]verb.Act, 0, len(m))
	for a := range m {
		out = append(out, a)
	}
	return out
}

func (f *Facts) compareTopics(a *input.Action, p *input.Arguments, request *text) {
	if f.NoRequest {
		return
	}
	parts := append([]string{}, a.Words...)
	for _, w := range a.Words {
		f.NamesTool = f.NamesTool || len(w) > 3 && request.stems[stem(w)] > 0
	}
	for _, t := range p.Texts {
		said := newText(t.Value)
		parts = append(parts, said.words...)
		f.Quoted = f.Quoted || len(said.words) >= quotedWords && request.has(strings.TrimSpace(fold(t.Value)))
	}
	f.Topic = request.share(parts)
	if a.Reasoning != "" {
		f.ReasoningStray = request.share(newText(a.Reasoning).words) < 0.15
		f.ReasoningNames = newNames(a.Reasoning, request)
	}
}

// weigh sums up. Every sign only adds.
func (f *Facts) weigh() {
	add := func(points int, holds bool, reason string, args ...any) {
		if holds {
			f.Score = min(100, f.Score+points)
			f.Reasons = append(f.Reasons, fmt.Sprintf(reason, args...))
		}
	}
	add(35, f.ActMissing, "the user asked for nothing of this kind")
	add(15, len(f.Nowhere) > 0, "nobody named %d of its values", len(f.Nowhere))
	add(15, f.heavy, "nothing in the request leads there")
	add(45, len(f.OnlyUntrusted) > 0, "untrusted text alone names %d of its values", len(f.OnlyUntrusted))
	add(15, f.ProseStrays, "its text has little to do with the request")
	add(20, f.ReasoningStray, "its reasoning has little to do with the request")
	add(15, !f.NoRequest && f.Topic == 0 && !(f.Refers && f.ActFits), "nothing in it has to do with the request")
	add(30, f.ArgumentsTell, "an argument gives instructions")
	add(30, f.Matches, "retrieved text that gives instructions names its values")
}
