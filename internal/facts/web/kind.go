package web

import (
	"strings"

	"github.com/weighlock/weighlock/internal/facts/verb"
)

// kind is a set of the kinds of change a request makes.
type kind uint32

const (
	logins kind = 1 << iota
	pays
	uploadsFile
	removes
	publishes
	searches
	votes
	settings
	access
	saves
	messages
	executes
	stops
	transfers // of anything, money or not
)

// changes are the kinds that are no reading.
const changes = ^searches

func set(words string) map[string]bool {
	m := map[string]bool{}
	for w := range strings.FieldsSeq(words) {
		m[w] = true
	}
	return m
}

func kindWords(of map[kind]string) map[string]kind {
	m := make(map[string]kind, 512)
	for k, list := range of {
		for w := range strings.FieldsSeq(list) {
			m[w] |= k
		}
	}
	return m
}

// kinds are words of paths, form fields, operations and tools that tell what a request that submits does.
//
//nolint:misspell // words of many languages
var kinds = kindWords(map[kind]string{
	logins:      "login signin logon sessions session oauth oauth2 authorize authenticate sso saml token password passwd pwd otp mfa 2fa totp signup register registration anmelden einloggen connexion acceder accedi entrar logout signout logoff passphrase username captcha auth",
	pays:        "pay payment payments checkout purchase purchases buy donate donation charge charges refund refunds payout payouts invoice invoices billing subscription subscriptions order orders placeorder bid bids deposit withdraw withdrawal remittance wire ach sepa iban cardnumber ccnumber creditcard cvv cvc cvc2 cardholder routingnumber accountnumber stripe paypal bezahlen kaufen zahlung überweisung bestellen payer acheter commander comprar pagar pagamento acquista swap stake sendtransaction sendrawtransaction eth_sendtransaction topup booking bookings reserve reservation reservations tip bestellung trade trades",
	transfers:   "transfer transfers virement transferencia bonifico withdrawals",
	uploadsFile: "upload uploads file files attachment attachments import media avatar fileupload multipart",
	removes:     "delete deletes remove destroy purge erase trash drop clear wipe unlink deleted deletion löschen loeschen supprimer eliminar excluir elimina borrar rm bulkdelete truncate discard",
	publishes:   "publish post posts tweet tweets comment comments reply replies share thread threads submission submissions article articles review reviews blog status statuses release releases topic topics pulls issues issue discussion discussions question answer answers retweet toot story feed advert gist gists pages wiki announcement veröffentlichen publier publicar pubblica",
	searches:    "search find query filter lookup autocomplete suggest suggestions typeahead searchresults suche recherche buscar busca cerca sort results q s keyword keywords aggregate explore quicksearch facets",
	votes:       "vote votes upvote downvote like likes unlike dislike favorite favourite favorites star unstar rate rating subscribe unsubscribe follow unfollow react reaction reactions bookmark bookmarks poll survey wishlist newsletter watch choice join leave mute",
	settings:    "settings setting preferences preference config configuration configure profile account options notification notifications privacy biography bio timezone email mail-settings webhooks webhook einstellungen parametres ajustes impostazioni configuracion dns domain feature flags toggle enable disable address",
	access:      "permission permissions role roles member members invite invites invitation invitations collaborator collaborators grant revoke acl apikey apikeys tokens secrets deploykeys promote demote ban unban block unblock impersonate iam approve approval approvals consent visibility scope scopes",
	saves:       "save edit update create new add insert put patch write modify rename move copy set change submit form record records entry entries draft drafts assign label labels tag tags cart basket merge close reopen milestone schedule calendar event events ticket tickets task tasks product products item items attributes speichern enregistrer guardar salvar salva toggle mark upsert bulk batch",
	messages:    "message messages send mail emails compose contact chat chats dm sms inbox conversation conversations feedback inquiry ask notify broadcast nachricht envoyer enviar invia postmessage sendmessage",
	executes:    "execute exec run invoke trigger dispatch dispatches eval script command shell build builds deploy deploys deployment deployments job jobs workflow workflows rebuild restart reboot install rpc task-run rollback reindex start",
	stops:       "cancel terminate stop shutdown kill abort deactivate suspend reject decline unpublish archive revert cancellation stornieren annuler cancelar annulla disable lock",
})

// orders are verbs that, in the path or query of a GET, are taken for an order: a link that
// acts when it is opened. Words under which sites show a form ("edit", "new", "checkout") are not here.
var orders = kindWords(map[kind]string{
	removes:   "delete remove destroy purge erase drop wipe unlink truncate del deleteall removeall",
	logins:    "logout signout logoff log-out",
	votes:     "unsubscribe upvote downvote vote unfollow like unlike optout",
	access:    "revoke approve deny reject grant promote demote ban unban impersonate accept confirm_user authorize_user",
	executes:  "execute exec reboot restart shutdown trigger rebuild runjob uninstall killall eval",
	settings:  "enable disable reset activate deactivate toggle lock unlock",
	stops:     "cancel terminate kill abort stop suspend unpublish",
	pays:      "buynow placeorder place-order sendmoney wiretransfer paynow refund withdraw",
	transfers: "transfer",
	saves:     "merge overwrite restore rollback",
})

// submits are values of an "action" key that send off what a form holds.
var submits = kindWords(map[kind]string{
	saves:       "submit save update create add insert put patch store write set import change post apply confirm",
	messages:    "send sendmail sendmessage",
	pays:        "pay buy purchase order checkout transfer",
	publishes:   "publish share comment",
	uploadsFile: "upload",
	executes:    "run start deploy install",
})

// ofVerb is what a verb of a tool or an operation says where the word is not in the tables.
func ofVerb(w string) kind {
	switch actOf(w) {
	case verb.Create, verb.Change:
		return saves
	case verb.Delete:
		return removes
	case verb.Send:
		return messages
	case verb.Publish:
		return publishes
	case verb.Pay:
		return pays
	case verb.Grant:
		return access
	case verb.Login:
		return logins
	case verb.Run, verb.Install, verb.Deploy:
		return executes
	case verb.Stop:
		return stops
	}
	return 0
}
