// Package places says where in a file system a path leads: the working tree, the home, the system.
package places

import (
	"path"
	"slices"
	"strings"
)

// Kind is a kind of place.
type Kind string

// The kinds of place, as rules see them.
const (
	Nothing Kind = "nothing" // /dev/null and the like
	Inside  Kind = "inside"  // the working tree, or relative to it
	Scratch Kind = "scratch" // temporary directories
	Outside Kind = "outside" // elsewhere, "..", other trees
	Home    Kind = "home"    // a home directory or what is in it
	System  Kind = "system"  // /etc, /usr, C:\Windows, the registry
	Root    Kind = "root"    // all of it: /, C:\, the home itself, /etc itself
	Device  Kind = "device"  // a disk
	Unknown Kind = "unknown" // a variable or the output of a command
)

// Tree is where relative paths lead.
type Tree struct {
	Roots []string // working trees, clean and absolute
	Dir   string   // the current directory: "" is the working tree, "?" is not known
}

// Clean is the path in lower case, with "/" and "~" for any home directory, without "." and "..".
func (t Tree) Clean(p string) string {
	if len(p) > 4096 {
		p = p[:4096]
	}
	p = strings.ToLower(strings.ReplaceAll(strings.TrimSpace(p), `\`, "/"))
	for _, prefix := range []string{"filesystem::", "microsoft.powershell.core/filesystem::", "//?/", "//./c:", "file://"} {
		p = strings.TrimPrefix(p, prefix)
	}
	if p == "" {
		return ""
	}
	if !absolute(p) && t.Dir != "" {
		p = strings.TrimSuffix(t.Dir, "/") + "/" + p
	}
	if i := strings.Index(p, ":/"); i == 1 {
		p = p[:2] + path.Clean(p[2:])
	} else {
		p = path.Clean(p)
	}
	return homely(p)
}

func absolute(p string) bool {
	return p[0] == '/' || p[0] == '~' || len(p) > 1 && p[1] == ':' || strings.HasPrefix(p, "hk") || strings.Contains(p, "::") || p[0] == '$'
}

// homely writes "~" for /home/x, /root, /users/x and c:/users/x.
func homely(p string) string {
	rest := strings.TrimPrefix(strings.TrimPrefix(p, "/mnt/c"), "c:")
	if p == "/root" || strings.HasPrefix(p, "/root/") {
		return "~" + p[5:]
	}
	for _, h := range []string{"/home/", "/users/", "/documents and settings/", "/var/root/"} {
		if user, ok := strings.CutPrefix(rest, h); ok && user != "" && !strings.HasPrefix(user, "public") {
			if i := strings.IndexByte(user, '/'); i >= 0 {
				return "~" + user[i:]
			}
			if strings.ContainsAny(user, "*?") {
				return "/home/*"
			}
			return "~"
		}
	}
	if strings.HasPrefix(p, "~") && len(p) > 1 && p[1] != '/' {
		if i := strings.IndexByte(p, '/'); i >= 0 {
			return "~" + p[i:]
		}
		return "~"
	}
	return p
}

var nothing = map[string]bool{"/dev/null": true, "nul": true, "$null": true, "/dev/stdout": true, "/dev/stderr": true, "/dev/stdin": true, "/dev/tty": true, "-": true, "/dev/zero": true, "/dev/urandom": true, "/dev/random": true, "null": true, "con": true}

var scratch = []string{"/tmp", "/var/tmp", "/private/tmp", "c:/temp", "c:/tmp", "/dev/shm", "/var/folders", "c:/windows/temp", "~/appdata/local/temp", "/run/user"}

var devices = []string{"/dev/sd", "/dev/hd", "/dev/nvme", "/dev/vd", "/dev/xvd", "/dev/mmcblk", "/dev/disk", "/dev/rdisk", "/dev/md", "/dev/mapper", "/dev/dm-", "/dev/loop", "/dev/mem", "/dev/kmem", "/dev/port", "//./physicaldrive", "/dev/mtd", "/dev/block", "/dev/zvol"}

var system = []string{
	"/bin", "/boot", "/dev", "/etc", "/lib", "/lib32", "/lib64", "/opt", "/proc", "/run", "/sbin", "/srv", "/sys", "/usr", "/var", "/mnt", "/media", "/system", "/library", "/applications", "/private", "/volumes", "/cores", "/network", "/nix", "/snap", "/efi", "/data", "/backup", "/backups", "/lost+found", "/vmfs", "/storage", "/home", "/users",
	"c:/windows", "c:/program files", "c:/program files (x86)", "c:/programdata", "c:/inetpub", "c:/users", "c:/boot", "c:/recovery", "c:/system volume information", "hklm:", "hkcu:", "hkey", "hklm", "hkcu", "hku", "hkcr", "hkcc", "registry::", "wsman:", "cert:", "env:", "ad:", "c:/pagefile.sys",
}

// Of says where the path leads. dynamic is what the shell would only know when it runs.
func (t Tree) Of(p string, dynamic bool) Kind {
	clean := t.Clean(p)
	switch {
	case clean == "" || nothing[clean]:
		return Nothing
	case under(clean, devices, false):
		return Device
	}
	if dynamic || strings.HasPrefix(clean, "$") || strings.HasPrefix(clean, "?") {
		return t.ofDynamic(clean)
	}
	bare := strings.TrimRight(strings.TrimRight(clean, "*."), "/")
	switch {
	case bare == "" && clean[0] == '/', bare == "~", len(bare) == 2 && bare[1] == ':', bare == "/home":
		if t.roots(clean) {
			return Inside
		}
		return Root
	case t.roots(clean):
		return Inside
	case under(clean, scratch, true):
		return Scratch
	}
	switch {
	case slices.Contains(system, bare):
		return Root
	case clean[0] == '~':
		return Home
	case under(clean, system, true):
		return System
	case clean[0] == '/' || len(clean) > 1 && clean[1] == ':' || clean == ".." || strings.HasPrefix(clean, "../"):
		return Outside
	}
	return Inside
}

// ofDynamic judges by the part before the first expansion: "/etc/$x" is in the system.
func (t Tree) ofDynamic(clean string) Kind {
	i := strings.IndexByte(clean, '$')
	if i < 0 {
		i = strings.IndexByte(clean, '%')
	}
	if i > 0 && (clean[0] == '/' || clean[0] == '~' || clean[0] == '.') {
		dir := clean[:i]
		if strings.HasSuffix(dir, "/") && dir != "/" {
			dir += "x"
		}
		if k := t.Of(dir, false); k == System || k == Home || k == Scratch || k == Device || k == Inside && len(dir) > 2 && dir[0] != '/' {
			return k
		}
	}
	return Unknown
}

func (t Tree) roots(clean string) bool {
	for _, r := range t.Roots {
		r = homely(strings.ToLower(r))
		if r != "" && r != "/" && r != "~" && strings.HasPrefix(clean, r) && (len(clean) == len(r) || clean[len(r)] == '/') {
			return true
		}
	}
	return false
}

// under says that the path is one of the directories or below it.
func under(p string, dirs []string, whole bool) bool {
	for _, d := range dirs {
		if strings.HasPrefix(p, d) && (!whole || len(p) == len(d) || p[len(d)] == '/' || d[len(d)-1] == ':') {
			return true
		}
	}
	return false
}
