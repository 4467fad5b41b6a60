package web

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/weighlock/weighlock/internal/facts/input"
	"github.com/weighlock/weighlock/internal/facts/verb"
)

// maxLinks and maxFields bound how much of one action is judged.
const (
	maxLinks  = 32
	maxFields = 256
	maxBody   = 32 << 10 // of a body given as one text, in bytes
)

// call is what the arguments say of the request, before anything is concluded from it.
type call struct {
	links   []string
	direct  bool     // a link stands under a key such as "url", so that the tool acts on it
	methods []string // HTTP methods in upper case, "?" for what is none
	fields  []string // names of what is sent
	rpc     []string // names of remote procedures and GraphQL operations
	kinds   kind
	body    bool
	secret  bool
	graphql bool
	mutates bool // a GraphQL mutation or subscription
	jsonrpc bool
	titles  string
	output  bool // what comes back is stored
	enter   bool // typing is followed by the key that submits
	cut     bool
}

var (
	urlKeys     = set("url urls uri href link links endpoint website webpage webaddress weburl pageurl targeturl baseurl requesturl siteurl callbackurl webhookurl webhook callback address site domain host hostname page starturl currenturl sourceurl imageurl fileurl downloadurl apiurl redirecturl returnurl urltofetch fullurl")
	weakURLKeys = set("address site domain host hostname page website link links callback webhook")
	bodyKeys    = set("body data json payload form formdata fields postdata requestbody params_ jsonbody files multipart content input variables formfields values urlencoded rawbody dataraw databinary")
	methodKeys  = set("method httpmethod requestmethod verb httpverb xhttpmethodoverride xmethodoverride xhttpmethod requesttype methodoverride")
	titleKeys   = set("title pagetitle windowtitle tabtitle")
	httpMethods = set("GET HEAD OPTIONS TRACE POST PUT PATCH DELETE CONNECT PROPFIND REPORT SEARCH QUERY MKCOL COPY MOVE LOCK PURGE")
	reading     = set("GET HEAD OPTIONS PROPFIND REPORT SEARCH QUERY")
)

func read(args *input.Arguments) *call {
	c := &call{}
	for i := range args.Texts {
		c.text(&args.Texts[i], 0)
	}
	for _, n := range args.Numbers {
		if bodyKeys[n.Parent] {
			c.field(n.Key)
		}
	}
	c.enter = args.Values["submit"] == true || args.Values["press_enter"] == true || args.Values["pressEnter"] == true
	return c
}

func (c *call) text(t *input.Text, depth int) {
	inBody := bodyKeys[t.Parent] || depth > 0
	switch {
	case methodKeys[t.Key]:
		c.method(t.Value, inBody)
	case urlKeys[t.Key] && !inBody || looksURL(t.Value) && (!inBody && !bodyKeys[t.Key]):
		c.link(t)
	case t.Key == "query" || t.Key == "mutation" || t.Key == "graphql" || t.Key == "operationname":
		c.operation(t, inBody)
	case t.Key == "jsonrpc":
		c.jsonrpc = true
	case titleKeys[t.Key] && !inBody:
		c.titles = t.Value
	case t.Key == "output" || t.Key == "outputfile" || t.Key == "savepath" || t.Key == "saveas" || t.Key == "downloadpath" || t.Key == "filename" && !inBody:
		c.output = true
	case bodyKeys[t.Key]:
		c.content(t, depth)
	}
	if inBody {
		c.field(t.Key)
		if t.Key == "name" && (t.Parent == "fields" || t.Parent == "formfields" || t.Parent == "form") {
			c.field(input.PlainKey(t.Value))
		}
		c.secret = c.secret || LooksSecret(t.Value)
	}
}

func (c *call) method(value string, inBody bool) {
	m := strings.ToUpper(strings.TrimSpace(value))
	switch {
	case httpMethods[m]:
		c.methods = appendNew(c.methods, m)
	case inBody || len(value) > 12 || strings.ContainsAny(value, "_./") || !letters(value):
		c.rpc = appendBounded(c.rpc, value)
	default:
		c.rpc = appendBounded(c.rpc, value)
		c.methods = appendNew(c.methods, "?")
	}
}

func letters(s string) bool {
	for i := range len(s) {
		if c := s[i] | 0x20; c < 'a' || c > 'z' {
			return false
		}
	}
	return true
}

func (c *call) link(t *input.Text) {
	if t.Value == "" || weakURLKeys[t.Key] && !strings.Contains(t.Value, ".") && !strings.Contains(t.Value, ":") {
		return
	}
	if len(c.links) >= maxLinks {
		c.cut = true
		return
	}
	c.links = append(c.links, t.Value)
	c.direct = c.direct || urlKeys[t.Key] && !weakURLKeys[t.Key]
}

func looksURL(v string) bool {
	if len(v) < 8 || strings.ContainsAny(v[:8], " \n") {
		return false
	}
	i := strings.IndexByte(v, ':')
	if i < 2 || i > 12 || strings.IndexByte(v, ' ') >= 0 {
		return false
	}
	s := strings.ToLower(v[:i])
	return strings.HasPrefix(v[i:], "://") || s == "javascript" || s == "data" || s == "vbscript"
}

