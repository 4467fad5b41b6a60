package screen

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/weighlock/weighlock/internal/facts/verb"
)

// meaning is what the text of a button, link or menu item says happens.
type meaning struct {
	act    verb.Act // the act that has a lasting effect; none where there is none
	looks  bool     // it only leads somewhere, closes or unfolds something
	agrees bool     // it confirms what was asked before: OK, Yes, Continue
	known  bool
}

// maxLabel is how much of a label is read, in bytes; a button says what it does in a few words.
const maxLabel = 160

// commits are the words for lasting effects in several languages, without accents.
var commits = func() map[string]verb.Act {
	m := make(map[string]verb.Act, 1024)
	for act, list := range commitWords {
		for w := range strings.FieldsSeq(list) {
			m[w] = act
		}
	}
	return m
}()

//nolint:misspell // words of many languages
var commitWords = map[verb.Act]string{
	verb.Delete: "delete remove erase discard purge destroy wipe trash clear empty uninstall unlink drop reset loschen entfernen verwerfen leeren deinstallieren zurucksetzen supprimer effacer retirer vider desinstaller enlever eliminar borrar quitar vaciar suprimir desinstalar excluir apagar remover limpar deletar elimina eliminare cancellare rimuovi rimuovere svuota disinstalla verwijderen verwijder usun slett radera ta-bort poista sil kaldir удалить очистить 削除 删除 刪除 移除 삭제 清空",
	verb.Pay: "pay buy purchase checkout donate transfer withdraw deposit bid rent book reserve order preorder refund tip topup invest trade sell swap bezahlen zahlen kaufen bestellen uberweisen spenden buchen reservieren abheben einzahlen kostenpflichtig payer acheter commander regler virer donner reserver verser retirer-de-largent comprar pagar encargar transferir donar reservar depositar retirar encomendar doar compra paga pagare acquista acquistare ordina " +
		"dona prenota bonifico versa preleva betalen kopen koop bestel kup zaplac betala kob kjop osta satinal ode оплатить купить заказать перевести 購入 支払う 注文 购买 付款 支付 下单 구매 결제 주문",
	verb.Grant:   "approve allow grant authorize authorise permit invite promote revoke deny reject ban block unblock trust share-access genehmigen erlauben zulassen freigeben gewahren einladen ablehnen verweigern sperren berechtigen approuver autoriser accorder inviter refuser bloquer aprobar permitir autorizar conceder invitar rechazar denegar bloquear aprovar convidar rejeitar negar approva consenti autorizza concedi invita rifiuta blocca goedkeuren toestaan zatwierdz разрешить одобрить 許可 承認 允许 批准 허용 승인",
	verb.Send:    "send reply forward respond senden absenden abschicken schicken antworten weiterleiten verschicken envoyer repondre transferer enviar responder reenviar encaminhar invia inviare rispondi inoltra spedisci verzenden stuur beantwoorden wyslij skicka odpovedz gonder отправить ответить 送信 返信 发送 回复 보내기 전송 発送 notify email remind call dial",
	verb.Publish: "publish post share comment tweet repost broadcast upload submit-review veroffentlichen posten teilen kommentieren hochladen publizieren freischalten publier partager commenter televerser diffuser publicar compartir comentar subir compartilhar carregar postar pubblica pubblicare condividi commenta carica publiceren delen opublikuj опубликовать поделиться загрузить 公開 投稿 共有 发布 分享 上传 게시 공유 업로드 announce live",
	verb.Deploy:  "deploy release rollback provision promote-to ausrollen bereitstellen deployer deployen desplegar implantar rilascia scale redeploy",
	verb.Install: "install update-now upgrade-now installieren installer instalar installa installeren zainstaluj asenna установить インストール 安装 설치 installeer enroll",
	verb.Run:     "run execute launch trigger start restart reboot shutdown retry rebuild rerun ausfuhren starten neustarten herunterfahren executer lancer demarrer redemarrer ejecutar iniciar reiniciar apagar-equipo executar reiniciar-agora esegui avvia riavvia spegni uitvoeren uruchom выполнить запустить 実行 执行 运行 실행 reboot-now print sync",
	verb.Login:   "login signin signup logout signout register authenticate sign-in sign-out log-in log-out anmelden einloggen abmelden ausloggen registrieren connexion connecter deconnexion deconnecter inscrire acceder entrar salir registrarse registrar sair accedi esci registrati inloggen uitloggen afmelden zaloguj wyloguj войти выйти ログイン ログアウト 登录 退出登录 로그인 로그아웃",
	verb.Stop:    "deactivate terminate suspend disable unsubscribe kill abort stop revert undo archive unpublish withdraw-application kundigen deaktivieren beenden stornieren abbestellen stoppen archivieren widerrufen desactiver resilier desabonner arreter archiver suspendre desactivar suspender detener archivar anular desativar parar arquivar disattiva sospendi termina archivia annulla-ordine deactiveren stopzetten остановить отключить 無効化 解約 停用 注销 停止 shut",
	verb.Change:  "save apply update confirm accept agree merge submit edit-and-save enable activate assign set change rename move replace modify subscribe follow vote upvote downvote like rate enroll complete finish resolve finalize sign mark toggle pin mute join leave restore rotate speichern anwenden aktualisieren bestatigen annehmen akzeptieren zustimmen ubernehmen einreichen aktivieren andern verschieben umbenennen zusammenfuhren abonnieren folgen ubermitteln unterschreiben fertigstellen abschliessen enregistrer sauvegarder appliquer modifier confirmer accepter valider soumettre activer deplacer renommer fusionner abonner suivre signer terminer guardar aplicar actualizar confirmar aceptar acepto validar activar mover renombrar fusionar suscribirse seguir firmar finalizar salvar aplicar atualizar aceitar concordar submeter ativar mesclar assinar concluir salva salvare applica aggiorna conferma accetta accetto modifica invia-modulo attiva sposta rinomina unisci iscriviti segui firma opslaan toepassen bijwerken bevestigen accepteren akkoord zapisz zastosuj spara lagre gem tallenna kaydet uygula onayla сохранить применить подтвердить принять 保存 適用 確認 更新 同意 確定 确认 提交 保存更改 应用 저장 적용 확인 동의",
	verb.Create:  "create add generate new import export insert attach duplicate clone schedule make build compose record erstellen hinzufugen generieren anlegen importieren exportieren einfugen neu duplizieren creer ajouter generer importer exporter inserer dupliquer nouveau crear anadir agregar generar importar exportar insertar duplicar nuevo criar adicionar gerar inserir novo crea aggiungi genera importa esporta inserisci nuovo duplica aanmaken toevoegen utworz dodaj skapa lagg-till создать добавить 作成 追加 创建 新建 添加 导出 导入 생성 추가",
}

