package windows

import (
	"strings"

	"github.com/weighlock/weighlock/internal/facts/shell/command"
)

// psKnown are variables of PowerShell whose value is as good as known.
var psKnown = map[string]string{
	"home": "~", "pwd": ".", "env:temp": `c:\temp`, "env:tmp": `c:\temp`, "env:userprofile": "~", "env:homepath": "~", "env:appdata": `~\appdata\roaming`,
	"env:localappdata": `~\appdata\local`, "env:systemroot": `c:\windows`, "env:windir": `c:\windows`, "env:systemdrive": "c:", "env:programdata": `c:\programdata`,
	"env:programfiles": `c:\program files`, "env:comspec": "cmd.exe", "env:public": `c:\users\public`, "env:allusersprofile": `c:\programdata`, "pshome": `c:\windows\system32\windowspowershell`,
	"true": "$true", "false": "$false", "null": "$null",
}

// word reads one word: quotes taken off, backticks too, known variables put in, brackets as
// they are written, with the commands inside them read as commands.
func (r *psReader) word() command.Word {
	var b strings.Builder
	w := command.Word{}
	for r.pos < len(r.text) {
		ch := r.text[r.pos]
		switch {
		case strings.IndexByte(" \t\n;|,)}]", ch) >= 0, ch == '>' && b.Len() > 0, ch == '&' && b.Len() > 0:
			w.Text = b.String()
			w.Glob = !w.Quoted && strings.ContainsAny(w.Text, "*?")
			return w
		case ch == '`' && r.pos+1 < len(r.text):
			b.WriteByte(r.text[r.pos+1])
			r.pos += 2
		case ch == '@' && r.pos+1 < len(r.text) && (r.text[r.pos+1] == '\'' || r.text[r.pos+1] == '"'):
			r.hereString(&b, &w)
		case ch == '\'':
			r.single(&b)
			w.Quoted = true
		case ch == '"':
			r.double(&b, &w)
		case ch == '$':
			r.variable(&b, &w)
		case ch == '(' || ch == '{':
			r.group(&b, &w)
		case ch == '[':
			r.bracket(&b)
		default:
			b.WriteByte(ch)
			r.pos++
		}
	}
	w.Text = b.String()
	w.Glob = !w.Quoted && strings.ContainsAny(w.Text, "*?")
	return w
}

func (r *psReader) hereString(b *strings.Builder, w *command.Word) {
	end := string(r.text[r.pos+1]) + "@"
	r.pos += 2
	body := r.text[r.pos:]
	w.Quoted = true
	i := strings.Index(body, "\n"+end)
	if i < 0 {
		r.pos = len(r.text)
		b.WriteString(body)
		return
	}
	b.WriteString(strings.TrimPrefix(body[:i], "\n"))
	r.pos += i + 3
}

func (r *psReader) single(b *strings.Builder) {
	for r.pos++; r.pos < len(r.text); r.pos++ {
		if r.text[r.pos] == '\'' {
			if r.pos+1 < len(r.text) && r.text[r.pos+1] == '\'' {
				r.pos++
			} else {
				r.pos++
				return
			}
		}
		b.WriteByte(r.text[r.pos])
	}
}

func (r *psReader) double(b *strings.Builder, w *command.Word) {
	w.Quoted = true
	for r.pos++; r.pos < len(r.text); {
		switch ch := r.text[r.pos]; {
		case ch == '"':
			r.pos++
			return
		case ch == '`' && r.pos+1 < len(r.text):
			b.WriteByte(r.text[r.pos+1])
			r.pos += 2
		case ch == '$':
			r.variable(b, w)
		default:
			b.WriteByte(ch)
			r.pos++
		}
	}
}

