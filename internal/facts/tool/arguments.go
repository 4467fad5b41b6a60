package tool

import (
	"strings"

	"github.com/weighlock/weighlock/internal/facts/input"
	"github.com/weighlock/weighlock/internal/facts/phrase"
	"github.com/weighlock/weighlock/internal/facts/secret"
	"github.com/weighlock/weighlock/internal/facts/verb"
	"github.com/weighlock/weighlock/internal/facts/word"
)

// Words of arguments are plain keys, see input.PlainKey.
var (
	allKeys       = word.Set("all everything deleteall removeall clearall allusers allitems allrecords allfiles allaccounts everyone selectall applytoall global allpages includeall")
	recursiveKeys = word.Set("recursive recursively recurse cascade cascading deep includechildren includesubfolders withchildren deletecontents deletecontained")
	forceKeys     = word.Set("force forced forcedelete hard harddelete permanent permanently overwrite skipconfirmation skipconfirm noconfirm confirmed autoconfirm autoapprove yes skipvalidation skipchecks skipverification nobackup ignoreerrors ignorewarnings override overrideprotection bypass bypasschecks bypassapproval skipbackup skipfinalsnapshot purge noverify insecure skipapproval disablesafety")
	dryKeys       = word.Set("dryrun dry preview previewonly simulate simulation testrun whatif checkonly validateonly validationonly planonly noop")
	filterKeys    = word.Set("filter filters query where selector condition conditions criteria match predicate labelselector")
	limitKeys     = word.Set("limit maxresults count batchsize pagesize topk topn top max maxitems quantity numitems n size total num howmany")
	placeKeys     = word.Set("environment env stage tier host hostname server database db dbname databasename namespace cluster clustername project projectid instance instanceid url uri endpoint baseurl target context profile account region bucket workspace resourcegroup stack branch schema table queue topic service deployment connection connectionstring")
	timeKeys      = word.Set("scheduleat scheduledat scheduledfor scheduletime sendat runat executeat publishat delay delayseconds delayminutes after cron cronexpression crontab recurrence recurring rrule repeat interval schedule startat triggerat scheduleddate deferuntil postat")
	productions   = word.Set("prod production prd live prodn")
	trials        = word.Set("test testing tests dev development develop staging stage stg sandbox qa uat preview demo local localhost mock ephemeral scratch playground preprod nonprod")
)

// ofArguments reads how far the act reaches, where, when and with what.
func (f *Facts) ofArguments(a *input.Action, args *input.Arguments) {
	f.NoArguments = len(args.Values) == 0
	f.walk("", args.Values, 0)
	for _, t := range args.Texts {
		f.text(t)
	}
	for _, n := range args.Numbers {
		if limitKeys[n.Key] && n.Value > float64(f.Limit) {
			f.Limit = int(min(n.Value, 1<<31))
		}
		f.Scheduled = f.Scheduled || timeKeys[n.Key] && n.Value > 0
		f.secretNumber(n)
	}
	if t := a.Target; t != nil {
		f.place(t.Environment)
		f.place(t.Name)
	}
	// "run_tests" and "live_scores" name no place.
	f.Production = f.Production || word.Has(f.Name.Words, "prod", "production")
	f.Test = f.Test && !f.Production
	f.Rewires = f.rewires(a)
}

// walk looks at what has no text or number: switches, empty filters, lengths of lists.
func (f *Facts) walk(key string, v any, depth int) {
	switch v := v.(type) {
	case bool:
		if v {
			f.flag(key)
		} else if key == "confirm" || key == "confirmation" || key == "requireapproval" || key == "verify" || key == "verifyssl" || key == "tlsverify" || key == "backup" {
			f.Force = true
		}
	case nil:
		f.EmptyFilter = f.EmptyFilter || filterKeys[key]
	case []any:
		if len(v) > f.Count && !numbersOnly(v) {
			f.Count = len(v)
		}
		f.EmptyFilter = f.EmptyFilter || len(v) == 0 && filterKeys[key]
		for _, e := range v {
			f.walk(key, e, depth+1)
		}
	case map[string]any:
		f.EmptyFilter = f.EmptyFilter || len(v) == 0 && filterKeys[key]
		for k, e := range v {
			f.walk(input.PlainKey(k), e, depth+1)
		}
	}
}

// numbersOnly says that a list is a series of measurements rather than of things.
func numbersOnly(list []any) bool {
	for _, v := range list {
		if _, ok := v.(float64); !ok {
			return false
		}
	}
	return true
}

func (f *Facts) flag(key string) {
	f.All = f.All || allKeys[key]
	f.Recursive = f.Recursive || recursiveKeys[key]
	f.Force = f.Force || forceKeys[key]
	f.DryRun = f.DryRun || dryKeys[key]
	f.Scheduled = f.Scheduled || timeKeys[key]
}

