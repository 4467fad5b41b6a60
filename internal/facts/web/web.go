// Package web says what an action does on the web: which host it reaches, and whether it reads or submits.
package web

import (
	"strings"

	"github.com/weighlock/weighlock/internal/facts/input"
	"github.com/weighlock/weighlock/internal/facts/verb"
)

// Facts is what an action does over HTTP or in a browser, by the tool's name, the URLs and what is sent.
type Facts struct {
	Found    bool `doc:"the tool is one for the web, or an argument is a URL that it acts on" fact:"found"`
	Mentions bool `doc:"an argument is a URL, but the tool is one for something else, such as a bookmark or a message: no request is known; the facts on hosts hold all the same, and found is false" fact:"mentions"`
	Unknown  bool `doc:"it cannot be told what the request does or where it goes: an unknown method or verb, a broken URL" fact:"unknown"`
	Cut      bool `doc:"there is more than is judged: 32 URLs of 16 KiB, 256 fields, 32 KiB of a body" fact:"truncated"`

	Method  string   `doc:"the HTTP method, the gravest where there are several; where none is given the one the tool's name or the body implies; empty for clicks, scripts and where it cannot be told" fact:"method"`
	Implied bool     `doc:"the method is implied, not given" fact:"method_implied"`
	URL     string   `doc:"the first URL, as written" fact:"url"`
	Host    string   `doc:"its host, in lower case; addresses in their usual form" fact:"host"`
	Hosts   []string `doc:"the hosts of all URLs" fact:"hosts"`
	Scheme  string   `doc:"the scheme of the first URL, in lower case; empty where none is written" fact:"scheme"`
	Path    string   `doc:"the path of the first URL, decoded" fact:"path"`
	Port    int      `doc:"the port of the first URL, 0 where none is written" fact:"port"`
	Keys    []string `doc:"the keys of the first URL's query" fact:"query_keys"`
	Fields  []string `doc:"the names of what is sent in a form or a body" fact:"fields"`
	Site    []string `doc:"kinds of the site, by host, path and title: financial, mail, admin, files, code, shop, social, health, government" fact:"site"`

	Reads    bool `doc:"nothing is changed: a GET or HEAD, a page opened, a search, a GraphQL query; false where a GET names a change, where a page is operated, a script runs or anything is unknown" fact:"reads"`
	Submits  bool `doc:"something is sent off to be acted upon: a form, a POST, PUT, PATCH or DELETE, a GraphQL mutation" fact:"submits"`
	Controls bool `doc:"a page is operated by clicks, keys or fields; the domain screen says how" fact:"controls"`
	Scripts  bool `doc:"code runs inside a page" fact:"scripts"`
	GetActs  bool `doc:"a GET whose path or query names a change, such as /delete?id=1 or ?action=remove" fact:"get_changes"`

	Other     bool `doc:"submits something, and none of the kinds below is recognised" fact:"submits_other"`
	Logs      bool `doc:"signs in, up or out, or sends a password" fact:"logs_in"`
	Pays      bool `doc:"pays, orders, books, transfers, or sends card or account numbers" fact:"pays"`
	Uploads   bool `doc:"uploads a file" fact:"uploads"`
	Deletes   bool `doc:"deletes, by method, path, field or operation" fact:"deletes"`
	Publishes bool `doc:"posts, comments, reviews or publishes" fact:"publishes"`
	Searches  bool `doc:"only searches or filters" fact:"searches"`
	Votes     bool `doc:"votes, likes, follows or subscribes" fact:"votes"`
	Settings  bool `doc:"changes settings, a profile or an account" fact:"changes_settings"`
	Access    bool `doc:"changes permissions, roles, members, keys, or approves" fact:"changes_access"`
	Saves     bool `doc:"creates, edits or saves something" fact:"saves"`
	Messages  bool `doc:"sends a message or fills in a contact form" fact:"messages"`
	Executes  bool `doc:"starts, runs, deploys or restarts something" fact:"executes"`
	Stops     bool `doc:"cancels, terminates, rejects or deactivates something" fact:"stops"`

	GraphQL  bool `doc:"GraphQL, by path or document" fact:"graphql"`
	Mutation bool `doc:"a GraphQL mutation or subscription" fact:"graphql_mutation"`
	RPC      bool `doc:"JSON-RPC" fact:"json_rpc"`

	Internal   bool `doc:"every host is one of the organisation's domains; subdomains count only where listed" fact:"internal"`
	External   bool `doc:"a host is neither the organisation's nor private" fact:"external"`
	Private    bool `doc:"a host is loopback, private, link-local, without a dot, or a name that resolves there, in any notation" fact:"private"`
	Metadata   bool `doc:"a host is where a cloud hands out its machines' credentials, such as 169.254.169.254" fact:"metadata"`
	IP         bool `doc:"a host is an address in place of a name" fact:"ip_literal"`
	Disguised  bool `doc:"an address is written to deceive: decimal, octal, hexadecimal, inside IPv6, or in a name such as nip.io" fact:"disguised_address"`
	Punycode   bool `doc:"a host has letters beyond ASCII" fact:"punycode"`
	Lookalike  bool `doc:"a host imitates a well-known name or the organisation's: look-alike letters, a letter more or less, paypal.com.example.net" fact:"lookalike"`
	OddPort    bool `doc:"a port other than 80, 443, 8080 and 8443" fact:"unusual_port"`
	UserInfo   bool `doc:"a name or a password stands before the host" fact:"credentials_in_url"`
	Shortener  bool `doc:"a host hides where it leads: a URL shortener" fact:"shortener"`
	DropSite   bool `doc:"a host collects or hands on what is sent to it: request catchers, tunnels, paste and file drops" fact:"drop_site"`
	OddScheme  bool `doc:"a scheme other than http, https, ws and wss: file, javascript, data, ftp, chrome, …" fact:"odd_scheme"`
	LocalFile  bool `doc:"a URL reads from the machine itself: file: and kin" fact:"local_file"`
	Data       bool `doc:"a URL to a host that is not the organisation's carries long or encoded data: a sign of exfiltration" fact:"data_in_url"`
	Secret     bool `doc:"a URL or what is sent holds what looks like a key, a token or a password" fact:"secret"`
	Sends      bool `doc:"there is a body" fact:"sends_data"`
	Downloads  bool `doc:"what comes back is stored as a file" fact:"downloads"`
	Executable bool `doc:"a URL names an executable, a script or an installer" fact:"executable"`

	Acts []verb.Act
}

