package windows

import (
	"strings"

	"github.com/weighlock/weighlock/internal/facts/shell/command"
)

// Expression is the name given to a PowerShell statement that calls no command: its only
// argument is its text.
const Expression = "(expression)"

// ReadPowerShell reads a PowerShell script. It accepts any text; script blocks count as run.
func ReadPowerShell(text string) *command.Script {
	s := &command.Script{}
	if len(text) > command.MaxBytes {
		text, s.Truncated = text[:command.MaxBytes], true
	}
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\r\n", "\n")
	for _, dash := range []string{"\u2013", "\u2014", "\u2015"} {
		text = strings.ReplaceAll(text, dash, "-") // PowerShell takes them for a dash
	}
	for _, quote := range []string{"\u2018", "\u2019", "\u201a"} {
		text = strings.ReplaceAll(text, quote, "'")
	}
	for _, quote := range []string{"\u201c", "\u201d", "\u201e"} {
		text = strings.ReplaceAll(text, quote, `"`)
	}
	r := &psReader{script: s, text: text, vars: map[string]string{}}
	for r.pos < len(r.text) {
		r.block(0)
		r.pos++ // a closing bracket too many
	}
	return s
}

type psReader struct {
	script *command.Script
	text   string
	pos    int
	depth  int
	vars   map[string]string
}

// block reads statements up to the closing bracket, which it leaves, or the end.
func (r *psReader) block(stop byte) {
	r.depth++
	defer func() { r.depth-- }()
	if r.depth > maxDepth {
		r.script.Truncated = true
		r.pos = len(r.text)
		return
	}
	var from []*command.Command
	for r.pos < len(r.text) {
		c, end := r.statement()
		if c != nil {
			c.From = from
			from = nil
			r.add(c)
		}
		switch {
		case end == '|' && c != nil:
			from = []*command.Command{c}
		case end == stop && stop != 0, (end == ')' || end == '}' || end == ']') && stop != end:
			return
		}
	}
}

func (r *psReader) add(c *command.Command) {
	if len(r.script.Commands) >= maxCommands {
		r.script.Truncated = true
		return
	}
	r.script.Commands = append(r.script.Commands, c)
}

// statement reads one command of a pipeline. It returns the character that ended it:
// '|', ';' for any separator, a closing bracket (not consumed) or 0 at the end.
func (r *psReader) statement() (*command.Command, byte) {
	s := &psStatement{c: &command.Command{Dialect: command.PowerShell}, start: r.pos, inner: len(r.script.Commands)}
	for r.pos < len(r.text) {
		ch := r.text[r.pos]
		switch {
		case ch == ' ' || ch == '\t' || ch == ',':
			r.pos++
		case ch == '`' && r.pos+1 < len(r.text) && r.text[r.pos+1] == '\n':
			r.pos += 2
		case ch == '#':
			r.skipLine()
		case strings.HasPrefix(r.text[r.pos:], "<#"):
			r.skipComment()
		case ch == '\n' || ch == ';':
			r.pos++
			return s.done(r, r.pos-1), ';'
		case ch == '|' || ch == '&' && (!s.empty() || strings.HasPrefix(r.text[r.pos:], "&&")):
			return s.done(r, r.pos), r.operator()
		case ch == ')' || ch == '}' || ch == ']':
			return s.done(r, r.pos), ch
		case ch == '&':
			r.pos++
			s.called = true
		case ch == '>' || ch == '<' || (ch >= '1' && ch <= '6' || ch == '*') && r.pos+1 < len(r.text) && r.text[r.pos+1] == '>':
			r.redirect(s)
		default:
			before := r.pos
			w := r.word()
			if r.pos == before {
				r.pos++
			}
			s.add(r, w)
		}
	}
	return s.done(r, r.pos), 0
}

func (r *psReader) operator() byte {
	ch := r.text[r.pos]
	r.pos++
	if r.pos < len(r.text) && r.text[r.pos] == ch {
		r.pos++
		return ';'
	}
	if ch == '&' {
		return ';'
	}
	return '|'
}

func (r *psReader) skipLine() {
	if end := strings.IndexByte(r.text[r.pos:], '\n'); end >= 0 {
		r.pos += end
		return
	}
	r.pos = len(r.text)
}

func (r *psReader) skipComment() {
	if end := strings.Index(r.text[r.pos:], "#>"); end >= 0 {
		r.pos += end + 2
		return
	}
	r.pos = len(r.text)
}

func (r *psReader) redirect(s *psStatement) {
	for r.pos < len(r.text) && strings.IndexByte("123456*", r.text[r.pos]) >= 0 {
		r.pos++
	}
	op := r.text[r.pos]
	r.pos++
	appends := r.pos < len(r.text) && r.text[r.pos] == '>'
	if appends {
		r.pos++
	}
	if r.pos < len(r.text) && r.text[r.pos] == '&' { // 2>&1
		r.pos = min(r.pos+2, len(r.text))
		return
	}
	for r.pos < len(r.text) && r.text[r.pos] == ' ' {
		r.pos++
	}
	w := r.word()
	if w.Text == "" || strings.EqualFold(w.Text, "$null") || strings.EqualFold(w.Text, "nul") {
		return
	}
	s.c.Redirects = append(s.c.Redirects, command.Redirect{Path: w, Write: op == '>', Append: appends})
}
