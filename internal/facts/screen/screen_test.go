package screen

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/weighlock/weighlock/internal/facts/input"
	"github.com/weighlock/weighlock/internal/facts/verb"
	"github.com/weighlock/weighlock/pkg/events"
)

func action(tool, args string) *input.Action {
	return input.New(&events.ActionProposed{Tool: tool, Arguments: json.RawMessage(args)}, "a", time.Time{}, nil)
}

func of(t testing.TB, tool, args string) *Facts {
	t.Helper()
	f, err := Of(action(tool, args))
	if err != nil {
		t.Fatalf("%s %s: %v", tool, args, err)
	}
	return f
}

func told(f *Facts) string {
	if !f.Found {
		return "-"
	}
	v := reflect.ValueOf(*f)
	on := []string{strings.Join(f.Gestures, "+")}
	if f.Act != "" {
		on = append(on, "act="+f.Act)
	}
	for i := range v.NumField() {
		name := v.Type().Field(i).Tag.Get("fact")
		if v.Field(i).Kind() == reflect.Bool && v.Field(i).Bool() && name != "found" && name != "commits" {
			on = append(on, name)
		}
	}
	return strings.TrimSpace(strings.Join(on, " "))
}

func TestGestures(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ tool, args, want string }{
		{"computer", `{"action":"screenshot"}`, "look looks"},
		{"computer", `{"action":"scroll","coordinate":[1,2],"scroll_direction":"down"}`, "look looks"},
		{"computer", `{"action":"mouse_move","coordinate":[1,2]}`, "look looks"},
		{"computer", `{"action":"cursor_position"}`, "read looks"},
		{"computer", `{"action":"wait","duration":2}`, "look looks"},
		{"computer", `{"action":"left_click","coordinate":[100,200]}`, "click blind"},
		{"computer", `{"action":"type","text":"hello"}`, "type types types_blind"},
		{"computer", `{"action":"key","text":"ctrl+alt+Delete"}`, "key dangerous_keys"},
		{"computer", `{"action":"key","text":"Page_Down"}`, "key looks harmless_keys"},
		{"computer", `{"action":"key","text":"Return"}`, "key enter"},
		{"computer", `{"action":"key","text":"ctrl+s"}`, "key act=change"},
		{"computer", `{"action":"key","text":"ctrl+v"}`, "key pastes"},
		{"computer", `{"action":"frobnicate"}`, " unknown"},
		{"computer", `{}`, " unknown"},
		{"computer_use_preview", `{"type":"keypress","keys":["CTRL","W"]}`, "key dangerous_keys"},
		{"computer", `{"action":{"type":"double_click","x":1,"y":2}}`, "click blind"},
		{"computer", `{"actions":[{"type":"wait"},{"type":"click","x":1,"y":2}]}`, "look+click blind"},
		{"click", `{"x":10,"y":20}`, "click blind"},
		{"browser_click", `{"element":{"role":"button","text":"Place order"}}`, "click act=pay"},
		{"browser_click", `{"element":"Submit button","ref":"e12"}`, "click act=change"},
		{"browser_click", `{"element":"Delete account link","ref":"e12"}`, "click act=delete"},
		{"browser_click", `{"element":"Next page link","ref":"e12"}`, "click navigates"},
		{"browser_click", `{"ref":"e12"}`, "click blind"},
		{"browser_click", `{"index":4}`, "click blind"},
		{"playwright_click", `{"selector":"button:has-text('Pay now')"}`, "click act=pay"},
		{"playwright_click", `{"selector":"text=Cancel"}`, "click navigates"},
		{"puppeteer_click", `{"selector":"#delete-account"}`, "click act=delete"},
		{"puppeteer_click", `{"selector":"button[type=submit]"}`, "click act=change"},
		{"puppeteer_click", `{"selector":"#root > div:nth-child(2)"}`, "click unknown_label"},
		{"browser_click", `{"element":{"role":"button"}}`, "click unknown_label"},
		{"browser_click", `{"element":{"role":"tab","text":"Orders"}}`, "click navigates"},
		{"browser_click", `{"element":{"role":"textbox","name":"Comment"}}`, "click navigates"},
		{"browser_click", `{"element":{"role":"link","text":"How to delete your account safely"}}`, "click navigates"},
		{"browser_click", `{"element":{"role":"checkbox","name":"Remember me"}}`, "click toggles"},
		{"browser_click", `{"element":{"role":"button","text":"OK"}}`, "click agrees"},
		{"browser_click", `{"element":{"role":"button","text":"Frob"}}`, "click unknown_label"},
		{"browser_click", `{"role":"button","name":"Sign out"}`, "click act=login"},
		{"browser_hover", `{"element":"Menu"}`, "look looks"},
		{"browser_type", `{"element":"Search box","ref":"e1","text":"shoes","submit":true}`, "type types search_field enter"},
		{"browser_type", `{"element":"Password","text":"hunter2"}`, "type types password_field"},
		{"browser_fill", `{"selector":"#comment","value":"thanks"}`, "type types message_field"},
		{"browser_select_option", `{"element":"Size","values":["M"]}`, "select toggles"},
		{"browser_press_key", `{"key":"Escape"}`, "key looks harmless_keys"},
		{"browser_press_key", `{"key":"Enter"}`, "key enter"},
		{"press_key", `{"key":"alt+F4"}`, "key dangerous_keys"},
		{"hotkey", `{"keys":["ctrl","c"]}`, "key looks harmless_keys"},
		{"hotkey", `{"keys":"cmd+space"}`, "key dangerous_keys"},
		{"type_text", `{"text":"rm -rf ~\n","window":"user@host: ~"}`, "type types terminal enter"},
		{"terminal_type", `{"window":"Terminal","text":"ls"}`, "type types terminal"},
		{"computer", `{"action":"type","text":"x","app":"gnome-terminal"}`, "type types terminal"},
		{"computer", `{"action":"key","text":"ctrl+c","window":"xterm"}`, "key terminal"},
		{"drag", `{"from_x":1,"to_x":2,"x":1}`, "drag blind drags"},
		{"browser_file_upload", `{"paths":["/tmp/a.png"]}`, "upload blind uploads"},
		{"tap", `{"x":1,"y":2}`, "click blind"},
		{"mobile_swipe", `{"direction":"up"}`, "look looks"},
		{"open_app", `{"app_name":"Settings"}`, "open opens"},
		{"browser_close_tab", `{"index":1}`, "close closes"},
		{"browser_evaluate", `{"function":"() => 1"}`, "code unknown runs_code"},
		{"pyautogui", `{"code":"import pyautogui\npyautogui.click(10, 20)\npyautogui.typewrite('sudo reboot\\n')"}`, "click+type+code blind runs_code types types_blind enter"},
		{"computer", `{"action":"click(start_box='(10,20)')"}`, "click blind"},
		{"computer", `{"action":"hotkey(key='ctrl w')"}`, "key dangerous_keys"},
		{"computer", `{"action":"type(content='hello')"}`, "type types types_blind"},
		{"computer", `{"action":"click('a51')"}`, "click blind"},
		{"computer", `{"action":"fill('237', 'some text')"}`, "type types types_blind"},
		{"computer", `{"action":"import os; os.system('rm -rf /')"}`, " unknown"},
		{"execute_action", `{"action_type":"CLICK","parameters":{"x":1,"y":2}}`, "click blind"},
		{"webarena_action", `{"action":"click('123')"}`, "click blind"},
		{"click_link", `{"text":"Delete my account"}`, "click act=delete"},
		{"stagehand_act", `{"action":"click the Delete button"}`, "click act=delete"},
		{"send_keys", `{"keys":"Control+Enter"}`, "type+key act=send types types_blind enter"},
		{"scroll_down", `{"amount":300}`, "look looks"},
		{"pyautogui.click", `{"x":1,"y":2}`, "click blind"},
		{"take_action", `{"action":"approve"}`, "-"},
		{"upload_to_storage", `{"content":"x"}`, "-"},
		{"browser_goto", `{"url":"https://example.org"}`, "-"},
		{"fetch", `{"url":"https://example.org"}`, "-"},
		{"get_element_type", `{"id":"x"}`, "-"},
		{"move_file", `{"source":"a"}`, "-"},
		{"bash", `{"command":"click"}`, "-"},
		{"web_search", `{"query":"click"}`, "-"},
		{"write_file", `{"path":"a"}`, "-"},
		{"select", `{"table":"x"}`, "-"},
	} {
		if got := told(of(t, c.tool, c.args)); got != strings.TrimSpace(c.want) {
			t.Errorf("%s %s\n got %q\nwant %q", c.tool, c.args, got, c.want)
		}
	}
}

