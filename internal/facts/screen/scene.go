package screen

import (
	"strings"

	"github.com/weighlock/weighlock/internal/facts/input"
)

// Limits of what is read of one action.
const (
	maxTexts = 512      // texts of the arguments
	maxTyped = 64 << 10 // of what is typed, in bytes
	maxCalls = 128      // calls in a script such as pyautogui.click(…)
)

// scene is what the arguments say: what is done, to what, where.
type scene struct {
	gesture  gesture
	labels   []string
	role     string
	typed    strings.Builder
	keys     []string
	window   string
	app      string
	url      string
	spot     bool // coordinates are given
	mouse    bool // the button of a mouse is named
	pressed  bool // typing is followed by Enter
	strange  bool // an action that is not known, or a script with more than gestures
	cut      bool
	selector bool
}

var (
	scriptKeys = words("code script python pyautogui actionstr")
	labelKeys  = words("label name arialabel ariatext innertext alt accessiblename accessibilitylabel placeholder description elementdescription elementtext element buttontext linktext linktexts menuitem menu item selector css cssselector xpath locator option contentdescription contentdesc resourceid instruction elementname targetelement elementlabel buttonname field fieldname fieldlabel textcontent tooltip elementid hint node title target button link objective what")
	roleKeys   = words("role tag tagname elementtype controltype widget elementrole class classname inputtype fieldtype localizedcontroltype")
	typedKeys  = words("text value content input string typedtext texttotype message inputtext values typetext clipboard characters txt data")
	keyKeys    = words("key keys hotkey combo combination shortcut keycombo keycombination keysequence keystroke keystrokes keypress modifiers modifier")
	spotKeys   = words("x y coordinate coordinates position point startbox endbox x1 y1 startx starty startcoordinate cx cy pos loc location box bbox point2d start end path")
	winKeys    = words("window windowtitle windowname activewindow focusedwindow pagetitle tabtitle tab foreground screentitle")
	appKeys    = words("app application appname applicationname processname process program package packagename bundleid appid")
	urlKeys    = words("url pageurl currenturl href")
	holders    = words("element target node locator selector targetelement elementinfo control widget el")
)

func look(args *input.Arguments, g gesture) *scene {
	s := &scene{gesture: g}
	texts := args.Texts
	if len(texts) > maxTexts {
		texts, s.cut = texts[:maxTexts], true
	}
	for i := range texts {
		s.actions(&texts[i])
	}
	for i := range texts {
		s.text(&texts[i])
	}
	for _, n := range args.Numbers {
		s.spot = s.spot || spotKeys[n.Key]
	}
	s.pressed = args.Values["submit"] == true || args.Values["press_enter"] == true || args.Values["pressEnter"] == true || args.Values["enter"] == true
	return s
}

// actions takes the texts that say which gesture is meant.
func (s *scene) actions(t *input.Text) {
	if !gestureKeys[t.Key] && !scriptKeys[t.Key] || holders[t.Parent] || t.Key == "type" && t.Value == "text" {
		return
	}
	if s.gesture&clicks != 0 && strings.IndexByte(t.Value, ' ') > 0 && strings.IndexByte(t.Value, '(') < 0 {
		s.label(t.Value) // "click the red button"
		return
	}
	if strings.IndexByte(t.Value, '(') >= 0 {
		s.script(t.Value)
		return
	}
	if len(t.Value) > 40 {
		return
	}
	if g := gestures[input.PlainKey(t.Value)]; g != 0 {
		s.gesture |= g
	} else if t.Key == "action" || t.Key == "actiontype" {
		s.strange = true
	}
}