// views are words for what only leads somewhere, closes or unfolds. The gravest meaning wins
// where a label has words of both kinds, but for those that begin with one of these.
//
//nolint:misspell // words of many languages
var views = words("view show see open read browse go back next previous prev details detail more less learn help about home close cancel dismiss skip expand collapse menu tab search filter sort find preview overview history list all settings options profile dashboard refresh reload zoom scroll select choose toggle-menu navigation page pages first last up down hide explore compare inspect print-preview faq terms privacy policy imprint contact-us tools account inbox notifications recent copy " +
	"ansehen anzeigen offnen zuruck weiter-lesen nachste vorherige mehr hilfe schliessen abbrechen suchen filtern sortieren ubersicht vorschau startseite menu einstellungen uber auswahlen aufklappen ausblenden kopieren voir afficher ouvrir retour suivant precedent plus fermer annuler chercher rechercher filtrer trier apercu accueil aide parametres masquer copier ver mostrar abrir volver atras siguiente anterior mas cerrar cancelar buscar filtrar ordenar inicio ayuda ajustes detalles ocultar copiar voltar proximo mais fechar pesquisar ajuda detalhes esconder vedi mostra apri indietro avanti precedente successivo chiudi annulla cerca filtra ordina aiuto dettagli nascondi copia terug volgende sluiten annuleren zoeken bekijken wstecz dalej zamknij anuluj szukaj tillbaka nasta stang avbryt sok назад далее закрыть отмена поиск открыть показать 戻る 次へ 閉じる キャンセル 検索 表示 返回 下一页 上一页 关闭 取消 搜索 查看 详情 뒤로 다음 닫기 취소 검색 보기")

