package message

import (
	"strings"

	"github.com/weighlock/weighlock/internal/facts/input"
	"github.com/weighlock/weighlock/internal/facts/word"
)

// Plain keys of arguments, see input.PlainKey.
var (
	// proseKeys may mention addresses without sending to them.
	proseKeys = word.Set("subject body text message content html title description comment note caption markdown summary bodytext bodyhtml htmlbody textbody plaintext tweet status msg reason agenda")
	// contentKeys are what a message consists of.
	contentKeys = word.Set("subject body text message content html title description comment note caption markdown bodytext bodyhtml htmlbody textbody tweet msg agenda summary")
	// recipientKeys say to whom, whatever their values look like.
	recipientKeys = word.Set(`to cc bcc recipient recipients toaddress toaddresses ccaddress bccaddress toemail toemails email emails emailaddress emailaddresses address addresses participants participant
		attendees attendee invitees invitee receiver receivers receiverid recipientid recipientemail recipientname useremail guests mentions phone phonenumber phonenumbers tonumber mobile chatid
		userid touser username user users member members contact contacts handle audience distributionlist mailinglist list replyto forwardto sendto cclist bcclist torecipients ccrecipients bccrecipients notify assignee assignees subscribers`)
	// channelKeys name a channel, a group or a list.
	channelKeys = word.Set("channel channels channelid channelname room roomid group groupid groups list mailinglist distributionlist audience topic topicarn webhook webhookurl conversation conversationid subreddit forum board team space")
	// addressed are recipient keys under which a bare word is nobody of its own.
	loose = word.Set("list topic team space board user users userid username contact contacts address addresses member members")
	// headerKeys become headers of a mail.
	headerKeys     = word.Set("subject title to cc bcc from sender replyto recipient recipients toaddress email")
	attachmentKeys = word.Set("attachment attachments attachmentpaths attachmentpath attachmentids files filepaths media mediaids mediaurls images attachfile attachedfiles")
	everyones      = word.Set("everyone everybody all @all @here @channel @everyone here channel all-staff allstaff all-hands allhands all-employees all-users all_users staff company team-all")
)

// gather collects recipients and attachments.
func (f *Facts) gather(args *input.Arguments) {
	for _, t := range args.Texts {
		switch {
		case attachmentKeys[t.Key] || attachmentKeys[t.Parent]:
			if t.Value != "" && (attachmentKeys[t.Key] || t.Key == "path" || t.Key == "name" || t.Key == "filename" || t.Key == "url" || t.Key == "id" || t.Key == "fileid") {
				f.Attached++
			}
		case recipientKeys[t.Key] || channelKeys[t.Key] || (recipientKeys[t.Parent] && (t.Key == "email" || t.Key == "address" || t.Key == "id")):
			f.addRecipients(t.Value, channelKeys[t.Key])
		case !proseKeys[t.Key] && strings.Contains(t.Value, "@") && !strings.Contains(t.Value, "://"):
			f.addRecipients(t.Value, false) // tools name their arguments as they like
		}
	}
	for _, n := range args.Numbers {
		if recipientKeys[n.Key] && !loose[n.Key] || n.Key == "userid" {
			f.Unclear = true
			f.Count++
		}
	}
	f.Count += len(f.Recipients)
}

func (f *Facts) addRecipients(value string, channel bool) {
	for len(value) > 0 {
		end := strings.IndexAny(value, ",;\r\n")
		piece := value
		if end >= 0 {
			piece, value = value[:end], value[end+1:]
		} else {
			value = ""
		}
		r := recipientOf(piece)
		if r == "" {
			continue
		}
		if f.looked++; f.looked > maxLooked || len(f.Recipients) >= maxRecipients {
			f.Truncated = true
			return
		}
		f.Channel = f.Channel || channel || strings.HasPrefix(r, "#")
		f.Everyone = f.Everyone || everyones[r] || strings.HasPrefix(r, "all-staff@") || strings.HasPrefix(r, "everyone@") || strings.HasPrefix(r, "all@") || strings.HasPrefix(r, "staff@")
		f.Recipients = word.Once(f.Recipients, r)
	}
}

