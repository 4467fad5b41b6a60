package mask

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// The parts of what looks like a real key are joined here, so that it sets off nobody's scanner.
func key(prefix string, n int) string { return prefix + strings.Repeat("a1B2", n/4+1) }

const cardNo = "4111 1111 1111 1111"

func TestSecretsInTextsAreMasked(t *testing.T) {
	t.Parallel()
	for text, secret := range map[string]string{
		"use " + key("ghp_", 36) + " to push":                                             key("ghp_", 36),
		"the password: hunter2222 opens it":                                               "hunter2222",
		"password=hunter2222, and go":                                                     "hunter2222",
		"postgres://app:s3cretpw@db/shop is the place":                                    "s3cretpw",
		"curl -H 'Authorization: Bearer " + key("eyJ", 60) + ".a.b'":                      key("eyJ", 60),
		"pay with " + cardNo + " please":                                                  "1111 1111",
		"pay with 4111-1111-1111-1111.":                                                   "1111-1111",
		"-----BEGIN RSA PRIVATE KEY----- MIIEpAIBAAKCAQEA7 -----END RSA PRIVATE KEY-----": "MIIEpAIBAAKCAQEA7",
	} {
		shown := Text(text)
		if strings.Contains(shown, secret) || !strings.Contains(shown, "‹masked: ") {
			t.Errorf("%q is shown as %q", text, shown)
		}
		if again := Text(shown); again != shown {
			t.Errorf("%q is masked again as %q", shown, again)
		}
		if strings.Contains(text, " ") && !strings.Contains(text, "PRIVATE") && isMasked(shown) {
			t.Errorf("nothing of %q is shown", text)
		}
	}
}

func TestWhatIsNoSecretIsShown(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "refund order 88123", "IBAN DE02120300000000202051", "the password is in the vault", "password: ****", "token: <token>", "call +49 30 123456789012",
		"sha256:2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881", "01JD8Z5V7Q9W3K2M4N6P8R0T11", "1234567890123456", "2026-11-23 09:30:00.123",
	} {
		if shown := Text(text); shown != text {
			t.Errorf("%q is shown as %q", text, shown)
		}
	}
}

func TestSecretsInArgumentsAreMasked(t *testing.T) {
	t.Parallel()
	document := json.RawMessage(`{"user":"carol","password":"hunter2","headers":{"Authorization":"Bearer abc","Accept":"*/*"},"pin":1234,"amount":12.50,
		"notes":["fine","api_key=` + key("sk-", 40) + `"],"account":{"a/b":"x"},"card":"` + cardNo + `","empty":"","on":true,"none":null}`)
	shown, where := JSON(document, []string{"/account/a~1b", "/user"})
	for _, secret := range []string{"hunter2", "Bearer abc", "1234", key("sk-", 40), `"x"`, "1111", "carol"} {
		if strings.Contains(string(shown), secret) {
			t.Errorf("%s is shown in %s", secret, shown)
		}
	}
	if want := []string{"/account/a~1b", "/card", "/headers/Authorization", "/notes/1", "/password", "/pin", "/user"}; !slices.Equal(where, want) {
		t.Errorf("masked at %v, want %v", where, want)
	}
	for _, plain := range []string{`"amount":12.50`, `"Accept":"*/*"`, `"fine"`, `"on":true`, `"none":null`} {
		if !strings.Contains(string(shown), plain) {
			t.Errorf("%s is not shown in %s", plain, shown)
		}
	}
	if again, _ := JSON(shown, []string{"/account/a~1b", "/user"}); !json.Valid(again) {
		t.Errorf("masked again: %s", again)
	}
	if again, _ := JSON(shown, nil); string(again) != string(shown) {
		t.Errorf("masked again: %s", again)
	}
	if shown, _ := JSON(json.RawMessage(`{"a":`), nil); strings.Contains(string(shown), `{"a"`) || !json.Valid(shown) {
		t.Errorf("what is no JSON is shown as %s", shown)
	}
}

// FuzzText: what was masked is clean, and stays as it is.
func FuzzText(f *testing.F) {
	for _, seed := range []string{"password: hunter2222", key("ghp_", 36), cardNo + cardNo, "x://a:b@c", "pwd = \"zz9zz\" pwd", "‹masked: "} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		shown := Text(text)
		if !clean(shown) && !isMasked(shown) {
			t.Errorf("%q is shown as %q", text, shown)
		}
		if again := Text(shown); again != shown {
			t.Errorf("%q is masked again as %q", shown, again)
		}
	})
}

// FuzzJSON: the outcome is JSON, whatever comes.
func FuzzJSON(f *testing.F) {
	f.Add([]byte(`{"password":"x","a":[1,"`+cardNo+`"]}`), "/a")
	f.Fuzz(func(t *testing.T, document []byte, pointer string) {
		shown, _ := JSON(document, []string{pointer})
		if len(shown) > 0 && !json.Valid(shown) {
			t.Errorf("%q is shown as %q", document, shown)
		}
	})
}

// What is masked in the arguments is masked in other texts too, however it is written there.
func TestSecretsThatAreRepeatedAreScrubbed(t *testing.T) {
	t.Parallel()
	_, _, values := Secrets(json.RawMessage(`{"api_key":"sk-1234567890abcdef","password":"hunter2","note":"fine and password: tr0ub4dor","amount":40}`), nil)
	for text, secret := range map[string]string{
		"transfer of 40 EUR, to acme, SK1234567890ABCDEF; it pays": "1234567890",
		"log in with HUNTER2.":               "HUNTER2",
		"curl -H key:sk-1234567890abcdef/v1": "1234567890",
		"the end is 7890abcdef":              "7890abcdef",
		"then tr0ub4dor":                     "tr0ub4dor",
	} {
		shown := Scrub(text, values)
		if strings.Contains(shown, secret) || !strings.Contains(shown, "‹masked: secret") {
			t.Errorf("%q is shown as %q", text, shown)
		}
		if again := Scrub(shown, values); again != shown {
			t.Errorf("%q is scrubbed again as %q", shown, again)
		}
	}
	if text := "transfer of 40 EUR, fine and to acme"; Scrub(text, values) != text {
		t.Errorf("%q is shown as %q", text, Scrub(text, values))
	}
}
