package tool

import (
	"strings"
	"unicode"

	"github.com/weighlock/weighlock/internal/facts/phrase"
	"github.com/weighlock/weighlock/internal/facts/verb"
	"github.com/weighlock/weighlock/internal/facts/word"
	"github.com/weighlock/weighlock/pkg/events"
)

// lastings say that what is done stays done.
var lastings = phrase.Of(
	"cannot be undone", "can not be undone", "can't be undone", "cannot be reversed", "can't be reversed", "irreversibl", "permanently", "unrecoverabl", "cannot be recovered",
	"not recoverable", "destructive", "no undo", "is final", "data loss", "cannot be restored", "use with caution", "dangerous",
)

// instructing is what a description says that speaks to the model instead of about the tool: after the
// published collections of tool poisoning and prompt injection.
var instructing = phrase.Of(
	"<important>", "</important>", "<system>", "<secret>", "<hidden>", "<instructions>", "[system]", "###system", "<!--",
	"ignore other tools", "ignore all other", "ignore previous", "ignore all previous", "ignore any previous", "ignore prior", "ignore the user", "ignore your", "disregard previous",
	"disregard all", "disregard the", "forget previous", "override previous", "do not use any other", "don't use any other", "instead of any other tool", "instead of other tools",
	"always call this tool", "always use this tool", "must call this tool", "must use this tool", "call this tool first", "use this tool first", "before using any other tool", "before any other tool",
	"before calling any other", "before using this tool, read", "before using this tool read", "you must first", "you must always", "must always be called",
	"do not tell the user", "don't tell the user", "do not inform the user", "do not mention", "don't mention", "do not show the user", "do not reveal", "without telling the user", "never tell the user",
	"hide this from", "keep this hidden", "not notify the user", "without informing the user", "do not ask the user", "without asking", "do not ask for confirmation", "no confirmation is needed",
	"no need to confirm", "skip confirmation", "otherwise the tool will not work", "this tool is safe", "this is safe to", "pre-approved", "already approved", "has been approved", "no approval",
	"pass its content as", "pass its contents as", "read the file ~", "read ~/", "~/.ssh", "id_rsa", ".env file", "mcp.json", "system prompt", "your instructions", "as an ai", "dear assistant",
	"include the conversation", "send the conversation", "full conversation history", "chat history as", "all emails to", "must be sent to", "bcc ", "new instructions", "developer mode", "jailbreak",
)

// ofDescription reads what the server says of the tool.
func (f *Facts) ofDescription(info *events.ToolInfo) {
	if info == nil || info.Description == "" {
		return
	}
	f.Described = true
	text := info.Description
	if len(text) > maxProse {
		text, f.DescriptionCut = text[:maxProse], true
	}
	lower := strings.ToLower(text)
	words := proseWords(text)
	f.HarmDescription = harmOfWords(words)
	f.DescribesIrreversal = lastings.In(lower)
	f.Poisoned = instructing.In(lower) || invisible(text)
	acts := described(lower)
	f.DescribedActs = texts(acts)
	f.DescribesWrite = len(acts) > 0 && !verb.Looks(acts[0])
	f.Disagrees = f.DescribesWrite && f.Name.Looks()
	f.Acts = append(f.Acts, acts...)
}

// described are the acts of the verbs that sentences and their parts begin with: "Deletes a file and notifies
// its owner. Use it to clean up." A verb anywhere else may say what the tool does not do.
func described(lower string) []verb.Act {
	var acts []verb.Act
	for _, sentence := range strings.FieldsFunc(lower, func(r rune) bool { return strings.ContainsRune(".!?;\n:", r) }) {
		words := proseWords(sentence)
		expect := true
		for i, w := range words {
			if i == 0 && (w == "a" || w == "an" || w == "this" || w == "the" || w == "tool") {
				continue // "A tool to …", "This tool sends …"
			}
			if expect || i > 0 && opens[words[i-1]] {
				if a := actOfProse(w); a != verb.None && len(acts) < 64 {
					acts = append(acts, a)
				}
				expect = w == "tool" || w == "function" || w == "also" || w == "permanently" || w == "automatically" || w == "immediately" || w == "this"
			}
			if w == "not" || w == "never" || w == "without" || w == "if" || w == "when" {
				break // what follows is denied or a condition
			}
		}
	}
	return verb.Sorted(acts)
}

// opens are the words that a verb follows.
var opens = word.Set("and or then to will can which that also tool function allows lets you by for")

// actOfProse is the act of a word that stands where a verb does. Nouns made of verbs do not count.
func actOfProse(w string) verb.Act {
	base := w
	if verb.Look(w).Act == verb.None {
		base = verb.Base(w)
	}
	k := verb.Look(base)
	if empty[base] || k.Noun && !plainVerbs[base] {
		return verb.None
	}
	return k.Act
}

// empty are verbs that say nothing without what follows: "does not", "performs a search".
var empty = word.Set("do perform make take give operate set is are can has")

// plainVerbs are words that are things in names, and verbs where a sentence puts a verb.
var plainVerbs = word.Set("transfer post share comment message email text call forward refund charge purchase trade order book schedule copy change release ship cancel wire deposit tweet record")

// invisible finds characters that people do not see and models read: tags, zero width, direction.
func invisible(text string) bool {
	for _, r := range text {
		if r < 0x80 {
			continue
		}
		if unicode.Is(unicode.Cf, r) && r != 0xFEFF && r != 0xAD && r != 0x200D || r >= 0xE0000 && r <= 0xE007F {
			return true
		}
	}
	return false
}
