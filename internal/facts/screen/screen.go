// Package screen says what an action does to a screen by mouse and keyboard, and to which element.
package screen

import (
	"slices"
	"strings"

	"github.com/weighlock/weighlock/internal/facts/input"
	"github.com/weighlock/weighlock/internal/facts/verb"
	"github.com/weighlock/weighlock/internal/facts/web"
)

// Facts is what an action does with mouse and keyboard, by the tool's name, the gesture and the element it names.
type Facts struct {
	Found   bool `doc:"the tool is one for a screen, a browser's page or a phone, and a gesture is named; opening addresses alone is the domain web" fact:"found"`
	Unknown bool `doc:"the gesture is not known, a script has more than gestures, or there is more than is read" fact:"unknown"`

	Gestures []string `doc:"what is done: look, click, type, key, drag, select, upload, open, close, read, paste, code" fact:"gestures"`
	Looks    bool     `doc:"nothing but looking: screenshot, scroll, wait, move, hover, zoom, reading the cursor or the page; also harmless keys alone" fact:"looks"`
	Blind    bool     `doc:"it clicks, drags, selects or uploads at coordinates or an id alone: nobody can tell what is meant" fact:"blind"`

	Role  string `doc:"the element's role or tag, in lower case" fact:"role"`
	Label string `doc:"the element's text, label or selector, as given" fact:"label"`

	Commits  bool   `doc:"the element's text means a lasting effect, in one of many languages: Save, Delete, Pay, Send, Allow, Install, …; or keys do that save or send" fact:"commits"`
	Act      string `doc:"which act the text means: delete, pay, grant, send, publish, deploy, install, run, stop, change, create, login; empty where it commits nothing" fact:"act"`
	Agrees   bool   `doc:"the element agrees to what was asked before: OK, Yes, Continue, Done" fact:"agrees"`
	Leads    bool   `doc:"the click only leads somewhere, closes or unfolds: Cancel, Back, Next, Details, a tab, a menu, a filter, a field, a link that names no act" fact:"navigates"`
	Unclear  bool   `doc:"the element has a text that is not understood, or only a role such as button" fact:"unknown_label"`
	Toggles  bool   `doc:"a box, a switch or an option is set" fact:"toggles"`
	Opens    bool   `doc:"an application, a tab or an address is opened" fact:"opens"`
	Closes   bool   `doc:"a window, a tab or an application is closed" fact:"closes"`
	Uploads  bool   `doc:"a file is given to the page" fact:"uploads"`
	Drags    bool   `doc:"something is dragged: it may move or only mark" fact:"drags"`
	RunsCode bool   `doc:"code runs on the page or the machine" fact:"runs_code"`

	Types      bool   `doc:"text is typed" fact:"types"`
	Text       string `doc:"what is typed" fact:"text"`
	Terminal   bool   `doc:"the window or the field is a terminal, a console or a run dialog; what is typed is a command" fact:"terminal"`
	Password   bool   `doc:"the field is for a password, a PIN or a code" fact:"password_field"`
	SearchBox  bool   `doc:"the field is for searching or filtering" fact:"search_field"`
	AddressBar bool   `doc:"the field is a browser's address bar" fact:"address_field"`
	Message    bool   `doc:"the field is for a message, a comment or a post" fact:"message_field"`
	Payment    bool   `doc:"the field is for a card, an account or an amount" fact:"payment_field"`
	Aimless    bool   `doc:"text is typed and nothing says into what" fact:"types_blind"`
	Secret     bool   `doc:"what is typed looks like a key or a token" fact:"types_secret"`

	Keys      []string `doc:"the keys pressed, in one spelling: ctrl, alt, shift, super, enter, …" fact:"keys"`
	Dangerous bool     `doc:"keys that close, delete, leave or open a command line: alt+f4, ctrl+w, delete, super+r, ctrl+alt+t, developer tools" fact:"dangerous_keys"`
	Harmless  bool     `doc:"every key only moves, copies, marks or finds" fact:"harmless_keys"`
	Enter     bool     `doc:"Enter is pressed, alone or after typing: it submits forms and runs commands" fact:"enter"`
	Pastes    bool     `doc:"the clipboard is pasted: what that holds is not known" fact:"pastes"`

	Window string   `doc:"the window's title, or the target that the agent names" fact:"window"`
	App    string   `doc:"the application" fact:"app"`
	Site   []string `doc:"kinds of the site or the application: financial, mail, admin, files, code, shop, social, health, government, passwords, settings" fact:"site"`

	Acts []verb.Act
}

// Of derives the facts.
func Of(a *input.Action) (*Facts, error) {
	args, err := a.Parsed()
	if err != nil {
		return nil, err
	}
	f := &Facts{}
	g, ours := ofTool(a)
	if !ours && !acts(a.Words) {
		return f, nil
	}
	s := look(args, g)
	if !ours && s.gesture == 0 || s.gesture == leads && a.Breakpoint != "computer_use" && s.app == "" {
		return f, nil // an address: the domain web
	}
	f.Found = true
	f.Unknown = s.strange || s.cut || s.gesture == 0
	f.Gestures = s.gesture.names()
	f.where(s, a)
	f.clicked(s)
	f.typed(s)
	f.pressed(s)
	f.rest(s)
	f.Acts = f.acts()
	return f, nil
}

func (f *Facts) rest(s *scene) {
	f.Opens = s.gesture&leads != 0
	f.Closes = s.gesture&closes != 0
	f.Uploads = s.gesture&uploads != 0
	f.Drags = s.gesture&drags != 0
	f.RunsCode = s.gesture&codes != 0
	f.Pastes = f.Pastes || s.gesture&pastes != 0 && s.typed.Len() == 0
	f.Looks = !f.Unknown && s.gesture.onlyLooks() || !f.Unknown && f.Harmless && s.gesture&^(looks|reads|presses) == 0
}

// where says which window, application and kind of site it is.
func (f *Facts) where(s *scene, a *input.Action) {
	f.Window, f.App = s.window, s.app
	if f.Window == "" && a.Target != nil {
		f.Window = a.Target.Name
	}
	places := f.Window + " " + f.App
	f.Terminal = terminal(places) || terminal(strings.Join(s.labels, " ")) && s.gesture&types != 0 || has(a.Words, "terminal")
	site := web.SiteOfText(places)
	if s.url != "" {
		site |= web.SiteOfURL(s.url)
	}
	f.Site = append(site.Names(), special(places)...)
}

func (f *Facts) acts() []verb.Act {
	var acts []verb.Act
	if f.Act != "" {
		acts = append(acts, verb.Act(f.Act))
	}
	if f.Terminal && (f.Types || f.Enter) || f.RunsCode {
		acts = append(acts, verb.Run)
	}
	if f.Uploads {
		acts = append(acts, verb.Publish)
	}
	if f.Looks || f.Leads && !f.Commits {
		return append(acts, verb.Read)
	}
	return append(acts, verb.Control)
}

func has(list []string, w string) bool { return slices.Contains(list, w) }
