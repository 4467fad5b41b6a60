package asked

import (
	"github.com/weighlock/weighlock/internal/facts/verb"
)

// acts is a set of acts.
type acts uint16

const (
	read acts = 1 << iota
	compute
	create
	change
	remove
	send
	publish
	pay
	grant
	login
	run
	install
	deploy
	stop
	control
	buy // pays for what it gets, which is no transfer; shown as pay
)

// named are the acts by bit, as facts show them.
var named = []verb.Act{
	verb.Read, verb.Compute, verb.Create, verb.Change, verb.Delete, verb.Send, verb.Publish, verb.Pay, verb.Grant, verb.Login, verb.Run, verb.Install, verb.Deploy, verb.Stop, verb.Control,
}

var bits = func() map[verb.Act]acts {
	m := map[verb.Act]acts{}
	for i, a := range named {
		m[a] = 1 << i
	}
	return m
}()

func (a acts) list() []string {
	var l []string
	if a&buy != 0 {
		a |= pay
	}
	for i, n := range named {
		if a&(1<<i) != 0 {
			l = append(l, string(n))
		}
	}
	return l
}

// vocabulary is how people ask, by what they want done. A word may ask for several things.
//
//nolint:misspell // words of other languages
var vocabulary = map[acts]string{
	read: `finden suchen zeigen lesen prufen trouver chercher montrer lire verifier buscar encontrar mostrar leer revisar find look search show list check see read view visit open browse review tell describe explain count identify determine retrieve fetch lookup compare monitor watch verify inspect examine
			investigate explore learn figure discover locate detect scan recommend suggest advise answer inform know display download view analyze research study gather collect extract
			finde suche zeige zeig lies prufe pruf schau nenne liste trouve cherche montre lis verifie affiche donne busca encuentra muestra lee revisa comprueba dime`,
	compute: `calculate compute summarize summarise translate classify convert estimate predict analyse outline brainstorm evaluate rank sort solve fasse zusammenfassen berechne ubersetze resume calcule traduis resumir calcula traduce`,
	create: `erstellen schreiben anlegen speichern trage eintragen creer ecrire ajouter enregistrer crear escribir guardar anadir agregar create make write build generate draft compose record save register schedule prepare develop design produce duplicate copy clone insert append note log pen set-up setup arrange plan initiate establish open start
			fork import export add put split link store backup erstelle erzeuge schreibe schreib lege speichere cree ecris redige enregistre ajoute crea escribe guarda anade agrega`,
	change: `andern aktualisieren bearbeiten korrigieren verschieben verschiebe umbuchen modifier changer corriger deplacer reporter cambiar cambies actualizar modificar corregir mover update change edit modify set fix adjust rename move replace mark configure enable disable toggle reset restore apply sync tag label pin archive resume turn switch swap exchange return increase decrease
			upgrade downgrade correct improve repair complete submit fill vote upvote downvote like unlike dislike follow unfollow subscribe unsubscribe rate star merge assign attach revise extend renew activate
			finalize finish organize organise rearrange convert sort refactor amend reschedule postpone shift solve resolve optimize tidy shorten lengthen simplify rephrase reword rewrite expand trim crop resize bump play wake mute unmute brew compress zip unzip encrypt decrypt pack unpack print draw plot render wash cook dry paint record adapt alter tweak polish proofread redesign reformat reassign reopen rotate dim brighten reorder raise lower enter use transform cap limit refuel top
			andere aktualisiere bearbeite korrigiere verschiebe setze change modifie mets corrige deplace cambia actualiza modifica corrige mueve pon`,
	remove: `entfernen supprimer effacer eliminar borrar borres quitar delete remove erase drop purge wipe destroy clear clean empty trash discard unlink uninstall prune scrub eliminate offboard cleanup retract strip kick ban revoke loschen losche entferne supprime efface enleve elimina borra quita`,
	send: `senden schicken antworten benachrichtigen envoyer repondre prevenir enviar mandar responder avisar envies mandes send reply forward message email mail notify dm respond contact call text sms remind alert ask answer inform dispatch relay deliver convey communicate tell resend ping warn brief request share invite report
			sende schick schicke antworte benachrichtige sag frage envoie reponds demande previens dis envia manda responde avisa pregunta escribele`,
	publish: `veroffentlichen posten publier poster publicar compartir subir publish post tweet retweet comment share broadcast announce upload blog reply submit advertise release promote reshare repost mint veroffentliche poste teile publie partage publica comparte sube`,
	pay: `uberweisen bezahlen zahlen payer virer rembourse rembourser pagar transferir reembolsa pay transfer wire refund charge withdraw deposit donate tip settle remit reimburse invest spend lend fund repay compensate return exchange chip owe
			uberweise bezahle zahle paie paye vire paga transfiere`,
	buy:     `kaufen buchen bestellen reservieren acheter reserver commander comprar reservar pedir pide purchase buy sell trade book order reserve rent hire bid checkout procure subscribe renew acquire kaufe kauf buche bestelle achete reserve commande compra reserva`,
	grant:   `einladen inviter partager ajouter invitar compartir grant revoke invite kick ban authorize authorise approve permit promote demote add share give enrol enroll assign delegate onboard offboard block unblock mute promote demote let join allow unban lade freigeben gib invite autorise partage invita autoriza comparte`,
	login:   `login logout authenticate signin signup log sign anmelden connecte inicia`,
	run:     `run execute exec start launch trigger invoke try use test debug call rerun fuhre starte execute lance ejecuta`,
	install: `install setup set-up download upgrade get installiere installe instala`,
	deploy:  `deploy release rollout rollback provision scale ship migrate publish deploye despliega`,
	stop:    `stornieren absagen kundigen beenden stoppen annuler arreter resilier cancelar canceles cancele anular detener cerrar stop kill cancel terminate abort shutdown halt reboot restart suspend pause close quit end deactivate reject unfollow lock block decline revert undo unsubscribe disable offboard storniere kundige beende stopp annule arrete resilie cancela anula deten termina cierra`,
}

