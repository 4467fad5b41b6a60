package posix

import (
	"strings"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/syntax"

	"github.com/weighlock/weighlock/internal/facts/shell/command"
)

// wellKnown are variables whose value is as good as known.
var wellKnown = map[string]string{"HOME": "~", "PWD": ".", "TMPDIR": "/tmp", "TMP": "/tmp", "TEMP": "/tmp", "SHELL": "sh", "BASH": "bash", "IFS": " "}

// words are the words that one word of the script becomes.
func (w *walker) words(word *syntax.Word) []command.Word {
	if word == nil {
		return nil
	}
	if simple, ok := plain(word); ok {
		return []command.Word{simple}
	}
	if words, ok := braces(word); ok {
		var all []command.Word
		for _, one := range words {
			f := &fields{w: w}
			f.parts(one.Parts, false)
			all = append(all, f.done()...)
		}
		return all
	}
	f := &fields{w: w}
	f.parts(word.Parts, false)
	return f.done()
}

// plain is the quick way for a word without quotes, expansions and wildcards.
func plain(word *syntax.Word) (command.Word, bool) {
	if len(word.Parts) != 1 {
		return command.Word{}, false
	}
	lit, ok := word.Parts[0].(*syntax.Lit)
	if !ok || strings.ContainsAny(lit.Value, `\*?[{`) {
		return command.Word{}, false
	}
	return command.Word{Text: lit.Value}, true
}

// braces expands "{a,b}" where that stays small.
func braces(word *syntax.Word) ([]*syntax.Word, bool) {
	n, commas := 0, 0
	for _, p := range word.Parts {
		if lit, ok := p.(*syntax.Lit); ok {
			n += strings.Count(lit.Value, "{")
			commas += strings.Count(lit.Value, ",")
			if strings.Contains(lit.Value, "..") && strings.Contains(lit.Value, "{") {
				return nil, false
			}
		}
	}
	if n == 0 || commas == 0 || n > 4 || commas > 16 {
		return nil, false
	}
	// SplitBraces changes the word it is given, and another reading may follow.
	copied := &syntax.Word{Parts: append([]syntax.WordPart(nil), word.Parts...)}
	if !syntax.SplitBraces(copied) {
		return nil, false
	}
	var words []*syntax.Word
	for w, err := range expand.BracesSeq(nil, copied) {
		if err != nil || len(words) == maxFields {
			return nil, false
		}
		words = append(words, w)
	}
	return words, len(words) > 0
}

// joined is the word as one text, as in an assignment, a heredoc or after ">".
func (w *walker) joined(word *syntax.Word) command.Word {
	if word == nil {
		return command.Word{}
	}
	f := &fields{w: w, whole: true}
	f.parts(word.Parts, false)
	all := f.done()
	if len(all) == 0 {
		return command.Word{}
	}
	out := all[0]
	for _, more := range all[1:] {
		out.Text += " " + more.Text
		out.Dynamic = out.Dynamic || more.Dynamic
	}
	return out
}

// fields builds words out of parts.
type fields struct {
	w     *walker
	whole bool // white space in an expansion does not split
	list  []command.Word
	text  strings.Builder
	now   command.Word
	begun bool
}

func (f *fields) done() []command.Word {
	f.split()
	return f.list
}

func (f *fields) split() {
	if !f.begun {
		return
	}
	f.now.Text = f.text.String()
	if len(f.list) < maxFields {
		f.list = append(f.list, f.now)
	}
	f.text.Reset()
	f.now, f.begun = command.Word{}, false
}

func (f *fields) write(s string) {
	f.begun = true
	f.text.WriteString(s)
}

func (f *fields) parts(parts []syntax.WordPart, quoted bool) {
	for _, p := range parts {
		switch p := p.(type) {
		case *syntax.Lit:
			f.literal(p.Value, quoted)
		case *syntax.SglQuoted:
			f.now.Quoted = true
			if p.Dollar {
				f.write(command.Unescape(p.Value))
			} else {
				f.write(p.Value)
			}
		case *syntax.DblQuoted:
			f.now.Quoted = true
			f.begun = true
			f.parts(p.Parts, true)
		case *syntax.ParamExp:
			f.param(p, quoted)
		case *syntax.CmdSubst:
			f.substitution(p, quoted)
		case *syntax.ProcSubst:
			f.w.stmts(p.Stmts, nil)
			f.unknown("<()")
		case *syntax.ExtGlob:
			f.now.Glob = true
			f.write("*")
		case *syntax.ArithmExp:
			f.w.substitutions(p)
			f.unknown("$(())")
		default:
			f.w.substitutions(p)
			f.unknown("$()")
		}
	}
}

