package secret

import (
	"strings"
	"testing"
)

func kinds(ks []Kind) string {
	var s []string
	for _, k := range ks {
		s = append(s, string(k))
	}
	return strings.Join(s, ",")
}

// a key that looks real would set off other people's scanners, so the parts are joined here.
func fake(prefix string, n int) string { return prefix + strings.Repeat("a1B2", n/4+1) }

func TestSecrets(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ key, value, want string }{
		{"text", "key " + fake("AKIA", 16), "aws key"},
		{"text", fake("ghp_", 36), "github token"},
		{"text", "(" + fake("xoxb-", 20) + ")", "slack token"},
		{"text", fake("sk_live_", 24), "stripe key"},
		{"text", fake("eyJ", 40) + "." + fake("", 20) + "." + fake("", 20), "jwt"},
		{"text", fake("eyJ", 80), ""},
		{"text", "-----BEGIN RSA " + "PRIVATE KEY-----\nMII", "private key"},
		{"text", "-----BEGIN PUBLIC KEY-----", ""},
		{"text", "postgres://bob:hunter2@db.internal/x", "password"},
		{"text", "https://bob@example.com/x", ""},
		{"text", "https://user:${PASS}@example.com/x", ""},
		{"text", "the password: hunter22, keep it", "password"},
		{"text", "AWS_SECRET_ACCESS_KEY=abcd1234efgh5678", "secret"},
		{"text", "password: <password>", ""},
		{"text", "your password is safe", ""},
		{"text", "risk-assessment-of-the-whole-organisation-in-detail", ""},
		{"text", "sk-learn is a library", ""},
		{"password", "hunter22", "password"},
		{"newpassword", "abcd", "password"},
		{"password", "****", ""},
		{"accesstoken", "abc123xyz", "token"},
		{"token", "USDC", ""},
		{"pagetoken", "abc123xyz", ""},
		{"maxtokens", "1000", ""},
		{"apikey", "your_api_key", ""},
		{"dbpassword", "s3cret", "password"},
		{"pin", "4821", "pin"},
		{"cvv", "321", "card code"},
		{"authorization", "Bearer abc123xyz9", "token"},
		{"mnemonic", "a b c d e f g h i j k l m", "private key"},
		{"text", strings.Repeat("sk-", 50_000), "unclear"},
		{"text", strings.Repeat("eyJa.", 50_000), "unclear"},
		{"", "", ""},
		{"text", "\xff\xfe=\xff", ""},
	} {
		if got := kinds(Of(c.key, c.value)); got != c.want {
			t.Errorf("%s=%.40q: %q, want %q", c.key, c.value, got, c.want)
		}
	}
}

func FuzzOf(f *testing.F) {
	f.Add("password", "x:y@://=:")
	f.Add("", "://a:b@")
	f.Fuzz(func(t *testing.T, key, value string) {
		if n := len(Of(key, value)); n > len(shapes)+len(keys)+1 {
			t.Fatalf("%d kinds", n)
		}
	})
}

func BenchmarkInText(b *testing.B) {
	text := strings.Repeat("an ordinary sentence of prose, said twice: ", 24)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		InText(text)
	}
}
