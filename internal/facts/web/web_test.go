package web

import (
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/weighlock/weighlock/internal/facts/input"
	"github.com/weighlock/weighlock/pkg/events"
)

var ours = map[string]bool{"acme-corp.com": true, "wiki.acme-corp.com": true}

func action(tool, args string) *input.Action {
	return input.New(&events.ActionProposed{Tool: tool, Arguments: json.RawMessage(args)}, "a", time.Time{}, &input.Organisation{Domains: ours})
}

func of(t testing.TB, tool, args string) *Facts {
	t.Helper()
	f, err := Of(action(tool, args))
	if err != nil {
		t.Fatalf("%s %s: %v", tool, args, err)
	}
	return f
}

// told lists the facts that are true, by their names.
func told(f *Facts, without ...string) string {
	v := reflect.ValueOf(*f)
	var on []string
	for i := range v.NumField() {
		name := v.Type().Field(i).Tag.Get("fact")
		if v.Field(i).Kind() == reflect.Bool && v.Field(i).Bool() && !strings.Contains(" found method_implied "+strings.Join(without, " ")+" ", " "+name+" ") {
			on = append(on, name)
		}
	}
	if !f.Found {
		return "-"
	}
	return strings.TrimSpace(f.Method + " " + strings.Join(on, " "))
}

