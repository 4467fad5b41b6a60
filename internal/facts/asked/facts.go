// Package asked compares an action with what the user asked for: its values, its kind of act, its
// subject, and whether retrieved text asked for it instead.
package asked

import (
	"strings"

	"github.com/weighlock/weighlock/internal/facts/input"
	"github.com/weighlock/weighlock/internal/facts/verb"
)

// Facts is what can be said about whether somebody asked for the action. The agent's own reasoning
// is never taken for the user's word.
type Facts struct {
	NoRequest       bool `doc:"the action carries no request of a user, so most facts of this domain say nothing"                       fact:"no_request"`
	UnknownLanguage bool `doc:"the request is in a language or script that is not understood; acts and topic are not compared then"    fact:"unknown_language"`
	Vague           bool `doc:"no more than one word of the request tells what it is about (yes, do that), so topics are not compared"       fact:"vague"`
	Delegates       bool `doc:"the request asks to do what is written elsewhere (do everything on the list), so it leaves the acts open"   fact:"delegates"`
	Truncated       bool `doc:"a text or the list of values was longer than what is looked at, the rest was not compared"              fact:"truncated"`

	Values        int      `doc:"how many values of the arguments were looked for"                                                      fact:"values"`
	Derivable     int      `doc:"how many of them a request need not contain: ids, tokens, dates, placeholders, looked-up accounts"       fact:"derivable"`
	FromRequest   []string `doc:"values that are in the request, as people would write them"                                            fact:"from_request"`
	FromTrusted   []string `doc:"values that are not in the request but in trusted memory, the plan, the principal or the session"       fact:"from_trusted"`
	OnlyUntrusted []string `doc:"values that only text that nobody vouches for contains"                                                fact:"only_untrusted"`
	Nowhere       []string `doc:"values that no text contains and that a request could have contained"                                  fact:"nowhere"`

	RequestShare   float64 `doc:"share of the values, derivable ones left out, that the request contains; 1 where there are none"        fact:"request_share"`
	UntrustedShare float64 `doc:"share of the values, derivable ones left out, that only untrusted text contains"                       fact:"untrusted_share"`

	Directing          int      `doc:"how many values direct the effect: recipient, user, place, account, host, path, amount; also hosts and addresses inside texts" fact:"directing"`
	DirectingUntrusted []string `doc:"directing values that only untrusted text contains, also those that may have been looked up"        fact:"directing_untrusted"`
	DirectingNowhere   []string `doc:"directing values that no text contains and a request could have contained"                         fact:"directing_nowhere"`
	DirectingShare     float64  `doc:"share of the directing values, derivable ones left out, that the request contains; 1 where there are none" fact:"directing_share"`

	Contradicts    bool     `doc:"the request names other values of the same kind and leaves none open: it says Alice, the action goes to Mallory" fact:"contradicts"`
	Contradictions []string `doc:"the values that the request contradicts"                                                            fact:"contradictions"`
	TextStrays     bool     `doc:"the request says word for word what to write, and the action writes something else"                   fact:"text_strays"`

	RequestActs      []string `doc:"kinds of act that the request asks for"                                                            fact:"request_acts"`
	RequestReadsOnly bool     `doc:"the request asks only to look, work out or answer"                                                 fact:"request_reads_only"`
	ActsUnasked      []string `doc:"kinds of act of the action that the request neither asks for nor entails"                          fact:"acts_unasked"`
	ActFits          bool     `doc:"every act of the action is asked for or entailed by what is asked for"                             fact:"act_fits"`
	ActMissing       bool     `doc:"the request is understood and asks for nothing like what the action does"                          fact:"act_missing"`
	ActUnclear       bool     `doc:"there is a request, but what it asks for, or what the action does, is not known"                   fact:"act_unclear"`
	ActForbidden     bool     `doc:"the request says not to do what the action does"                                                  fact:"act_forbidden"`

	Topic           float64  `doc:"how much of the words of the tool and its arguments is in the request, 0 to 1, rare words weigh more" fact:"topic"`
	ObjectMissing   bool     `doc:"the tool's name names a thing (page, user, password), and the request speaks of nothing of that kind" fact:"object_missing"`
	OffTopic        bool     `doc:"asked.object_missing, and a topic under 0.15: nothing connects the action with the request"             fact:"off_topic"`
	ReasoningStrays bool     `doc:"the agent's reasoning has an aim that the request does not have"                                 fact:"reasoning_strays"`
	ReasoningNew    []string `doc:"names and ids in the reasoning that no request or trusted text contains"                         fact:"reasoning_new"`

	InjectionFound       bool     `doc:"untrusted text gives orders to an agent (prompt injection)"                                     fact:"injection_found"`
	InjectionScore       int      `doc:"how strongly the worst untrusted text, or the arguments, look like an injection, 0 to 100"        fact:"injection_score"`
	InjectionSigns       []string `doc:"what makes it look like one"                                                                  fact:"injection_signs"`
	InjectionMatches     bool     `doc:"a directing value or the act of the action comes from the text that gives orders"               fact:"injection_matches"`
	InjectionInArguments bool     `doc:"the arguments themselves hold such orders, or claim to be approved"                             fact:"injection_in_arguments"`

	Score   int      `doc:"how little the action was asked for, 0 to 100; the sum of the signs in asked.reasons; from 50 on nobody asked for it" fact:"score"`
	Reasons []string `doc:"what the score is made of, the heaviest first"                                                            fact:"reasons"`

	// Acts are the acts that were compared.
	Acts []verb.Act
}

