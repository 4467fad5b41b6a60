package name

import (
	"strings"

	"github.com/weighlock/weighlock/internal/facts/verb"
	"github.com/weighlock/weighlock/internal/facts/word"
)

// Kind is a kind of thing that an act is done to, such as "account" or "order".
type Kind string

// Sensitivity is why a kind of thing needs care; "" where it does not.
type Sensitivity string

// The sensitivities.
const (
	Plain       Sensitivity = ""
	Credentials Sensitivity = "credentials"
	Identity    Sensitivity = "identity"
	Health      Sensitivity = "health"
	Finance     Sensitivity = "finance"
	Legal       Sensitivity = "legal"
	Safety      Sensitivity = "safety"
	Physical    Sensitivity = "physical"
)

// object is one kind of thing and the words that name it.
type object struct {
	kind      Kind
	sensitive Sensitivity
	words     string
}

var objects = []object{
	{"secret", Credentials, "secret credential apikey token keypair keychain keyring vault certificate cert passphrase mnemonic seedphrase cookie otp mfa totp oauth privatekey sshkey ssh kms authenticator"},
	{"password", Credentials, "password passwd pwd passcode pin"},
	{"permission", Credentials, "permission role acl privilege scope entitlement iam rbac rights membership ownership owner admin collaborator policybinding superuser"},
	{"account", Identity, "account profile wallet identity persona login subscriber membershipaccount"},
	{"user", Identity, "user customer client employee person people member contact passenger guest tenant citizen student teacher author researcher applicant candidate recipient beneficiary participant attendee subscriberlist visitor staff personnel worker driver resident"},
	{"identity document", Identity, "passport ssn licence license visa nationalid idcard biometric fingerprint face faceid birthdate dob demographic pii demographics"},
	{"medical record", Health, "patient medical medication medicine drug dose dosage diagnosis prescription health clinical treatment therapy lab ehr emr fhir vaccine immunization allergy symptom insulin surgery hospital nurse doctor care ward diagnostic genome dna hipaa pharmacy blood organ oncology"},
	{"payment", Finance, "payment invoice bill billing refund transfer transaction charge payroll salary payout remittance wire deposit withdrawal reimbursement expense budget receipt ledger fund treasury escrow mortgage loan credit debit tax insurance claim pension cash money funds revenue"},
	{"card", Finance, "card creditcard debitcard giftcard iban"},
	{"bank account", Finance, "bank banking checking savings brokerage"},
	{"investment", Finance, "stock share portfolio trade bond option future crypto bitcoin btc eth ethereum nft dao asset currency forex stake liquidity swap pool holdings dividend position ticker defi"},
	{"contract", Legal, "contract agreement lawsuit case court evidence legal clause nda compliance regulation gdpr will deed copyright patent trademark warrant subpoena verdict ruling jury litigation consent"},
	{"security control", Safety, "alarm firewall antivirus safety security guardrail safeguard sensor interlock failsafe emergency evacuation sprinkler smoke fire defender selinux apparmor edr siem ids ips waf quarantine audit auditlog monitoring threshold radiation collision airbag brake surveillance"},
	{"vehicle", Physical, "vehicle car engine drone robot aircraft truck train ship vessel bus autopilot route navigation steering cruise tire fuel charger traffic gear clutch throttle altitude flightpath ventilator"},
	{"lock", Physical, "lock door gate garage window deadbolt elevator lift"},
	{"device", Physical, "device thermostat light lamp camera oven stove heater boiler furnace hvac valve pump turbine reactor grid generator breaker relay motor actuator plc scada conveyor printer appliance speaker tv switch plug blind curtain vacuum sprinklers fridge freezer kettle iot temperature pressure voltage plant substation dam"},
	{"order", Plain, "watchlist wishlist order cart basket purchase subscription product item sku inventory warehouse shipment delivery parcel package coupon discount promotion listing"},
	{"reservation", Plain, "reservation booking appointment flight hotel seat cabin baggage luggage trip itinerary restaurant ticketing airline airport rental room ride taxi tour excursion"},
	{"ticket", Plain, "ticket issue incident bug task todo epic sprint milestone subtask story kanban board"},
	{"file", Plain, "playlist checklist shortlist file directory folder document attachment path blob bucket object disk drive partition volume filesystem spreadsheet pdf image photo video audio slide presentation sheet doc docs page notebook archive webpage website site"},
	{"message", Plain, "message email mail inbox thread channel chat conversation dm sms tweet post comment reply notification mailbox newsletter feed announcement mention slack gmail outlook discord telegram whatsapp teams"},
	{"calendar", Plain, "calendar event meeting invite schedule slot availability reminder"},
	{"database", Plain, "database db table collection index schema row record column query dataset keyspace sql mongo mongodb postgres mysql redis dynamodb bigquery snowflake clickhouse field entity namespace partitionkey topic queue stream"},
	{"cluster", Plain, "cluster node pod instance vm server host deployment container service lambda droplet region vpc subnet environment stack loadbalancer dns domain zone app application workload infrastructure network router replica shard job workflow pipeline build branchdeploy "},
	{"repository", Plain, "repository repo branch commit pull pr merge tag release fork gist codebase code dependency library secretscan"},
	{"setting", Plain, "setting config configuration preference parameter feature flag rule policy limit quota plan mode theme webhook integration plugin extension roaming line sim"},
	{"memory", Plain, "memory memories knowledge graph relation observation note context embedding vector fact"},
	{"agent", Plain, "agent subagent assistant bot model prompt instruction crew human operator"},
}

