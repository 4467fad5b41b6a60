package screen

import (
	"strings"

	"github.com/weighlock/weighlock/internal/facts/input"
	"github.com/weighlock/weighlock/internal/facts/web"
)

// roleWords are words at the end or the beginning of a description that name a role: "Submit button".
var roleWords = words("button link tab checkbox textbox field input icon dropdown radio switch combobox heading image toggle menuitem option searchbox box textarea area row cell item element submenu listbox slider label btn")

// quiet are roles whose click only puts the cursor there, unfolds or shows.
var quiet = words("tab textbox input field textarea searchbox search combobox heading treeitem columnheader rowheader image img dropdown select listbox details summary paragraph text document scrollbar tooltip breadcrumb navigation th td row cell edit menubar menu")

var boxes = words("checkbox radio switch toggle option slider spinbutton menuitemcheckbox menuitemradio togglebutton")

// clicked judges what is clicked, dragged or selected.
func (f *Facts) clicked(s *scene) {
	label, role := strings.Join(s.labels, " "), s.role
	f.Label = strings.ToValidUTF8(label[:min(len(label), 256)], "")
	f.Role = strings.TrimSpace(role)
	if s.gesture&(clicks|drags|selects|uploads) == 0 {
		return
	}
	texts := s.labels
	roles := strings.Fields(role)
	if len(texts) == 1 {
		bare, found := role1(texts[0])
		if found != "" {
			texts, roles = []string{bare}, append(roles, found)
			f.Role = strings.TrimSpace(f.Role + " " + found)
		}
	}
	link, still, box, submit := false, false, false, false
	for _, r := range roles {
		link = link || r == "link" || r == "a" || r == "hyperlink"
		still = still || quiet[r]
		box = box || boxes[r]
		submit = submit || r == "submit"
	}
	f.Toggles = box || s.gesture&selects != 0
	if len(texts) == 0 && (role == "" || s.selector) && !submit {
		f.Blind = true
		return
	}
	m := gravest(texts, link)
	if submit && !m.known {
		m = understand("submit", false)
	}
	if m.act == "login" && link {
		m = meaning{looks: true, known: true}
	}
	f.Commits = m.act != "" && !still
	if f.Commits {
		f.Act = string(m.act)
	}
	f.Agrees = m.agrees && !f.Commits
	f.Leads = !f.Commits && !f.Agrees && (m.looks || still || link)
	f.Unclear = !f.Commits && !f.Leads && !f.Agrees && !f.Toggles && !m.known
}

func gravest(labels []string, link bool) meaning {
	var best meaning
	for _, l := range labels {
		m := understand(l, link)
		if weights[m.act] > weights[best.act] || !best.known {
			m.agrees = m.agrees || best.agrees
			best = m
		}
	}
	return best
}

// role1 splits "Submit order button" into what it says and its role.
func role1(text string) (bare, role string) {
	list := input.SplitWords(text[:min(len(text), maxLabel)])
	if len(list) < 2 {
		return text, ""
	}
	last := list[len(list)-1]
	if roleWords[last] {
		i := strings.LastIndex(strings.ToLower(text), last)
		if i > 0 {
			return strings.TrimSpace(text[:i]), last
		}
	}
	if roleWords[list[0]] && list[0] != "submenu" {
		return strings.TrimSpace(text[len(list[0]):]), list[0]
	}
	return text, ""
}

// typed judges what is typed, and into what.
func (f *Facts) typed(s *scene) {
	if s.gesture&(types|pastes) == 0 {
		return
	}
	f.Text = strings.ToValidUTF8(s.typed.String(), "\ufffd")
	f.Types = true
	f.Secret = web.LooksSecret(strings.TrimSpace(f.Text))
	f.Enter = s.pressed || strings.HasSuffix(f.Text, "\n") || strings.Contains(f.Text, "{ENTER}") || strings.Contains(f.Text, "{enter}")
	field := strings.Join(s.labels, " ") + " " + s.role
	for _, w := range fold(field) {
		f.Password = f.Password || passwordWords[w]
		f.SearchBox = f.SearchBox || searchWords[w]
		f.AddressBar = f.AddressBar || addressWords[w]
		f.Message = f.Message || messageWords[w]
		f.Payment = f.Payment || paymentWords[w]
	}
	f.SearchBox = f.SearchBox && !f.Password && !f.Payment
	f.Aimless = strings.TrimSpace(field) == "" && !f.Terminal
}

