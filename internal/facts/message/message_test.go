package message

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/weighlock/weighlock/internal/facts/input"
	"github.com/weighlock/weighlock/pkg/events"
)

var (
	noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	org  = &input.Organisation{Domains: map[string]bool{"example.com": true}}
)

func of(t *testing.T, tool, arguments string) *Facts {
	t.Helper()
	f, err := Of(input.New(&events.ActionProposed{Tool: tool, Arguments: json.RawMessage(arguments)}, "agent", noon, org))
	if err != nil {
		t.Fatalf("%s %.80s: %v", tool, arguments, err)
	}
	return f
}

// check wants each of the facts named in want to be true, and false where it begins with "!".
func check(t *testing.T, what string, f *Facts, want string) {
	t.Helper()
	v := reflect.ValueOf(f).Elem()
	have := map[string]bool{}
	for i := range v.NumField() {
		if name, ok := v.Type().Field(i).Tag.Lookup("fact"); ok && v.Field(i).Kind() == reflect.Bool {
			have[name] = v.Field(i).Bool()
		}
	}
	for w := range strings.FieldsSeq(want) {
		name, not := strings.CutPrefix(w, "!")
		if is, known := have[name]; !known || is == not {
			t.Errorf("%.140s: %s is %v (known %v)", what, name, is, known)
		}
	}
}