// Of derives the facts.
func Of(a *input.Action) (*Facts, error) {
	args, err := a.Parsed()
	if err != nil {
		return nil, err
	}
	f := &Facts{}
	d, named, lone, k := ofTool(a)
	c := read(args)
	if !named && len(c.links) == 0 || lone && len(c.links) == 0 && !browses(a.Words) || foreign(a.Words) {
		return f, nil
	}
	if !named && (k != 0 || !c.direct) {
		f.Mentions = true
		f.look(c, a.Org)
		return f, nil
	}
	f.Found = true
	c.sent(args)
	if has(a.Words, "curl") || has(a.Words, "wget") || has(a.Words, "httpie") || has(a.Words, "http") {
		c.options(args)
	}
	links := f.look(c, a.Org)
	f.decide(d, k, c, links)
	f.Acts = f.acts()
	return f, nil
}

func browses(words []string) bool { return has(words, "browser") || has(words, "web") }

// foreign says that the tool belongs to a domain of its own, whatever URLs it is given.
func foreign(words []string) bool {
	if len(words) == 0 {
		return false
	}
	switch words[0] {
	case "bash", "shell", "sh", "zsh", "powershell", "cmd", "terminal", "sql", "psql":
		return true
	}
	return false
}

// look judges every URL and takes down what the hosts and paths say.
func (f *Facts) look(c *call, org *input.Organisation) []Link {
	links := make([]Link, 0, len(c.links))
	var site Site
	f.Internal = len(c.links) > 0
	for i, raw := range c.links {
		l := Judge(raw, org.Domains)
		links = append(links, l)
		h := &l.Host
		if i == 0 {
			f.URL, f.Host, f.Scheme, f.Path, f.Port, f.Keys = strings.ToValidUTF8(raw[:min(len(raw), maxURL)], ""), h.Name, l.Scheme, l.Path, l.Port, l.Keys
		}
		f.Hosts = appendNew(f.Hosts, h.Name)
		f.place(&l)
		site |= h.site
		if len(l.Path) > 1 {
			site |= SiteOfText(l.Path)
		}
	}
	if c.titles != "" {
		site |= SiteOfText(c.titles)
	}
	f.Site = site.Names()
	return links
}

func (f *Facts) place(l *Link) {
	h := &l.Host
	f.Internal = f.Internal && h.Internal
	f.External = f.External || !h.Internal && !h.Private && h.Name != "" && !h.unclear
	f.Private = f.Private || h.Private
	f.Metadata = f.Metadata || h.Metadata
	f.IP = f.IP || h.IP
	f.Disguised = f.Disguised || h.Disguise
	f.Punycode = f.Punycode || h.Punycode
	f.Lookalike = f.Lookalike || h.Lookalike
	f.Shortener = f.Shortener || h.Shortener
	f.DropSite = f.DropSite || h.Drop
	f.OddPort = f.OddPort || l.BadPort
	f.UserInfo = f.UserInfo || l.User
	f.OddScheme = f.OddScheme || l.Odd
	f.LocalFile = f.LocalFile || l.Local
	f.Scripts = f.Scripts || l.Script
	f.Data = f.Data || l.Data && !h.Internal
	f.Secret = f.Secret || l.Secret
	f.Executable = f.Executable || l.Program
	f.Unknown = f.Unknown || l.Unclear
}
