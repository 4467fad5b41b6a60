// Package windows reads what cmd.exe and PowerShell would run out of a script.
package windows

import (
	"strings"

	"github.com/weighlock/weighlock/internal/facts/shell/command"
)

const (
	maxDepth    = 30
	maxCommands = 1000
)

// cmdKnown are variables of cmd.exe whose value is as good as known.
var cmdKnown = map[string]string{
	"temp": `c:\temp`, "tmp": `c:\temp`, "userprofile": "~", "homepath": "~", "appdata": `~\appdata\roaming`, "localappdata": `~\appdata\local`,
	"systemroot": `c:\windows`, "windir": `c:\windows`, "systemdrive": "c:", "homedrive": "c:", "programfiles": `c:\program files`, "programdata": `c:\programdata`,
	"allusersprofile": `c:\programdata`, "comspec": "cmd.exe", "cd": ".", "public": `c:\users\public`, "programfiles(x86)": `c:\program files (x86)`,
}

// cmdToken is a word or an operator of cmd.exe.
type cmdToken struct {
	word command.Word
	op   string // "&", "|", "(", ")", ">", ">>", "<"; "" is a word
}

// ReadCmd reads a script of cmd.exe. It accepts any text.
func ReadCmd(text string) *command.Script {
	s := &command.Script{}
	if len(text) > command.MaxBytes {
		text, s.Truncated = text[:command.MaxBytes], true
	}
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\r\n", "\n")
	r := &cmdReader{script: s, vars: map[string]string{}}
	for line := range strings.SplitSeq(strings.ReplaceAll(text, "^\n", ""), "\n") {
		r.line(line)
	}
	return s
}

type cmdReader struct {
	script *command.Script
	vars   map[string]string
}

func (r *cmdReader) line(line string) {
	line = strings.TrimLeft(line, " \t@")
	if strings.HasPrefix(line, ":") {
		return
	}
	tokens := r.tokens(r.expand(line))
	var from []*command.Command
	for len(tokens) > 0 {
		var c *command.Command
		c, tokens = r.command(tokens)
		piped := len(tokens) > 0 && tokens[0].op == "|"
		if c != nil {
			c.From = from
			from = nil
			r.add(c)
		}
		if piped && c != nil {
			from = []*command.Command{c}
		}
		if len(tokens) > 0 && tokens[0].op != "" {
			tokens = tokens[1:]
		}
	}
}

func (r *cmdReader) add(c *command.Command) {
	if len(r.script.Commands) >= maxCommands {
		r.script.Truncated = true
		return
	}
	r.script.Commands = append(r.script.Commands, c)
	if c.Name == "set" && len(c.Args) > 0 {
		var all []string
		for _, a := range c.Args {
			if !strings.HasPrefix(a.Text, "/") {
				all = append(all, a.Text)
			}
		}
		if name, value, ok := strings.Cut(strings.Join(all, " "), "="); ok && len(value) < 4<<10 {
			r.vars[strings.ToLower(name)] = value
		}
	}
}

// expand puts in what variables hold; what is not known stays as written.
func (r *cmdReader) expand(line string) string {
	if !strings.ContainsAny(line, "%!") {
		return line
	}
	var b strings.Builder
	for i := 0; i < len(line); i++ {
		c := line[i]
		if c != '%' && c != '!' || b.Len() > command.MaxBytes {
			b.WriteByte(c)
			continue
		}
		end := strings.IndexByte(line[i+1:], c)
		if end <= 0 {
			b.WriteByte(c)
			continue
		}
		name := strings.ToLower(line[i+1 : i+1+end])
		value, ok := r.vars[name]
		if !ok {
			value, ok = cmdKnown[name]
		}
		if !ok {
			b.WriteByte(c)
			continue
		}
		b.WriteString(value)
		i += end + 1
	}
	return b.String()
}

func (r *cmdReader) tokens(line string) []cmdToken {
	var tokens []cmdToken
	var b strings.Builder
	begun, quoted := false, false
	var inQuote bool
	flush := func() {
		if begun {
			text := b.String()
			tokens = append(tokens, cmdToken{word: command.Word{Text: text, Quoted: quoted, Dynamic: strings.Contains(text, "%") || strings.Count(text, "!") > 1, Glob: strings.ContainsAny(text, "*?")}})
		}
		b.Reset()
		begun, quoted = false, false
	}
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '"':
			inQuote, begun, quoted = !inQuote, true, true
		case inQuote:
			b.WriteByte(c)
		case c == '^' && i+1 < len(line):
			i++
			b.WriteByte(line[i])
			begun = true
		case c == ' ' || c == '\t':
			flush()
		case c == '&' || c == '|':
			flush()
			if i+1 < len(line) && line[i+1] == c {
				i++
				c = '&'
			}
			tokens = append(tokens, cmdToken{op: string(c)})
		case c == '(' && !begun || c == ')' && (len(tokens) > 0 || begun):
			flush()
			tokens = append(tokens, cmdToken{op: string(c)})
		case c == '>' || c == '<':
			i += redirectAt(line[i:], &b, &begun, flush, &tokens)
		default:
			b.WriteByte(c)
			begun = true
		}
	}
	flush()
	return tokens
}

