package web

import (
	"sort"

	"github.com/weighlock/weighlock/internal/facts/input"
)

// fieldKinds are words in the names of form fields. They are fewer than those of paths:
// "order" is how a list is sorted and "email" is asked for everywhere.
var fieldKinds = kindWords(map[kind]string{
	logins:      "password passwd pwd passcode passwort otp totp mfa login",
	pays:        "cardnumber card cvv cvc cvc2 ccnumber creditcard iban bic swift routing routingnumber accountnumber cardholder billing payment payments paymentmethod payee beneficiary checkout",
	uploadsFile: "file files upload attachment attachments avatar",
	removes:     "delete remove",
	publishes:   "comment comments post reply submission tweet review article caption status",
	searches:    "q query search keyword keywords term terms filter s",
	votes:       "vote rating choice stars upvote downvote",
	access:      "role roles permission permissions scope scopes grant admin isadmin collaborator member members invite",
	settings:    "biography bio timezone notifications preferences settings newsletter",
	messages:    "message subject recipient recipients cc bcc",
	saves:       "name title description sku price quantity qty stock color colour size",
})

// sent takes the names of all that the arguments send, at any depth.
func (c *call) sent(args *input.Arguments) {
	for key, v := range args.Values {
		c.search(key, v, 0)
	}
	sort.Strings(c.fields) // maps have no order
}

func (c *call) search(key string, v any, depth int) {
	m, ok := v.(map[string]any)
	if bodyKeys[input.PlainKey(key)] {
		if ok || isList(v) {
			c.names(v, depth)
		}
		return
	}
	if ok && depth < 3 {
		for k, inner := range m {
			c.search(k, inner, depth+1)
		}
	}
}

func isList(v any) bool {
	l, ok := v.([]any)
	return ok && len(l) > 0
}

func (c *call) names(v any, depth int) {
	if depth > 8 {
		c.cut = true
		return
	}
	switch v := v.(type) {
	case map[string]any:
		for k, inner := range v {
			c.field(k)
			c.names(inner, depth+1)
			if c.cut {
				return
			}
		}
	case []any:
		c.body = c.body || len(v) > 0
		for _, inner := range v {
			c.names(inner, depth+1)
			if c.cut {
				return
			}
		}
	}
}

// fieldKind is what the names of the fields speak of.
func (c *call) fieldKind() (k kind) {
	for _, name := range c.fields {
		if len(name) > 128 {
			continue
		}
		k |= fieldKinds[input.PlainKey(name)]
		for _, w := range input.SplitWords(name) {
			k |= fieldKinds[w]
		}
	}
	if k&searches != 0 && k&changes&^saves == 0 {
		return searches
	}
	return k
}
