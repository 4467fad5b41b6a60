package screen

import (
	"strings"

	"github.com/weighlock/weighlock/internal/facts/input"
)

// script reads actions that are written as calls: click('a51'), type(content='x'), hotkey(key='ctrl c'),
// pyautogui.typewrite("ls\n"). Whatever is no known gesture makes the script strange.
func (s *scene) script(v string) {
	if len(v) > maxTyped {
		v, s.cut = v[:maxTyped], true
	}
	for n := 0; ; n++ {
		open := strings.IndexByte(v, '(')
		if open < 0 {
			s.leftover(v)
			return
		}
		if n >= maxCalls {
			s.cut = true
			return
		}
		before, name := callee(v[:open])
		s.leftover(before)
		var texts []string
		texts, v = arguments(v[open+1:])
		s.call(name, texts)
	}
}

// callee splits what stands before "(" into the name that is called and the rest.
func callee(v string) (before, name string) {
	i := len(v)
	for i > 0 && (v[i-1] == '_' || v[i-1] == '.' || v[i-1] >= '0' && v[i-1] <= '9' || v[i-1]|0x20 >= 'a' && v[i-1]|0x20 <= 'z') {
		i--
	}
	return v[:i], v[i:]
}

// leftover judges what stands between calls: imports and comments are nothing, other code is strange.
func (s *scene) leftover(v string) {
	for line := range strings.Lines(v) {
		line = strings.Trim(line, " \t\r\n;,")
		switch {
		case line == "" || line[0] == '#' || line == "await" || line == "import pyautogui" || line == "import time" || line == "import pyautogui; import time" || strings.HasPrefix(line, "Action:") || line == ")":
		default:
			s.strange = true
		}
	}
}

// arguments returns the texts a call is given, and what follows the call. Numbers and names are left out.
func arguments(v string) (texts []string, rest string) {
	depth := 1
	for i := 0; i < len(v); i++ {
		switch c := v[i]; c {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return texts, v[i+1:]
			}
		case '"', '\'', '`':
			end := i + 1
			for end < len(v) && v[end] != c {
				if v[end] == '\\' {
					end++
				}
				end++
			}
			end = min(end, len(v))
			texts = append(texts, escapes.Replace(v[i+1:end]))
			i = end
		}
	}
	return texts, ""
}

var escapes = strings.NewReplacer(`\n`, "\n", `\t`, "\t", `\'`, "'", `\"`, `"`, `\\`, `\`)

func (s *scene) call(name string, texts []string) {
	if i := strings.LastIndexByte(name, '.'); i >= 0 {
		name = name[i+1:]
	}
	g := gestures[input.PlainKey(name)]
	s.gesture |= g
	switch {
	case g == 0 || g&codes != 0:
		s.strange = true
	case g&presses != 0:
		for _, t := range texts {
			s.press(t)
		}
	case g&types != 0:
		for i, t := range texts {
			if i == 0 && len(texts) > 1 { // fill('a12', 'text'): what it is typed into comes first
				continue
			}
			s.enterText(t)
		}
	case g&(looks|reads|leads) == 0 && len(texts) > 0:
		for _, t := range texts {
			if !ident(t) {
				s.label(t)
			}
		}
		s.spot = true
	default:
		s.spot = true
	}
}

// ident tells ids such as 'a51' or '237', which say nothing to anybody.
func ident(t string) bool {
	return strings.Trim(t, "0123456789") == "" || len(t) <= 5 && strings.ContainsAny(t, "0123456789") || t == "left" || t == "right" || t == "middle"
}
