package shell

import (
	"net/url"
	"strings"

	"github.com/weighlock/weighlock/internal/facts/input"
	"github.com/weighlock/weighlock/internal/facts/shell/command"
	"github.com/weighlock/weighlock/internal/facts/verb"
)

var fetchers = map[string]bool{
	"curl": true, "wget": true, "wget2": true, "fetch": true, "aria2c": true, "axel": true, "lynx": true, "http": true, "https": true, "httpie": true, "xh": true, "invoke-webrequest": true, "invoke-restmethod": true, "lwp-request": true, "lwp-download": true, "get": true, "nc": true, "ncat": true, "netcat": true, "socat": true, "openssl": true, "ssh": true, "certutil": true, "bitsadmin": true, "start-bitstransfer": true, "dig": true, "nslookup": true, "ftp": true, "tftp": true, "curlie": true, "w3m": true, "links": true, "telnet": true, "scp": true,
}

func fetches(c *command.Command) bool { return c != nil && fetchers[c.Name] }

// fetchesAny says that one of the commands, or one before it in the pipe, fetches from a network.
func fetchesAny(list []*command.Command, depth int) bool {
	if depth > 8 {
		return true
	}
	for _, c := range list {
		if fetches(c) || fetchesAny(c.From, depth+1) || depth < 3 && fetchesAny(c.Inner, depth+3) {
			return true
		}
	}
	return false
}

// decodes says that one of the commands turns coded text into plain.
func decodes(list []*command.Command) bool { return decodesIn(list, 0) }

func decodesIn(list []*command.Command, depth int) bool {
	for _, c := range list {
		switch c.Name {
		case "base64", "base32", "gbase64", "uudecode", "xxd", "openssl", "rev", "tr", "gunzip", "zcat", "gzip", "bzip2", "xz", "gpg", "b64decode", "hexdump", "iconv", "basenc":
			if c.Name != "gzip" || c.Has("-d") {
				return true
			}
		case "printf", "echo":
			if strings.Contains(c.Joined(), `\x`) || strings.Contains(c.Joined(), `\0`) {
				return true
			}
		}
		if depth < 8 && decodesIn(c.From, depth+1) {
			return true
		}
	}
	return false
}

// networkOf collects addresses and hosts and notes what is fetched or sent.
func (r *reader) networkOf(c *command.Command) {
	if onlyTexts(c) {
		return
	}
	for _, a := range c.Args {
		if strings.Contains(a.Text, "://") {
			r.address(a.Text)
		}
	}
	switch c.Name {
	case "curl", "wget", "wget2", "invoke-webrequest", "invoke-restmethod", "http", "https", "xh", "curlie":
		r.request(c)
	case "scp", "rsync", "sftp", "pscp":
		r.transfer(c)
	case "nc", "ncat", "netcat", "telnet", "ftp", "lftp", "ssh-copy-id", "ping", "nslookup", "dig", "host", "traceroute", "nmap", "socat":
		for _, w := range c.Operand() {
			if strings.Contains(w.Text, ".") && !strings.ContainsAny(w.Text, "/\\ ") {
				r.host(w.Text)
			}
		}
		if (c.Name == "nc" || c.Name == "ncat" || c.Name == "netcat") && (len(c.From) > 0 || c.HasStdin || readsFile(c)) {
			r.f.Uploads = true
			r.sign("exfiltration", "netcat", false)
		}
	}
}

func readsFile(c *command.Command) bool {
	for _, red := range c.Redirects {
		if !red.Write {
			return true
		}
	}
	return false
}

// address takes the URL out of a word, such as "--url=https://x/y" or "git+https://…".
func (r *reader) address(text string) {
	i := strings.Index(text, "://")
	start := i
	for start > 0 && (text[start-1]|0x20 >= 'a' && text[start-1]|0x20 <= 'z' || text[start-1] == '+') {
		start--
	}
	text = text[start:]
	if end := strings.IndexAny(text, "\"'<> \n\t)"); end > 0 {
		text = text[:end]
	}
	if len(text) > 2048 {
		text = text[:2048]
	}
	r.f.URLs = add(r.f.URLs, text)
	if u, err := url.Parse(text); err == nil && u.Hostname() != "" {
		r.host(u.Hostname())
	}
}

func (r *reader) host(h string) {
	if i := strings.LastIndexByte(h, '@'); i >= 0 {
		h = h[i+1:]
	}
	h, _, _ = strings.Cut(h, ":")
	if h = strings.ToLower(h); h != "" && len(h) < 256 {
		r.f.Hosts = add(r.f.Hosts, h)
	}
}

