// Package secret finds secrets in texts: by the shape that their issuers give them, and by the name they are kept under.
package secret

import (
	"strings"

	"github.com/weighlock/weighlock/internal/facts/input"
	"github.com/weighlock/weighlock/internal/facts/word"
)

// maxText is how much of one text is looked at. It is all of it: arguments are smaller.
const maxText = 256 << 10

// Kind is a kind of secret, such as "aws key" or "password".
type Kind string

// shape is how an issuer marks its secrets: a prefix, and at least so many characters of its alphabet after it.
type shape struct {
	prefix string
	least  int
	kind   Kind
}

// shapes are from the issuers' documentation of their key formats.
var shapes = []shape{
	{"AKIA", 16, "aws key"}, {"ASIA", 16, "aws key"}, {"ABIA", 16, "aws key"},
	{"ghp_", 30, "github token"}, {"gho_", 30, "github token"}, {"ghu_", 30, "github token"}, {"ghs_", 30, "github token"}, {"ghr_", 30, "github token"},
	{"github_pat_", 22, "github token"}, {"glpat-", 20, "gitlab token"}, {"gldt-", 20, "gitlab token"},
	{"xoxb-", 10, "slack token"}, {"xoxp-", 10, "slack token"}, {"xoxa-", 10, "slack token"}, {"xoxr-", 10, "slack token"}, {"xoxs-", 10, "slack token"}, {"xapp-", 10, "slack token"},
	{"sk-ant-", 20, "api key"}, {"sk-proj-", 20, "api key"}, {"sk-", 32, "api key"}, {"hf_", 30, "api key"}, {"gsk_", 30, "api key"},
	{"sk_live_", 16, "stripe key"}, {"rk_live_", 16, "stripe key"}, {"sk_test_", 16, "stripe key"}, {"whsec_", 20, "stripe key"},
	{"AIza", 35, "google key"}, {"ya29.", 20, "google token"}, {"GOCSPX-", 20, "google key"},
	{"SG.", 40, "sendgrid key"}, {"npm_", 36, "npm token"}, {"pypi-AgEI", 20, "pypi token"}, {"dop_v1_", 40, "cloud token"}, {"doo_v1_", 40, "cloud token"},
	{"shpat_", 30, "shop token"}, {"dckr_pat_", 20, "docker token"}, {"hvs.", 20, "vault token"}, {"eyJ", 40, "jwt"}, {"lin_api_", 30, "api key"}, {"secret_", 40, "api key"},
	{"AGE-SECRET-KEY-1", 40, "private key"}, {"PMAK-", 30, "api key"}, {"ATATT3", 30, "api token"},
}

// byFirst are the shapes by their first byte.
var byFirst = func() (m [256][]shape) {
	for _, s := range shapes {
		m[s.prefix[0]] = append(m[s.prefix[0]], s)
	}
	return m
}()

// Unclear is the kind where a text has so many beginnings of secrets that not all can be looked at.
const Unclear Kind = "unclear"

// InText returns the kinds of secrets that a text holds by their shape, each once, at most as many as there are kinds.
func InText(text string) []Kind {
	if len(text) > maxText {
		text = text[:maxText]
	}
	found := shaped(text)
	if strings.Contains(text, "PRIVATE KEY-----") || strings.Contains(text, "PuTTY-User-Key-File") || strings.Contains(text, "PGP PRIVATE KEY BLOCK") {
		found = word.Once(found, "private key")
	}
	if userInURL(text) {
		found = word.Once(found, "password")
	}
	return assigned(text, found)
}

// shaped finds what issuers mark. Overlapping candidates cost time, which is bounded.
func shaped(text string) []Kind {
	var found []Kind
	budget := 2*len(text) + maxRun
	for i := 0; i < len(text); i++ {
		candidates := byFirst[text[i]]
		if candidates == nil || i > 0 && isWord(text[i-1]) {
			continue
		}
		for _, s := range candidates {
			if !strings.HasPrefix(text[i:], s.prefix) {
				continue
			}
			n := run(text[i+len(s.prefix):])
			if budget -= n; budget < 0 {
				return word.Once(found, Unclear)
			}
			candidate := text[i : i+len(s.prefix)+n]
			if n < s.least || !mixed(candidate) || s.kind == "jwt" && strings.Count(candidate, ".") < 2 {
				continue
			}
			found = word.Once(found, s.kind)
			i += n
			break
		}
	}
	return found
}

// maxRun is the longest secret.
const maxRun = 4096

func isWord(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' }

// run is how long the alphabet of keys goes on.
func run(s string) int {
	n := 0
	for n < len(s) && n < maxRun && (isWord(s[n]) || strings.IndexByte("_-.=/+", s[n]) >= 0) {
		n++
	}
	return n
}

// mixed says that a candidate has a digit: words with hyphens have none.
func mixed(s string) bool { return strings.ContainsAny(s, "0123456789") }

// userInURL finds "scheme://user:password@host".
func userInURL(text string) bool {
	for range 64 {
		_, rest, ok := strings.Cut(text, "://")
		if !ok {
			return false
		}
		end := strings.IndexAny(rest, "/?# \t\r\n\"'<>")
		if end < 0 {
			end = len(rest)
		}
		if at := strings.LastIndexByte(rest[:end], '@'); at > 0 {
			if _, pass, ok := strings.Cut(rest[:at], ":"); ok && pass != "" && !placeholder(pass) {
				return true
			}
		}
		text = rest
	}
	return false
}

// assigned finds "password: hunter22" and "AWS_SECRET_ACCESS_KEY=…" in running text.
func assigned(text string, found []Kind) []Kind {
	from := 0
	for range 512 {
		at := strings.IndexAny(text[from:], ":=")
		if at < 0 {
			break
		}
		at += from
		from = at + 1
		key := lastWord(text[max(0, at-48):at])
		kind := OfKey(input.PlainKey(key))
		if kind == "" || kind == "pin" {
			continue
		}
		value := strings.TrimLeft(text[at+1:min(len(text), at+200)], " \t\"'`*")
		if end := strings.IndexAny(value, " \t\r\n,;\"'`"); end >= 0 {
			value = value[:end]
		}
		if looksSecret(kind, value) {
			found = word.Once(found, kind)
		}
	}
	return found
}

func lastWord(s string) string {
	s = strings.TrimRight(s, " \t\"'`*")
	i := len(s)
	for i > 0 && (isWord(s[i-1]) || s[i-1] == '_' || s[i-1] == '-') {
		i--
	}
	return s[i:]
}