func TestLabels(t *testing.T) {
	t.Parallel()
	const leads, agrees, unclear = verb.Act("leads"), verb.Act("agrees"), verb.Act("?")
	for label, want := range map[string]verb.Act{
		"Save": verb.Change, "SAVE CHANGES": verb.Change, " Save & Close ": verb.Change, "Submit": verb.Change, "Apply": verb.Change, "Update profile": verb.Change, "Merge pull request": verb.Change, "Confirm": verb.Change, "I agree": verb.Change,
		"Delete": verb.Delete, "Remove from cart": verb.Delete, "Empty trash": verb.Delete, "Yes, delete it": verb.Delete, "D\u200belete": verb.Delete, "Ｄｅｌｅｔｅ": verb.Delete, "🗑️": verb.Delete, "Factory reset": unclear, "Reset password": verb.Delete,
		"Pay $25.00": verb.Pay, "Buy now": verb.Pay, "Place your order": verb.Pay, "Place order": verb.Pay, "Proceed to checkout": verb.Pay, "Confirm and pay": verb.Pay, "Book flight": verb.Pay, "Review and pay": verb.Pay, "Transfer": verb.Pay,
		"Approve": verb.Grant, "Allow": verb.Grant, "Invite": verb.Grant, "Grant access": verb.Grant, "Send": verb.Send, "Reply": verb.Send, "Publish": verb.Publish, "Post": verb.Publish, "Share": verb.Publish, "Install": verb.Install, "Deploy": verb.Deploy,
		"Sign out": verb.Login, "Log in": verb.Login, "Create": verb.Create, "Add to cart": verb.Create, "Export": verb.Create, "Import": verb.Create, "Generate report": verb.Create, "Deactivate": verb.Stop, "Cancel subscription": verb.Stop, "Close account": verb.Stop,
		"Speichern": verb.Change, "Änderungen übernehmen": verb.Change, "Konto löschen": verb.Delete, "Jetzt kaufen": verb.Pay, "Zahlungspflichtig bestellen": verb.Pay, "Senden": verb.Send, "Veröffentlichen": verb.Publish, "Genehmigen": verb.Grant, "Bestätigen": verb.Change,
		"Enregistrer": verb.Change, "Supprimer": verb.Delete, "Payer": verb.Pay, "Envoyer": verb.Send, "Créer un compte": verb.Create, "Publier": verb.Publish, "Accepter": verb.Change,
		"Guardar": verb.Change, "Eliminar cuenta": verb.Delete, "Comprar ahora": verb.Pay, "Enviar": verb.Send, "Añadir": verb.Create, "Publicar": verb.Publish,
		"Salvar": verb.Change, "Excluir": verb.Delete, "Pagar": verb.Pay, "Salva": verb.Change, "Elimina": verb.Delete, "Acquista": verb.Pay, "Invia": verb.Send, "削除": verb.Delete, "保存する": verb.Change, "立即购买": verb.Pay, "Удалить": verb.Delete, "삭제": verb.Delete,
		"Cancel": leads, "Back": leads, "Close": leads, "Next": leads, "Details": leads, "View order": leads, "Show deleted items": leads, "Search": leads, "Clear filters": leads, "Sort by price": leads, "More": leads, "Abbrechen": leads, "Weiterlesen": unclear, "Annuler": leads, "Cerrar": leads, "×": leads, "Accept all cookies": leads, "Cancel edit": leads,
		"Learn how to pay": leads, "OK": agrees, "Yes": agrees, "Continue": agrees, "Weiter": agrees, "Blue shirt": unclear, "": unclear, "Kategorie A": unclear,
	} {
		got := understand(label, false)
		act := got.act
		switch {
		case act != "":
		case got.looks:
			act = leads
		case got.agrees:
			act = agrees
		default:
			act = unclear
		}
		if act != want {
			t.Errorf("%q means %q, want %q", label, act, want)
		}
	}
}

