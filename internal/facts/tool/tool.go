// Package tool derives facts about any tool: what its name, its description, its server's annotations,
// its arguments and the agent's own words say it does.
package tool

import (
	"math"

	"github.com/weighlock/weighlock/internal/facts/input"
	"github.com/weighlock/weighlock/internal/facts/name"
	"github.com/weighlock/weighlock/internal/facts/verb"
	"github.com/weighlock/weighlock/internal/facts/word"
	"github.com/weighlock/weighlock/pkg/events"
)

// Facts is what can be said of a call of any tool.
type Facts struct {
	// The name.
	Act         string   `doc:"the strongest act the tool's name tells of: read, compute, create, change, delete, send, publish, pay, grant, login, run, install, deploy, stop, control; empty where it tells none" fact:"act"`
	ActList     []string `doc:"every act the tool's name tells of, the strongest first" fact:"acts"`
	Verb        string   `doc:"the word of the name that tells the strongest act" fact:"verb"`
	Certain     bool     `doc:"a clear verb in the name tells the act, and no other word tells another; false for names such as order_status or comment" fact:"certain"`
	Reads       bool     `doc:"the name is plain and every act it tells of only looks or works something out, as get_order, weather, mean; says nothing of arguments, description and annotations" fact:"reads"`
	Writes      bool     `doc:"the name tells of an act that does more than look" fact:"writes"`
	Several     bool     `doc:"the name tells of several acts, as search_and_delete" fact:"several_acts"`
	Asks        bool     `doc:"the name has no verb and says what it asks for, as weather or order_status" fact:"asks"`
	Unknown     bool     `doc:"the name tells no act at all, or joins one that cannot be told (search_and_frobnicate); false where there is no tool" fact:"unknown"`
	UnknownName bool     `doc:"no word of the name is known" fact:"unknown_name"`
	Disguised   bool     `doc:"the name has characters that can pass for others, digits inside words, or is overlong" fact:"disguised"`
	Computes    bool     `doc:"only computes: the name is one of mathematics, statistics, conversion or the like, and the arguments are numbers and short texts without addresses, paths and commands" fact:"computes"`
	Kinds       []string `doc:"kinds of things named by the tool's name or the target's kind, such as account, user, payment, order, reservation, file, database, secret, device, lock" fact:"kinds"`
	Sensitive   bool     `doc:"a sensitive kind of thing is named" fact:"sensitive"`
	Sensitivity []string `doc:"why what is named is sensitive: credentials, identity, health, finance, legal, safety, physical" fact:"sensitivity"`
	Moves       bool     `doc:"acts on the physical world or on what keeps people safe (locks, vehicles, devices, alarms), and does more than look" fact:"physical"`

	// The description.
	Described           bool     `doc:"the server describes the tool" fact:"described"`
	DescribedActs       []string `doc:"acts that the tool's description tells of, by its verbs, the strongest first" fact:"description_acts"`
	DescribesWrite      bool     `doc:"a sentence of the description begins with a verb that does more than look, as in 'Deletes a user'" fact:"description_writes"`
	DescribesIrreversal bool     `doc:"the description says that it cannot be undone, or is permanent or destructive" fact:"description_irreversible"`
	Disagrees           bool     `doc:"the name only looks and the description says that it does more" fact:"description_disagrees"`
	Poisoned            bool     `doc:"the description speaks to the model: ignore other tools, always call this first, do not tell the user, hidden tags, invisible characters" fact:"description_instructs"`
	DescriptionCut      bool     `doc:"the description is too long to be looked at whole" fact:"description_truncated"`

	// Words of harm.
	HarmName        []string `doc:"kinds of harm that the tool's name speaks of: theft, deception, evasion, sabotage, abuse, intrusion, neglect, disabling; not where the name defends against it, as detect_fraud" fact:"harm_name"`
	HarmDescription []string `doc:"kinds of harm that the description speaks of without defending against it; the description is the server's word" fact:"harm_description"`
	HarmReasoning   []string `doc:"kinds of harm that the agent's own reasoning or the plan speaks of without defending against it" fact:"harm_reasoning"`
	HarmArguments   []string `doc:"kinds of harm that short texts in the arguments speak of; texts may be quoted, so this is a sign and no proof" fact:"harm_arguments"`

	// What is claimed.
	AnnotatedReadOnly    bool   `doc:"readOnlyHint is true and the policy trusts the tool's server" fact:"annotated_read_only"`
	AnnotatedDestructive bool   `doc:"destructiveHint is true without readOnlyHint, whoever says so" fact:"annotated_destructive"`
	AnnotatedWrites      bool   `doc:"readOnlyHint is false, whoever says so" fact:"annotated_writes"`
	AnnotatedOpenWorld   bool   `doc:"openWorldHint is true, whoever says so" fact:"annotated_open_world"`
	UnbelievedClaim      bool   `doc:"the server claims that the tool is harmless, and the policy does not trust the server" fact:"unbelieved_claim"`
	ClaimDisagrees       bool   `doc:"readOnlyHint is true although the name or the description tells of more than looking, or the declared effect is one" fact:"claim_disagrees"`
	TrustedServer        bool   `doc:"the policy trusts the tool's server" fact:"trusted_server"`
	Effect               string `doc:"the act that the agent declares as the effect, as in acts; empty where it declares none that is known" fact:"effect"`
	EffectUnknown        bool   `doc:"the agent declares an effect that is no known act" fact:"effect_unknown"`
	EffectWrites         bool   `doc:"the agent declares an effect that does more than look" fact:"effect_writes"`
	Irreversible         bool   `doc:"the agent says that it cannot be undone" fact:"irreversible"`

	// How far it reaches.
	Count       int      `doc:"the most things touched that can be told: the declared count, the longest list in the arguments; 0 where nothing tells" fact:"count"`
	Limit       int      `doc:"the largest limit, count or batch size in the arguments; 0 where there is none" fact:"limit"`
	All         bool     `doc:"the arguments say everything: all, everything, all_users: true, id: '*', scope: all" fact:"all"`
	Wildcard    bool     `doc:"an argument that names what is touched is a wildcard: '*', 'logs-*', '%'" fact:"wildcard"`
	EmptyFilter bool     `doc:"a filter, query, where or selector in the arguments is empty, so that it matches everything" fact:"empty_filter"`
	Recursive   bool     `doc:"the arguments ask for recursion or cascading" fact:"recursive"`
	Force       bool     `doc:"the arguments ask to force, to skip a check or a confirmation, or to overwrite" fact:"force"`
	DryRun      bool     `doc:"an argument asks only to try or to preview: dry_run: true; never from a text elsewhere" fact:"dry_run"`
	Production  bool     `doc:"the target or an argument that names a host, a database, a cluster or an environment says production" fact:"production"`
	Test        bool     `doc:"such names say test, development, staging or sandbox, and none says production" fact:"test"`
	Scheduled   bool     `doc:"the arguments put the act off to a time or repeat it: schedule_at, cron, delay" fact:"scheduled"`
	Secrets     []string `doc:"kinds of secrets in the arguments, by shape or by key: aws key, github token, private key, password, token, card code, one-time code" fact:"secrets"`
	KnownSecret bool     `doc:"a secret in the arguments has the shape its issuer gives it, or is a private key" fact:"secret_shape"`
	Rewires     bool     `doc:"changes the agent itself: its instructions, memory, permissions, approval rules, tools" fact:"self_modifies"`
	Delegates   bool     `doc:"hands work to another agent or model" fact:"delegates"`
	Answers     bool     `doc:"the name says that the agent speaks to its own user: ask_user, final_answer, attempt_completion" fact:"answers_user"`
	NoArguments bool     `doc:"the call has no arguments" fact:"no_arguments"`

	// Acts are the acts of name, declared effect and believed description, the strongest first.
	Acts []verb.Act
	// Name is the tool's name as read.
	Name name.Name
}

