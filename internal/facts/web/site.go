package web

import "strings"

// Site is a set of kinds a site is of.
type Site uint16

// The kinds of sites.
const (
	Financial Site = 1 << iota
	Mail
	Admin
	Files
	Code
	Shop
	Social
	Health
	Government
)

var siteNames = [...]string{"financial", "mail", "admin", "files", "code", "shop", "social", "health", "government"}

// Names lists the kinds, for rules.
func (s Site) Names() []string {
	var names []string
	for i, n := range siteNames {
		if s&(1<<i) != 0 {
			names = append(names, n)
		}
	}
	return names
}

// siteHosts are registered domains and hosts that many people know.
var siteHosts = sites(map[Site]string{
	Financial: "paypal.com stripe.com chase.com wellsfargo.com bankofamerica.com citi.com citibank.com hsbc.com hsbc.co.uk barclays.co.uk lloydsbank.com natwest.com santander.com santander.co.uk bbva.com ing.com ing.de abnamro.nl rabobank.nl deutsche-bank.de db.com commerzbank.de sparkasse.de dkb.de n26.com revolut.com wise.com monzo.com starlingbank.com bnpparibas.com societegenerale.fr credit-agricole.fr unicredit.it intesasanpaolo.com ubs.com " +
		"coinbase.com binance.com kraken.com crypto.com gemini.com robinhood.com fidelity.com schwab.com vanguard.com etrade.com interactivebrokers.com ameritrade.com venmo.com cash.app zellepay.com squareup.com adyen.com klarna.com plaid.com mint.com intuit.com quickbooks.com xero.com freshbooks.com bill.com brex.com ramp.com mercury.com payoneer.com westernunion.com moneygram.com americanexpress.com capitalone.com discover.com visa.com mastercard.com skrill.com pay.google.com uniswap.org opensea.io metamask.io gusto.com adp.com",
	Mail:       "gmail.com outlook.com hotmail.com protonmail.com proton.me fastmail.com zoho.com mail.ru gmx.net gmx.de web.de tutanota.com mailchimp.com sendgrid.com mailgun.com mail.google.com mail.yahoo.com outlook.office.com outlook.live.com outlook.office365.com roundcube.net hey.com",
	Admin:      "console.aws.amazon.com aws.amazon.com portal.azure.com console.cloud.google.com cloud.google.com admin.google.com admin.microsoft.com entra.microsoft.com dash.cloudflare.com okta.com auth0.com digitalocean.com heroku.com vercel.com netlify.com linode.com vultr.com godaddy.com namecheap.com grafana.com datadoghq.com pagerduty.com app.terraform.io rancher.com mongodb.com snowflake.com databricks.com salesforce.com servicenow.com zendesk.com workday.com hubspot.com onelogin.com jumpcloud.com sentry.io",
	Files:      "dropbox.com drive.google.com docs.google.com onedrive.live.com box.com sharepoint.com mega.nz wetransfer.com nextcloud.com icloud.com sync.com pcloud.com mediafire.com notion.so s3.amazonaws.com",
	Code:       "github.com gitlab.com bitbucket.org codeberg.org sr.ht gitea.com sourceforge.net dev.azure.com huggingface.co gist.github.com stackblitz.com replit.com codesandbox.io",
	Shop:       "amazon.com amazon.de amazon.co.uk amazon.fr ebay.com ebay.de etsy.com walmart.com target.com bestbuy.com alibaba.com aliexpress.com shopify.com costco.com homedepot.com lowes.com ikea.com zalando.de otto.de mediamarkt.de newegg.com wayfair.com macys.com nordstrom.com kohls.com shein.com temu.com rakuten.com mercadolibre.com flipkart.com instacart.com doordash.com ubereats.com grubhub.com booking.com expedia.com airbnb.com ticketmaster.com stubhub.com",
	Social:     "facebook.com instagram.com twitter.com x.com linkedin.com reddit.com tiktok.com youtube.com pinterest.com snapchat.com tumblr.com discord.com slack.com telegram.org whatsapp.com web.whatsapp.com mastodon.social bsky.app threads.net quora.com medium.com vk.com weibo.com twitch.tv meetup.com xing.com ycombinator.com teams.microsoft.com messenger.com",
	Health:     "mychart.com webmd.com healthcare.gov kaiserpermanente.org cvs.com walgreens.com zocdoc.com teladoc.com 23andme.com doctolib.de doctolib.fr nhs.uk patient.info onemedical.com labcorp.com questdiagnostics.com goodrx.com",
	Government: "irs.gov ssa.gov usa.gov gov.uk service-public.fr elster.de bund.de europa.eu login.gov id.me agenziaentrate.gov.it uscis.gov state.gov canada.ca",
})