// recipientOf takes the address out of "Bob <bob@example.com>"; of several, all are kept together, which is no address of ours.
func recipientOf(piece string) string {
	piece = strings.ToLower(strings.TrimSpace(piece))
	if open := strings.IndexByte(piece, '<'); open >= 0 && strings.Count(piece, "@") == 1 {
		if inner, _, ok := strings.Cut(piece[open+1:], ">"); ok && strings.Contains(inner, "@") {
			piece = strings.TrimSpace(inner)
		}
	}
	if len(piece) > 320 {
		piece = piece[:320]
	}
	return strings.Trim(strings.ToValidUTF8(piece, "\uFFFD"), `"'`)
}

// place says where the recipients are.
func (f *Facts) place(a *input.Action, args *input.Arguments) {
	domains := a.Org.Domains
	f.Internal = internal(args.Texts, domains)
	for _, r := range f.Recipients {
		switch at := strings.LastIndexByte(r, '@'); {
		case at <= 0 || strings.Count(r, "@") == 1 && strings.ContainsAny(r[at-1:at], " \t<,;\""):
			f.Unclear = true // a handle: "@bob", "Bob @bob"
		case !allInside(r, domains):
			f.External = true
			f.outside(r, domains)
		}
	}
	f.Unclear = f.Unclear || len(f.Recipients) == 0 && f.Kind != "post"
	f.Bulk = f.Everyone || f.Count > 10 || f.Truncated
	for _, t := range args.Texts {
		f.Injection = f.Injection || headerKeys[t.Key] && strings.ContainsAny(strings.TrimRight(t.Value, "\r\n"), "\r\n")
		f.Injection = f.Injection || (t.Key == "subject" || t.Key == "title") && strings.ContainsAny(t.Value, "\r\n")
	}
}

// outside notes the domains of the addresses in r that are not ours.
func (f *Facts) outside(r string, domains map[string]bool) {
	for _, piece := range strings.FieldsFunc(r, func(r rune) bool { return strings.ContainsRune(" \t<>\"", r) }) {
		if at := strings.LastIndexByte(piece, '@'); at >= 0 && !addressOf(piece, domains) {
			f.Domains = word.Once(f.Domains, piece[at+1:])
		}
	}
}

// internal says that the message goes to somebody and to nobody outside domains.
// An address under any other key counts as a recipient too; only prose may mention outsiders.
func internal(texts []input.Text, domains map[string]bool) bool {
	found := false
	for _, t := range texts {
		if proseKeys[t.Key] {
			if (t.Key == "subject" || t.Key == "title") && strings.ContainsAny(t.Value, "\r\n") {
				return false // a line break in a header adds recipients
			}
			continue
		}
		to := recipientKeys[t.Key] || channelKeys[t.Key]
		if !to && !strings.Contains(t.Value, "@") {
			continue
		}
		if t.Value == "" && to {
			continue
		}
		if loose[t.Key] && !strings.Contains(t.Value, "@") {
			return false
		}
		if !allInside(t.Value, domains) {
			return false
		}
		found = true
	}
	return found
}

// allInside says that text names at least one address and each is of domains.
func allInside(text string, domains map[string]bool) bool {
	some := false
	for _, piece := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" \t\r\n,;<>\"", r) }) {
		if !strings.Contains(piece, "@") {
			continue // a display name
		}
		if !addressOf(piece, domains) {
			return false
		}
		some = true
	}
	return some
}

// addressOf says that address is one of domains, and that nothing in it routes the mail on.
func addressOf(address string, domains map[string]bool) bool {
	local, domain, _ := strings.Cut(address, "@")
	if local == "" || !domains[strings.ToLower(domain)] {
		return false
	}
	for i := range len(local) { // no "%" or "!": they route a mail on
		if c := local[i]; (c|0x20 < 'a' || c|0x20 > 'z') && (c < '0' || c > '9') && strings.IndexByte("._+-", c) < 0 {
			return false
		}
	}
	return true
}
