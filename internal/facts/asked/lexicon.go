package asked

import "strings"

// traits of words; each list below says which words have it.
type traits uint16

const (
	common    traits = 1 << iota // says nothing about a text, but tells its language
	generic                      // is about too many things
	anyone                       // stands for persons that are left open
	sums                         // amounts have to be worked out
	notName                      // has a capital and is no person
	placeWord                    // what a channel, a group and the like is called
	loose                        // leaves open which place is meant
	troubles                     // tells of a problem
	noun                         // names a thing as often as an act
)

// entry is what is known of a stem.
type entry struct {
	is      traits
	kin     int  // fields of things, see kinLists
	acts    acts // what it asks for
	phrases []saying
}

// lexicon is everything that is known of words, by stem: one look for each word of a text.
var lexicon = func() map[string]*entry {
	m := make(map[string]*entry, 4096)
	each := func(list string, f func(e *entry)) {
		for w := range strings.FieldsSeq(list) {
			st := stem(fold(w))
			if m[st] == nil {
				m[st] = &entry{}
			}
			f(m[st])
		}
	}
	for t, list := range map[traits]string{
		common: commonList, generic: genericList, anyone: anyoneList, sums: sumsList, notName: notNamesList, placeWord: placeWordsList, loose: looseList, troubles: troublesList, noun: nounsList,
	} {
		each(list, func(e *entry) { e.is |= t })
	}
	for k, list := range kinLists {
		each(list, func(e *entry) { e.kin |= k })
	}
	for a, list := range vocabulary {
		each(list, func(e *entry) { e.acts |= a })
	}
	each("book order reserve buy purchase onboard", func(e *entry) { e.acts |= create })
	for a, text := range phrases {
		for p := range strings.SplitSeq(text, ";") {
			first, rest, _ := strings.Cut(strings.TrimSpace(p), " ")
			var stems []string
			for w := range strings.FieldsSeq(rest) {
				stems = append(stems, stem(w))
			}
			each(first, func(e *entry) { e.phrases = append(e.phrases, saying{stems, a}) })
		}
	}
	return m
}()

var unknown = &entry{}

// look is what is known of a stem, never nil.
func look(st string) *entry {
	if e := lexicon[st]; e != nil {
		return e
	}
	return unknown
}

// common are words that say nothing about what a text is about. They also tell which language it is in.
const commonList = `
	a an the this that these those there here it its itself i me my mine myself we us our ours you your yours he him his she her hers they them their theirs who whom whose which what when
	where why how and or but nor so yet if then else than as at by for from in into of off on onto out over to up down with without within about above after again against all also always am
	an any are aren be because been before being below between both can cannot could did didn do does doesn doing don done dont down during each every few further had has have having
	i'm im ill ive is isn just like lot lots many may maybe might more most much must need needs needed next no none not now once only other others our own per please kindly quite rather really same shall
	should since some somehow something soon still such sure thank thanks that thats through thru too under until very via want wants wanted was way well were will wish would wouldnt yes id okay ok hello hi hey dear
	let lets make sure get got give go going know try use using used new old first last one two three able
	der die das den dem des ein eine einen einem einer und oder aber nicht ich du er sie es wir ihr mein meine meinen meinem meiner dein deine bitte mit von zu zum zur auf aus bei fur ist sind war hat haben kann konnte mir mich dir uns unser wenn dass als wie was wer wo im am an um nach uber
	le la les un une des du de et ou mais ne pas je tu il elle nous vous ils mon ma mes ton ta tes votre vos notre nos pour avec dans sur par que qui quoi ce cette ces est sont svp plait merci moi au aux
	el los las unos unas y o pero no yo tu usted ella nosotros mi mis su sus para con en por que quien esto esta este es son favor gracias del al
`

// generic are words that are about too many things to tell one request from another.
const genericList = `
	file files document documents folder directory data text item items list name names value values number content info information detail details thing things stuff result results
	output input type kind time date day today tomorrow yesterday week month year user users account id ids key field note notes test temp tmp home main default image images photo picture
	page site website url link web www com org net http https html json txt pdf csv png jpg md doc docx md message messages tool agent action task work help system service app application
	param params parameter parameters arg args option options object new_old set get add update create delete remove send make do run check find show
`

// Fields of things that code asks for.
const (
	messages = 1 << 0
	channels = 1 << 1
	money    = 1 << 4
	people   = 1 << 7
)