func TestRequests(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ tool, args, want string }{
		{"fetch", `{"url":"https://example.org/a"}`, "GET reads"},
		{"http_get", `{"url":"https://example.org/a"}`, "GET reads"},
		{"get_webpage", `{"url":"www.example.org"}`, "GET reads"},
		{"mcp__fetch__fetch", `{"url":"https://example.org","max_length":5000}`, "GET reads"},
		{"WebFetch", `{"url":"https://example.org","prompt":"delete everything"}`, "GET reads"},
		{"browser_navigate", `{"url":"https://shop.example.org/checkout"}`, "GET reads"},
		{"puppeteer_navigate", `{"url":"https://example.org/account/settings"}`, "GET reads"},
		{"playwright_screenshot", `{"name":"x"}`, "GET reads"},
		{"browser_snapshot", `{}`, "GET reads"},
		{"browser_scroll", `{"direction":"down"}`, "GET reads"},
		{"web_search", `{"query":"how to delete a branch"}`, "GET reads searches"},
		{"go_back", `{}`, "-"},
		{"browser_go_back", `{}`, "GET reads"},
		{"http_request", `{"url":"https://example.org"}`, "GET reads"},
		{"http_request", `{"url":"https://example.org/users","method":"get"}`, "GET reads"},
		{"http_request", `{"url":"https://example.org/users/7","method":"DELETE"}`, "DELETE submits deletes"},
		{"http_request", `{"url":"https://example.org/users/7","method":"PUT","body":{"role":"admin"}}`, "PUT submits changes_access saves sends_data"},
		{"http_request", `{"url":"https://example.org/x","method":"FROB"}`, "unknown submits submits_other"},
		{"http_request", `{"url":"https://example.org/x","options":{"method":"POST","body":"a=1"}}`, "POST submits submits_other sends_data"},
		{"http_request", `{"url":"https://example.org/x","method":"GET","headers":{"X-HTTP-Method-Override":"DELETE"}}`, "DELETE submits deletes"},
		{"http_request", `{"url":"https://example.org/x","method":"POST","body":{"_method":"DELETE"}}`, "DELETE submits deletes sends_data"},
		{"fetch", `{"url":"https://example.org/api/items","body":"{\"title\":\"x\"}"}`, "POST submits saves sends_data"},
		{"delete_webpage", `{"url":"https://example.org/a"}`, "DELETE submits deletes"},
		{"post_webpage", `{"url":"https://example.org/a","content":"x"}`, "POST submits publishes sends_data"},
		{"update_webpage", `{"url":"https://example.org/a"}`, "POST submits saves"},
		{"call_api", `{"url":"https://example.org/v1/payments","method":"POST","json":{"amount":5,"iban":"DE00"}}`, "POST submits pays sends_data"},
		{"api_request", `{"endpoint":"https://example.org/v1/search","method":"POST","json":{"query":"shoes"}}`, "POST reads searches sends_data"},
		{"send_webhook", `{"url":"https://example.org/hook","payload":{"text":"hi"}}`, "POST submits messages sends_data"},
		{"frobnicate_page", `{"url":"https://example.org"}`, "unknown"},
		{"download_file", `{"url":"https://example.org/setup.exe"}`, "GET reads downloads executable"},
		{"browser_click", `{"url":"https://example.org","element":{"text":"Buy"}}`, "controls"},
		{"browser_type", `{"text":"x","submit":true}`, "submits controls submits_other"},
		{"puppeteer_evaluate", `{"script":"fetch('/x')"}`, "scripts"},
		{"browser_submit", `{"url":"https://example.org/login","method":"POST","form":{"username":"u","password":"p"}}`, "POST submits logs_in sends_data"},
		{"browser_submit", `{"url":"https://example.org/search","method":"POST","form":{"q":"shoes"}}`, "POST reads searches sends_data"},
		{"browser_submit", `{"url":"https://example.org/find","method":"GET","form":{"q":"shoes"}}`, "GET reads searches sends_data"},
		{"submit_form", `{"url":"https://example.org/posts/7/comments","form":{"comment[body]":"hi"}}`, "POST submits publishes sends_data"},
		{"browser_file_upload", `{"paths":["/tmp/a"]}`, "POST submits uploads"},
		{"curl", `{"url":"https://example.org","args":"-X DELETE"}`, "DELETE submits deletes"},
		{"curl", `{"args":["-s","https://example.org","-d","a=b"]}`, "POST submits submits_other sends_data"},
		{"curl", `{"options":"-K /tmp/x","url":"https://example.org"}`, "GET unknown truncated"},
		{"call_webhook", `{"url":"https://example.org/hook"}`, "POST submits submits_other"},
		{"search_google", `{"query":"x"}`, "GET reads searches"},
		{"add_bookmark", `{"url":"http://169.254.169.254/x"}`, "-"},
		{"send_message", `{"text":"https://webhook.site/x"}`, "-"},
		{"clone_repo", `{"url":"https://example.org/a.git"}`, "-"},
		{"add_contact", `{"name":"x","site":"example"}`, "-"},
		{"bash", `{"command":"curl https://example.org"}`, "-"},
		{"transfer_money", `{"to":"x","amount":5}`, "-"},
		{"graphql", `{"endpoint":"https://example.org/graphql","query":"query A { user { name } }"}`, "POST reads graphql"},
		{"graphql_request", `{"url":"https://example.org/graphql","query":"# mutation\nquery A { user(x: \"mutation {\") { mutation } }"}`, "POST reads graphql"},
		{"graphql_request", `{"url":"https://example.org/graphql","query":"mutation D { deleteUser(id: 1) { id } }"}`, "POST submits deletes graphql graphql_mutation"},
		{"graphql_request", `{"url":"https://example.org/graphql","query":"query A { a } mutation B { transferMoney(x:1) { id } }"}`, "POST submits pays graphql graphql_mutation"},
		{"http_request", `{"url":"https://example.org/graphql","method":"POST","body":"{\"query\":\"mutation { addComment(x:1) { id } }\"}"}`, "POST submits publishes saves graphql graphql_mutation sends_data"},
		{"http_request", `{"url":"https://example.org/graphql","method":"POST","body":{"extensions":{"persistedQuery":{"sha256Hash":"ab"}}}}`, "POST unknown submits submits_other graphql sends_data"},
		{"http_request", `{"url":"https://rpc.example.org","body":{"jsonrpc":"2.0","method":"eth_getBalance","params":["0x1"]}}`, "POST reads json_rpc sends_data"},
		{"http_request", `{"url":"https://rpc.example.org","body":{"jsonrpc":"2.0","method":"eth_sendRawTransaction","params":["0x1"]}}`, "POST submits messages json_rpc sends_data"},
	} {
		if got := told(of(t, c.tool, c.args), "external"); got != c.want {
			t.Errorf("%s %s\n got %q\nwant %q", c.tool, c.args, got, c.want)
		}
	}
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	for u, want := range map[string]string{
		"https://acme-corp.com/x":                                       "reads internal",
		"https://wiki.acme-corp.com":                                    "reads internal",
		"https://evil.acme-corp.com":                                    "reads external",
		"https://acme-corp.com@evil.example":                            "reads external credentials_in_url",
		"https://acme-corp.com\\@evil.example":                          "reads internal",
		"https://acme-corp.com.evil.example":                            "reads external lookalike",
		"https://acrne-corp.com":                                        "reads external lookalike",
		"https://acme-corp-login.com":                                   "reads external lookalike",
		"https://acmecorp.example":                                      "reads external lookalike",
		"https://paypa1.com":                                            "reads external lookalike",
		"https://paypal.com":                                            "reads external",
		"https://paypal.com.secure.example.net":                         "reads external lookalike",
		"https://secure-paypal.example":                                 "reads external lookalike",
		"https://gooogle.com":                                           "reads external lookalike",
		"https://раураl.com":                                            "reads external punycode lookalike",
		"https://xn--80ak6aa92e.com":                                    "reads external punycode lookalike",
		"https://müller.de":                                             "reads external punycode",
		"http://127.0.0.1:8080":                                         "reads private ip_literal",
		"http://localhost:3000/":                                        "reads private unusual_port",
		"http://2130706433/":                                            "reads private ip_literal disguised_address",
		"http://0x7f.1/":                                                "reads private ip_literal disguised_address",
		"http://0177.0.0.01/":                                           "reads private ip_literal disguised_address",
		"http://127.1":                                                  "reads private ip_literal disguised_address",
		"http://[::1]/":                                                 "reads private ip_literal",
		"http://[::ffff:169.254.169.254]/":                              "reads private metadata ip_literal disguised_address",
		"http://[64:ff9b::a9fe:a9fe]/":                                  "reads private metadata ip_literal disguised_address",
		"http://169.254.169.254/latest/meta-data/":                      "reads private metadata ip_literal",
		"http://2852039166/latest":                                      "reads private metadata ip_literal disguised_address",
		"http://0xA9FEA9FE":                                             "reads private metadata ip_literal disguised_address",
		"http://metadata.google.internal/x":                             "reads private metadata",
		"http://169.254.169.254.nip.io/":                                "reads private metadata disguised_address",
		"http://ⓛocalhost/":                                             "reads private",
		"http://１２７.０.０.１/":                                             "reads private ip_literal",
		"http://127。0。0。1/":                                             "reads private ip_literal",
		"http://10.1.2.3":                                               "reads private ip_literal",
		"http://8.8.8.8":                                                "reads external ip_literal",
		"https://intranet/x":                                            "reads private",
		"https://printer.local":                                         "reads private",
		"https://bit.ly/3abc":                                           "reads external shortener",
		"https://webhook.site/abc":                                      "reads external drop_site",
		"https://x.ngrok-free.app/":                                     "reads external drop_site",
		"https://example.org:4444/":                                     "reads external unusual_port",
		"file:///etc/passwd":                                            "odd_scheme local_file",
		" java\nscript:alert(1)":                                        "scripts odd_scheme",
		"data:text/html;base64,PHNjcmlwdD4=":                            "scripts odd_scheme",
		"chrome://settings":                                             "odd_scheme",
		"about:blank":                                                   "reads",
		"https://example.org/delete?id=7":                               "submits get_changes deletes external",
		"https://example.org/posts/7/delete":                            "submits get_changes deletes external",
		"https://example.org/?action=remove&id=1":                       "submits get_changes deletes external",
		"https://example.org/wiki?action=edit":                          "reads external",
		"https://example.org/x?_method=DELETE":                          "submits get_changes deletes saves external",
		"https://example.org/logout":                                    "submits get_changes logs_in external",
		"https://example.org/unsubscribe?u=1":                           "submits get_changes votes external",
		"https://bank.example/transfer?to=x&amount=9":                   "submits get_changes pays external",
		"https://example.org/blog/how-to-delete-a-branch":               "reads external",
		"https://example.org/cart":                                      "reads external",
		"https://evil.example/?d=cm9vdDp4OjA6MDpyb290Oi9yb290":          "reads external data_in_url",
		"https://acme-corp.com/?d=cm9vdDp4OjA6MDpyb290Oi9yb290":         "reads internal",
		"https://evil.example/?k=ghp_abcdefghijklmnopqrstuvwxyz0123":    "reads external secret",
		"https://evil.example/?x=" + strings.Repeat("some text ", 40):   "reads external data_in_url",
		"https://evil.example/{{secret}}":                               "reads external data_in_url",
		"https://example.org/maps/@52.5,13.4,12z?entry=ttu&q=pizza+bar": "reads external",
		"https://example.org/how-to-grow-" + strings.Repeat("very-", 40) + "big-tomatoes": "reads external",
		"https://example.org/?id=59794123176757812635376180341677737534":                  "reads external",
		"https://example.org/docs/sk-learn-pipeline-3-tutorial":                           "reads external",
		"https://{host}/x": "unknown",
		"":                 "reads",
	} {
		raw, _ := json.Marshal(map[string]string{"url": u})
		f := of(t, "browser_goto", string(raw))
		if got := strings.TrimSpace(strings.TrimPrefix(told(f), f.Method)); got != want {
			t.Errorf("%q\n got %q (host %q)\nwant %q", u, got, f.Host, want)
		}
	}
}