// Of derives the facts. It fails where the arguments cannot be read.
func Of(a *input.Action) (*Facts, error) {
	args, err := a.Parsed()
	if err != nil {
		return nil, err
	}
	f := &Facts{Name: name.Of(a.Tool)}
	f.ofName(a)
	f.ofDescription(a.ToolInfo)
	f.ofHarm(a, args)
	f.ofArguments(a, args)
	f.ofClaims(a)
	f.Computes = f.Computes && smallValues(args)
	return f, nil
}

func (f *Facts) ofName(a *input.Action) {
	n := &f.Name
	f.Act, f.Verb = string(n.Act()), n.Verb
	f.ActList = texts(n.Acts)
	f.Disguised = a.Tool != "" && !input.PlainName(a.Tool)
	f.Certain = n.Certain && !f.Disguised
	f.Several = len(n.Acts) > 1
	f.Asks = n.Asks
	f.Unknown = a.Tool != "" && (len(n.Acts) == 0 || n.Stray)
	f.UnknownName = a.Tool != "" && !n.Known
	f.Reads = n.Looks() && !f.Disguised
	f.Writes = len(n.Acts) > 0 && !verb.Looks(n.Act())
	f.Computes = f.Reads && n.Act() == verb.Compute
	f.ofKinds(a.Target)
	f.Answers = !f.Disguised && answers(n.Words)
	f.Acts = append(f.Acts, n.Acts...)
	f.Delegates = a.Breakpoint == events.AtSubtask || f.Name.Has("agent") && delegating[n.Act()] || word.Has(n.Words, "subagent", "delegate", "handoff", "subtask")
}