// content looks into a body that is one text: JSON, a form, GraphQL.
func (c *call) content(t *input.Text, depth int) {
	v := strings.TrimSpace(t.Value)
	c.body = c.body || v != ""
	c.secret = c.secret || LooksSecret(v)
	switch {
	case len(v) > maxBody:
		c.cut = true
	case v == "" || depth > 0:
	case v[0] == '{' || v[0] == '[':
		raw := v
		if v[0] == '[' {
			raw = `{"body":` + v + `}`
		}
		inner, err := input.Parse(json.RawMessage(raw))
		if err != nil {
			if v[0] == '{' {
				c.operation(&input.Text{Key: "query", Value: v}, true)
			}
			return
		}
		for i := range inner.Texts {
			c.text(&inner.Texts[i], depth+1)
		}
		for _, k := range inner.Keys {
			c.field(input.PlainKey(k))
		}
	case strings.Contains(v, "=") && !strings.ContainsAny(v, " \n<"):
		n := 0
		for pair := range strings.SplitSeq(v, "&") {
			if n++; n > maxFields {
				c.cut = true
				break
			}
			key, value, _ := strings.Cut(pair, "=")
			if key == "_method" {
				c.method(value, false)
			}
			c.field(input.PlainKey(unescape(key)))
		}
	case strings.HasPrefix(v, "mutation") || strings.HasPrefix(v, "query") || strings.HasPrefix(v, "subscription"):
		c.operation(&input.Text{Key: "query", Value: v}, true)
	}
}

// field takes the name of something that is sent.
func (c *call) field(key string) {
	if key == "" {
		return
	}
	c.body = true
	if len(c.fields) >= maxFields {
		c.cut = true
		return
	}
	c.fields = append(c.fields, key)
}

// operation takes a GraphQL document, or the name of one.
func (c *call) operation(t *input.Text, inBody bool) {
	v := t.Value
	if t.Key == "operationname" {
		c.rpc = appendBounded(c.rpc, v)
		return
	}
	brace := strings.IndexByte(v, '{')
	if brace < 0 {
		if inBody {
			c.field(t.Key)
		}
		return
	}
	c.graphql = true
	if len(v) > maxBody {
		c.cut, v = true, v[:maxBody]
	}
	mutates, names := document(v)
	c.mutates = c.mutates || mutates || t.Key == "mutation"
	for _, n := range names {
		c.rpc = appendBounded(c.rpc, n)
	}
}

func appendNew(list []string, s string) []string {
	if slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}

func appendBounded(list []string, s string) []string {
	if len(list) >= 32 {
		return list
	}
	return append(list, s[:min(len(s), 128)])
}

// document finds the operations of a GraphQL document outside of strings, comments and selections;
// names are those of mutations and of the fields they select.
func document(v string) (mutates bool, names []string) {
	depth, start, inMutation := 0, -1, false
	word := func(end int) {
		if start < 0 {
			return
		}
		w := v[start:end]
		start = -1
		switch {
		case depth == 0 && (w == "mutation" || w == "subscription"):
			mutates, inMutation = true, true
		case depth == 0 && (w == "query" || w == "fragment"):
			inMutation = false
		case inMutation && depth <= 1 && len(names) < 32:
			names = append(names, w)
		}
	}
	for i := 0; i < len(v); i++ {
		ch := v[i]
		if ch == '_' || ch|0x20 >= 'a' && ch|0x20 <= 'z' || ch >= '0' && ch <= '9' {
			if start < 0 {
				start = i
			}
			continue
		}
		word(i)
		switch ch {
		case '{', '(':
			depth++
		case '}', ')':
			depth--
		case '#':
			if n := strings.IndexAny(v[i:], "\r\n"); n >= 0 {
				i += n
			} else {
				i = len(v)
			}
		case '"':
			i = closing(v, i)
		}
	}
	word(len(v))
	return mutates, names
}

// closing returns where the string that begins at i ends.
func closing(v string, i int) int {
	if strings.HasPrefix(v[i:], `"""`) {
		if n := strings.Index(v[i+3:], `"""`); n >= 0 {
			return i + 5 + n
		}
		return len(v)
	}
	for i++; i < len(v) && v[i] != '"' && v[i] != '\n'; i++ {
		if v[i] == '\\' {
			i++
		}
	}
	return i
}

// rpcKinds judges the names of procedures; reads is true where every one only reads.
func (c *call) rpcKinds() (k kind, reads bool) {
	reads = len(c.rpc) > 0
	for _, name := range c.rpc {
		looks := false
		for i, w := range input.SplitWords(name) {
			a := actOf(w)
			looks = looks || i < 2 && (a == verb.Read || a == verb.Compute)
			if a != verb.Read && a != verb.Compute && a != verb.None {
				k |= kinds[w]&changes | ofVerb(w)
			} else if kinds[w]&(pays|removes) != 0 && !looks {
				k |= kinds[w]
			}
		}
		reads = reads && looks
	}
	return k, reads && k == 0
}
