package web

import (
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
	"golang.org/x/text/unicode/norm"
)

// Host is what the name of a host says.
type Host struct {
	Name     string // lower case, without a last dot; addresses in their usual form
	Internal bool   // one of the organisation's domains
	Private  bool   // loopback, private, link-local, a name that resolves there, or without a dot
	Metadata bool   // where clouds hand out credentials to whoever asks from inside
	IP       bool   // an address in place of a name, in any notation
	Disguise bool   // an address in an unusual notation, such as decimal or octal
	Punycode bool   // letters beyond ASCII
	Lookalike,
	Shortener,
	Drop bool // a place that collects or hands on whatever is sent to it

	site    Site
	data    bool
	unclear bool
}

// dots are what browsers take for a dot in a host, see UTS 46.
var dots = strings.NewReplacer("。", ".", "．", ".", "｡", ".")

func hostOf(raw string, own map[string]bool) Host {
	var h Host
	if len(raw) > 1024 { // a name has 253 characters at most
		h.Name, h.unclear, h.data = strings.ToValidUTF8(raw[:253], ""), true, true
		return h
	}
	if strings.IndexByte(raw, '%') >= 0 {
		if d, err := url.PathUnescape(raw); err == nil {
			raw = d
		}
	}
	if !ascii(raw) {
		raw = dots.Replace(norm.NFKC.String(raw)) // Ⓔⓧａｍｐｌｅ is example to a browser
	}
	name := strings.TrimSuffix(strings.ToLower(raw), ".")
	if name == "" || len(name) > 253 || strings.ContainsAny(name, "{}$<> \\^`|\"") {
		h.unclear = true
		h.Name = strings.ToValidUTF8(name[:min(len(name), 253)], "")
		return h
	}
	h.Name = name
	if addr, plain, ok := address(name); ok {
		h.address(addr, !plain)
		return h
	}
	h.Internal = own[name]
	h.named()
	if !h.Internal {
		h.lookalike(own)
	}
	return h
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// address reads an address as inet_aton and browsers do; plain says that it is in the usual notation.
func address(s string) (addr netip.Addr, plain, ok bool) {
	if strings.HasPrefix(s, "[") {
		s = strings.Trim(s, "[]")
		if i := strings.IndexByte(s, '%'); i >= 0 {
			s = s[:i]
		}
		a, err := netip.ParseAddr(s)
		return a, true, err == nil
	}
	if strings.Count(s, ":") > 1 {
		a, err := netip.ParseAddr(s)
		return a, true, err == nil
	}
	if a, err := netip.ParseAddr(s); err == nil {
		return a, true, true
	}
	return aton(s)
}

// aton reads the notations of inet_aton: one to four parts, each decimal, octal or hexadecimal.
func aton(s string) (addr netip.Addr, plain, ok bool) {
	if s == "" || s[0] < '0' || s[0] > '9' {
		return addr, false, false
	}
	parts := strings.Split(s, ".")
	if len(parts) > 4 {
		return addr, false, false
	}
	var v uint64
	for i, p := range parts {
		n, err := strconv.ParseUint(octal(p), 0, 33)
		if err != nil || strings.Contains(p, "_") {
			return addr, false, false
		}
		if i == len(parts)-1 {
			v |= n
			break
		}
		v |= (n & 0xff) << (8 * (3 - i))
	}
	return netip.AddrFrom4([4]byte{byte(v >> 24), byte(v >> 16), byte(v >> 8), byte(v)}), false, true
}

func octal(p string) string {
	if len(p) > 1 && p[0] == '0' && p[1]|0x20 != 'x' {
		return "0o" + strings.TrimLeft(p[1:], "0") + "0"[:b2i(strings.Trim(p, "0") == "")]
	}
	return p
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Addresses that stand for an IPv4 address: NAT64, 6to4.
var (
	nat64    = netip.MustParsePrefix("64:ff9b::/96")
	sixToTwo = netip.MustParsePrefix("2002::/16")
	shared   = netip.MustParsePrefix("100.64.0.0/10")
	thisNet  = netip.MustParsePrefix("0.0.0.0/8")
	bench    = netip.MustParsePrefix("198.18.0.0/15")
)

func (h *Host) address(a netip.Addr, disguised bool) {
	h.IP = true
	a = a.WithZone("")
	if a.Is4In6() {
		a, disguised = a.Unmap(), true
	}
	b := a.As16()
	switch {
	case nat64.Contains(a):
		a, disguised = netip.AddrFrom4([4]byte(b[12:16])), true
	case sixToTwo.Contains(a):
		a, disguised = netip.AddrFrom4([4]byte(b[2:6])), true
	case a.Is6() && [12]byte(b[:12]) == [12]byte{} && b[12] != 0: // ::127.0.0.1, deprecated
		a, disguised = netip.AddrFrom4([4]byte(b[12:16])), true
	}
	h.Name = a.String()
	h.Disguise = disguised
	h.Private = a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() || a.IsUnspecified() || a.IsMulticast() || shared.Contains(a) || thisNet.Contains(a) || bench.Contains(a)
	switch h.Name {
	case "169.254.169.254", "169.254.170.2", "169.254.170.23", "100.100.100.200", "192.0.0.192", "fd00:ec2::254", "168.63.129.16", "169.254.0.23", "169.254.42.42", "fd20:ce::254":
		h.Metadata, h.Private = true, true
	}
}

var privateEndings = []string{".local", ".localhost", ".internal", ".intranet", ".corp", ".lan", ".home", ".localdomain", ".home.arpa", ".svc", ".cluster.local", ".private", ".consul", ".test", ".invalid", ".docker"}

// rebinders answer with whatever address stands in the name.
var rebinders = []string{".nip.io", ".sslip.io", ".xip.io", ".localtest.me", ".lvh.me", ".vcap.me", ".lacolhost.com", ".rbndr.us", ".1u.ms", ".traefik.me", ".local.gd", ".yoogle.com_", ".readme.localtest.me"}

func (h *Host) named() {
	n := h.Name
	switch n {
	case "metadata.google.internal", "metadata", "metadata.goog", "instance-data", "instance-data.ec2.internal", "metadata.azure.internal", "metadata.tencentyun.com", "metadata.packet.net", "metadata.platformequinix.com", "rancher-metadata":
		h.Metadata, h.Private = true, true
	case "localtest.me", "lvh.me", "vcap.me", "local.gd":
		h.Private, h.Disguise = true, true
	}
	if !h.Internal && (strings.IndexByte(n, '.') < 0 || endsIn(n, privateEndings)) {
		h.Private = true
	}
	if endsIn(n, rebinders) {
		h.Private, h.Disguise = true, true
		h.Metadata = h.Metadata || strings.Contains(n, "169.254.169.254") || strings.Contains(n, "169-254-169-254") || strings.Contains(n, "a9fea9fe")
	}
	h.Punycode = !ascii(n) || strings.Contains(n, "xn--")
	for label := range strings.SplitSeq(n, ".") {
		h.data = h.data || len(label) > 40 && !h.Punycode && !cloudName(n)
	}
	base := registered(n)
	h.Shortener = shorteners[base] || shorteners[n]
	h.Drop = drops[base] || drops[n]
	if i := strings.IndexByte(n, '.'); i > 0 && !h.Drop {
		h.Drop = drops[n[i+1:]]
	}
	h.site = siteOf(n, base)
}

// cloudName tells hosts whose long names are made by the cloud that serves them.
func cloudName(n string) bool {
	return endsIn(n, []string{".amazonaws.com", ".azurewebsites.net", ".run.app", ".cloudfront.net", ".vercel.app", ".googleusercontent.com", ".windows.net", ".herokuapp.com", ".netlify.app"})
}

func endsIn(s string, endings []string) bool {
	for _, e := range endings {
		if strings.HasSuffix(s, e) {
			return true
		}
	}
	return false
}

// registered is the part of a name that somebody registered, such as example.co.uk.
func registered(n string) string {
	if base, err := publicsuffix.EffectiveTLDPlusOne(n); err == nil {
		return base
	}
	return n
}

var shorteners = set("bit.ly tinyurl.com t.co goo.gl ow.ly is.gd v.gd buff.ly rebrand.ly cutt.ly rb.gy shorturl.at tiny.cc bl.ink t.ly s.id lnkd.in short.io adf.ly qr.ae soo.gd clck.ru u.to tr.im x.co bit.do mcaf.ee shorte.st ouo.io dub.sh dub.co t2m.io urlz.fr kutt.it surl.li n9.cl shorturl.asia qrco.de linktr.ee amzn.to youtu.be_ fb.me wp.me_ po.st trib.al db.tt git.io aka.ms_ tny.im cli.gs")

var drops = set("webhook.site requestbin.com requestbin.net pipedream.net m.pipedream.net requestcatcher.com hookbin.com beeceptor.com ngrok.io ngrok.app ngrok-free.app ngrok.dev ngrok-free.dev trycloudflare.com loca.lt localtunnel.me serveo.net pagekite.me burpcollaborator.net oastify.com interact.sh oast.fun oast.live oast.site oast.online oast.pro oast.me dnslog.cn ceye.io canarytokens.com canarytokens.org " +
	"pastebin.com paste.ee hastebin.com ghostbin.com dpaste.com dpaste.org termbin.com ix.io sprunge.us 0bin.net privatebin.net rentry.co controlc.com justpaste.it paste.rs bpa.st transfer.sh file.io 0x0.st gofile.io anonfiles.com catbox.moe files.catbox.moe litterbox.catbox.moe tmpfiles.org temp.sh uguu.se wetransfer.com sendspace.com mega.nz mega.io mediafire.com zippyshare.com bashupload.com filebin.net oshi.at ufile.io upload.ee send.cm pixeldrain.com " +
	"requestinspector.com mockbin.org webhook.cool hook.eu1.make.com hook.us1.make.com bin.org ptsv2.com ptsv3.com postb.in putsreq.com typedwebhook.tools smee.io svix.com_ portmap.io playit.gg bore.pub pinggy.io pinggy.link telebit.io zrok.io devtunnels.ms discordapp.com_ api.telegram.org")

// lookalike compares a foreign name with well-known ones and with the organisation's.
func (h *Host) lookalike(own map[string]bool) {
	base := registered(h.Name)
	shown := base
	if strings.Contains(base, "xn--") {
		if u, err := idna.ToUnicode(base); err == nil {
			shown = u
		}
	}
	label, _, _ := strings.Cut(shown, ".")
	plain := skeleton(label)
	h.Lookalike = mixed(label) || brandish(label, plain) || h.borrows(base)
	for domain := range own {
		if h.Lookalike {
			return
		}
		if strings.HasSuffix(h.Name, "."+domain) || endsWithLabel(domain, base) {
			continue // a subdomain of ours, or a sister of one
		}
		ours := mainLabel(domain)
		h.Lookalike = len(ours) >= 5 && (label != ours && (resembles(label, plain, ours) || near(label, ours)) || strings.Contains("."+h.Name, "."+domain+".") || hasLure(label, ours))
	}
}

func endsWithLabel(name, base string) bool {
	return strings.HasSuffix(name, base) && (len(name) == len(base) || name[len(name)-len(base)-1] == '.')
}

// mainLabel is the label that people know a domain by: acme of wiki.acme.co.uk. It saves
// looking up the public suffix of each of the organisation's domains.
func mainLabel(domain string) string {
	end := strings.LastIndexByte(domain, '.')
	for end > 0 {
		start := strings.LastIndexByte(domain[:end], '.') + 1
		if end-start > 3 || start == 0 {
			return domain[start:end]
		}
		end = start - 1
	}
	return domain
}