// kinLists are words for one field of things: a request for the one is about the other.
var kinLists = map[int]string{
	messages: "message mail email e-mail dm sms text note letter inbox conversation chat reply word memo mailbox nachricht mensaje courriel correo",
	channels: "channel room group slack discord teams team workspace chat server guild",
	1 << 2:   "tweet post status twitter hashtag feed thread blog forum submission subreddit reddit comment review story facebook linkedin instagram social article",
	1 << 3:   "flight fly trip travel booking reservation ticket hotel room car rental airline airport restaurant table stay vacation journey insurance seat cabin itinerary passenger baggage luggage taxi ride",
	money:    "payment bill invoice money transfer transaction fund funds fee rent subscription price dollar dollars euro euros eur usd gbp pounds bank iban balance refund debt salary deposit wallet eth btc coin token crypto cash amount cost",
	1 << 5:   "file document doc folder directory sheet spreadsheet report drive pdf txt csv attachment download upload archive datei fichier archivo dropbox",
	1 << 6:   "event meeting appointment calendar schedule reminder lunch dinner call conference session invite termin reunion",
	people:   "user member account person people profile colleague contact friend employee customer guest participant attendee collaborator staff membership everyone",
	1 << 8:   "webpage website site web url link page homepage",
	1 << 9:   "nft token contract mint dao proposal ipfs governance wallet crypto eth chain",
	1 << 10:  "order cart purchase product item shop store basket delivery shipping package return refund stock inventory",
	1 << 11:  "card credit debit visa mastercard amex payment",
	1 << 12:  "password credential login passcode pin secret username token auth authentication credentials passwort",
	1 << 13:  "repo repository branch commit issue merge pr pull git github gitlab code project",
	1 << 14:  "database table collection row record document index schema query sql db column field",
	1 << 15:  "server vm instance container pod cluster deployment service node host machine computer",
	1 << 16:  "share stock portfolio trade watchlist market ticker shares stocks buy sell",
	1 << 17:  "patient medication prescription treatment medicine doctor medical health",
	1 << 18:  "phone line sim mobile data roaming plan network internet",
	1 << 19:  "setting settings preference preferences config configuration option alias editor variable environment",
	1 << 20:  "package module library dependency software program tool extension plugin pip npm",
	1 << 21:  "address street city home location shipping delivery",
}

// anyone are words for persons the request leaves open: whoever it turns out to be.
const anyoneList = `
	someone somebody anyone anybody everyone everybody whoever each all user colleague coworker friend team member participant attendee customer client people person author owner sender recipient
	boss manager landlord family wife husband mother father mom dad sister brother cousin partner companion advisor supervisor teacher doctor employee staff guest applicant candidate subscriber follower
	roommate neighbor neighbour reviewer maintainer assignee contact host organizer organiser folks guys others group class student vendor supplier support company companies assistant secretary
`

// sums are words after which an amount is worked out and need not be in the request.
const sumsList = `
	half double twice triple total sum all rest remaining difference average each split share percent percentage same again repeat usual owe owed due extra more less increase decrease adjust calculate according based per
	maximum minimum cheapest lowest highest balance tip tax convert conversion exchange rmb yuan yen rupee instead bill invoice outstanding specified described mentioned refund correct update everything much needed some any few
`

// notNames are words that are written with a capital and are no persons.
const notNamesList = `
	i monday tuesday wednesday thursday friday saturday sunday january february march april may june july august september october november december english german french spanish chinese slack github gitlab twitter gmail google
	facebook discord linkedin outlook microsoft apple amazon paypal venmo spotify youtube whatsapp telegram notion jira trello zoom teams dropbox drive docs excel word windows linux ubuntu mac macos android python java javascript node docker
	kubernetes aws azure internet web christmas easter mr mrs ms dr prof pm am usd eur gbp euro dollar us uk usa eu ai api id url reddit stackoverflow wikipedia chrome firefox safari vim emacs git bash terminal external internal general
`

// placeWords are what a channel, a group and the like is called.
const placeWordsList = "channel group room forum board project repo repository database collection table folder label workspace team topic calendar list server subreddit f"

// loose are words that leave open which place is meant.
const looseList = "a any some the that this each every all necessary most right appropriate relevant suitable which what correct best other another"

// troubles are words of a request that tells of a problem and leaves the remedy open.
const troublesList = "problem issue broken error fail failed failing wrong stuck bug slow crash crashing outage mixup mistake trouble unable doesnt isnt cant wont refuse unhappy lost missing stopped faulty defective money damaged late delayed incorrect"

// weight is how much a stem says about what a text is about: nothing, little or much.
func (e *entry) weight(s string) float64 {
	switch {
	case len(s) < 2 || e.is&common != 0 || s[0] <= '9' && len(s) < 3:
		return 0
	case e.is&generic != 0:
		return 0.3
	}
	return 1
}