// request judges an HTTP request: what it keeps, what it sends, what it changes.
func (r *reader) request(c *command.Command) {
	method := ""
	if m, ok := flagValue(c, "-X", "--request", "--method", "-Method"); ok {
		method = strings.ToUpper(m)
	}
	sends := c.Has("-d", "--data", "--data-raw", "--data-binary", "--data-urlencode", "--json", "-F", "--form", "-T", "--upload-file", "--post-data", "--post-file", "--body-data", "--body-file", "-Body", "-InFile", "-Form")
	for _, a := range c.Args {
		if len(a.Text) > 2 && a.Text[0] == '-' && (strings.HasPrefix(a.Text, "-d@") || strings.HasPrefix(a.Text, "-F") && strings.Contains(a.Text, "@")) {
			sends = true
		}
	}
	switch {
	case method == "DELETE":
		r.f.Destroys = true
		r.grade(gradeDestroy)
		r.act(verb.Delete)
	case method != "" && method != "GET" && method != "HEAD" && method != "OPTIONS", sends && method == "":
		r.f.Changes = true
		r.grade(gradePublish)
		r.act(verb.Send)
		r.addressVerbs(c)
	}
	r.f.Uploads = r.f.Uploads || sends && sendsFile(c)
	saves := strings.HasPrefix(c.Name, "wget") && !spider(c) || c.Has("-O", "--remote-name", "-o", "--output", "-OutFile", "-J", "--remote-name-all", "-outf")
	if saves {
		r.f.Downloads = true
		r.act(verb.Create)
		r.grade(gradeInside)
		r.remember(c)
	}
	r.act(verb.Read)
	r.grade(gradeRead)
}

// addressVerbs reads a deletion out of the path that something is sent to: "POST /job/x/doDelete".
func (r *reader) addressVerbs(c *command.Command) {
	for _, a := range c.Args {
		_, rest, ok := strings.Cut(a.Text, "://")
		if !ok {
			continue
		}
		_, path, _ := strings.Cut(rest, "/")
		for _, w := range input.SplitWords(path) {
			if verb.Of(w) == verb.Delete {
				r.f.Destroys = true
				r.grade(gradeDestroy)
				r.act(verb.Delete)
			}
		}
	}
}

func spider(c *command.Command) bool {
	v, ok := flagValue(c, "-O", "--output-document")
	return c.Has("--spider") || ok && v == "-" || c.Has("-qO-", "-O-", "-qO", "-q0-") && !ok || c.Joined() == "" || strings.Contains(c.Joined(), "-qo-") || strings.Contains(c.Joined(), "-o-")
}

// sendsFile says that what is sent comes from a file or a command.
func sendsFile(c *command.Command) bool {
	if c.Has("-T", "--upload-file", "--post-file", "--body-file", "-InFile") || len(c.Inner) > 0 && strings.Contains(c.Joined(), "$()") {
		return true
	}
	for _, a := range c.Args {
		if strings.HasPrefix(a.Text, "@") || strings.Contains(a.Text, "=@") || strings.HasPrefix(a.Text, "-d@") || strings.Contains(a.Text, "=<") {
			return true
		}
	}
	return false
}

// remember notes which file was downloaded, so that running it later is seen.
func (r *reader) remember(c *command.Command) {
	name := ""
	if v, ok := flagValue(c, "-o", "--output", "-OutFile"); ok && c.Name != "wget" {
		name = v
	} else if v, ok := flagValue(c, "-O", "--output-document"); ok && strings.HasPrefix(c.Name, "wget") {
		name = v
	} else {
		for _, a := range c.Args {
			if i := strings.LastIndexByte(a.Text, '/'); strings.Contains(a.Text, "://") && i > 0 {
				name, _, _ = strings.Cut(a.Text[i+1:], "?")
			}
		}
	}
	if name != "" && len(r.fetched) < maxList {
		r.fetched = append(r.fetched, r.tree.Clean(name))
	}
}

// transfer judges scp, rsync and sftp by which side is elsewhere.
func (r *reader) transfer(c *command.Command) {
	words := c.Operand()
	for i, w := range words {
		if !remotePath(w.Text) && !strings.Contains(w.Text, "@") {
			continue
		}
		h, _, _ := strings.Cut(w.Text, ":")
		r.host(h)
		if i == len(words)-1 && len(words) > 1 {
			r.f.Uploads = true
			r.act(verb.Send)
			r.grade(gradePublish)
		} else {
			r.f.Downloads = true
		}
	}
}

// fromURL notes that a package comes from somewhere else than its registry.
func (r *reader) fromURL(c *command.Command) {
	for i, a := range c.Args {
		t := strings.ToLower(a.Text)
		if strings.Contains(t, "://") || strings.HasPrefix(t, "git+") || strings.HasSuffix(t, ".whl") || strings.HasSuffix(t, ".tar.gz") || strings.HasSuffix(t, ".tgz") || strings.HasSuffix(t, ".deb") || strings.HasSuffix(t, ".rpm") || strings.HasPrefix(t, "github:") {
			r.f.InstallsURL = true
		}
		if i > 0 && (t == "--index-url" || t == "--extra-index-url" || t == "-i" || t == "--registry") {
			r.f.InstallsURL = true
		}
	}
}
