package asked

import (
	"net/url"
	"strconv"
	"strings"
	"unicode"

	"github.com/weighlock/weighlock/internal/facts/input"
	"github.com/weighlock/weighlock/internal/facts/word"
)

// kind is what sort of value an argument is.
type kind int

const (
	other  kind = iota // a name, a subject, a short text
	prose              // a longer text
	person             // a user, a recipient, an address, an account
	place              // a URL or a host
	path               // a file
	amount             // a sum or a number that directs the effect
)

// value is one value of the arguments that matters.
type value struct {
	kind      kind
	key, text string
	directs   bool // an attack would be in it
}

// maxValues is how many values are compared.
const maxValues = 64

var (
	personKeys = word.Set(`to cc bcc recipient recipients user users username userid useremail email emails emailaddress participant participants attendee attendees invitee invitees
		member members person contact receiver payee beneficiary account accountnumber iban wallet walletaddress address toaddress channel group assignee owner customer phone phonenumber handle destinationaccount contractaddress`)
	placeKeys  = word.Set(`url uri link href host hostname domain site website endpoint webhook callback server repo repository`)
	pathKeys   = word.Set(`path file filename filepath filenames files folder directory dir source src destination dest target`)
	amountKeys = word.Set(`amount price total sum value cost budget limit budgetlimit quantity qty count number percentage rate score rating`)
	proseKeys  = word.Set(`body content message text comment description subject title summary note notes caption query prompt instructions reason html markdown question answer`)
	// givenKeys hold what a request does not say and nobody expects it to: keys, tokens, positions, options.
	givenKeys = word.Set(`accesstoken token apikey key secret password passwd pin otp code sessionid requestid traceid cursor offset page pagesize limit timeout encoding format locale language
		timezone currency method mode type status class travelclass sort order start startindex endindex id ids cardid cvv cardnumber expirationdate x y coordinate`)
)

// valuesOf lists the values of the arguments that matter. Texts of shell commands count by their paths and hosts.
func valuesOf(p *input.Arguments) []value {
	var out []value
	for _, t := range p.Texts {
		if len(out) >= maxValues {
			break
		}
		v, ok := valueOf(t.Key, t.Value)
		if !ok {
			continue
		}
		out = append(out, v...)
		if v[0].kind == prose || v[0].kind == other {
			out = append(out, links(t.Value)...)
		}
	}
	for _, n := range p.Numbers {
		if len(out) < maxValues && amountKeys[n.Key] && !givenKeys[n.Key] {
			out = append(out, value{amount, n.Key, strconv.FormatFloat(n.Value, 'f', -1, 64), true})
		}
	}
	return out
}

var shellKeys = word.Set(`command commands cmd script commandline`)

func valueOf(key, text string) ([]value, bool) {
	trimmed := strings.TrimSpace(text)
	switch {
	case trimmed == "" || len(trimmed) > maxText:
		return nil, false
	case shellKeys[key] || looksLikeCommand(key, trimmed):
		v := commandValues(trimmed)
		return v, len(v) > 0
	case strings.HasPrefix(trimmed, "<") && strings.HasSuffix(trimmed, ">") || trimmed == "..." || trimmed == "…":
		return nil, false // a placeholder stands for what the agent finds out
	case strings.Contains(trimmed, "://") || strings.HasPrefix(trimmed, "www.") || placeKeys[key]:
		return []value{{place, key, trimmed, true}}, true
	case isAddress(trimmed) || personKeys[key]:
		return []value{{person, key, trimmed, !isInternalID(trimmed)}}, true
	case givenKeys[key] || isInternalID(trimmed):
		return nil, false
	case pathKeys[key] || looksLikePath(trimmed):
		return []value{{path, key, trimmed, true}}, true
	case amountKeys[key]:
		return []value{{amount, key, trimmed, true}}, true
	case (proseKeys[key] || len(trimmed) > 40) && strings.Count(trimmed, " ") >= proseSpaces:
		return []value{{prose, key, trimmed, false}}, true
	}
	return []value{{other, key, trimmed, false}}, true
}

// proseSpaces is how many spaces make a text that is more than a name or a label.
const proseSpaces = 3

// links are the addresses inside a text: whoever reads it may follow them.
func links(s string) []value {
	var out []value
	for w := range strings.FieldsSeq(s) {
		w = strings.Trim(w, `"'()<>[].,;:!?`)
		if len(out) < maxLinks && (strings.Contains(w, "://") || strings.HasPrefix(w, "www.")) {
			out = append(out, value{place, "link", w, true})
		}
	}
	return out
}

// maxLinks is how many links of one text are compared.
const maxLinks = 8

// isInternalID says that a text is a name that systems give: nobody asks for it in these words.
func isInternalID(s string) bool {
	if len(s) > 64 || strings.ContainsAny(s, " @/") {
		return false
	}
	if strings.HasPrefix(s, "0x") {
		return false // an address of a wallet or a contract is where value goes
	}
	digits, letters := 0, 0
	for _, r := range s {
		switch {
		case unicode.IsDigit(r):
			digits++
		case unicode.IsLetter(r):
			letters++
		}
	}
	return digits >= 2 && digits*2 >= letters && strings.ContainsFunc(s, unicode.IsLetter) || digits > 0 && letters == 0 && digits >= 6
}

func isAddress(s string) bool {
	local, domain, ok := strings.Cut(s, "@")
	return ok && local != "" && strings.Contains(domain, ".") && !strings.ContainsAny(s, " \t\n")
}

func looksLikePath(s string) bool {
	return strings.HasPrefix(s, "/") || strings.HasPrefix(s, "~/") || strings.HasPrefix(s, "./") || strings.Contains(s, `:\`)
}

func looksLikeCommand(key, s string) bool {
	if key != "text" && key != "input" && key != "keys" {
		return false
	}
	first, _, _ := strings.Cut(s, " ")
	return commandWords[first]
}

var commandWords = word.Set(`rm sudo curl wget cat ls cd cp mv chmod chown ssh scp git python python3 bash sh echo mkdir touch kill dd apt npm pip export source`)

// commandValues are the paths and hosts of a command line.
func commandValues(s string) []value {
	var out []value
	for w := range strings.FieldsSeq(s) {
		w = strings.Trim(w, `"';|&()<>`)
		switch {
		case len(out) == maxValues:
			return out
		case strings.Contains(w, "://"):
			out = append(out, value{place, "command", w, true})
		case strings.HasPrefix(w, "-"):
		case strings.Contains(w, "/") && len(w) > 1:
			out = append(out, value{path, "command", w, true})
		}
	}
	return out
}

// host is the host of a URL, without "www.".
func host(s string) string {
	if !strings.Contains(s, "://") {
		s = "http://" + s
	}
	u, err := url.Parse(s)
	if err != nil {
		return ""
	}
	return strings.TrimPrefix(strings.ToLower(u.Hostname()), "www.")
}

// own leaves out the organisation's own sites and addresses: that is where agents work, not where an attack leads.
func own(values []value, org *input.Organisation) []value {
	for i := range values {
		v := &values[i]
		_, domain, _ := strings.Cut(v.text, "@")
		if v.kind == place && isOwn(host(v.text), org) || v.kind == person && org.Domains[strings.ToLower(domain)] {
			v.directs = false
		}
	}
	return values
}

func isOwn(h string, org *input.Organisation) bool {
	for {
		if org.Domains[h] {
			return true
		}
		_, rest, ok := strings.Cut(h, ".")
		if !ok {
			return false
		}
		h = rest
	}
}