// information are things that a name without a verb asks for, such as "weather" or "exchange_rate".
const information = `weather forecast temperature humidity news headline wikipedia dictionary definition thesaurus synonym timezone time date clock today now
	distance direction location geolocation coordinate elevation population country city zipcode postcode airport nearby nearest
	quote price rate rates balance cost fare fee eta timetable departure arrival arrivals departures horoscope trivia joke fact recipe lyrics movie movies
	info information detail details overview status state history stat stats statistic statistics metric metrics usage summary size length count total
	schema structure version versions list listing logs log indexes indices index metadata properties attributes contents content
	name names id ids description changelog changes events timeline lookup report reports ranking leaderboard score scores result results transcript availability
	health uptime capabilities options regions region types categories catalog catalogue inventory directory menu faq docs documentation help
	standings trends trending eligibility policy policies terms guidelines average search finder capital currency currencies
	conditions tide sunrise sunset moon air quality pollen uv earthquake exchange`

// aspects are the last words of names that ask about a thing: "order_status", "collection-schema".
const aspects = `info information detail details overview status state history stat stats statistic statistics metric metrics usage summary size length count total
	schema structure version versions list listing logs log indexes indices metadata properties attributes contents balance balances price prices
	cost rate rates eta availability timeline transcript eligibility guidelines faq results result score rank ranking report health uptime
	location coordinates position distance description names ids explanation forecast statement balance quote options capabilities lookup search finder help
	viewer reader checker tracker`

// fillers are words that say nothing of what is done.
const fillers = `a an the of by for from to in on at with via into all any each every my your our their this that one many multiple single batch bulk
	current existing specific given available public private internal external local remote global default primary old first last next previous
	latest recent active inactive nearest closest direct full partial quick advanced simple basic custom manual auto automatic v1 v2 v3 v4 api mcp tool
	tools function functions method server async json xml csv html http https rest data value values id ids name names number numbers string
	not no is as if up down out off over back based standard general common raw top low high sub`

// conjunctions join two acts: what follows is a verb again.
var conjunctions = word.Set("and then or plus")

// measures are units: "liter_to_gallon" converts.
var measures = word.Set(`liter litre gallon liters gallons celsius fahrenheit kelvin km mile miles kilometer kilometers meter meters feet foot inch inches cm mm kg lb lbs pounds pound ounce ounces gram grams
	binary decimal hex hexadecimal ascii base64 roman radians degrees degree speech text json csv xml yaml html markdown usd eur gbp rgb unix epoch timestamp hours minutes seconds mph kph psi bar joules calories`)

// moneys are what makes sending, making or scheduling it a payment; askers after it make it none.
var (
	moneys = word.Set("money funds payment payments cash transaction transactions transfer transfers payout payouts crypto eth btc bitcoin usdc remittance donation deposit withdrawal purchase wire")
	askers = word.Set("request requests link links method methods reminder reminders receipt receipts confirmation notification notifications status intent page account reference note report history schedule plan limit alert email message record")
	starts = word.Set("send make create submit initiate execute perform schedule do approve complete confirm authorize authorise add")
)

// parcels are what is shipped without being software, and leads what a sales team converts.
var (
	parcels = word.Set("package packages order orders item items product products parcel parcels gift goods")
	leads   = word.Set("lead leads opportunity account prospect")
	opened  = word.Set("account accounts ticket tickets issue issues position positions case cases claim loan incident pr dispute")
	phones  = word.Set("call phone")
)

// humans are whom a conversation or a piece of work is handed to.
var humans = word.Set("human agent agents representative rep operator support department supervisor call chat conversation")

// movable are what is transferred without being money.
var movable = word.Set("file files data object objects blob folder directory document documents image images photo media bytes stream buffer song playlist playback learning")

// owned are what changes hands with power over it.
var owned = word.Set("ownership domain repo repository admin role account project organization organisation issue")

// disks are what one formats and loses.
var disks = word.Set("disk drive volume partition usb sd filesystem storage")

var (
	kinds      = kindIndex()
	informings = word.Set(information)
	aspectsOf  = word.Set(aspects)
	fillersOf  = word.Set(fillers)
	sensitives = func() map[Kind]Sensitivity {
		m := make(map[Kind]Sensitivity, len(objects))
		for _, o := range objects {
			m[o.kind] = o.sensitive
		}
		return m
	}()
)

func kindIndex() map[string]Kind {
	m := make(map[string]Kind, 1024)
	for _, o := range objects {
		for w := range strings.FieldsSeq(o.words) {
			m[w] = o.kind
		}
	}
	return m
}

// KindOf returns the kind of thing that a lower-case word names, in singular or plural; "" where it is not known.
func KindOf(word string) Kind {
	if k, ok := kinds[word]; ok {
		return k
	}
	for _, s := range [...]struct{ suffix, instead string }{{"ies", "y"}, {"s", ""}, {"es", ""}} {
		if stem, ok := strings.CutSuffix(word, s.suffix); ok {
			if k, ok := kinds[stem+s.instead]; ok {
				return k
			}
		}
	}
	return ""
}

// SensitivityOf says why a kind of thing needs care.
func SensitivityOf(k Kind) Sensitivity { return sensitives[k] }

// isThing says that a word is known, whether or not it names an act.
func isThing(word string) bool {
	return fillersOf[word] || informings[word] || KindOf(word) != "" || conjunctions[word] || verb.OfForm(word) != verb.None
}
