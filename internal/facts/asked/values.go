package asked

import (
	"strings"

	"github.com/weighlock/weighlock/internal/facts/input"
)

// maxValues is how many values of one action are looked at; more are [Facts.Truncated].
const maxValues = 96

type kind uint8

const (
	plain   kind = iota // none of the others
	person              // a person's or an account's name
	place               // channel, group, folder, collection and the like
	account             // IBAN, wallet, contract, card
	host                // URL or host name
	mail                // e-mail address
	path                // file or directory
	amount              // of money or things
	calendarDay
	id     // something a request need not contain
	secret // password, token
	prose  // message bodies, titles, descriptions
	blank  // placeholder or nothing
)

// origin is where a value appears.
type origin uint8

const (
	nowhere origin = iota
	untrusted
	trusted
	requested
)

// value is one value of the action.
type value struct {
	kind     kind
	text     string
	folded   string // what is looked for
	number   float64
	embedded bool // found inside a longer text
	open     bool // the request leaves it open: an amount where it names none
	origin   origin
	terms    []term // of folded, see [value.read]
}

// directs says that the value says whom, what or how much the action concerns.
func (v *value) directs() bool {
	switch v.kind {
	case person, place, account, host, mail, path, amount:
		return true
	}
	return false
}

// derivable says that a request need not contain the value, because it may be looked up or worked out.
func (v *value) derivable() bool {
	return v.open || v.kind == id || v.kind == secret || v.kind == blank || v.kind == account && !v.embedded || v.kind == calendarDay
}

// kindsByKey are the kinds that an argument's key tells; the longest part that it contains counts.
var kindsByKey = map[kind][]string{
	person:      {"recipient", "to", "cc", "bcc", "user", "username", "member", "assignee", "attendee", "participant", "invitee", "contact", "receiver", "email", "owner", "guest", "person", "customer", "employee", "collaborator", "sharewith", "friend", "author", "sender"},
	place:       {"channel", "group", "room", "forum", "board", "project", "repo", "repository", "database", "collection", "table", "folder", "label", "workspace", "team", "topic", "calendar", "bucket", "namespace", "cluster", "hotel", "restaurant", "company", "carrental", "city", "location"},
	account:     {"iban", "account", "accountnumber", "wallet", "contract", "contractaddress", "walletaddress", "governoraddress", "beneficiary", "payee", "payto", "toaddress", "card"},
	host:        {"url", "uri", "link", "host", "hostname", "domain", "endpoint", "website", "site", "webhook", "server"},
	path:        {"path", "file", "filename", "filepath", "dir", "directory", "src", "dst", "destination", "source"},
	amount:      {"amount", "price", "cost", "budget", "limit", "fee", "total", "tip", "payment", "sum"},
	calendarDay: {"date", "time", "start", "end", "deadline", "due", "day", "starttime", "endtime", "datetime"},
	secret:      {"password", "token", "secret", "apikey", "otp", "pin", "cvv", "verificationnumber", "credential", "auth"},
	prose:       {"body", "content", "message", "text", "subject", "title", "description", "comment", "reply", "summary", "caption", "note", "query", "question", "bio", "biography"},
	id:          {"id", "ids", "uuid", "ref", "reference", "number", "index", "count", "offset", "page"},
}

var keyKinds = func() map[string]kind {
	m := map[string]kind{}
	for k, list := range kindsByKey {
		for _, w := range list {
			m[w] = k
		}
	}
	return m
}()

// kindOfKey tells the kind from a plain key, by its longest known ending: "creditcardid" is an id.
func kindOfKey(key string) kind {
	if len(key) > 64 {
		return plain
	}
	if n := strings.IndexByte(key, '['); n >= 0 {
		key = strings.TrimSuffix(key[strings.LastIndexByte(key, '[')+1:], "]") // "submission[title]"
	}
	key = input.PlainKey(key)
	if len(key) > 4 && key != "username" {
		key = strings.TrimSuffix(key, "name") // "recipientName"
	}
	for from := range key {
		if k, ok := keyKinds[key[from:]]; ok && len(key)-from >= min(2, len(key)) {
			return k
		}
		if k, ok := keyKinds[strings.TrimSuffix(key[from:], "s")]; ok {
			return k
		}
	}
	return plain
}

