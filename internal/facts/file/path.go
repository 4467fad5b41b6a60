package file

import (
	"net/url"
	"path"
	"strings"
)

// maxPath is how much of a path is looked at, in bytes; PATH_MAX of Linux.
const maxPath = 4096

// Place is where a path leads.
type Place string

// The places, from harmless to grave.
const (
	Project Place = "project" // inside a tree that agents work in, or relative without leaving it
	Temp    Place = "temp"
	Other   Place = "other" // absolute, and none of the rest
	Home    Place = "home"
	Bucket  Place = "bucket"  // an object store or a cloud drive
	Network Place = "network" // a share or a file behind a URL
	System  Place = "system"
	Root    Place = "root" // the root of everything, or of a drive
	Device  Place = "device"
)

// Path is what the spelling of one path says of the file it names. Links are not followed:
// nothing here looks at a disk.
type Path struct {
	Place     Place
	Clean     string // in one spelling: slashes, no dots, nothing encoded
	Secret    bool   // keys, passwords, tokens, browser profiles
	Startup   bool   // what programs run or obey by themselves: persistence
	Program   bool   // an executable or a script, by its name
	Sensitive bool   // the name speaks of payroll, health, taxes, backups, …
	Wildcard  bool
	Escapes   bool // ".." leads out of where the path starts
	Tricky    bool // encoded, mixed or look-alike separators and dots, NUL, streams, /proc/self/root
	Unclear   bool // a variable or a substitution: where it leads cannot be told
}

// PathKind judges a path as it is spelt. trees are the directories that agents work in, absolute and
// clean; a path that is relative counts as inside them.
func PathKind(p string, trees []string) Path {
	var k Path
	if len(p) > maxPath {
		p, k.Tricky, k.Unclear = p[:maxPath], true, true
	}
	p = k.spell(strings.Trim(strings.TrimSpace(p), `"'`))
	home := k.expand(&p)
	k.Wildcard = strings.ContainsAny(p, "*?") || strings.Contains(p, "[") && strings.Contains(p, "]") || strings.Contains(p, "{") && strings.Contains(p, ",")
	switch {
	case k.Place != "": // a bucket, a share or a device: no dots to walk there
		k.Clean = p
		k.Escapes = strings.Contains(p, "/../") || strings.HasSuffix(p, "/..")
	case home:
		k.Place, k.Clean = Home, path.Clean("~/"+p)
		if !strings.HasPrefix(k.Clean+"/", "~/") {
			k.Escapes, k.Place, k.Clean = true, Other, path.Clean("/home/user/"+p)
		}
	default:
		k.Clean = path.Clean(p)
	}
	low := strings.ToLower(k.Clean)
	if k.Place == "" || k.Place == Other {
		k.place(p, low, trees)
	}
	k.name(low)
	return k
}

// place says where a path without a scheme leads.
func (k *Path) place(spelt, low string, trees []string) {
	if !strings.HasPrefix(low, "/") && !drive(low) {
		k.Place = Project
		if low == ".." || strings.HasPrefix(low, "../") {
			k.Escapes, k.Place = true, Other
			low = "/" + strings.TrimLeft(low, "./") // where it leads if it climbs far enough
			k.absolute(low, true)
		}
		return
	}
	for _, tree := range trees {
		if within(k.Clean, tree) {
			k.Place = Project
			return
		}
		if within(spelt, tree) {
			k.Escapes = true
		}
	}
	k.Escapes = k.Escapes || strings.Contains(spelt, "/../") || strings.HasSuffix(spelt, "/..")
	k.absolute(low, false)
}