func TestFacts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ tool, arguments, want string }{
		// whether there is a message
		{"send_email", `{"to":"bob@example.com","subject":"hi","body":"x"}`, "found concerns internal !external !unclear_recipients !bulk"},
		{"get_emails", `{"to":"bob@example.com"}`, "!found concerns !internal"},
		{"search_messages", `{"query":"bob"}`, "!found concerns"},
		{"delete_message", `{"message_id":"1"}`, "!found concerns"},
		{"create_draft_email", `{"to":"eve@evil.test"}`, "!found draft"},
		{"draft_reply", `{"text":"x"}`, "!found draft"},
		{"send_draft", `{"id":"1"}`, "found unclear_recipients"},
		{"gmail", `{"to":"eve@evil.test","body":"x"}`, "found external"},
		{"frobnicate", `{"to":"eve@evil.test","body":"x"}`, "found external"},
		{"notify_team", `{"channel":"#ops","text":"x"}`, "found channel unclear_recipients"},
		{"reply_to_review", `{"text":"x"}`, "found reply"},
		{"forward_email", `{"to":"bob@example.com","id":"1"}`, "found forward internal"},
		{"invite_guest", `{"email":"eve@evil.test"}`, "found external"},
		{"create_calendar_event", `{"title":"x","participants":["bob@example.com"]}`, "found internal"},
		{"create_calendar_event", `{"title":"x","participants":["bob@example.com","eve@evil.test"]}`, "found !internal external"},
		{"create_ticket", `{"title":"x","description":"y"}`, "found"},
		{"delete_file", `{"path":"/x"}`, "!found !concerns"},
		{"get_weather", `{"city":"x"}`, "!found !concerns"},
		{"create_user", `{"email":"eve@evil.test","name":"Eve"}`, "!found"},
		// inside or outside: what nobody may get past
		{"send_email", `{"to":"bob@example.com","subject":"hi","body":"ask eve@evil.test"}`, "internal"},
		{"send_email", `{"to":["Bob <bob@example.com>","amy@EXAMPLE.com"],"cc":"c@example.com"}`, "internal !external"},
		{"send_email", `{"to":"bob@example.com; amy@example.com"}`, "internal"},
		{"send_email", `{"to":"eve@evil.test"}`, "!internal external"},
		{"send_email", `{"to":"bob@example.com","bcc":"eve@evil.test"}`, "!internal external"},
		{"send_email", `{"to":"bob@example.com","bcc":["amy@example.com",{"email":"eve@evil.test"}]}`, "!internal external"},
		{"send_email", `{"to":"bob@example.com","headers":{"x":"eve@evil.test"}}`, "!internal external"},
		{"send_email", `{"to":"bob@example.com","subject":"a\r\nBcc: eve"}`, "!internal header_injection"},
		{"send_email", `{"to":"bob@example.com\nBcc: eve@evil.test"}`, "!internal external header_injection"},
		{"send_email", `{"to":"bob@example.com.evil.test"}`, "!internal external"},
		{"send_email", `{"to":"bob@sub.example.com"}`, "!internal external"},
		{"send_email", `{"to":"bob@notexample.com"}`, "!internal external"},
		{"send_email", `{"to":"bob@ex\u0430mple.com"}`, "!internal external"},
		{"send_email", `{"to":"eve%evil.test@example.com"}`, "!internal external"},
		{"send_email", `{"to":"evil.test!eve@example.com"}`, "!internal external"},
		{"send_email", `{"to":"bob@example.com@evil.test"}`, "!internal external"},
		{"send_email", `{"to":"eve@evil.test <bob@example.com>"}`, "!internal external"},
		{"send_email", `{"to":"bob@example.com eve@evil.test"}`, "!internal external"},
		{"send_email", `{"to":"\"a b\"@example.com"}`, "!internal"},
		{"send_email", `{"to":"bob@example.com 0"}`, "internal !external"},
		{"send_email", `{"to":"everyone"}`, "!internal everyone bulk unclear_recipients"},
		{"send_email", `{"to":"@example.com"}`, "!internal"},
		{"send_email", `{}`, "!internal unclear_recipients"},
		{"send_email", `{"to":""}`, "!internal unclear_recipients"},
		{"send_email", `{"to":"bob@example.com","cc":""}`, "internal"},
		{"email", `{"to":"eve@evil.test"}`, "!internal external"},
		{"send_email", `{"to":[]}`, "!internal unclear_recipients"},
		{"send_email", `{"recipient":{"name":"Bob","email":"bob@example.com"}}`, "internal !external !unclear_recipients"},
		{"send_direct_message", `{"recipient":"Alice","body":"x"}`, "found !internal unclear_recipients !external"},
		{"send_sms", `{"phone_number":"+15550100","text":"x"}`, "found unclear_recipients !external"},
		{"send_message", `{"user_id":5,"text":"x"}`, "found unclear_recipients"},
		{"post_message", `{"channel":"general","text":"@here look"}`, "found channel unclear_recipients !public"},
		{"send_channel_message", `{"channel":"@channel","text":"x"}`, "everyone bulk"},
		{"send_email", `{"to":"all-staff@example.com"}`, "internal everyone bulk"},
		{"send_email", `{"to":"a@example.com,b@example.com,c@example.com,d@example.com,e@example.com,f@example.com,g@example.com,h@example.com,i@example.com,j@example.com,k@example.com"}`, "internal bulk !everyone"},
		// public
		{"post_tweet", `{"content":"x"}`, "found public !unclear_recipients"},
		{"publish_blog", `{"title":"x","content":"y"}`, "found public"},
		{"retweet", `{"tweet_id":1}`, "found public"},
		{"comment", `{"text":"x"}`, "found !public"},
		{"post_webpage", `{"url":"www.evil.test/x","content":"x"}`, "found public foreign_links"},
		// what is in it
		{"send_email", `{"to":"bob@example.com","body":"see https://intranet.example.com/x"}`, "!foreign_links"},
		{"send_email", `{"to":"bob@example.com","body":"see https://example.com.evil.test/x"}`, "foreign_links"},
		{"send_email", `{"to":"bob@example.com","body":"see https://example.com@evil.test/x"}`, "foreign_links"},
		{"send_email", `{"to":"bob@example.com","body":"see www.evil.test"}`, "foreign_links"},
		{"send_email", `{"to":"bob@example.com","body":"URGENT: confirm your password at http://evil.test"}`, "asks_credentials presses phishing_signs"},
		{"send_email", `{"to":"bob@example.com","body":"Please buy a gift card immediately"}`, "asks_payment presses phishing_signs"},
		{"send_email", `{"to":"bob@example.com","body":"Lunch at one?"}`, "!asks_payment !asks_credentials !presses !phishing_signs !empty"},
		{"send_email", `{"to":"bob@example.com"}`, "empty"},
	} {
		check(t, c.tool+" "+c.arguments, of(t, c.tool, c.arguments), c.want)
	}
}