var (
	passwordWords = words("password passwd pwd passcode pin otp 2fa mfa cvv cvc passphrase secret passwort kennwort motdepasse passe contrasena clave senha wachtwoord haslo losenord sifre пароль パスワード 密码 비밀번호 token apikey")
	searchWords   = words("search searchbox filter query find lookup suche suchen suchfeld recherche rechercher buscar busca pesquisar cerca zoeken szukaj sok ara поиск 検索 搜索 검색 q keyword keywords")
	addressWords  = words("url omnibox addressbar location urlbar address-bar")
	messageWords  = words("message comment reply compose chat post tweet body status nachricht kommentar antwort commentaire mensaje comentario mensagem messaggio commento bericht сообщение メッセージ 消息 메시지 caption review feedback dm subject recipient")
	paymentWords  = words("card creditcard cardnumber iban amount account routing sort-code betrag kontonummer karte montant carte tarjeta monto importe cartao valor carta importo cvc cvv recipient-account payee beneficiary")
)

// pressed judges keys.
func (f *Facts) pressed(s *scene) {
	f.Keys = s.keys[:min(len(s.keys), maxKeys)]
	if s.gesture&presses == 0 {
		return
	}
	all, harmless := strike(s.keys)
	f.Dangerous = all&dangerousKey != 0
	f.Harmless = harmless && (!f.Terminal || !has(s.keys, "ctrl")) // there ctrl+c ends a program
	f.Enter = f.Enter || all&(enterKey|sendKey) != 0
	f.Pastes = all&pasteKey != 0
	if all&(saveKey|sendKey) != 0 && !f.Commits {
		f.Commits, f.Act = true, "change"
		if all&sendKey != 0 {
			f.Act = "send"
		}
	}
	f.Unknown = f.Unknown || len(s.keys) == 0 || len(s.keys) > maxKeys
}

var terminalWords = words("terminal xterm konsole iterm iterm2 gnome-terminal alacritty kitty wezterm tmux putty powershell pwsh bash zsh cmd console tty ssh shell rxvt urxvt xfce4-terminal tilix terminator konsole2 hyper warp mintty conemu cmder repl prompt guake yakuake termux lxterminal eingabeaufforderung run-dialog jupyter devtools")

// terminal tells the title of a window in which what is typed is run.
func terminal(text string) bool {
	if len(text) > 1024 {
		text = text[:1024]
	}
	low := strings.ToLower(text)
	for w := range strings.FieldsFuncSeq(low, func(r rune) bool {
		return r == ' ' || r == ':' || r == '/' || r == '.' || r == '|' || r == '(' || r == ')' || r == ','
	}) {
		if terminalWords[w] || strings.HasSuffix(w, "-terminal") {
			return true
		}
	}
	if at := strings.IndexByte(low, '@'); at > 0 && (strings.Contains(low[at:], ":~") || strings.Contains(low[at:], ": ~") || strings.Contains(low[at:], ":/") || strings.Contains(low[at:], ": /")) {
		return true // user@host: ~/directory
	}
	return strings.Contains(low, "command prompt") || strings.Contains(low, "run dialog") || strings.Contains(low, "developer tools") || strings.Contains(low, "command line") || strings.HasSuffix(low, "$ ")
}

// special are kinds of applications that are no sites.
func special(text string) (kinds []string) {
	if len(text) > 1024 {
		text = text[:1024]
	}
	low := strings.ToLower(text)
	for _, n := range []string{"1password", "bitwarden", "keepass", "lastpass", "dashlane", "keychain", "password manager", "passwords", "kwallet", "seahorse", "nordpass", "enpass", "credential manager", "passwort-manager"} {
		if strings.Contains(low, n) {
			kinds = append(kinds, "passwords")
			break
		}
	}
	for _, n := range []string{"settings", "preferences", "control panel", "einstellungen", "systemsteuerung", "system configuration", "regedit", "registry editor", "group policy", "paramètres", "ajustes", "configuración", "configurações", "impostazioni", "about:config"} {
		if strings.Contains(low, n) {
			kinds = append(kinds, "settings")
			break
		}
	}
	return kinds
}
