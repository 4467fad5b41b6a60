package web

import (
	"net/url"
	"strconv"
	"strings"
)

// maxURL is how much of a URL is looked at, in bytes. Browsers and servers differ beyond 2 to 8 KiB.
const maxURL = 16 << 10

// Link is what the spelling of one URL says.
type Link struct {
	Host Host

	Scheme string // in lower case; "" where none is written, which means HTTP
	Port   int    // as written, or 0
	Path   string // decoded once
	Keys   []string

	Unclear  bool // cut, broken, or with a placeholder where the host should be
	User     bool // a name or password before the host
	Odd      bool // a scheme that leads into the machine or runs something: file, javascript, data, …
	Script   bool // javascript: and kin
	Local    bool // file: and kin
	BadPort  bool
	Program  bool // the path ends like an executable, a script or an installer
	Data     bool // the query, path or host carries long or encoded data
	Secret   bool // a part looks like a key, a token or a password
	Changes  kind // what the path or the query names, if it is a change
	Readable bool // http or https, and a host
	kinds    kind // what all the words of the path speak of
	words    []string
}

// Judge reads a URL as browsers do: blanks, tabs and backslashes are no obstacles.
func Judge(raw string, own map[string]bool) Link {
	var l Link
	if len(raw) > maxURL {
		raw, l.Unclear, l.Data = raw[:maxURL], true, true
	}
	raw = clean(raw)
	rest := l.scheme(raw)
	if l.Odd || l.Scheme == "about" {
		l.Path = rest
		return l
	}
	rest, _, _ = strings.Cut(rest, "#")
	rest, query, _ := strings.Cut(rest, "?")
	authority, path, _ := strings.Cut(rest, "/")
	l.authority(authority, own)
	l.path(path)
	l.query(query)
	l.Readable = l.Host.Name != "" && !l.Unclear
	return l
}

// clean drops what browsers drop: blanks and controls around, tabs and line ends anywhere.
func clean(s string) string {
	s = strings.TrimFunc(s, func(r rune) bool { return r <= ' ' || r == '\u00a0' || r == '\u200b' || r == '\ufeff' })
	if strings.ContainsAny(s, "\t\r\n\x00") {
		s = strings.NewReplacer("\t", "", "\r", "", "\n", "", "\x00", "").Replace(s)
	}
	return strings.Trim(s, `"'<>`)
}

var oddSchemes = map[string]bool{
	"file": true, "javascript": true, "data": true, "vbscript": true, "blob": true, "filesystem": true, "chrome": true, "about": true, "view-source": true, "ftp": true, "ftps": true, "sftp": true, "ldap": true, "ldaps": true, "gopher": true, "dict": true, "smb": true, "jar": true, "ssh": true, "telnet": true, "tftp": true,
	"edge": true, "brave": true, "chrome-extension": true, "moz-extension": true, "intent": true, "ms-settings": true, "ms-msdt": true, "search-ms": true, "ms-word": true, "ms-excel": true, "php": true, "expect": true, "phar": true, "netdoc": true, "res": true, "mailto": true, "tel": true, "sms": true, "steam": true, "git": true, "rsync": true, "nfs": true, "unix": true, "redis": true, "mongodb": true, "postgres": true, "mysql": true, "itms-services": true, "shell": true,
}

