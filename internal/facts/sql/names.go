package sql

import (
	"slices"
	"strings"

	"github.com/weighlock/weighlock/internal/facts/input"
)

// wordSet is a set of words in lower case.
type wordSet map[string]bool

func words(list string) wordSet {
	m := wordSet{}
	for w := range strings.FieldsSeq(list) {
		m[w] = true
	}
	return m
}

// maxNames is how many names of one sort are kept.
const maxNames = 100

func addName(to []string, s string) []string {
	if len(to) >= maxNames || slices.Contains(to, s) {
		return to
	}
	return append(to, strings.ToValidUTF8(s, "?"))
}

func addNames(to, names []string) []string {
	for _, s := range names {
		to = addName(to, s)
	}
	return to
}

func without(list, names []string) []string {
	if len(names) == 0 {
		return list
	}
	return slices.DeleteFunc(list, func(s string) bool { return slices.Contains(names, s) })
}

// sensitive are words of names that tell of what should not be read without a reason.
var sensitive = words(`password passwords passwd passwort pwd passphrase secret secrets credential credentials apikey apikeys privatekey ssn sin socialsecurity
	cvv cvc creditcard creditcards cardnumber ccnumber pan iban salary salaries payroll wage wages compensation passport passports otp totp mfa biometric biometrics fingerprint
	diagnosis diagnoses medical prescription prescriptions taxid nationalid driverslicense bankaccount routingnumber pin`)

// sensitivePairs are neighbours that mean so only together.
var sensitivePairs = words(`credit.card debit.card card.number card.numbers payment.card api.key api.keys private.key access.key access.token access.tokens refresh.token refresh.tokens auth.token auth.tokens
	session.token session.tokens reset.token reset.tokens api.token api.tokens bearer.token social.security tax.id national.id bank.account bank.accounts account.number routing.number
	drivers.license driver.license health.record health.records encryption.key signing.key recovery.code recovery.codes security.answer pass.hash secret.key oauth.token oauth.tokens user.tokens user.token`)

// secretTables are where servers keep what people log in with.
var secretTables = words("pg_shadow pg_authid pg_user_mapping pg_user_mappings rolpassword authentication_string sql_logins syslogins sysxlogins global_priv dba_users user$ mysql.user mysql.global_priv pg_hba_file_rules slave_master_info server_secrets vault.decrypted_secrets decrypted_secrets")

// name looks at one name of a table or column.
func (f *Facts) name(s string) {
	if secretTables[s] {
		f.Secrets = true
		f.Sensitive = addName(f.Sensitive, s)
		return
	}
	if len(s) < 3 || len(s) > 128 || !mayBeSensitive(s) {
		return
	}
	parts := input.SplitWords(s)
	for i, p := range parts {
		if sensitive[p] || i > 0 && sensitivePairs[parts[i-1]+"."+p] || (p == "token" || p == "tokens") && len(parts) == 1 {
			f.Sensitive = addName(f.Sensitive, s)
			return
		}
	}
}

// plainWords are the most frequent words, which tell of nothing.
var plainWords = words("select from where and or id name as on count order by group limit join users user desc asc null not in is like set update delete insert into values table")

func mayBeSensitive(s string) bool { return !plainWords[s] }

// alwaysTrue says that the condition at i is one that is true whatever the row is, and stands alone or before OR.
func alwaysTrue(st *statement, i int) bool {
	for st.at(i).is("(") {
		i++
	}
	end := constant(st.tokens, i)
	if end < 0 {
		return false
	}
	for st.at(end).is(")") {
		end++
	}
	t := st.at(end)
	return end >= len(st.tokens) || t.is("or") || t.is("||") || t.is("returning") || t.is("limit") || t.is("order") || t.is(";")
}

// constant returns the token behind a condition at i that is true by itself, or -1.
func constant(ts []token, i int) int {
	get := func(n int) token {
		if n < len(ts) {
			return ts[n]
		}
		return token{kind: sign}
	}
	a, op, b := get(i), get(i+1), get(i+2)
	comparison := op.kind == sign && (op.val == "=" || op.val == "<" || op.val == ">" || op.val == "<=" || op.val == ">=" || op.val == "<>" || op.val == "!=")
	switch {
	case comparison && a.literal() && b.literal() && a.kind == b.kind && trueByItself(a.val, op.val, b.val):
		return i + 3
	case comparison && op.val == "=" && a.named() && a == b && !get(i+3).is("."):
		return i + 3 // id = id
	case a.literal() && op.is("like") && b.kind == text && (b.val == "%" || b.val == a.val):
		return i + 3
	case a.is("not") && op.is("false"), a.is("not") && op.is("0"):
		return i + 2
	case a.is("true"), a.kind == number && a.val != "0" && !comparison && (i+1 >= len(ts) || ends[op.val] || op.is(")")):
		return i + 1
	case a.named() && op.is("is") && b.is("not") && get(i+3).is("null") && (a.val == "id" || strings.HasSuffix(a.val, ".id")):
		return i + 4
	case a.is("exists") && op.is("(") && b.is("select") && get(i+3).kind == number && get(i+4).is(")"):
		return i + 5
	}
	return -1
}

var ends = words("or and returning limit order group ; )")

func trueByItself(a, op, b string) bool {
	switch op {
	case "=", "<=", ">=":
		return a == b || op != "=" && (op == "<=") == (a < b)
	case "<>", "!=":
		return a != b
	case "<":
		return len(a) < len(b) || len(a) == len(b) && a < b
	}
	return len(a) > len(b) || len(a) == len(b) && a > b
}

// tautology finds OR 1=1 and its like.
func tautology(ts []token) bool {
	for i, t := range ts {
		if !t.is("or") && !(t.is("||") && i+2 < len(ts) && ts[i+2].is("=")) {
			continue
		}
		j := i + 1
		for j < len(ts) && ts[j].is("(") {
			j++
		}
		if constant(ts, j) >= 0 && !(j < len(ts) && ts[j].named() && ts[j].val != "true" && ts[j].val != "not") {
			return true
		}
	}
	return false
}