// redirectAt adds the operator at the start of rest and returns how many further bytes it takes.
func redirectAt(rest string, b *strings.Builder, begun *bool, flush func(), tokens *[]cmdToken) int {
	if text := b.String(); len(text) == 1 && text[0] >= '0' && text[0] <= '9' {
		b.Reset()
		*begun = false
	}
	flush()
	op, n := rest[:1], 0
	if strings.HasPrefix(rest, ">>") {
		op, n = ">>", 1
	}
	if after := rest[n+1:]; strings.HasPrefix(after, "&") && len(after) > 1 {
		return n + 2 // 2>&1
	}
	*tokens = append(*tokens, cmdToken{op: op})
	return n
}

// command takes one command off the tokens; the rest begins with an operator or is empty.
func (r *cmdReader) command(tokens []cmdToken) (*command.Command, []cmdToken) {
	c := &command.Command{Dialect: command.Cmd}
	var words []command.Word
	for len(tokens) > 0 {
		t := tokens[0]
		switch {
		case t.op == "":
			words = append(words, t.word)
			tokens = tokens[1:]
			continue
		case t.op == ">" || t.op == ">>" || t.op == "<":
			tokens = tokens[1:]
			if len(tokens) > 0 && tokens[0].op == "" {
				if !strings.EqualFold(tokens[0].word.Text, "nul") {
					c.Redirects = append(c.Redirects, command.Redirect{Path: tokens[0].word, Write: t.op != "<", Append: t.op == ">>"})
				}
				tokens = tokens[1:]
			}
			continue
		case len(words) > 0 && t.op == "(" && strings.EqualFold(words[0].Text, "for"):
			tokens = r.forSet(tokens[1:])
			words = nil
			continue
		}
		break
	}
	words = withoutWords(words)
	if len(words) == 0 && len(c.Redirects) == 0 {
		return nil, tokens
	}
	if len(words) > 0 {
		named(c, words)
	}
	return c, tokens
}

// forSet skips the set of a FOR; in quotes it may be a command, which is read as well.
func (r *cmdReader) forSet(tokens []cmdToken) []cmdToken {
	for i, t := range tokens {
		if t.op != ")" {
			continue
		}
		var words []command.Word
		for _, w := range tokens[:i] {
			if w.op == "" {
				words = append(words, w.word)
			}
		}
		if len(words) > 0 && strings.HasPrefix(words[0].Text, "'") {
			words[0].Text = words[0].Text[1:]
			last := &words[len(words)-1]
			last.Text = strings.TrimSuffix(last.Text, "'")
			c := &command.Command{Dialect: command.Cmd}
			named(c, words)
			r.add(c)
		}
		return tokens[i+1:]
	}
	return nil
}

// withoutWords takes off what stands before a command: if, else, do, not, exist x, a==b.
func withoutWords(words []command.Word) []command.Word {
	for len(words) > 0 {
		words[0].Text = strings.TrimLeft(words[0].Text, "@")
		switch strings.ToLower(words[0].Text) {
		case "do", "else", "":
			words = words[1:]
			continue
		case "if":
			words = condition(words[1:])
			continue
		case "rem":
			return nil
		}
		return words
	}
	return nil
}

func condition(words []command.Word) []command.Word {
	for len(words) > 0 && (strings.EqualFold(words[0].Text, "not") || strings.EqualFold(words[0].Text, "/i")) {
		words = words[1:]
	}
	if len(words) == 0 {
		return nil
	}
	switch strings.ToLower(words[0].Text) {
	case "exist", "defined", "errorlevel":
		return words[min(2, len(words)):]
	}
	if strings.Contains(words[0].Text, "==") && !strings.HasSuffix(words[0].Text, "==") {
		return words[1:]
	}
	if strings.HasSuffix(words[0].Text, "==") {
		return words[min(2, len(words)):]
	}
	return words[min(3, len(words)):]
}

// named sets the command's name and arguments; "del/f/q" is "del /f /q" and `cd\` is `cd \`.
func named(c *command.Command, words []command.Word) {
	first := words[0]
	if !first.Quoted {
		if i := strings.IndexByte(first.Text, '/'); i > 0 && !strings.Contains(first.Text[:i], ".") && !strings.Contains(first.Text, "://") {
			var flags []command.Word
			for f := range strings.SplitSeq(first.Text[i+1:], "/") {
				flags = append(flags, command.Word{Text: "/" + f})
			}
			first.Text = first.Text[:i]
			words = append(append([]command.Word{first}, flags...), words[1:]...)
		}
	}
	c.Word, c.Args = words[0], splitFlags(words[1:])
	c.Name = command.BaseName(c.Word.Text)
}

// splitFlags reads "/f/q" as two flags.
func splitFlags(words []command.Word) []command.Word {
	out := words[:0:0]
	for _, w := range words {
		parts := strings.Split(w.Text, "/")
		if w.Quoted || len(parts) < 3 || parts[0] != "" || len(w.Text) > 3*len(parts) {
			out = append(out, w)
			continue
		}
		for _, p := range parts[1:] {
			out = append(out, command.Word{Text: "/" + p})
		}
	}
	return out
}