// siteWords are labels of a host, parts of a path or words of a title.
var siteWords = sites(map[Site]string{
	Financial:  "bank banking onlinebanking ebanking netbanking homebanking banque banco banca sparkasse volksbank pay payment payments wallet brokerage trading invest investments loan loans mortgage credit finance financial payroll invoicing accounting treasury crypto exchange remittance pension zahlung konto überweisung paiement pagos pagamento transfers billing",
	Mail:       "mail webmail email inbox mailbox roundcube squirrelmail owa gmail outlook thunderbird postfach exchange-owa correo posta zimbra horde",
	Admin:      "admin administrator administration wp-admin phpmyadmin pgadmin adminer cpanel plesk webmin backoffice backend console dashboard-admin management manager superuser kibana jenkins portainer rancher argocd keycloak grafana settings-admin sysadmin django-admin cms",
	Files:      "files filemanager explorer finder nautilus dolphin thunar drive nextcloud owncloud seafile webdav ftp dateien documents nemo",
	Code:       "git gitlab gitea github bitbucket gerrit svn repo repos repository source registry",
	Shop:       "shop store cart checkout basket warenkorb tienda boutique loja negozio panier carrito ecommerce magento woocommerce catalog market marketplace",
	Social:     "forum forums community social chat board discuss discourse mastodon blog wall feed timeline discord slack telegram whatsapp messenger",
	Health:     "health clinic hospital patient patients mychart medical pharmacy doctor ehr emr praxis klinik apotheke salud sante saude salute hospice",
	Government: "gov government tax irs customs dmv visa immigration elster finanzamt impots hacienda agenciatributaria municipality citizen",
})

func sites(of map[Site]string) map[string]Site {
	m := make(map[string]Site, 512)
	for s, list := range of {
		for w := range strings.FieldsSeq(list) {
			m[w] |= s
		}
	}
	return m
}

// siteOf judges a host; base is its registered domain.
func siteOf(name, base string) Site {
	s := siteHosts[name] | siteHosts[base]
	n := 0
	for label := range strings.SplitSeq(name, ".") {
		if n++; n > 8 {
			break
		}
		s |= siteWords[label]
		if label == "gov" || label == "gob" || label == "gouv" {
			s |= Government
		}
		for w := range strings.SplitSeq(label, "-") {
			s |= siteWords[w]
		}
	}
	if strings.HasSuffix(name, ".bank") || strings.Contains(base, "bank") {
		s |= Financial
	}
	return s
}

// SiteOfText judges words that people read: a page's title, a window's title, a path.
func SiteOfText(text string) Site {
	if len(text) > 512 {
		text = text[:512]
	}
	var s Site
	for w := range strings.FieldsFuncSeq(strings.ToLower(text), func(r rune) bool { return notWord(r) && r != '-' }) {
		s |= siteWords[w]
		if strings.HasSuffix(w, "bank") {
			s |= Financial
		}
	}
	return s
}

// SiteOfURL judges the host and the path of a URL.
func SiteOfURL(raw string) Site {
	raw = clean(raw[:min(len(raw), 2048)])
	if i := strings.Index(raw, "://"); i >= 0 {
		raw = raw[i+3:]
	}
	host, path, _ := strings.Cut(raw, "/")
	host = strings.ToLower(host[strings.LastIndexByte(host, '@')+1:])
	host, _, _ = strings.Cut(host, ":")
	s := siteOf(host, registered(host))
	if path != "" {
		s |= SiteOfText(path)
	}
	return s
}