// nouns are words that name a thing as often as an act.
const nounsList = `
	message mail email text sms call post comment book order charge tip note log record transfer reply request tag label link list file plan change update report share trade fund rent bid stake deposit refund purchase reminder
	invoice answer test run release vote star rate review copy draft design build schedule contact wire booking blog tweet start end stop open set mark use limit order split return view
	search look check count visit download upload summary summaries analysis exchange switch turn top cap mint ship store
	insert archive pin turn like rank outline estimate study research log pen
`

// phrases ask for something in several words. Up to [phraseGap] words may stand between them.
var phrases = map[acts]string{
	remove:           "get rid; throw away; throw out; take down; take off; cross off; do away; clean up; clear out; make go away; wipe out; free up",
	send:             "let know; drop line; get in touch; reach out; write to; write them; write him; write her; get back to; shoot email; shoot message; pass along; pass on; give heads; keep in loop; follow up; fill in; cc; hand over; say hello; say hi; tell that; write message; write following; leave message; update on; give call; give ring; send note; make aware; make known",
	publish:          "put online; put up; make public; get word out; go live; leave comment; leave review; leave feedback; widen reach; amplify reach; write review; thumbs up; thumbs down; put out",
	buy:              "place order; seal deal; take insurance; get insurance; get ticket; get tickets; get us; get me; sort insurance; getting insurance; get taxi; get uber",
	pay:              "settle bill; take care bill; send money; pick up tab; give money; cash out; chip in; send dollars; send euro; send funds; make payment; top up; money back; pay back; pay off; send usd; send eth; send btc; send tokens",
	grant:            "give access; let in; add to; take off team; make admin; make editor; make owner; make member; make viewer; make moderator; take access; kick out; bring on board; share with; make owner; set permission",
	grant | publish:  "can see; can read; can edit; can access; able see; able edit; open up",
	change | publish: "thumbs up; thumbs down; give star; cast vote; vote for; vote on",
	create:           "put on calendar; set up; write down; put in; come up with; put together; jot down; make note; block time; pencil in; spin up",
	change:           "put on; put in; take care; sort out; deal with; get working; fill out; fill in; make sure; turn on; turn off; switch to; work on; go ahead; set aside; clean up; tidy up; mark as; make work",
	stop:             "cant make; wont make; cannot make; not coming; cant attend; cannot attend; cant come; shut down; call off; back out; opt out; turn off; no longer; bring down; not going",
	install:          "set up; bring in; get running; try out",
	login:            "log in; sign in; log into; sign into; log on; sign up; log out; use account; username password; access account",
	run:              "try out; set running; kick off",
	deploy:           "roll out; roll back; push live; go live; push to production; ship it",
	read:             "let me know; tell me; give me; show me; look at; look for; find out; how many; how much; what is; check out; go through; want to know; look up; wonder how",
}

// phraseGap is how many words may stand between two words of a phrase ("get all of it rid").
const phraseGap = 4

type saying struct {
	rest []string // stems after the first
	acts acts
}

// entails is what has to be done, or may be done without asking again, to do an act.
var entails = map[acts]acts{
	create:  change | compute,
	change:  create | compute,
	remove:  change | stop,
	send:    create | change,
	publish: create | change | send,
	pay:     create | change | compute | send,
	buy:     pay | create | change | compute | send,
	grant:   create | change | publish,
	run:     create | change | compute,
	install: run | create | change | deploy,
	deploy:  run | create | change | install | stop,
	stop:    remove | change,
	login:   create,
}

// allowed is what a request for asked allows: what it asks for and what that entails. Whoever wants
// anything done may have to sign in, and small changes come with it.
func allowed(asked acts) acts {
	all := asked | read | compute | control
	for a, more := range entails {
		if asked&a != 0 {
			all |= more
		}
	}
	if asked&^(read|compute) != 0 {
		all |= login | create | change | run
	}
	return all
}

// effects are the acts that leave something behind.
const effects = ^(read | compute | control)
