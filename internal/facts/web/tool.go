package web

import (
	"slices"

	"github.com/weighlock/weighlock/internal/facts/input"
	"github.com/weighlock/weighlock/internal/facts/verb"
)

// doing is what a tool's name says it does on the web.
type doing uint16

const (
	navigates doing = 1 << iota // opens or reads a page
	requests                    // sends a request that the arguments describe
	sends                       // sends something, by its name
	controls                    // clicks, types, fills: what comes of it is the domain screen's to tell
	scripts                     // runs code in a page
	uploadsIt
	downloadsIt
	searchesIt
	strange // a word that is none of these
)

// webWords make a tool one for the web.
var webWords = set("http https url urls web webpage webpages website websites page pages browser browse browsing playwright puppeteer selenium webdriver chrome chromium firefox curl wget httpie axios fetch rest graphql webhook webhooks crawl crawler scrape scraper firecrawl navigate goto api request requests href internet html site sitemap urlopen surf")

// lone words need an argument that is a URL.
var loneWords = set("fetch rest api request requests page pages site navigate goto html browse")

var doingWords = func() map[string]doing {
	m := map[string]doing{}
	for d, list := range map[doing]string{
		navigates: "get fetch read view navigate goto go visit open browse browsing back forward reload refresh scroll screenshot snapshot extract content text markdown crawl scrape scraper crawler map list tabs tab close wait hover pdf console network check inspect load follow title links show summarize summarise parse head look lookup find describe history analyze analyse new surf resize to for up down page2 current state status info ask_page dom render preview count evaluate_page accessibility capture urlopen retrieve query log logs messages",
		requests:  "request requests call http https api rest curl httpie axios make perform urllib",
		sends:     "post put patch delete submit send create update publish trigger notify",
		controls:  "click fill type press select check uncheck tap drag drop key input choose toggle dialog clear focus dblclick double keyboard mouse act action do option handle",
		scripts:   "evaluate eval execute exec run javascript script js inject code",
		uploadsIt: "upload attach", downloadsIt: "download wget save",
		searchesIt: "search find google bing duckduckgo",
	} {
		for w := range set(list) {
			m[w] |= d
		}
	}
	return m
}()

// ofTool says what the name of a tool says, and whether it is one for the web.
func ofTool(a *input.Action) (d doing, named, lone bool, k kind) {
	for _, w := range a.Words {
		if webWords[w] {
			named = true
			lone = lone || loneWords[w]
		}
	}
	unknown := false
	for _, w := range a.Words {
		x := doingWords[w]
		if x == 0 && webWords[w] {
			continue
		}
		act := actOf(w)
		switch {
		case plain[w] || w == "post" && d&requests != 0:
			x |= sends // how it is sent, not what becomes of it
		case x&sends == 0 && (x != 0 || act == verb.None):
		case act == verb.Read || act == verb.Compute:
			x |= navigates
		default:
			k |= kinds[w]&changes | ofVerb(w)
			x |= sends
		}
		unknown = unknown || x == 0
		d |= x
	}
	if d == 0 && unknown {
		d = strange
	}
	named = named || has(a.Words, "submit") && has(a.Words, "form") || d&searchesIt != 0 && (has(a.Words, "google") || has(a.Words, "bing") || has(a.Words, "duckduckgo") || has(a.Words, "tavily") || has(a.Words, "online"))
	if d&navigates == 0 && (has(a.Words, "webhook") || has(a.Words, "webhooks")) {
		d |= sends
	}
	return d, named, lone, k
}

// plain are words for sending that say nothing of what is sent.
var plain = set("submit put patch")

// actOf is the act a word names among requests, where to add is no sum.
func actOf(w string) verb.Act {
	if w == "add" {
		return verb.Create
	}
	return verb.Of(w)
}

func has(words []string, w string) bool { return slices.Contains(words, w) }