// collector gathers the values of an action.
type collector struct {
	values    []value
	prose     []string // bodies and the like, and all texts that are looked at for words
	truncated bool
	sends     bool // the tool sends, pays or gives to somebody
}

func (c *collector) add(v value) {
	if len(c.values) >= maxValues {
		c.truncated = true
		return
	}
	sought, cut := clip(v.text, maxSought)
	c.truncated = c.truncated || cut && v.kind != prose
	v.folded = fold(sought)
	c.values = append(c.values, v)
}

func collect(a *input.Action, args *input.Arguments) *collector {
	c := &collector{values: make([]value, 0, 8)}
	c.sends = actsOfWords(a.Words)&(send|pay|grant|publish|change) != 0
	inShell := shellTool(a)
	for i := range args.Texts {
		t := &args.Texts[i]
		text, cut := clip(t.Value, maxTextBytes)
		c.truncated = c.truncated || cut
		if shellKey(t.Key) || inShell && t.Key == "text" {
			c.shell(text)
			continue
		}
		c.text(t, text)
		if len(c.values) >= maxValues {
			break
		}
	}
	for i := range args.Numbers {
		n := &args.Numbers[i]
		k := kindOfKey(n.Key)
		if k != amount {
			k = id
		}
		c.add(value{kind: k, number: n.Value, text: display(n.Value)})
	}
	return c
}

func (c *collector) text(t *input.Text, text string) {
	k := kindOfKey(t.Key)
	if (t.Key == "to" || t.Key == "from") && !c.sends {
		k = plain // a place or a day as well
	}
	trimmed := strings.TrimSpace(text)
	shape := shapeOf(trimmed)
	switch {
	case trimmed == "" || isPlaceholder(trimmed):
		c.add(value{kind: blank, text: trimmed})
		return
	case k == secret:
		shape = secret
	case shape == plain:
		shape = k
		if (k == person || k == place || k == account || k == plain) && looksMade(trimmed) || k == plain && len(trimmed) <= 3 {
			shape = id
		}
		if k == plain && strings.Count(trimmed, " ") >= 4 {
			shape = prose
		}
		if shape == host && strings.ContainsAny(trimmed, " \n") {
			shape = prose
		}
	}
	c.add(value{kind: shape, text: trimmed})
	if shape == prose || k == plain {
		c.inside(trimmed)
	}
}

// inside finds addresses in a longer text: they direct those who read it.
func (c *collector) inside(text string) {
	for _, w := range fields(text) {
		if k := shapeOf(w); k == host || k == mail || k == account {
			if w != text {
				c.add(value{kind: k, text: w, embedded: true})
			}
		}
	}
}

// maxFields bounds how many words of one text are looked at for addresses.
const maxFields = 2048

// breaks are the bytes between the words that [fields] lists, marks those that an address has within.
var breaks, marks = func() (b, m [256]bool) {
	for c := range 33 {
		b[c] = true
	}
	for _, c := range []byte("\"'<>()[]{},;=|`") {
		b[c] = true
	}
	for _, c := range []byte(".@/:x-") {
		m[c] = true
	}
	for c := byte('0'); c <= '9'; c++ {
		m[c] = true
	}
	return b, m
}()

// fields are the words of a text that may be addresses, without the signs around them.
func fields(text string) []string {
	var list []string
	for i := 0; i < len(text) && len(list) < maxFields; i++ {
		from, marked := i, 0
		for ; i < len(text) && !breaks[text[i]]; i++ {
			if marks[text[i]] {
				marked++
			}
		}
		if marked == 0 || i-from < 4 {
			continue
		}
		if w := strings.TrimRight(text[from:i], ".:!?"); len(w) > 3 && strings.ContainsAny(w, ".@/:0123456789") {
			list = append(list, w)
		}
	}
	return list
}