func (s *scene) text(t *input.Text) {
	key, v := t.Key, t.Value
	held := holders[t.Parent]
	switch {
	case v == "" || gestureKeys[key] && !held && gestures[input.PlainKey(v)] != 0 || strings.IndexByte(v, '(') >= 0 && gestureKeys[key]:
	case winKeys[key]:
		s.window = v
	case appKeys[key]:
		s.app = v
	case urlKeys[key]:
		s.url = v
	case roleKeys[key] || key == "type" && held:
		s.role = strings.TrimSpace(s.role + " " + strings.ToLower(v[:min(len(v), 64)]))
	case keyKeys[key]:
		if s.gesture&presses == 0 && s.gesture&types != 0 && key != "modifiers" {
			if k := keysOf(v); len(k) == 0 || !modifier(k[0]) && strokes[k[0]] == 0 {
				s.enterText(v)
				return
			}
			s.gesture |= presses
		}
		s.press(v)
	case key == "text" && s.gesture&(presses|types) == presses && !held:
		s.press(v)
	case typedKeys[key] && !held && s.gesture&(types|pastes) != 0:
		s.enterText(v)
	case key == "button" && (v == "left" || v == "right" || v == "middle" || v == "primary"):
		s.mouse = true
	case spotKeys[key] && numbers(v):
		s.spot = true
	case labelKeys[key] || typedKeys[key] || held && key != "ref" && key != "index" && key != "id":
		s.label(v)
	}
}

// press takes keys; one more than are judged is enough to know that there are too many.
func (s *scene) press(v string) {
	if len(s.keys) <= maxKeys {
		s.keys = append(s.keys, keysOf(v)...)
	}
}

func numbers(v string) bool { return strings.Trim(v, "0123456789.,()[]<>| -boxpint_/") == "" }

func (s *scene) enterText(v string) {
	if s.typed.Len()+len(v) > maxTyped {
		v, s.cut = v[:max(0, min(len(v), maxTyped-s.typed.Len()))], true
	}
	if s.typed.Len() > 0 {
		s.typed.WriteByte('\n')
	}
	s.typed.WriteString(v)
}

// label takes the name of an element, or a selector, as what a person would read.
func (s *scene) label(v string) {
	if len(s.labels) >= 8 {
		s.cut = true
		return
	}
	if numbers(v) {
		return
	}
	if isSelector(v) {
		s.selector = true
		if strings.Contains(v, "submit") {
			s.role += " submit"
		}
		v = ofSelector(v)
	}
	if v != "" {
		s.labels = append(s.labels, v)
	}
}

func isSelector(v string) bool {
	return strings.HasPrefix(v, "#") || strings.HasPrefix(v, ".") && len(v) > 1 && v[1] != '.' || strings.HasPrefix(v, "/") || strings.HasPrefix(v, "[") || strings.Contains(v, "text=") || strings.Contains(v, "has-text(") || strings.Contains(v, ":contains(") || strings.Contains(v, ">") && len(v) > 3 ||
		strings.Contains(v, "[") && strings.HasSuffix(v, "]") || strings.HasPrefix(v, "xpath=") || strings.HasPrefix(v, "css=") || strings.HasPrefix(v, "id=")
}

// ofSelector takes the texts a selector quotes, or else the words of its names.
func ofSelector(v string) string {
	if len(v) > 1024 {
		v = v[:1024]
	}
	var quoted []string
	rest := v
	for len(quoted) < 4 {
		i := strings.IndexAny(rest, `"'`)
		if i < 0 {
			break
		}
		end := strings.IndexByte(rest[i+1:], rest[i])
		if end < 0 {
			break
		}
		quoted = append(quoted, rest[i+1:i+1+end])
		rest = rest[i+2+end:]
	}
	if len(quoted) > 0 {
		return strings.Join(quoted, " ")
	}
	if _, text, ok := strings.Cut(v, "text="); ok {
		return text
	}
	var names []string
	for _, w := range input.SplitWords(v) {
		if !structure[w] && len(w) > 1 {
			names = append(names, w)
		}
	}
	return strings.Join(names, " ")
}

var structure = words("div span button input a ul li nav nth child of type first last id class css xpath data testid btn link form section body html main header footer table tr td p h1 h2 h3 img svg path primary secondary role submit aria label")