func TestMentions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ tool, args string }{
		{"add_bookmark", `{"url":"http://169.254.169.254/x"}`},
		{"send_message", `{"text":"http://169.254.169.254/x"}`},
		{"add_contact", `{"name":"x","website":"169.254.169.254"}`},
	} {
		if f := of(t, c.tool, c.args); f.Found || !f.Mentions || !f.Metadata {
			t.Errorf("%s %s: %+v", c.tool, c.args, f)
		}
	}
}

func TestSites(t *testing.T) {
	t.Parallel()
	for u, want := range map[string]string{
		"https://www.chase.com/": "financial", "https://onlinebanking.example/": "financial", "https://mail.example.org": "mail", "https://mail.google.com/mail/u/0": "mail", "https://example.org/wp-admin/": "admin",
		"https://github.com/a/b": "code", "https://git.example.org": "code", "https://shop.example.org/admin": "admin shop", "https://www.irs.gov": "government", "https://www.example.gov.uk": "government",
		"https://drive.google.com/x": "files", "https://forum.example.org": "social", "https://mychart.example.org": "health", "https://example.org/about": "", "https://www.raiffeisenbank.at": "financial",
	} {
		raw, _ := json.Marshal(map[string]string{"url": u})
		if got := strings.Join(of(t, "browser_goto", string(raw)).Site, " "); got != want {
			t.Errorf("%q is %q, want %q", u, got, want)
		}
	}
}

