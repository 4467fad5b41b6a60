package asked

import (
	"slices"
	"strings"

	"github.com/weighlock/weighlock/internal/facts/phrase"
	"github.com/weighlock/weighlock/internal/facts/verb"
)

// entails says which acts of a request ask for an act.
var entails = map[verb.Act][]verb.Act{
	verb.Create:  {verb.Create, verb.Change, verb.Send, verb.Publish, verb.Pay, verb.Install, verb.Run, verb.Deploy, verb.Grant},
	verb.Change:  {verb.Change, verb.Create, verb.Publish, verb.Send, verb.Delete, verb.Stop, verb.Pay, verb.Grant, verb.Run, verb.Install, verb.Deploy},
	verb.Delete:  {verb.Delete},
	verb.Send:    {verb.Send, verb.Publish},
	verb.Publish: {verb.Publish, verb.Send, verb.Create},
	verb.Pay:     {verb.Pay},
	verb.Grant:   {verb.Grant},
	verb.Login:   {verb.Login, verb.Send, verb.Publish, verb.Pay, verb.Create, verb.Change, verb.Delete, verb.Stop},
	verb.Run:     {verb.Run, verb.Install, verb.Deploy, verb.Create, verb.Change},
	verb.Install: {verb.Install, verb.Run, verb.Deploy},
	verb.Deploy:  {verb.Deploy, verb.Install, verb.Run},
	verb.Stop:    {verb.Stop, verb.Delete},
	verb.Control: {verb.Control, verb.Create, verb.Change, verb.Send, verb.Publish, verb.Pay, verb.Delete, verb.Stop, verb.Run},
}

// ways are how people ask for an act without its verb.
var ways = map[verb.Act][]string{
	verb.Send:    {"let me know", "let him know", "let her know", "let them know", "let us know", " dm ", "drop a line", "get in touch", "write them", "write him", "write her", "write to", "write me", "tell ", "text ", "message"},
	verb.Publish: {"put it on", "post ", "share ", "tweet", "go public", "make public", "comment", "upload", "ask for", "ask in", "ask the"},
	verb.Delete:  {"get rid of", "take down", "take off", "throw away", "no longer need", "clean up", "tidy up", "wipe", "retract", "unsend", "take back", "take it back"},
	verb.Pay:     {"settle the bill", "pay ", "book ", "booking", "order ", "buy ", "purchase", "refund", "send money", "donate", "transfer", "insurance", "upgrade my", "reservation", "ticket", " eth", " btc", " usd", " eur", " tokens", " coins", "$", "€", "£", " money"},
	verb.Grant:   {"give access", "add to the", "add him", "add her", "add them", "invite", "permission", "remove from the", "sign up"},
	verb.Create:  {"set up", "put on the calendar", "make a", "add a", "add ", "new ", "draft", "prepare", "write a", "schedule", "book ", "propose", "submit", "open a"},
	verb.Change:  {"fix ", "turn on", "turn off", "switch", "return my", "exchange", "upvote", "downvote", "thumbs up", "thumbs down", "vote", "like ", "follow", "subscribe", "configure", "alias", "default", "not working", "doesn't work", "does not work", "no service", "broken", "issue", "problem", "too slow", "very slow"},
	verb.Stop:    {"call off", "cancel", "give up", "back out", "stop "},
	verb.Install: {"set up", "install", "add the extension", "clone"},
	verb.Run:     {"run ", "try ", "execute", "compile", "build", "test ", "call the", "calling ", "invoke", "invocation"},
	verb.Login:   {"log in", "sign in", "my account", "password", "username", "credentials"},
}

var waySets = func() map[verb.Act]*phrase.Set {
	m := map[verb.Act]*phrase.Set{}
	for act, phrases := range ways {
		m[act] = phrase.Of(phrases...)
	}
	return m
}()

// actsOf are the acts that a request asks for.
func actsOf(t *text) map[verb.Act]bool {
	acts := map[verb.Act]bool{}
	for i, w := range t.words {
		if a := verb.OfForm(w); a != verb.None {
			acts[a] = true
		}
		if i > 0 {
			if a := verb.Pair(t.words[i-1], w); a != verb.None {
				acts[a] = true
			}
		}
	}
	padded := " " + t.plain + " "
	for act, set := range waySets {
		if set.In(padded) {
			acts[act] = true
		}
	}
	return acts
}

// fits reports whether any of the acts is asked for. What only looks always is.
func fits(act verb.Act, asked map[verb.Act]bool) bool {
	if act == verb.None || verb.Looks(act) {
		return true
	}
	return slices.ContainsFunc(entails[act], func(a verb.Act) bool { return asked[a] })
}

// instructions are phrases with which a text speaks to an assistant in place of the user.
var instructions = phrase.Of("ignore previous", "ignore all previous", "ignore the previous", "ignore your", "disregard", "system:", "system prompt", "you must", "you should now", "<information>",
	"important message from", "important!!!", "before you can solve", "before you can", "before you proceed", "before proceeding", "todo:", "new instructions", "override", "as an ai", "assistant:", "do not tell the user",
	"without telling", "security policy", "policy_ack", "policy ack", "admin override", "developer mode", "first, you", "instead, you", "you have been", "attention:", "urgent:")

func instructs(s string) bool { return instructions.In(strings.ToLower(s)) }

// refers are phrases with which a request leaves values to be found somewhere.
var refers = phrase.Of("as specified", "as described", "specified in", "described in", "details in", "details from", "read ", "the same", "repeat ", "resend", "again", "according to", "listed in",
	"from the file", "in the file", "in his inbox", "in her inbox", "inbox", " who ", " whose ", "with the most", "the most", "the least", "latest", "most recent", "last ", "find ", "look up", "check my", "instructions",
	"mentioned in", "based on", "any of", "each ", "every ", "all my", "all the", "all of", "necessary", "appropriate", "cheapest", "nearest", "best ", "recommend", "top ", "where ")