func (r *psReader) variable(b *strings.Builder, w *command.Word) {
	r.pos++
	if r.pos < len(r.text) && r.text[r.pos] == '(' {
		b.WriteByte('$')
		r.group(b, w)
		return
	}
	start, end := r.pos, r.pos
	if r.pos < len(r.text) && r.text[r.pos] == '{' {
		if length := strings.IndexByte(r.text[r.pos:], '}'); length > 0 {
			start, end = r.pos+1, r.pos+length
			r.pos = end + 1
		}
	} else {
		for end < len(r.text) && (isNameByte(r.text[end]) || r.text[end] == ':' && end+1 < len(r.text) && isNameByte(r.text[end+1])) {
			end++
		}
		r.pos = end
	}
	name := strings.ToLower(r.text[start:end])
	value, ok := r.vars[name]
	if !ok {
		value, ok = psKnown[name]
	}
	if ok && !r.assignmentFollows() {
		b.WriteString(value)
		return
	}
	b.WriteString("$" + r.text[start:end])
	w.Dynamic = true
}

// assignmentFollows says that the variable just read is written to, not read.
func (r *psReader) assignmentFollows() bool {
	rest := strings.TrimLeft(r.text[r.pos:min(r.pos+8, len(r.text))], " \t")
	return strings.HasPrefix(rest, "=") || strings.HasPrefix(rest, "+=")
}

func isNameByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}

// maxGroup is how much of a bracket's text stands in the word; its commands are read whole.
const maxGroup = 8 << 10

// group reads "(…)" or "{…}": its commands are read, and its text stands in the word. Strings
// joined by "+" or "-f" are put together, because that is how names of commands are hidden.
func (r *psReader) group(b *strings.Builder, w *command.Word) {
	open := r.text[r.pos]
	stop := byte(')')
	if open == '{' {
		stop = '}'
	}
	start := r.pos
	r.pos++
	if text, n, ok := constant(r.text[r.pos:]); ok && open == '(' {
		r.pos += n
		b.WriteString(text)
		return
	}
	for r.pos < len(r.text) {
		r.block(stop)
		if r.pos >= len(r.text) || r.text[r.pos] == stop {
			break
		}
		r.pos++
	}
	r.pos = min(r.pos+1, len(r.text))
	w.Dynamic = true
	b.WriteString(strings.ReplaceAll(r.text[start:min(r.pos, start+maxGroup)], "`", ""))
}

// bracket copies "[type]" or "[index]" as it stands.
func (r *psReader) bracket(b *strings.Builder) {
	depth := 0
	for r.pos < len(r.text) && r.text[r.pos] != '\n' {
		ch := r.text[r.pos]
		b.WriteByte(ch)
		r.pos++
		switch ch {
		case '[':
			depth++
		case ']':
			if depth--; depth == 0 {
				return
			}
		}
	}
}

// constant reads "'a'+'b')" or "'{1}{0}' -f 'b','a')" and returns what it makes and its length.
func constant(s string) (text string, length int, ok bool) {
	var parts []string
	format := false
	i := 0
	for i < len(s) && i < 4<<10 {
		switch c := s[i]; {
		case c == ' ' || c == '+' || c == ',':
			i++
		case strings.HasPrefix(s[i:], "-f") && len(parts) == 1:
			format = true
			i += 2
		case c == '\'' || c == '"':
			end := strings.IndexByte(s[i+1:], c)
			if end < 0 || strings.ContainsAny(s[i+1:i+1+end], "$`") {
				return "", 0, false
			}
			parts = append(parts, s[i+1:i+1+end])
			i += end + 2
		case c == ')' && len(parts) > 0:
			if !format {
				return strings.Join(parts, ""), i + 1, true
			}
			return formatted(parts), i + 1, true
		default:
			return "", 0, false
		}
	}
	return "", 0, false
}

func formatted(parts []string) string {
	out := parts[0]
	for i, p := range parts[1:] {
		if i > 9 || len(out) > 4<<10 {
			break
		}
		out = strings.ReplaceAll(out, "{"+string(rune('0'+i))+"}", p)
	}
	return out
}
