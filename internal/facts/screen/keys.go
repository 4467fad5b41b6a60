package screen

import "strings"

// stroke is what a combination of keys does.
type stroke uint8

const (
	harmlessKey stroke = 1 << iota
	dangerousKey
	enterKey
	pasteKey
	saveKey
	sendKey
)

var keyNames = map[string]string{
	"control": "ctrl", "ctl": "ctrl", "controlleft": "ctrl", "controlright": "ctrl", "ctrlleft": "ctrl", "^": "ctrl", "⌃": "ctrl", "command": "super", "cmd": "super", "⌘": "super", "meta": "super", "win": "super", "windows": "super", "winleft": "super", "superl": "super", "super_l": "super", "metaleft": "super", "os": "super",
	"option": "alt", "⌥": "alt", "altleft": "alt", "altright": "alt", "opt": "alt", "⇧": "shift", "shiftleft": "shift", "shiftright": "shift", "return": "enter", "kpenter": "enter", "kp_enter": "enter", "numpadenter": "enter", "\n": "enter", "⏎": "enter", "↵": "enter", "keycodeenter": "enter", "esc": "escape", "del": "delete", "pgdn": "pagedown", "pgup": "pageup", "page_down": "pagedown", "page_up": "pageup",
	"next": "pagedown", "prior": "pageup", "arrowdown": "down", "arrowup": "up", "arrowleft": "left", "arrowright": "right", "bksp": "backspace", "spacebar": "space", "keycodeback": "back", "keycodehome": "home",
}

var strokes = func() map[string]stroke {
	m := map[string]stroke{}
	for s, list := range map[stroke]string{
		harmlessKey: "up down left right pageup pagedown home end tab shift+tab escape ctrl+c super+c ctrl+a super+a ctrl+f super+f ctrl+tab ctrl+shift+tab ctrl+l super+l f5 ctrl+r ctrl++ ctrl+- ctrl+0 shift ctrl alt shift+up shift+down shift+left shift+right shift+home shift+end ctrl+home ctrl+end ctrl+left ctrl+right alt+left alt+right alt+tab super+tab ctrl+t super+t ctrl+g f3 f11 alt+up back ctrl+insert capslock f6 ctrl+shift+t ctrl+up ctrl+down ctrl+pageup ctrl+pagedown",
		dangerousKey: "alt+f4 ctrl+alt+delete ctrl+alt+backspace ctrl+alt+end super+r super+space super+x ctrl+w super+w ctrl+q super+q ctrl+shift+w ctrl+shift+q ctrl+f4 delete shift+delete super+delete super+backspace super+shift+delete ctrl+shift+delete ctrl+alt+t alt+f2 f12 ctrl+shift+i ctrl+shift+j ctrl+shift+k super+alt+i super+alt+j ctrl+shift+c ctrl+` power ctrl+shift+escape " +
			"super+alt+escape super+ctrl+q ctrl+alt+f1 ctrl+alt+f2 ctrl+alt+f3 ctrl+d super ctrl+shift+` alt+sysrq ctrl+pause super+shift+q ctrl+alt+l ctrl+shift+enter sleep",
		enterKey: "enter shift+enter kpenter",
		pasteKey: "ctrl+v super+v shift+insert ctrl+shift+v super+shift+v",
		saveKey:  "ctrl+s super+s ctrl+shift+s super+shift+s",
		sendKey:  "ctrl+enter super+enter alt+enter",
	} {
		for w := range strings.FieldsSeq(list) {
			m[w] = s
		}
	}
	return m
}()

// combination brings keys into one spelling: modifiers in a fixed order, then the key.
func combination(keys []string) string {
	var mods [4]bool
	order := [4]string{"super", "ctrl", "alt", "shift"}
	last := ""
next:
	for _, k := range keys {
		for i, m := range order {
			if k == m {
				mods[i] = true
				continue next
			}
		}
		last = k
	}
	parts := make([]string, 0, 4)
	for i := range order {
		if mods[i] {
			parts = append(parts, order[i])
		}
	}
	if last != "" {
		parts = append(parts, last)
	}
	return strings.Join(parts, "+")
}

// maxKeys is how many keys of one action are read.
const maxKeys = 64

// keysOf reads "ctrl+alt+del", "Control-Shift-T", "ctrl c" and single keys.
func keysOf(text string) []string {
	if len(text) > 256 {
		return nil
	}
	if len(text) == 1 || text == "\n" {
		return []string{name(strings.ToLower(text))}
	}
	text = strings.ToLower(strings.TrimSpace(text))
	text = strings.NewReplacer("<", " ", ">", " ", "{", " ", "}", " ", "⌘", "cmd ", "⌃", "ctrl ", "⌥", "alt ", "⇧", "shift ", "'", "", `"`, "", "[", " ", "]", " ").Replace(text)
	plus := strings.HasSuffix(text, "++")
	keys := strings.FieldsFunc(text, func(r rune) bool { return r == '+' || r == ' ' || r == '-' || r == ',' })
	for i, k := range keys {
		keys[i] = name(strings.TrimPrefix(strings.TrimPrefix(k, "keycode_"), "key."))
	}
	if plus {
		keys = append(keys, "+")
	}
	return keys
}

func name(k string) string {
	if n, ok := keyNames[k]; ok {
		return n
	}
	return k
}

func modifier(k string) bool { return k == "ctrl" || k == "alt" || k == "shift" || k == "super" }

// strike judges keys: one combination, or single keys one after the other.
func strike(keys []string) (all stroke, harmless bool) {
	if len(keys) == 0 || len(keys) > maxKeys {
		return 0, false
	}
	combos := [][]string{keys}
	if !modifier(keys[0]) && len(keys) > 1 && !modifier(keys[len(keys)-1]) {
		combos = combos[:0]
		for i := range keys {
			combos = append(combos, keys[i:i+1])
		}
	}
	harmless = true
	for _, c := range combos {
		s := strokes[combination(c)]
		all |= s
		harmless = harmless && s == harmlessKey
	}
	return all, harmless
}