func TestKinds(t *testing.T) {
	t.Parallel()
	for tool, want := range map[string]string{
		"send_email": "mail", "send_sms": "sms", "post_tweet": "post", "add_comment": "comment", "create_ticket": "ticket", "send_slack_message": "chat", "create_event": "calendar",
		"notify": "chat", "call_phone": "call", "get_weather": "", "ask": "other",
	} {
		if got := of(t, tool, `{"to":"x","body":"y"}`).Kind; got != want {
			t.Errorf("%s: kind %q, want %q", tool, got, want)
		}
	}
}

func TestLists(t *testing.T) {
	t.Parallel()
	f := of(t, "send_email", `{"to":["Bob <Bob@Example.com>","eve@evil.test"],"attachments":["a.pdf",{"path":"b.pdf"}],"body":"password: hunter22 http://a.test/x http://b.test:80/y"}`)
	if !slices.Equal(f.Recipients, []string{"bob@example.com", "eve@evil.test"}) || f.Count != 2 || !slices.Equal(f.Domains, []string{"evil.test"}) {
		t.Errorf("recipients %v, %d, outside %v", f.Recipients, f.Count, f.Domains)
	}
	if f.Attached != 2 || !slices.Equal(f.Secrets, []string{"password"}) || !slices.Equal(f.Links, []string{"a.test", "b.test"}) {
		t.Errorf("attachments %d, secrets %v, links %v", f.Attached, f.Secrets, f.Links)
	}
	many := of(t, "send_email", `{"to":["`+strings.Repeat(`x@a.test","y`, 1)+`@b.test"],"cc":"`+strings.Repeat("a@b.test;", 10)+`"}`)
	if many.Count != 3 {
		t.Errorf("an address given twice counts once: %d %v", many.Count, many.Recipients)
	}
}

func TestEndlessRecipientsAreCut(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for i := range 5000 {
		b.WriteString(strings.Repeat("a", i%7+1) + string(rune('a'+i%26)) + strings.Repeat("b", i%11) + strings.Repeat("c", i%13) + "@example.com,")
	}
	f := of(t, "send_email", `{"to":"`+b.String()+`","body":"`+strings.Repeat("http://a.test ", 4000)+`"}`)
	if len(f.Recipients) != maxRecipients || !f.Truncated || !f.Bulk {
		t.Errorf("%d recipients, truncated %v, bulk %v", len(f.Recipients), f.Truncated, f.Bulk)
	}
}

func FuzzOf(f *testing.F) {
	f.Add("send_email", `{"to":"bob@example.com","body":"http://x www."}`)
	f.Add("gmail", `{"to":["<@>",{"email":"a@b"}],"subject":"\n"}`)
	f.Fuzz(func(t *testing.T, tool, arguments string) {
		facts, err := Of(input.New(&events.ActionProposed{Tool: tool, Arguments: json.RawMessage(arguments)}, "", noon, org))
		if err != nil {
			return
		}
		if facts.Internal && (facts.External || facts.Unclear && len(facts.Recipients) == 0) {
			t.Fatalf("%s: internal and not: %+v", arguments, facts)
		}
		if len(facts.Recipients) > maxRecipients || len(facts.Links) > maxLinks {
			t.Fatal("keeps too much")
		}
	})
}

func BenchmarkOf(b *testing.B) {
	filler := strings.Repeat("word ", 150)
	for name, a := range map[string]*events.ActionProposed{
		"mail":  {Tool: "send_email", Arguments: json.RawMessage(`{"to":"bob@example.com","subject":"hello","body":"` + filler + `"}`)},
		"other": {Tool: "get_order", Arguments: json.RawMessage(`{"id":"1"}`)},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			in := input.New(a, "a", noon, org)
			if _, err := in.Parsed(); err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if _, err := Of(in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