func (f *Facts) text(t input.Text) {
	short := strings.TrimSpace(t.Value)
	if len(short) <= 256 {
		f.shortText(t.Key, short)
	}
	for _, k := range secret.Of(t.Key, t.Value) {
		f.Secrets = word.Once(f.Secrets, string(k))
		f.KnownSecret = f.KnownSecret || byShape(k)
	}
}

// byShape says that a kind of secret is told by its shape alone.
func byShape(k secret.Kind) bool {
	switch k {
	case "password", "secret", "api key", "token", "pin", "one-time code", "card code", "identity number":
		return false
	}
	return true
}

func (f *Facts) secretNumber(n input.Number) {
	if k := secret.OfKey(n.Key); (k == "pin" || k == "card code" || k == "one-time code" || k == "identity number") && n.Value > 0 {
		f.Secrets = word.Once(f.Secrets, string(k))
	}
}

func (f *Facts) shortText(key, value string) {
	if value == "" {
		f.EmptyFilter = f.EmptyFilter || filterKeys[key]
		return
	}
	if strings.EqualFold(value, "true") || strings.EqualFold(value, "yes") || value == "1" {
		f.flag(key)
		return
	}
	switch {
	case prose[key]:
	case value == "*" || value == "%" || value == ".*" || strings.HasSuffix(value, "/*") || strings.HasSuffix(value, "-*") || strings.HasSuffix(value, "_*") || strings.HasSuffix(value, ".*") || strings.HasPrefix(value, "*."):
		f.Wildcard = true
		f.All = f.All || value == "*" || value == "%" || value == ".*"
	case strings.EqualFold(value, "all") || strings.EqualFold(value, "everything") || strings.EqualFold(value, "everyone"):
		f.All = true
	case filterKeys[key] && matchesAll(value):
		f.EmptyFilter = true
	}
	if placeKeys[key] {
		f.place(value)
	}
	if timeKeys[key] && !strings.EqualFold(value, "now") && !strings.EqualFold(value, "false") && !strings.EqualFold(value, "none") {
		f.Scheduled = true
	}
}

// prose are the keys of texts in which a star is no wildcard.
var prose = word.Set("body message text content subject title description comment note notes name pattern regex expression formula format")

// matchesAll knows the filters that are written out and match everything.
func matchesAll(v string) bool {
	switch strings.ReplaceAll(v, " ", "") {
	case "{}", "[]", "1=1", "true", "*:*", "''", `""`:
		return true
	}
	return false
}

// place looks for production and test in a name: "prod-db-1", "https://staging.example.com/x".
func (f *Facts) place(s string) {
	if len(s) > 256 {
		s = s[:256]
	}
	words := input.SplitWords(s)
	for i, w := range words {
		before := ""
		if i > 0 {
			before = words[i-1]
		}
		w = strings.TrimRight(w, "0123456789")
		switch {
		case productions[w] && (before == "non" || before == "pre" || before == "not"):
			f.Test = true
		case productions[w]:
			f.Production = true
		case trials[w]:
			f.Test = true
		}
	}
}

// Things an agent is made of. Changing them is changing the agent.
var (
	ownThings   = word.Set("prompt instruction instructions systemprompt guardrail guardrails policy policies approval approvals autoapprove permission permissions tool tools mcp rules agent self")
	ownFiles    = phrase.Of("claude.md", "agents.md", ".cursorrules", "copilot-instructions", "gemini.md", ".mcp.json", "mcp.json", ".claude/", ".cursor/", "system_prompt", "settings.local.json")
	ownKeys     = word.Set("systemprompt autoapprove alwaysallow approvalpolicy approvalmode dangerouslyskippermissions yolo allowedtools permissionmode agentinstructions requireapproval")
	ownMemories = word.Set("memory memories")
)

// rewires says that the agent changes itself.
func (f *Facts) rewires(a *input.Action) bool {
	if f.Reads || a.Tool == "" {
		return false
	}
	self, things := false, false
	for _, w := range f.Name.Words {
		self = self || w == "agent" || w == "self" || w == "own" || w == "my" || w == "system" || w == "assistant" || w == "approval" || w == "mcp"
		things = things || ownThings[w] && w != "agent" && w != "self" && w != "policy" && w != "policies" && w != "permissions" && w != "permission" && w != "rules"
		things = things || self && ownThings[w] && w != "self" && w != "agent"
		if ownMemories[w] && f.Writes && verb.Rank(f.Name.Act()) < verb.Rank(verb.Run) {
			return true
		}
	}
	if things && self && f.Writes {
		return true
	}
	args, err := a.Parsed()
	if err != nil {
		return true
	}
	for _, k := range args.Keys {
		if ownKeys[input.PlainKey(k)] {
			return true
		}
	}
	for _, t := range args.Texts {
		if len(t.Value) <= 512 && !prose[t.Key] && ownFiles.In(strings.ToLower(t.Value)) {
			return true
		}
	}
	return false
}