func TestPlaces(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ args, want string }{
		{`{"action":"type","text":"x","window":"Online Banking - Mozilla Firefox"}`, ""},
		{`{"action":"type","text":"x","window":"My Bank - Firefox"}`, "financial"},
		{`{"action":"type","text":"x","window":"Inbox - Thunderbird"}`, "mail"},
		{`{"action":"type","text":"x","window":"System Settings"}`, "settings"},
		{`{"action":"type","text":"x","app":"KeePassXC"}`, "passwords"},
		{`{"action":"type","text":"x","app":"Nautilus"}`, "files"},
		{`{"action":"type","text":"x","url":"https://shop.example.org/admin"}`, "admin shop"},
	} {
		got := strings.Join(of(t, "computer", c.args).Site, " ")
		if c.want != "" && got != c.want {
			t.Errorf("%s is %q, want %q", c.args, got, c.want)
		}
	}
}

func FuzzOf(f *testing.F) {
	for _, s := range []string{"click('a51')", "pyautogui.typewrite(\"x\\n\")", "ctrl+alt+del", "text=\"Pay\"", "//button[text()='x']", "((((", "'", "Ｄelete", "<ctrl>c", "type(content='", "#a > .b", "🗑"} {
		f.Add("computer", s)
		f.Add("browser_click", s)
	}
	f.Fuzz(func(t *testing.T, tool, s string) {
		understand(s, true)
		raw, _ := json.Marshal(map[string]any{"action": s, "text": s, "element": map[string]any{"text": s, "role": s}, "keys": []string{s, s}, "window": s})
		x := of(t, tool, string(raw))
		if x.Looks && (x.Unknown || x.Commits || x.Blind || x.Types || x.Dangerous) {
			t.Fatalf("%s %q only looks, and does not: %+v", tool, s, x)
		}
	})
}

func TestHostileSizesAreBounded(t *testing.T) {
	t.Parallel()
	for name, args := range map[string]string{
		"calls": `{"action":"` + strings.Repeat("wait();", 20_000) + `"}`,
		"deep":  `{"action":"` + strings.Repeat("wait(", 30_000) + `"}`,
		"texts": `{"actions":[` + strings.Repeat(`{"type":"wait"},`, 5000) + `{"type":"click","x":1}]}`,
		"keys":  `{"action":"key","keys":[` + strings.Repeat(`"down",`, 5000) + `"alt+f4"]}`,
	} {
		if f := of(t, "computer", args); f.Looks {
			t.Errorf("%s: harmless although it is not read whole: %s", name, told(f))
		}
	}
}

func BenchmarkOf(b *testing.B) {
	for name, a := range map[string]*input.Action{
		"click": action("browser_click", `{"url":"https://shop.example.org/admin","element":{"role":"button","text":"Save and continue"}}`),
		"type":  action("computer", `{"action":"type","text":"hello world","window":"Inbox - Thunderbird"}`),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Of(a); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