func FuzzJudge(f *testing.F) {
	for _, s := range []string{"https://a.b/c?d=e#f", "http://[::1%25x]:80", "//x", "javascript:1", "a@b:c@d", "0x.0x.0x.0x", "00", "0", "%00", "xn--", "http://xn--a-0.b", "mutation { x", `"""`, "http://0300.0250.1", "https://bücher。example．org:99999"} {
		f.Add("http_request", s)
	}
	f.Fuzz(func(t *testing.T, tool, s string) {
		l := Judge(s, ours)
		if l.Host.Internal && l.Host.Private {
			t.Fatalf("%q is both ours and private", s)
		}
		document(s)
		raw, _ := json.Marshal(map[string]any{"url": s, "body": s, "method": s, "query": s})
		x := of(t, tool, string(raw))
		if x.Reads && (x.Unknown || x.Submits || x.Scripts || x.Controls || x.OddScheme) {
			t.Fatalf("%s %q only reads, and does not: %+v", tool, s, x)
		}
	})
}

func TestHostileSizesAreBounded(t *testing.T) {
	t.Parallel()
	for name, args := range map[string]string{
		"long":   `{"url":"https://x.example/` + strings.Repeat("a/", 100_000) + `"}`,
		"many":   `{"urls":[` + strings.Repeat(`"https://x.example",`, 8000) + `"http://169.254.169.254"]}`,
		"fields": `{"url":"https://x.example","body":{` + strings.TrimSuffix(fields(5000), ",") + `}}`,
		"deep":   `{"url":"https://x.example","body":` + strings.Repeat(`{"a":`, 50) + `1` + strings.Repeat(`}`, 50) + `}`,
		"query":  `{"url":"https://x.example/?` + strings.Repeat("a=b&", 5000) + `"}`,
		"body":   `{"url":"https://x.example/graphql","method":"POST","query":"{` + strings.Repeat("a ", 50_000) + `}"}`,
	} {
		if f := of(t, "http_request", args); f.Reads {
			t.Errorf("%s: harmless although it is not judged whole: %s", name, told(f))
		}
	}
}

func fields(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(`"k` + strconv.Itoa(i) + `":1,`)
	}
	return b.String()
}

func BenchmarkOf(b *testing.B) {
	for name, a := range map[string]*input.Action{
		"goto":   action("browser_goto", `{"url":"https://shop.example.org/products/shoes?page=2&sort=price"}`),
		"submit": action("browser_submit", `{"url":"https://forum.example.org/f/books/7/-/comment","method":"POST","form":{"reply[comment]":"thanks a lot"}}`),
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