// isPlaceholder says that the text stands for something that is not known yet: "<summary>", "{{name}}", "...".
func isPlaceholder(s string) bool {
	return len(s) < 64 && (s[0] == '<' && s[len(s)-1] == '>' || strings.HasPrefix(s, "{{") && strings.HasSuffix(s, "}}") || strings.HasPrefix(s, "${") || strings.Trim(s, ".…_?") == "")
}

// looksMade says that a system made the word: digits beside letters, or digits alone, without spaces.
func looksMade(s string) bool {
	digits := 0
	for i := range len(s) {
		if s[i] <= ' ' {
			return false
		}
		if isDigit(s[i]) {
			digits++
		}
	}
	return digits >= 2 || digits > 0 && len(s) <= 3
}

// shapeOf tells what a value is from how it looks, or [plain].
func shapeOf(s string) kind {
	if len(s) < 4 || len(s) > 2048 || strings.ContainsAny(s, " \n\t") {
		return plain
	}
	if at := strings.IndexByte(s, '@'); at >= 0 {
		if at > 0 && strings.IndexByte(s[at:], '.') > 1 && !strings.Contains(s, "://") {
			return mail
		}
		if !strings.Contains(s, "://") {
			return plain
		}
	}
	switch {
	case strings.IndexByte(s, '.') < 0 && strings.IndexByte(s, '/') < 0 && strings.IndexByte(s, ':') < 0:
		if isAccount(s) {
			return account
		}
	case isHost(s):
		return host
	}
	if _, _, ok := dayIn(fold(s)); ok {
		return calendarDay
	}
	if isPath(s) {
		return path
	}
	return plain
}

// tops are top-level domains that are common enough to see a host in "example.com"; a country's is one of two letters.
var tops = map[string]bool{"com": true, "org": true, "net": true, "io": true, "dev": true, "app": true, "gov": true, "edu": true, "info": true, "biz": true, "xyz": true, "ai": true, "co": true, "me": true, "site": true, "online": true, "top": true, "shop": true, "cloud": true, "tech": true, "link": true, "click": true, "uk": true, "de": true, "fr": true, "es": true, "eu": true, "ru": true, "cn": true, "us": true, "ch": true, "it": true, "nl": true, "test": true, "example": true, "internal": true, "local": true}

func isHost(s string) bool {
	if strings.Contains(s, "://") {
		return !strings.HasPrefix(s, "file:")
	}
	low := strings.ToLower(s)
	if strings.HasPrefix(low, "www.") {
		return true
	}
	name, _, _ := strings.Cut(low, "/")
	name, _, _ = strings.Cut(name, ":")
	dot := strings.LastIndexByte(name, '.')
	return dot > 0 && tops[name[dot+1:]] && name[0] != '.'
}

// isAccount says that s is an IBAN, or an address on a chain.
func isAccount(s string) bool {
	if len(s) > 4 && s[0] == '0' && s[1]|0x20 == 'x' {
		return true
	}
	if len(s) < 15 || len(s) > 34 || !isLetterByte(s[0]) || !isLetterByte(s[1]) || !isDigit(s[2]) || !isDigit(s[3]) {
		return false
	}
	for i := range len(s) {
		if !isDigit(s[i]) && (s[i] < 'A' || s[i] > 'Z') {
			return false
		}
	}
	return true
}

// isPath says that s is written like a file's name: with a slash that is no fraction, or an ending.
func isPath(s string) bool {
	if s[0] == '/' || strings.HasPrefix(s, "./") || strings.HasPrefix(s, "../") || strings.HasPrefix(s, "~/") || len(s) > 3 && s[1] == ':' && s[2] == '\\' {
		return true
	}
	dot := strings.LastIndexByte(s, '.')
	if dot <= 0 || len(s)-dot > 6 || len(s)-dot < 2 {
		return false
	}
	for _, c := range []byte(s[dot+1:]) {
		if !isLetterByte(c) {
			return false
		}
	}
	return true
}