// scheme splits off the scheme and returns what follows it and its slashes.
func (l *Link) scheme(raw string) string {
	i := strings.IndexByte(raw, ':')
	if j := strings.IndexAny(raw, "/?#@["); i > 0 && (j < 0 || i < j) {
		s := strings.ToLower(raw[:i])
		rest := raw[i+1:]
		switch {
		case s == "http" || s == "https" || s == "ws" || s == "wss":
			l.Scheme = s
			return strings.TrimLeft(strings.ReplaceAll(rest, `\`, "/"), "/")
		case oddSchemes[s] || strings.HasPrefix(rest, "//"):
			l.Scheme, l.Odd = s, true
			l.Script = s == "javascript" || s == "vbscript" || s == "data"
			l.Local = s == "file" || s == "view-source" || s == "filesystem" || s == "jar" || s == "netdoc" || s == "unix"
			if s == "about" && (rest == "blank" || rest == "newtab") {
				l.Odd, l.Readable = false, true
			}
			return rest
		}
	}
	if slash := strings.ReplaceAll(raw, `\`, "/"); strings.HasPrefix(slash, "//") {
		return strings.TrimLeft(slash, "/")
	}
	return strings.ReplaceAll(raw, `\`, "/")
}

func (l *Link) authority(a string, own map[string]bool) {
	if i := strings.LastIndexByte(a, '@'); i >= 0 {
		l.User = true
		a = a[i+1:]
	}
	if i := strings.LastIndexByte(a, ':'); i >= 0 && !strings.HasSuffix(a, "]") {
		port, err := strconv.Atoi(a[i+1:])
		if err == nil && port >= 0 && port <= 65535 {
			l.Port = port
		} else if a[i+1:] != "" {
			l.Unclear = true
		}
		a = a[:i]
	}
	switch l.Port {
	case 0, 80, 443, 8080, 8443:
	default:
		l.BadPort = true
	}
	l.Host = hostOf(a, own)
	l.Unclear = l.Unclear || l.Host.unclear
	l.Data = l.Data || l.Host.data
}

func (l *Link) path(p string) {
	if d, err := url.PathUnescape(p); err == nil {
		p = d
	}
	l.Path = "/" + p
	low := strings.ToLower(p)
	last := ""
	for s := range strings.SplitSeq(low, "/") {
		if s == "" {
			continue
		}
		last = s
		l.segment(s)
	}
	l.Program = programEndings[ending(last)]
	if strings.Contains(p, "{{") || strings.Contains(p, "${") || strings.Contains(p, "$(") {
		l.Data = true
	}
	for s := range strings.SplitSeq(p, "/") {
		l.carries(s, 120)
	}
}

// segment takes what one part of a path speaks of. By GET, only a part that is a strong verb
// alone or with one noun is taken for an order: "how-to-delete-a-branch" is an article.
func (l *Link) segment(s string) {
	if strings.HasSuffix(s, ".json") || strings.HasSuffix(s, ".php") || strings.HasSuffix(s, ".do") || strings.HasSuffix(s, ".aspx") || strings.HasSuffix(s, ".cgi") {
		s = s[:strings.LastIndexByte(s, '.')]
	}
	words, first := 0, ""
	for w := range strings.FieldsFuncSeq(s, notWord) {
		if words++; words > 6 {
			return
		}
		if words == 1 {
			first = w
		}
		l.words = append(l.words, w)
		l.kinds |= kinds[w]
	}
	if words <= 2 {
		l.Changes |= orders[first]
	}
}

func notWord(r rune) bool {
	return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r < 0x80
}

func ending(s string) string {
	if i := strings.LastIndexByte(s, '.'); i >= 0 {
		return s[i:]
	}
	return ""
}

var programEndings = set(".exe .msi .msix .bat .cmd .ps1 .vbs .js_ .hta .scr .jar .apk .ipa .dmg .pkg .deb .rpm .appimage .sh .run .bin .elf .so .dll .iso .img .crx .xpi .docm .xlsm .pptm .xll .lnk .reg .jse .wsf .whl .gem .vsix .app .com_ .cpl .command .desktop")

// actionKeys are the keys of a query whose value says what is done.
var actionKeys = set("action act do cmd command op operation method _method mode task func function event verb x-http-method-override intent step submit btn button")

func (l *Link) query(q string) {
	if q == "" {
		return
	}
	money, somebody := false, false
	count := 0
	for pair := range strings.FieldsFuncSeq(q, func(r rune) bool { return r == '&' || r == ';' }) {
		if count++; count > 128 {
			l.Unclear = true
			break
		}
		key, value, _ := strings.Cut(pair, "=")
		key, value = unescape(key), unescape(value)
		if len(l.Keys) < 64 {
			l.Keys = append(l.Keys, key)
		}
		low := strings.ToLower(key)
		l.asks(low, strings.ToLower(value))
		l.carries(value, 200)
		l.Secret = l.Secret || value != "" && secretKeys[low]
		money = money || amountKeys[low]
		somebody = somebody || payeeKeys[low]
	}
	if money && somebody {
		l.Changes |= pays
	}
	l.Data = l.Data || len(q) > 1500 || strings.Contains(q, "{{") || strings.Contains(q, "${") || strings.Contains(q, "$(")
}

var (
	amountKeys = set("amount amt sum value betrag montant importe valor importo")
	payeeKeys  = set("to recipient payee beneficiary iban account toaccount to_account dest destination")
	secretKeys = set("password passwd pwd secret client_secret access_token api_key apikey private_key ssn cvv pin sessionid jsessionid auth_token refresh_token credit_card cardnumber")
)

// asks takes what a pair of the query orders: action=delete, delete=1, logout, _method=PUT.
func (l *Link) asks(key, value string) {
	if actionKeys[key] {
		switch value {
		case "delete", "put", "patch":
			l.Changes |= saves
		}
		first, _, _ := strings.Cut(strings.NewReplacer("-", "_", " ", "_", ".", "_").Replace(value), "_")
		l.Changes |= orders[first] | submits[value]
		return
	}
	if value == "" || value == "1" || value == "true" || value == "yes" || value == "on" || number(value) {
		first, _, _ := strings.Cut(strings.ReplaceAll(key, "-", "_"), "_")
		l.Changes |= orders[first]
	}
}

func number(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

func unescape(s string) string {
	if d, err := url.QueryUnescape(s); err == nil {
		return d
	}
	return s
}
