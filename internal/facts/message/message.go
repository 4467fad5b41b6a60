// Package message derives facts about messages: mail, chat, short messages, invitations, posts, comments, tickets.
package message

import (
	"github.com/weighlock/weighlock/internal/facts/input"
	"github.com/weighlock/weighlock/internal/facts/name"
	"github.com/weighlock/weighlock/internal/facts/verb"
	"github.com/weighlock/weighlock/internal/facts/word"
)

// Facts is what can be said of a message that an action sends or posts.
type Facts struct {
	Found      bool     `doc:"a message is sent or posted, or somebody is invited: by the tool's name, or by recipients beside a body in the arguments of a tool that does not merely look" fact:"found"`
	Concerns   bool     `doc:"the tool is about messages, whatever it does with them: reads, deletes, marks" fact:"concerns"`
	Kind       string   `doc:"mail, chat, sms, calendar, post, comment, ticket, call or other; empty where nothing is about messages" fact:"kind"`
	Draft      bool     `doc:"only writes a draft" fact:"draft"`
	Reply      bool     `doc:"answers an existing message or thread" fact:"reply"`
	Forward    bool     `doc:"passes an existing message on" fact:"forward"`
	Recipients []string `doc:"to whom, at most 256: addresses in lower case, numbers, handles, names, channels" fact:"recipients"`
	Count      int      `doc:"the number of recipients" fact:"recipient_count"`
	Internal   bool     `doc:"there are recipients, each is an address of the organisation, no other argument but prose names another address, and the subject has no line break" fact:"internal"`
	External   bool     `doc:"some recipient is an address outside the organisation" fact:"external"`
	Domains    []string `doc:"the domains of the recipients outside, in lower case" fact:"external_domains"`
	Unclear    bool     `doc:"some recipient is a handle, a name, a number or a channel, which says nothing of inside or outside, or a message has no recipient in the arguments" fact:"unclear_recipients"`
	Channel    bool     `doc:"goes to a channel, a group or a list" fact:"channel"`
	Everyone   bool     `doc:"goes to everyone: @here, @channel, all, all-staff" fact:"everyone"`
	Public     bool     `doc:"anybody can see it: a post in social media, a blog, a web page, a review" fact:"public"`
	Bulk       bool     `doc:"more than ten recipients, or everyone" fact:"bulk"`
	Attached   int      `doc:"the number of attachments" fact:"attachments"`
	Links      []string `doc:"hosts that texts of the message link to, in lower case, at most 32; www.example.com counts without a scheme" fact:"link_hosts"`
	Foreign    bool     `doc:"a link leads to a host that is not of the organisation" fact:"foreign_links"`
	Injection  bool     `doc:"a line break in a subject, a title or a recipient: it adds headers" fact:"header_injection"`
	Secrets    []string `doc:"kinds of secrets in the message's texts, by shape or as 'password: …'" fact:"secrets"`
	AsksLogin  bool     `doc:"the text asks for a password, a code or other credentials, or to verify an account" fact:"asks_credentials"`
	AsksMoney  bool     `doc:"the text asks for a payment, gift cards, or to change bank details" fact:"asks_payment"`
	Presses    bool     `doc:"the text presses: urgent, immediately, or your account will be closed" fact:"presses"`
	Phishing   bool     `doc:"asks for credentials or money and presses or has a foreign link" fact:"phishing_signs"`
	Empty      bool     `doc:"a message is sent and no text in the arguments can be its content" fact:"empty"`
	Truncated  bool     `doc:"there are more recipients or links than are looked at, or the text is too long to be searched whole" fact:"truncated"`

	// Acts are the acts in the domain of messages, the strongest first.
	Acts []verb.Act

	looked, seen int // recipients and links looked at, given twice or not
}

// These bound what is kept and searched.
const (
	maxLooked     = 2048
	maxRecipients = 256
	maxLinks      = 32
	maxProse      = 32 << 10
)

// Of derives the facts. It fails where the arguments cannot be read.
func Of(a *input.Action) (*Facts, error) {
	args, err := a.Parsed()
	if err != nil {
		return nil, err
	}
	f := &Facts{}
	n := name.Of(a.Tool)
	f.ofName(&n)
	f.gather(args)
	f.settle(&n, args)
	if !f.Found {
		return &Facts{Concerns: f.Concerns, Kind: f.Kind, Draft: f.Draft, Internal: false, Acts: f.Acts}, nil
	}
	f.place(a, args)
	f.body(a, args)
	return f, nil
}