// Of compares the action with the request. does are the kinds of act that the other domains saw, the strongest first;
// nil has them told from the tool's name and arguments.
func Of(a *input.Action, does []verb.Act) (*Facts, error) {
	args, err := a.Parsed()
	if err != nil {
		return nil, err
	}
	c := &comparison{a: a, args: args, f: &Facts{}}
	c.request = newSource(a.Request)
	c.trusted = newSource(trustedText(a))
	c.untrusted = newSource(untrustedText(a))
	c.f.NoRequest = c.request == nil
	for _, s := range []*source{c.request, c.trusted, c.untrusted} {
		c.f.Truncated = c.f.Truncated || s != nil && s.truncated
	}
	if c.does, c.main = actsOf(a, args), 0; does != nil {
		c.does = 0
		for _, d := range does {
			c.does |= bits[d]
		}
	}
	c.main = c.does & effects
	c.wish = &wish{}
	if c.request != nil {
		c.wish = readWish(c.request)
		c.f.UnknownLanguage, c.f.Vague = c.wish.foreign, c.wish.vague
		c.f.Delegates = c.wish.delegates
	}
	c.compareValues()
	c.compareActs()
	c.compareTopic()
	c.findInjection()
	c.score()
	return c.f, nil
}

// comparison is the state of one call of [Of].
type comparison struct {
	a                           *input.Action
	args                        *input.Arguments
	f                           *Facts
	request, trusted, untrusted *source // nil where there is no such text
	wish                        *wish
	values                      []value
	does                        acts
	main                        acts // what leaves something behind
}

func trustedText(a *input.Action) string {
	var b strings.Builder
	for i := range a.Memory {
		if a.Memory[i].Trusted && b.Len() < maxTextBytes {
			b.WriteString(a.Memory[i].Text)
			b.WriteString(".\n")
		}
	}
	for i := range a.Plan {
		if b.Len() < maxTextBytes {
			b.WriteString(a.Plan[i].Description)
			b.WriteString(".\n")
		}
	}
	if a.Principal != "" || a.Session != "" {
		b.WriteString(a.Principal + " " + a.Session)
	}
	return b.String()
}

func untrustedText(a *input.Action) string {
	var b strings.Builder
	for i := range a.Memory {
		if !a.Memory[i].Trusted && b.Len() < maxTextBytes {
			b.WriteString(a.Memory[i].Text)
			b.WriteString(".\n")
		}
	}
	return b.String()
}

// maxShown is how many bytes of a value are shown in a fact.
const maxShown = 80

func shown(list []string, text string) []string {
	if len(list) >= 32 {
		return list
	}
	text, _ = clip(text, maxShown)
	return append(list, strings.ToValidUTF8(text, "�"))
}