// Words of names by which an agent speaks to its own user. Every word has to be of these.
var (
	speaking = word.Set("ask final submit finish attempt respond reply clarify clarification followup answer complete completion done human answers request")
	spoken   = word.Set("user human question questions answer clarification completion task followup follow up response final in the loop to a for with from input help feedback result done finish complete")
)

func answers(words []string) bool {
	start := false
	for _, w := range words {
		start = start || speaking[w]
		if !speaking[w] && !spoken[w] {
			return false
		}
	}
	return start && len(words) <= 6
}

// delegating are the acts that, done to an agent, hand it work.
var delegating = map[verb.Act]bool{verb.Run: true, verb.Send: true, verb.Create: true, verb.Grant: true, verb.Deploy: true}

func (f *Facts) ofKinds(target *events.Target) {
	kinds := f.Name.Kinds
	if target != nil {
		for i, w := range input.SplitWords(target.Kind) {
			if k := name.KindOf(w); k != "" && i < 4 {
				kinds = append(kinds, k)
			}
		}
	}
	for _, k := range kinds {
		f.Kinds = word.Once(f.Kinds, string(k))
		s := name.SensitivityOf(k)
		if s == name.Plain {
			continue
		}
		f.Sensitive = true
		f.Sensitivity = word.Once(f.Sensitivity, string(s))
		f.Moves = f.Moves || (s == name.Physical || s == name.Safety) && !f.Reads
	}
}

// smallValues says that the arguments are numbers and short texts that name no address, path or command.
func smallValues(args *input.Arguments) bool {
	for _, t := range args.Texts {
		if len(t.Value) > 200 || pathy(t.Value) {
			return false
		}
	}
	for _, n := range args.Numbers {
		if math.IsNaN(n.Value) {
			return false
		}
	}
	return true
}

func pathy(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case c < ' ', c == '\\', c == '`', c == ';', c == '|', c == '$' && i+1 < len(s) && (s[i+1] == '(' || s[i+1] == '{'), c == '@', c == '/' && i == 0:
			return true
		case c == '/' && i > 0 && (s[i-1] == '/' || s[i-1] == '.' || s[i-1] == '~'):
			return true
		}
	}
	return false
}

func texts[T ~string](in []T) []string {
	out := make([]string, len(in))
	for i, v := range in {
		out[i] = string(v)
	}
	return out
}