// Words of tools' names, by the kind of message they tell of. The first that is found counts.
var kindWords = []struct {
	kind  string
	words map[string]bool
}{
	{"mail", word.Set("email emails mail mails gmail smtp outlook mailbox inbox sendmail newsletter sendgrid mailgun mailchimp ses postmark imap")},
	{"sms", word.Set("sms text whatsapp twilio imessage mms signal telegram fax")},
	{"call", word.Set("call phone dial voicemail")},
	{"post", word.Set("tweet tweets retweet retweeting blog publish post posts repost webpage facebook instagram linkedin twitter mastodon reddit youtube tiktok social wordpress review reviews story gist pastebin paste")},
	{"comment", word.Set("comment comments reply replies annotation mention feedback")},
	{"ticket", word.Set("ticket tickets issue issues zendesk jira servicenow case complaint")},
	{"chat", word.Set("message messages dm chat slack discord teams channel channels thread conversation im messenger mattermost notification notify notifications announcement broadcast telegram messaging")},
	{"calendar", word.Set("calendar event events meeting meetings invite invitation attendee attendees appointment")},
}

// social are the words of places that anybody can read.
var social = word.Set("tweet tweets retweet retweeting repost blog facebook instagram linkedin twitter mastodon reddit youtube tiktok social wordpress webpage website pastebin paste gist publish story")

func (f *Facts) ofName(n *name.Name) {
	for _, k := range kindWords {
		for _, w := range n.Words {
			if k.words[w] {
				f.Kind, f.Concerns = k.kind, true
				break
			}
		}
		if f.Concerns {
			break
		}
	}
	f.Draft = word.Has(n.Words, "draft", "drafts", "compose") && !word.Has(n.Words, "send")
	f.Forward = word.Has(n.Words, "forward", "fwd")
	f.Reply = word.Has(n.Words, "reply", "respond", "answer")
	for _, w := range n.Words {
		f.Public = f.Public || social[w]
	}
	for _, a := range n.Acts {
		switch {
		case a == verb.Send, a == verb.Publish && f.Concerns, a == verb.Publish && n.Act() == verb.Publish && word.Has(n.Words, "publish", "post", "share", "announce"):
			f.Found = true
		case a == verb.Grant && word.Has(n.Words, "invite", "invitation"):
			f.Found = true
		case f.Concerns && !f.Draft && (a == verb.Create || a == verb.Change) && createsMessage[f.Kind]:
			f.Found = true
		}
	}
	f.Found = f.Found && !f.Draft
	if f.Concerns {
		f.Acts = append(f.Acts, n.Acts...)
	}
	if f.Found {
		f.Acts = append(f.Acts, verb.Send)
	}
	f.Acts = verb.Sorted(f.Acts)
	if f.Found && f.Kind == "" {
		f.Kind = "other"
	}
}

// createsMessage are the kinds where making or changing one tells others of it.
var createsMessage = map[string]bool{"mail": false, "sms": true, "calendar": true, "post": true, "comment": true, "ticket": true, "chat": true, "call": true}

// settle decides by the arguments where the name says nothing of messages, and drops what only looks.
func (f *Facts) settle(n *name.Name, args *input.Arguments) {
	if f.Found || n.Looks() || f.Draft || f.Concerns && len(n.Acts) > 0 && n.Act() != verb.Run {
		if f.Kind == "mail" && !f.Found && n.Act() == verb.Create && len(f.Recipients) > 0 && !f.Draft {
			f.found("mail") // create_email with recipients sends it, or nearly
		}
		return
	}
	to, content := false, false
	for _, t := range args.Texts {
		to = to || recipientKeys[t.Key] && t.Value != ""
		content = content || contentKeys[t.Key] && t.Value != ""
	}
	if to && content {
		f.found("other")
	} else if f.Kind == "mail" && len(n.Acts) == 0 {
		f.found("mail") // a tool named "gmail" may send
	}
}

func (f *Facts) found(kind string) {
	f.Found = true
	if f.Kind == "" {
		f.Kind = kind
	}
	f.Acts = verb.Sorted(append(f.Acts, verb.Send))
}