func (f *fields) unknown(text string) {
	f.now.Dynamic = true
	f.write(text)
}

func (f *fields) literal(s string, quoted bool) {
	f.begun = true
	if !strings.Contains(s, `\`) {
		f.now.Glob = f.now.Glob || !quoted && strings.ContainsAny(s, "*?[")
		f.text.WriteString(s)
		return
	}
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			f.now.Glob = f.now.Glob || !quoted && strings.IndexByte("*?[", s[i]) >= 0
			f.text.WriteByte(s[i])
			continue
		}
		i++
		switch {
		case s[i] == '\n':
		case quoted && strings.IndexByte("$`\"\\", s[i]) < 0:
			f.text.WriteByte('\\')
			f.text.WriteByte(s[i])
		default:
			f.text.WriteByte(s[i])
		}
	}
}

// value writes what an expansion gives, in words where it is not quoted.
func (f *fields) value(text string, quoted bool) {
	if quoted || f.whole {
		f.write(text)
		return
	}
	for i, part := range strings.Fields(text) {
		if i > 0 {
			f.split()
		}
		f.now.Glob = f.now.Glob || strings.ContainsAny(part, "*?[")
		f.write(part)
	}
	if text != "" && strings.TrimRight(text, " \t\n") != text && f.begun {
		f.split()
	}
}

func (f *fields) param(p *syntax.ParamExp, quoted bool) {
	name := ""
	if p.Param != nil {
		name = p.Param.Value
	}
	if p.Index != nil {
		f.w.substitutions(p.Index)
	}
	transformed := p.Excl || p.Length || p.Slice != nil || p.Repl != nil || p.Names != 0 || p.Flags != nil || p.NestedParam != nil || len(p.Modifiers) > 0
	if p.Exp != nil {
		alternative := f.w.joined(p.Exp.Word)
		if fallback(p.Exp.Op) && len(f.w.vars[name]) == 0 && !transformed && wellKnown[name] == "" {
			f.now.Dynamic = f.now.Dynamic || alternative.Dynamic || !assigns(p.Exp.Op)
			f.value(alternative.Text, quoted)
			return
		}
		transformed = transformed || !fallback(p.Exp.Op)
	}
	if transformed {
		f.w.substitutions(p)
		f.unknown("${" + name + "}")
		return
	}
	f.variable(name, quoted)
}

func (f *fields) variable(name string, quoted bool) {
	values, known := f.w.vars[name]
	if !known {
		if text, ok := wellKnown[name]; ok {
			if name == "IFS" && !quoted {
				f.split()
				return
			}
			f.write(text)
			return
		}
		f.unknown("$" + name)
		return
	}
	prefix := f.text.String()
	for i, v := range values {
		if i > 0 && len(f.list) < maxFields {
			f.split()
			f.write(prefix)
		}
		f.now.Dynamic = f.now.Dynamic || v.Dynamic
		f.now.Glob = f.now.Glob || v.Glob && !quoted
		f.value(v.Text, quoted || len(values) > 1)
	}
}

func fallback(op syntax.ParExpOperator) bool {
	switch op {
	case syntax.DefaultUnset, syntax.DefaultUnsetOrNull, syntax.AssignUnset, syntax.AssignUnsetOrNull:
		return true
	}
	return false
}

// assigns says that the default is what the variable then holds; with ":-" a value from outside may win.
func assigns(op syntax.ParExpOperator) bool {
	return op == syntax.AssignUnset || op == syntax.AssignUnsetOrNull
}

func (f *fields) substitution(p *syntax.CmdSubst, quoted bool) {
	out := f.w.stmts(p.Stmts, nil)
	if len(out) == 1 {
		if text, ok := command.Output(out[0]); ok {
			f.value(strings.TrimRight(text, "\n"), quoted)
			return
		}
	}
	f.unknown("$()")
}
