package secret

import (
	"strings"

	"github.com/weighlock/weighlock/internal/facts/word"
)

// keys are the plain names (see input.PlainKey) that secrets are kept under.
var keys = map[string]Kind{
	"password": "password", "passwd": "password", "pwd": "password", "pass": "password", "passphrase": "password", "passcode": "password",
	"newpassword": "password", "oldpassword": "password", "currentpassword": "password", "userpassword": "password", "dbpassword": "password", "passwort": "password",
	"secret": "secret", "clientsecret": "secret", "secretkey": "secret", "secretaccesskey": "secret", "awssecretaccesskey": "secret", "signingsecret": "secret", "sharedsecret": "secret",
	"apikey": "api key", "xapikey": "api key", "accesskey": "api key", "apisecret": "api key", "apitoken": "api key", "appkey": "api key", "servicekey": "api key",
	"token": "token", "accesstoken": "token", "refreshtoken": "token", "authtoken": "token", "bearertoken": "token", "idtoken": "token", "sessiontoken": "token",
	"oauthtoken": "token", "authorization": "token", "bearer": "token", "jwt": "token", "sessioncookie": "token", "cookie": "token", "personalaccesstoken": "token",
	"privatekey": "private key", "sshkey": "private key", "encryptionkey": "private key", "mnemonic": "private key", "seedphrase": "private key", "recoveryphrase": "private key", "walletkey": "private key",
	"credential": "secret", "credentials": "secret", "connectionstring": "secret",
	"pin": "pin", "pincode": "pin", "otp": "one-time code", "otpcode": "one-time code", "mfacode": "one-time code", "2facode": "one-time code", "totp": "one-time code", "verificationcode": "one-time code",
	"cvv": "card code", "cvc": "card code", "cvv2": "card code", "securitycode": "card code", "cardverificationnumber": "card code",
	"ssn": "identity number", "socialsecuritynumber": "identity number",
}

// OfKey returns the kind of secret that is kept under a plain key, or "".
func OfKey(plain string) Kind {
	if len(plain) > 64 || plain == "" {
		return ""
	}
	if k, ok := keys[plain]; ok {
		return k
	}
	for _, ending := range [...]string{"password", "passwd", "apikey", "secretkey", "accesstoken", "authtoken", "privatekey", "clientsecret", "accesskey"} {
		if strings.HasSuffix(plain, ending) {
			return keys[ending]
		}
	}
	return ""
}

// Of returns the kinds of secrets in a value that is kept under a plain key.
func Of(plain, value string) []Kind {
	found := InText(value)
	if k := OfKey(plain); k != "" && looksSecret(k, strings.TrimPrefix(value, "Bearer ")) {
		found = word.Once(found, k)
	}
	return found
}

// looksSecret tells a secret from a word that stands for one.
func looksSecret(kind Kind, value string) bool {
	if placeholder(value) {
		return false
	}
	switch kind {
	case "token", "secret", "api key", "private key":
		return len(value) >= 8 && (strings.ContainsAny(value, "0123456789_-/+=.") || kind == "private key" && strings.Count(value, " ") >= 11)
	case "pin", "card code", "one-time code", "identity number":
		return len(value) >= 3 && strings.ContainsAny(value, "0123456789")
	}
	return len(value) >= 4
}

// placeholder says that a value stands for a secret and is none: "***", "<token>", "${TOKEN}", "your_api_key".
func placeholder(value string) bool {
	if value == "" || strings.Trim(value, "*xX.•-") == "" {
		return true
	}
	switch c := value[0]; {
	case c == '<' && strings.HasSuffix(value, ">"), c == '[' && strings.HasSuffix(value, "]"), c == '{' && strings.HasSuffix(value, "}"), c == '$', c == '%' && strings.HasSuffix(value, "%"):
		return true
	}
	lower := strings.ToLower(value[:min(len(value), 24)])
	for _, w := range [...]string{"your_", "your-", "yourpass", "redacted", "placeholder", "changeme", "example", "todo", "null", "none", "os.environ", "process.env", "secretref", "vault:", "‹masked"} {
		if strings.HasPrefix(lower, w) {
			return true
		}
	}
	return false
}
