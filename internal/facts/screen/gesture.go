package screen

import (
	"strings"

	"github.com/weighlock/weighlock/internal/facts/input"
	"github.com/weighlock/weighlock/internal/facts/verb"
)

// gesture is one thing done to a screen.
type gesture uint16

const (
	looks gesture = 1 << iota // screenshot, scroll, wait, move, hover, zoom
	clicks
	types
	presses
	drags
	selects // checks a box, picks an option
	uploads
	leads // opens an address, an application, a tab
	closes
	reads // the clipboard, the cursor, the tree of elements
	pastes
	codes // runs code on the page or the machine
)

var gestures = func() map[string]gesture {
	m := map[string]gesture{}
	for g, list := range map[gesture]string{
		looks:   "screenshot scroll wait mousemove move moveto movemouse hover zoom scrollto scrolldown scrollup scrollleft scrollright snapshot pause sleep noop done finished finish fail capture takescreenshot waitfor waitforelement scrollpage scrollintoview mousehover highlight moverel cursormove hoverelement scrollat vscroll hscroll mousescroll mousewheel wheel swipe getscreenshot screencapture waitforselector scrollelement infeasible swipeup swipedown answer terminate reportinfeasible sendmsgtouser terminated calluser stopsession",
		clicks:  "click leftclick rightclick doubleclick tripleclick middleclick tap longpress mousedown mouseup leftmousedown leftmouseup dblclick singleclick mouseclick touch clickelement clickat leftdouble rightsingle leftsingle doubletap clickcoordinates clickbutton clicklink clickon clickxy contextclick forceclick mouseclickxy act tapon clicktext clickelementbyindex longtap",
		types:   "type typetext inputtext write typewrite fill fillform sendkeys input settext setvalue inserttext entertext typeinto typing keyboardtype sendtext fillfield textinput writetext typechar inputintext typetextat fillinput keyboardinput pressseq slowtype",
		presses: "key keypress presskey press hotkey keycombo holdkey keydown keyup pressenter shortcut keycombination keyboardpress sendkey keypresses presskeys hotkeypress keyboardshortcut combo keyevent pressbutton hitkey keyboardkeys navigatehome pressback presshome",
		drags:   "drag leftclickdrag dragto draganddrop dragdrop dragfromto dragmouse mousedrag clickdrag dragrel leftdrag",
		selects: "select selectoption check uncheck setchecked selectdropdown chooseoption selectdropdownoption setcheckbox toggle selecttext dropdown selectlist",
		uploads: "uploadfile fileupload setinputfiles upload attachfile",
		leads:   "goto navigate openurl openapp launchapp switchapp openapplication open back forward goback goforward newtab switchtab tabfocus visit navigateback navigateforward tabnew tabselect reload refresh launch startapp activatewindow focuswindow switchwindow opentab search navigateto gotourl openwebbrowser browse home openweb resize windowresize focus",
		closes:  "closewindow closetab closeapp close killapp tabclose closebrowser minimize maximize closepage handledialog stopapp",
		reads:   "cursorposition getcursorposition getclipboard getelements gettree accessibilitytree getstate listwindows getwindows getscreen observe look gettext getelement getwindowtitle extract getscreensize listapps consolemessages networkrequests gettabs listtabs getpagestate copy copytoclipboard",
		pastes:  "paste pastetext setclipboard",
		codes:   "evaluate executescript runjs runjavascript executejavascript runcode exec eval pyautogui executepython",
	} {
		for w := range strings.FieldsSeq(list) {
			m[w] = g
		}
	}
	return m
}()

// own are words that make a tool one for screens, and frames those that may.
var (
	own    = words("computer mouse keyboard gui screen desktop cua pyautogui xdotool computeruse cursor vnc rdp uiautomation autogui")
	frames = words("browser playwright puppeteer page ui element android adb mobile phone device app window windows terminal operator selenium webdriver macos web dom chrome appium stagehand tool mcp use action control tars xcuitest webarena osworld browsergym")
	fill   = words("by at on the to in for an into")
	// alone are gestures that need no such word beside them.
	alone = words("click doubleclick leftclick rightclick middleclick tripleclick dblclick tap longpress typetext inputtext presskey keypress hotkey scroll drag hover swipe screenshot type key mousemove fill fillform selectoption leftclickdrag draganddrop sendkeys takescreenshot clickelement clickat typewrite keycombo clickbutton dragto entertext press clickelementbyindex cursorposition mouseclick openapp")
)

// ofTool says which gesture a tool's name is, and whether the tool is one for screens.
func ofTool(a *input.Action) (g gesture, ours bool) {
	frame := a.Breakpoint == "computer_use"
	var joined strings.Builder
	first, last, n := "", "", 0
	for _, w := range a.Words {
		ours = ours || own[w]
		frame = frame || own[w] || frames[w]
		if (own[w] || frames[w] || fill[w]) && (gestures[w] == 0 || own[w] && len(a.Words) > 1) {
			continue
		}
		if n++; n == 1 {
			first = w
		}
		last = w
		joined.WriteString(w)
	}
	name := joined.String()
	g = gestures[name]
	if g == 0 && n <= 3 && verb.Of(first) != verb.Read && (frame || alone[first]) {
		if g = gestures[first]; g == 0 {
			g = gestures[last]
		}
	}
	ours = ours || a.Breakpoint == "computer_use" || g != 0 && (frame || alone[name] || n <= 3 && bodily[first])
	return g, ours
}

// bodily are gestures that no tool for anything else begins with.
var bodily = words("click tap scroll hover drag swipe doubleclick double mousedown")

// acts says that a tool leaves it to its arguments what is done: browser_action, execute_action.
func acts(names []string) bool {
	return has(names, "action") || has(names, "actions") || has(names, "browser") || has(names, "android") || has(names, "mobile") || has(names, "step")
}

// gestureKeys hold the name of a gesture in the arguments.
var gestureKeys = words("action actiontype type gesture operation event command kind interaction actionname function actions")

// harmless are gestures that change nothing and only look.
func (g gesture) onlyLooks() bool { return g != 0 && g&^(looks|reads) == 0 }

var gestureNames = [...]string{"look", "click", "type", "key", "drag", "select", "upload", "open", "close", "read", "paste", "code"}

func (g gesture) names() []string {
	var list []string
	for i, n := range gestureNames {
		if g&(1<<i) != 0 {
			list = append(list, n)
		}
	}
	return list
}
