package web

import (
	"encoding/base64"
	"encoding/hex"
	"strings"
	"unicode/utf8"
)

// carries notes whether a value carries data rather than names something: longer than
// most, readable once decoded, or like a key.
func (l *Link) carries(v string, most int) {
	if len(v) < 16 {
		return
	}
	l.Secret = l.Secret || LooksSecret(v)
	title := strings.Count(v, "-") > 5 && !strings.ContainsAny(v, " =+/")
	if len(v) > most && !title && !strings.HasPrefix(v, "http") {
		l.Data = true
	}
	if len(v) >= 24 && len(v) <= 8192 && hidden(v) {
		l.Data = true
	}
}

// hidden says that a text is base64 or hexadecimal of something readable.
func hidden(v string) bool {
	for i := range len(v) {
		c := v[i]
		if (c|0x20 < 'a' || c|0x20 > 'z') && (c < '0' || c > '9') && strings.IndexByte("+/-_=", c) < 0 {
			return false
		}
	}
	if b, err := hex.DecodeString(v); err == nil {
		return !number(v) && readable(b)
	}
	if strings.Count(v, "-") > 2 || strings.Count(v, "_") > 2 || strings.ToLower(v) == v && !strings.ContainsAny(v, "0123456789") {
		return false // words of a title
	}
	v = strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(v, "="))
	b, err := base64.RawStdEncoding.DecodeString(v)
	return err == nil && readable(b)
}

func readable(b []byte) bool {
	if !utf8.Valid(b) {
		return false
	}
	for _, c := range b {
		if c < ' ' && c != '\n' && c != '\r' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}

// secretStarts are how well-known keys and tokens begin, as their vendors document for scanners.
var secretStarts = []string{"AKIA", "ASIA", "ghp_", "gho_", "ghs_", "ghu_", "ghr_", "github_pat_", "glpat-", "sk-", "sk_live_", "sk_test_", "rk_live_", "xoxb-", "xoxp-", "xoxa-", "xapp-", "AIza", "ya29.", "eyJhbGciOi", "-----BEGIN", "SG.", "npm_", "dop_v1_", "hf_", "shpat_", "EAACEdEose0cBA", "pypi-", "whsec_", "AGE-SECRET-KEY-"}

// LooksSecret says that a text begins like a well-known kind of key or token.
func LooksSecret(v string) bool {
	if len(v) < 16 {
		return false
	}
	for _, s := range secretStarts {
		if strings.HasPrefix(v, s) {
			return s == "-----BEGIN" || strings.ContainsAny(v, "0123456789") && (s != "sk-" || v != strings.ToLower(v)) // "sk-learn-tutorial-3" is none
		}
	}
	return false
}
