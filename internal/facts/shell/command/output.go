package command

import (
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"strconv"
	"strings"
)

// maxPipe is how many programs of a pipe are worked out.
const maxPipe = 8

// Output is what the command prints where that follows from its words alone: echo, printf, a
// heredoc through cat, and what decodes them. ok is false where it does not.
func Output(c *Command) (text string, ok bool) { return output(c, 0) }

func output(c *Command, depth int) (string, bool) {
	if c == nil || depth > maxPipe || dynamic(c.Args) {
		return "", false
	}
	switch c.Name {
	case "echo", "printf", "print":
		return printed(c), true
	case "which", "whence":
		if len(c.Args) == 1 {
			return c.Args[0].Text, true
		}
	case "command", "type":
		if len(c.Args) == 2 && c.Args[0].Text == "-v" {
			return c.Args[1].Text, true
		}
	}
	in, ok := input(c, depth)
	if !ok {
		return "", false
	}
	return filtered(c, in)
}

// Input is what the command reads from a pipe, a heredoc or a here-string, where that is known.
func Input(c *Command) (text string, ok bool) { return input(c, 0) }

func input(c *Command, depth int) (string, bool) {
	if c.HasStdin {
		return c.Stdin, true
	}
	if len(c.From) != 1 {
		return "", false
	}
	return output(c.From[0], depth+1)
}

func filtered(c *Command, in string) (string, bool) {
	switch c.Name {
	case "cat", "tee":
		return in, len(c.Operand()) == 0 || c.Name == "tee"
	case "base64", "gbase64", "b64decode":
		if c.Has("-d", "-D", "--decode", "-di") {
			return DecodeBase64(in)
		}
	case "openssl":
		if c.Has("-d") && (c.Has("-base64", "-a") || len(c.Args) > 0 && c.Args[0].Text == "base64") {
			return DecodeBase64(in)
		}
	case "base32":
		b, err := base32.StdEncoding.DecodeString(strings.Join(strings.Fields(in), ""))
		return string(b), err == nil && c.Has("-d", "--decode")
	case "xxd":
		b, err := hex.DecodeString(strings.Join(strings.Fields(in), ""))
		return string(b), err == nil && c.Has("-r")
	case "rev":
		return reversed(in), true
	}
	return "", false
}

func dynamic(words []Word) bool {
	for _, w := range words {
		if w.Dynamic {
			return true
		}
	}
	return false
}

func printed(c *Command) string {
	texts := c.Texts()
	escapes := c.Name == "printf"
	for c.Name != "printf" && len(texts) > 0 && len(texts[0]) > 1 && texts[0][0] == '-' && strings.Trim(texts[0][1:], "neE") == "" {
		escapes = escapes || strings.Contains(texts[0], "e")
		texts = texts[1:]
	}
	if c.Name == "printf" && len(texts) > 0 {
		if texts[0] == "--" && len(texts) > 1 {
			texts = texts[1:]
		}
		format, rest := texts[0], texts[1:]
		for strings.Contains(format, "%s") || strings.Contains(format, "%b") {
			i := strings.Index(format, "%")
			arg := ""
			if len(rest) > 0 {
				arg, rest = rest[0], rest[1:]
			}
			if i+2 > len(format) || (format[i+1] != 's' && format[i+1] != 'b') {
				break
			}
			format = format[:i] + arg + format[i+2:]
			if len(format) > 1<<16 {
				break
			}
			if strings.Contains(arg, "%") {
				break
			}
		}
		texts = []string{format}
	}
	out := strings.Join(texts, " ")
	if escapes {
		out = Unescape(out)
	}
	return out
}

func reversed(s string) string {
	b := []byte(s)
	for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
	return string(b)
}

// DecodeBase64 decodes with or without padding, in either alphabet, white space ignored.
func DecodeBase64(s string) (string, bool) {
	s = strings.TrimRight(strings.Join(strings.Fields(s), ""), "=")
	s = strings.NewReplacer("-", "+", "_", "/").Replace(s)
	b, err := base64.RawStdEncoding.DecodeString(s)
	return string(b), err == nil && s != ""
}

var simpleEscapes = map[byte]byte{'n': '\n', 't': '\t', 'r': '\r', 'a': 7, 'b': 8, 'f': 12, 'v': 11, 'e': 27, 'E': 27, '\\': '\\', '\'': '\'', '"': '"', '?': '?'}

// Unescape reads the escapes of $'…', echo -e and printf: \n, \x72, \162, \u0072.
func Unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		switch c := s[i]; {
		case c == 'x' || c == 'u' || c == 'U':
			i += number(&b, s[i+1:], map[byte]int{'x': 2, 'u': 4, 'U': 8}[c], 16, c != 'x')
		case c >= '0' && c <= '7':
			i += number(&b, s[i:], 4, 8, false) - 1
		case simpleEscapes[c] != 0:
			b.WriteByte(simpleEscapes[c])
		default:
			b.WriteByte('\\')
			b.WriteByte(c)
		}
	}
	return b.String()
}

// number reads up to limit digits and writes the character; it returns how many digits there were.
func number(b *strings.Builder, s string, limit, base int, asRune bool) int {
	if base == 8 && s[0] != '0' {
		limit = 3
	}
	n := 0
	for n < len(s) && n < limit {
		if _, err := strconv.ParseUint(s[n:n+1], base, 8); err != nil {
			break
		}
		n++
	}
	v, err := strconv.ParseUint(s[:n], base, 32)
	switch {
	case err != nil:
	case asRune:
		b.WriteRune(rune(v))
	default:
		b.WriteByte(byte(v))
	}
	return n
}
