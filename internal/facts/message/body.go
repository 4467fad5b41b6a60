package message

import (
	"strings"

	"github.com/weighlock/weighlock/internal/facts/input"
	"github.com/weighlock/weighlock/internal/facts/phrase"
	"github.com/weighlock/weighlock/internal/facts/secret"
	"github.com/weighlock/weighlock/internal/facts/word"
)

// Phrases of phishing and of fraud by mail, as described by the anti-phishing groups' yearly reports.
var (
	asksLogin = phrase.Of(
		"your password", "your credentials", "your login", "your pin", "verification code", "one-time code", "security code", "verify your account", "verify your identity",
		"confirm your account", "confirm your identity", "confirm your password", "reset your password", "update your password", "log in here", "sign in here", "login to your account",
		"social security number", "your ssn", "your api key", "seed phrase", "recovery phrase", "your private key", "send me the code", "share the code", "account has been suspended",
		"account will be suspended", "account has been locked", "unusual activity", "unusual sign-in", "validate your",
	)
	asksMoney = phrase.Of(
		"gift card", "wire transfer", "send money", "transfer the funds", "transfer the amount", "transfer funds to", "bank details", "new bank account", "updated bank account", "change of bank",
		"our bank account", "pay the invoice", "make the payment", "payment to the following", "payment is overdue", "outstanding invoice", "send bitcoin", "bitcoin to", "send eth", "send crypto",
		"western union", "moneygram", "routing number", "pay immediately", "remit payment", "cash app", "advance fee", "processing fee", "release fee", "claim your prize", "you have won", "inheritance",
	)
	presses = phrase.Of(
		"urgent", "immediately", "as soon as possible", "right away", "within 24 hours", "within 48 hours", "act now", "final notice", "last warning", "final warning", "will be closed",
		"will be suspended", "will be terminated", "will be deleted", "or else", "expires today", "do not tell", "don't tell", "keep this confidential", "strictly confidential", "failure to",
	)
)

// telling holds them all: one pass finds that a text has none.
var telling = phrase.All(asksLogin, asksMoney, presses)

// body looks into the texts of the message.
func (f *Facts) body(a *input.Action, args *input.Arguments) {
	budget := maxProse
	f.Empty = true
	for _, t := range args.Texts {
		prose := proseKeys[t.Key] || len(t.Value) > 80
		if prose && strings.TrimSpace(t.Value) != "" {
			f.Empty = false
		}
		for _, k := range secret.InText(t.Value) {
			f.Secrets = word.Once(f.Secrets, string(k))
		}
		f.links(t.Value, a.Org.Domains)
		if !prose || budget <= 0 {
			continue
		}
		text := t.Value
		if len(text) > budget {
			text, f.Truncated = text[:budget], true
		}
		budget -= len(text)
		lower := strings.ToLower(text)
		if !telling.In(lower) {
			continue
		}
		f.AsksLogin = f.AsksLogin || asksLogin.In(lower)
		f.AsksMoney = f.AsksMoney || asksMoney.In(lower)
		f.Presses = f.Presses || presses.In(lower)
	}
	f.Phishing = (f.AsksLogin || f.AsksMoney) && (f.Presses || f.Foreign)
}

// links finds "scheme://host" and "www.host".
func (f *Facts) links(text string, domains map[string]bool) {
	scheme, www := 0, 0 // where the next one is, at or after from
	for from := 0; ; {
		scheme, www = next(text, "://", scheme, from), next(text, "www.", www, from)
		at := scheme + len("://")
		if www < scheme {
			at = www
		}
		if at >= len(text) {
			return
		}
		if f.seen++; f.seen > maxLooked || len(f.Links) >= maxLinks {
			f.Truncated, f.Foreign = true, true
			return
		}
		end := strings.IndexAny(text[at:], "/?#\\ \t\r\n\"'<>()[]{},")
		if end < 0 {
			end = len(text) - at
		}
		from = at + end
		if host := hostOf(text[at:from]); host != "" {
			f.Links = word.Once(f.Links, host)
			f.Foreign = f.Foreign || !ours(host, domains)
		}
	}
}

// next is where sign stands at or after from, and the text's length where it does not. known is what an earlier call said.
func next(text, sign string, known, from int) int {
	if known >= from && known > 0 {
		return known
	}
	if i := strings.Index(text[from:], sign); i >= 0 {
		return from + i
	}
	return len(text)
}

func hostOf(authority string) string {
	if at := strings.LastIndexByte(authority, '@'); at >= 0 {
		authority = authority[at+1:]
	}
	host, _, _ := strings.Cut(authority, ":")
	host = strings.Trim(strings.ToLower(host), ".!;`*_")
	if len(host) > 253 {
		host = host[:253]
	}
	return strings.ToValidUTF8(host, "\uFFFD")
}

// ours says that a host is a domain of the organisation or below one: a link asks for less trust than an address.
func ours(host string, domains map[string]bool) bool {
	for range 8 {
		if domains[host] {
			return true
		}
		_, parent, ok := strings.Cut(host, ".")
		if !ok {
			return false
		}
		host = parent
	}
	return false
}