// agreements answer a question that the label does not repeat.
var agreements = words("ok okay yes continue proceed done next-step understood ja weiter fortfahren fertig verstanden oui continuer poursuivre d'accord si continuar seguir-adelante sim prosseguir continua procedi doorgaan tak kontynuuj да продолжить はい 続行 确定 继续 是 예 계속 accept-and-continue")

var (
	// enders with one of ended end something: "Close account", "Cancel order".
	enders = words("cancel close end leave stop skip cerrar cancelar annuler fermer schliessen abbrechen chiudi annulla fechar reset clear")
	ended  = words("account order subscription booking reservation membership plan ticket issue position appointment flight trip policy contract konto bestellung abonnement abo buchung mitgliedschaft compte commande abonnement cuenta pedido suscripcion reserva conta assinatura ordine prenotazione account abbonamento payment transfer job request invite invitation deployment pipeline trial service card incident case")
	// starters make a noun that follows an act: "Place your order".
	starters = words("place submit confirm complete finish finalize finalise request passer effectuer realizar fazer")
	// nouns are also verbs; they count only at the beginning of a label.
	nouns = words("order post comment share update report transfer record book live call tip trade release set like rate block start stop import export mark sign reset print change email new vote move bid follow compose call join leave schedule pin build launch sync trust copy scale rent retry register record upload forward reply respond archive subscribe deposit neu nuevo novo nuovo nouveau compra firma ordina crea salva")
)

func words(list string) map[string]bool {
	m := map[string]bool{}
	for w := range strings.FieldsSeq(list) {
		m[w] = true
	}
	return m
}

// icons are labels that are pictures.
var icons = map[string]meaning{
	"🗑": {act: verb.Delete, known: true}, "🗑️": {act: verb.Delete, known: true}, "❌": {looks: true, known: true}, "×": {looks: true, known: true}, "✕": {looks: true, known: true}, "✖": {looks: true, known: true}, "x": {looks: true, known: true},
	"+": {act: verb.Create, known: true}, "➕": {act: verb.Create, known: true}, "👍": {act: verb.Change, known: true}, "👎": {act: verb.Change, known: true}, "❤": {act: verb.Change, known: true}, "❤️": {act: verb.Change, known: true}, "♥": {act: verb.Change, known: true}, "★": {act: verb.Change, known: true},
	"💾": {act: verb.Change, known: true}, "➤": {act: verb.Send, known: true}, "✉": {act: verb.Send, known: true}, "✈": {act: verb.Send, known: true}, "✓": {agrees: true, known: true}, "✔": {agrees: true, known: true}, "☰": {looks: true, known: true}, "⋮": {looks: true, known: true}, "…": {looks: true, known: true}, "...": {looks: true, known: true},
	"<": {looks: true, known: true}, ">": {looks: true, known: true}, "‹": {looks: true, known: true}, "›": {looks: true, known: true}, "«": {looks: true, known: true}, "»": {looks: true, known: true}, "←": {looks: true, known: true}, "→": {looks: true, known: true}, "↑": {looks: true, known: true}, "↓": {looks: true, known: true}, "⌂": {looks: true, known: true}, "🔍": {looks: true, known: true}, "↻": {looks: true, known: true}, "⟳": {looks: true, known: true}, "⚙": {looks: true, known: true}, "?": {looks: true, known: true}, "i": {looks: true, known: true}, "▼": {looks: true, known: true}, "▲": {looks: true, known: true},
}

// weights orders acts from grave to slight.
var weights = map[verb.Act]int{verb.Delete: 12, verb.Pay: 11, verb.Deploy: 10, verb.Grant: 9, verb.Install: 8, verb.Run: 7, verb.Publish: 6, verb.Send: 5, verb.Stop: 4, verb.Change: 3, verb.Create: 2, verb.Login: 1}