func (k *Path) absolute(low string, guessed bool) {
	if drive(low) {
		low = low[2:]
		if low == "" {
			low = "/"
		}
	}
	switch {
	case strings.Trim(low, "/*.") == "":
		k.Place = Root
		if guessed {
			k.Place = Other
		}
	case strings.HasPrefix(low, "/proc/self/root") || strings.HasPrefix(low, "/proc/self/cwd"):
		k.Place, k.Tricky = System, true
	case under(low, devices) && low != "/dev/null" && low != "/dev/stdout" && low != "/dev/stderr" && low != "/dev/stdin":
		k.Place = Device
		if under(low, []string{"/dev/shm"}) {
			k.Place = Temp
		}
	case under(low, temps) || strings.Contains(low, "/appdata/local/temp"):
		k.Place = Temp
	case under(low, homes):
		k.Place = Home
	case under(low, shares):
		k.Place = Network
	case under(low, systems):
		k.Place = System
	default:
		k.Place = Other
	}
}

func drive(p string) bool {
	return len(p) >= 2 && p[1] == ':' && p[0]|0x20 >= 'a' && p[0]|0x20 <= 'z' && (len(p) == 2 || p[2] == '/')
}

func within(p, tree string) bool {
	return tree != "" && (p == tree || strings.HasPrefix(p, strings.TrimSuffix(tree, "/")+"/"))
}

func under(p string, dirs []string) bool {
	for _, d := range dirs {
		if strings.HasPrefix(p, d) && (len(p) == len(d) || p[len(d)] == '/' || p[len(d)] == '*') {
			return true
		}
	}
	return false
}