// understand reads a label. A link's label is often the title of what it leads to,
// so there only the first and the last word count.
func understand(label string, link bool) meaning {
	if m, ok := icons[strings.TrimSpace(label)]; ok {
		return m
	}
	list := fold(label)
	if len(list) == 0 {
		return meaning{}
	}
	var m meaning
	cookies, end, object := false, false, false
	for i, w := range list {
		act := commits[w]
		if act == verb.None && w[0] >= 0x80 {
			act = inside(w)
		}
		if link && len(list) > 3 && i > 0 && i < len(list)-1 || link && len(list) > 6 {
			act = verb.None
		}
		counts := !nouns[w] || i == 0 || joined(list[i-1]) || starters[list[0]]
		if act != verb.None && counts && weights[act] > weights[m.act] {
			m.act = act
		}
		m.looks = m.looks || views[w]
		m.agrees = m.agrees || agreements[w]
		cookies = cookies || w == "cookie" || w == "cookies"
		end = end || enders[w]
		object = object || i > 0 && ended[w]
	}
	m.act = settle(m, list, cookies, end && object)
	m.looks = m.act == verb.None && (m.looks || cookies || narrows(list))
	m.known = m.act != verb.None || m.looks || m.agrees
	return m
}

// settle weighs words for looking against words for acting.
func settle(m meaning, list []string, cookies, ends bool) verb.Act {
	switch {
	case narrows(list) && m.act != verb.Pay:
		return verb.None
	case cookies && (m.act == verb.Change || m.act == verb.Grant):
		return verb.None
	case ends && m.act == verb.None:
		return verb.Stop
	case len(list) == 2 && (list[0] == "sign" || list[0] == "log") && (list[1] == "in" || list[1] == "out" || list[1] == "up" || list[1] == "off" || list[1] == "on"):
		return verb.Login
	case m.act == verb.None || ends:
		return m.act
	case views[list[0]] && !acting(list):
		return verb.None // "View order", "Show deleted items", "Cancel edit"
	}
	return m.act
}

// narrows says that a label is about what a list shows: "Clear filters", "Apply filter".
func narrows(list []string) bool {
	last := list[len(list)-1]
	return last == "filter" || last == "filters" || last == "search" || last == "sorting" || last == "selection" || last == "filtro" || last == "filtros" || last == "filtres" || last == "suche"
}

// acting says that a label which begins with a word for looking goes on with an act: "Review and pay".
func acting(list []string) bool {
	for i := 1; i+1 < len(list); i++ {
		if joined(list[i]) && commits[list[i+1]] != verb.None {
			return true
		}
	}
	return false
}

func joined(w string) bool {
	switch w {
	case "and", "&", "or", "und", "et", "y", "e", "then", "zu", "now", "jetzt", "please", "yes", "ok", "i":
		return true
	}
	return false
}

// inside finds an act in a text of a script that puts no blanks between words.
func inside(w string) verb.Act {
	best := verb.None
	for _, p := range dense {
		if strings.Contains(w, p.text) && weights[p.act] > weights[best] {
			best = p.act
		}
	}
	return best
}

type phrase struct {
	text string
	act  verb.Act
}

// dense are the words of commits in such scripts.
var dense = func() (list []phrase) {
	for w, act := range commits {
		if r := []rune(w)[0]; unicode.Is(unicode.Han, r) || unicode.Is(unicode.Hangul, r) || unicode.Is(unicode.Katakana, r) || unicode.Is(unicode.Hiragana, r) {
			list = append(list, phrase{w, act})
		}
	}
	return list
}()

// fold splits a label into lower-case words without accents, and drops what cannot be seen.
func fold(label string) []string {
	if len(label) > maxLabel {
		label = label[:maxLabel]
	}
	ascii := true
	for i := range len(label) {
		ascii = ascii && label[i] < 0x80
	}
	if !ascii {
		label = strings.Map(func(r rune) rune {
			switch {
			case unicode.Is(unicode.Mn, r), unicode.Is(unicode.Cf, r):
				return -1
			case r == 'ß':
				return 's'
			case r == 'ı':
				return 'i'
			case r == 'ł':
				return 'l'
			case r == 'ø':
				return 'o'
			}
			return r
		}, norm.NFKD.String(strings.ReplaceAll(label, "ß", "ss")))
		label = norm.NFC.String(label)
	}
	return strings.FieldsFunc(strings.ToLower(label), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '&' && r != '\''
	})
}