// signs are characters that look like separators or dots without being them; some programs fold them.
var signs = strings.NewReplacer("∕", "/", "⁄", "/", "／", "/", "⧸", "/", "＼", `\`, "．", ".", "․", ".", "‥", "..", "…", "...", "～", "~",
	"\u200b", "", "\u200c", "", "\u200d", "", "\u2060", "", "\ufeff", "", "\u00ad", "", "\u202e", "")

// spell brings a path into one spelling and takes note of tricks and of schemes.
func (k *Path) spell(p string) string {
	if strings.IndexByte(p, 0) >= 0 || strings.ContainsAny(p, "\r\n") {
		k.Tricky = true
		p = strings.NewReplacer("\x00", "", "\r", "", "\n", "").Replace(p)
	}
	if !ascii(p) {
		if plain := signs.Replace(p); plain != p {
			p, k.Tricky = plain, true
		}
	}
	for range 3 { // encoded twice or thrice is a trick of its own
		decoded, ok := decode(p)
		if !ok {
			break
		}
		k.Tricky = k.Tricky || strings.Count(decoded, "/") > strings.Count(p, "/") || strings.Count(decoded, ".") > strings.Count(p, ".") || strings.ContainsAny(decoded, "\\\x00%")
		p = strings.ReplaceAll(decoded, "\x00", "")
	}
	if rest, ok := cutFold(p, "file://"); ok {
		p = strings.TrimPrefix(rest, "localhost")
		if len(p) > 2 && p[0] == '/' && drive(p[1:]) {
			p = p[1:]
		}
	}
	if i := strings.Index(p, "://"); i > 0 {
		k.scheme(strings.ToLower(p[:i]))
		return p
	}
	return k.slashes(p)
}

// decode undoes one layer of %xx, leaving alone what is no encoding, such as %TEMP%.
func decode(p string) (string, bool) {
	if strings.IndexByte(p, '%') < 0 {
		return p, false
	}
	if i := strings.Index(p, "%u"); i >= 0 && len(p) >= i+6 { // IIS: %u002e
		p = p[:i] + "%" + p[i+4:i+6] + p[i+6:]
	}
	p = strings.NewReplacer("%c0%ae", "%2e", "%C0%AE", "%2e", "%c0%af", "%2f", "%C0%AF", "%2f").Replace(p) // overlong UTF-8
	d, err := url.PathUnescape(p)
	return d, err == nil && d != p
}

var buckets = map[string]bool{
	"s3": true, "s3a": true, "s3n": true, "gs": true, "gcs": true, "az": true, "azure": true, "abfs": true, "abfss": true, "wasb": true, "wasbs": true,
	"oss": true, "cos": true, "b2": true, "r2": true, "oci": true, "swift": true, "gdrive": true, "drive": true, "googledrive": true, "onedrive": true, "dropbox": true, "box": true,
	"sharepoint": true, "hdfs": true, "minio": true, "dbfs": true, "ipfs": true, "bucket": true,
}

func (k *Path) scheme(s string) {
	k.Place = Network
	if buckets[s] {
		k.Place = Bucket
	}
}

// slashes turns the paths of Windows into slashes.
func (k *Path) slashes(p string) string {
	back := strings.Contains(p, `\`)
	unc := strings.HasPrefix(p, `\\`) || strings.HasPrefix(p, "//") && len(p) > 2 && p[2] != '/'
	if back && strings.Contains(p, "/") && strings.Contains(p, "..") {
		k.Tricky = true
	}
	if back {
		p = strings.ReplaceAll(p, `\`, "/")
	}
	if rest, ok := strings.CutPrefix(p, "//?/"); ok {
		if rest, ok = cutFold(rest, "UNC/"); ok {
			k.Place = Network
			return "//" + rest
		}
		return rest
	}
	if strings.HasPrefix(p, "//./") {
		k.Place = Device
		return p
	}
	if unc {
		k.Place = Network
		return p
	}
	if len(p) > 2 && p[1] == ':' && !drive(p) { // C:name is relative to wherever that drive stands
		k.Tricky, k.Unclear = true, true
	}
	if drive(p) || back {
		rest := p
		if drive(p) {
			rest = p[2:]
		}
		if strings.Contains(rest, ":") { // an alternate data stream
			k.Tricky = true
		}
	}
	return p
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

func cutFold(s, prefix string) (string, bool) {
	if len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix) {
		return s[len(prefix):], true
	}
	return s, false
}

var homeSpellings = []string{"$home", "${home}", "%userprofile%", "%homepath%", "%homedrive%%homepath%", "$env:userprofile", "$env:home", "${env:userprofile}", "%appdata%", "$env:appdata", "%localappdata%", "$env:localappdata", "${xdg_config_home}", "$xdg_config_home"}

var (
	tempSpellings   = []string{"%temp%", "%tmp%", "$tmpdir", "${tmpdir}", "$env:temp", "$env:tmp"}
	systemSpellings = []string{"%systemroot%", "%windir%", "%programfiles%", "%programdata%", "$env:systemroot", "$env:windir", "$env:programfiles", "$env:programdata", "%system32%"}
)

// expand replaces what stands for a home, and says whether it did. What remains of a
// variable or a substitution cannot be told.
func (k *Path) expand(p *string) bool {
	switch {
	case *p == "":
		return false
	case (*p)[0] == '~':
		user, rest, _ := strings.Cut((*p)[1:], "/")
		if user != "" && strings.ContainsAny(user, ".$ ") {
			return false // a backup's name, such as ~$report.docx
		}
		*p = rest
		return true
	case !strings.ContainsAny(*p, "$%`"):
		return false
	}
	if rest, ok := cutAny(*p, homeSpellings); ok {
		*p = rest
		return true
	}
	if rest, ok := cutAny(*p, tempSpellings); ok {
		*p = "/tmp/" + rest
		return false
	}
	if rest, ok := cutAny(*p, systemSpellings); ok {
		*p = "/windows/" + rest
		return false
	}
	k.Unclear = k.Unclear || strings.Contains(*p, "$(") || strings.Contains(*p, "${") || strings.Contains(*p, "`") || variable(*p) || strings.Count(*p, "%") >= 2
	return false
}

func cutAny(p string, prefixes []string) (string, bool) {
	for _, s := range prefixes {
		if rest, ok := cutFold(p, s); ok && (rest == "" || rest[0] == '/') {
			return strings.TrimPrefix(rest, "/"), true
		}
	}
	return p, false
}

func variable(p string) bool {
	i := strings.IndexByte(p, '$')
	return i >= 0 && i+1 < len(p) && (p[i+1] == '_' || p[i+1]|0x20 >= 'a' && p[i+1]|0x20 <= 'z')
}
