package tool

import (
	"slices"
	"strings"

	"github.com/weighlock/weighlock/internal/facts/input"
	"github.com/weighlock/weighlock/internal/facts/name"
	"github.com/weighlock/weighlock/internal/facts/word"
)

// Harm is a kind of harm.
type Harm string

// maxProse is how much of a text is searched for words of harm.
const maxProse = 16 << 10

// maxStep is how much of a step of a plan is searched.
const maxStep = 1 << 10

// stems are beginnings of words that speak of harm, after the vocabularies of MITRE ATT&CK, CAPEC,
// fraud examiners and professional ethics. A stem ending in "." is a whole word.
var stems = map[Harm]string{
	"theft":     "steal stole. stolen. theft thiev exfiltrat pilfer embezzl siphon burglar robbery. loot plunder misappropriat launder skimming. poach smuggl piracy pirate plagiar counterfeit",
	"deception": "fake. faked faking fakes. forge. forged forging forgery falsif fabricat deceiv decept mislead fraud scam phish spoof impersonat masquerad disinform misinform manipulat rigged rigging bogus. sham. hoax deepfake astroturf catfish swindl misrepresent gaslight disguis insider. collusion collude",
	"evasion":   "evade evading evasion undetect covert stealth unauthori unauthoris unnotic untrace surreptit clandestin secretly. conceal obfuscat circumvent bypass jailbreak sidestep unlawful illegal illicit unlicensed unmonitored untracked whitewash coverup",
	"sabotage":  "sabotag tamper corrupt. corrupting corruption. vandal destabil cripple malfunction disrupt degrade. degrading poison contaminat maim derail wreck. wrecking detonat explode explosi arson meltdown misconfigur misrout misdirect mislabel misplac hinder. obstruct undermin distort deteriorat defac ddos. flooding deadlock. misallocat miscalibrat",
	"abuse":     "harass blackmail extort coerc intimidat threaten bully bullying stalk stalking doxx dox. discriminat exploit exploitation. racism defam slander libel malign maliciou abus humiliat retaliat bribe briber victimi weaponi weapon harm. harmful harming murder suicide assassin torture trafficking. grooming misuse misus unethical unjust. biased. malpractice violat endanger jeopardi predatory. profiteer pricegoug insidertrad overcharg gouging. misconduct overprescri overdos",
	"intrusion": "malware malicio ransomware keylog rootkit backdoor trojan spyware botnet hijack hack. hacking hacker hacked intrusi infiltrat eavesdrop wiretap intercept spying. spy. snoop breach. breaching leak. leaks. leaking leakage brute. bruteforc crack. cracking exploit privesc harvest phreak pwn reversesh doxing sniff sniffing",
	"neglect":   "withhold withheld depriv depriving neglect abandon misdiagnos mistreat mistreatment malnutrit negligen wrongful censor underreport misreport omission disregard",
	"disabling": "disarm neutrali deactivatesafety disablesecur killswitch",
}

// phrases speak of harm by words that are harmless alone; "|" divides them. They are compared with
// lower-case words and single spaces.
var phrases = map[Harm]string{
	"evasion":   "without being detected|without detection|avoid detection|avoid being detected|without their knowledge|without the user knowing|without his knowledge|without her knowledge|without consent|without permission|without authorization|without authorisation|without approval|without notifying|without informing|without the owner|cover our tracks|cover my tracks|cover tracks|cover up|hide the evidence|hide evidence|hide traces|remove traces|leave no trace|under the radar|do not tell|don t tell|keep this secret|keep it hidden|go unnoticed|not be noticed|no one will notice|nobody will notice|avoid suspicion|not raise suspicion|erase the logs|clear the logs|delete the logs|despite the policy|ignore the policy|ignore policy|skip approval|skip the approval|avoid oversight|evade oversight|before anyone notices|get around|work around the restriction",
	"disabling": "disable security|disable the security|disable safety|disable the safety|override safety|override the safety|turn off security|turn off safety|disable alarm|disable the alarm|disable alarms|disable logging|disable audit|disable auditing|disable monitoring|disable antivirus|disable firewall|disable the firewall|disable protection|disable safeguards|disable authentication|disable mfa|disable encryption|safety override|security override|shut off the alarm|remove safeguards|ignore safety|ignoring safety|ignore safety protocols|bypass safety|remove all restrictions|weaken security|lower security",
	"theft":     "identity theft|sell the data|sell user data|copy all customer|send the credentials|collect credentials|collect passwords|capture passwords|dump credentials|drain the account|drain funds|drain all|empty the account|insider trading|for my own benefit|personal gain",
	"neglect":   "deny care|deny treatment|withhold care|withhold treatment|refuse treatment|stop treatment|care denial|delay treatment|lower the priority of|harm the patient|unnecessary procedure|unnecessary surgery|unnecessary treatment|wrong medication|wrong dose|lethal dose|excessive dose",
	"abuse":     "against their will|cause harm|to harm|to hurt|put lives at risk|high pressure sales|price gouging|privacy violation|violate privacy",
	"deception": "pretend to be|pretending to be|pose as|posing as|act as if|false information|false data|false report|incorrect data|misleading information|fake news|pump and dump|wash trading",
	"intrusion": "reverse shell|sql injection|heap spray|privilege escalation|zero day|brute force|remote access trojan|man in the middle|credential stuffing|password spraying|mass surveillance|gain access to|unauthorized access",
}

// defending words before a word of harm turn it into what is defended against.
var defending = word.Set(`detect detects detecting detected detection prevent prevents preventing prevention protect protects protecting protection protected defend defense defence
	block blocks blocking stop stopping report reports reporting avoid avoiding mitigate mitigates mitigating mitigation against anti scan scans scanning scanner identify identifies
	identifying investigate investigating investigation fight combat monitor monitoring monitors resist resistant check checks checking flag flags flagging filter filters filtering
	audit auditing guard safeguard safeguarding reduce reducing minimize minimise minimizing eliminate deter quarantine remediate remediation respond
	no not never isn cannot won without risk risks suspected possible potential potentially alleged awareness`)

// defendingInName are words that make a name one of defence. Looking at reports of harm is harmless, too.
var defendingInName = word.Set(`detect detection detector prevent prevention protect protection defend defense defence block report anti scan scanner identify investigate investigation
	monitor monitoring check checker flag filter audit guard mitigate mitigation quarantine get list search find view lookup alert alerts count awareness score policy reports
	remediate classify analyze analyse assess assessment predict evaluate warn risk`)

// incidents are words that name harm in a tool's name, and in prose mostly tell of some.
var incidents = map[string]Harm{
	"blackout": "sabotage", "outage": "sabotage", "crash": "sabotage", "collision": "sabotage", "exhaustion": "sabotage", "starvation": "sabotage", "overload": "sabotage",
	"degradation": "sabotage", "erasure": "sabotage", "jamming": "sabotage", "flooding": "sabotage", "attack": "abuse", "surveillance": "intrusion", "denial": "neglect",
	"suppression": "neglect", "omission": "neglect", "delaying": "neglect", "virus": "intrusion", "worm": "intrusion", "payload": "intrusion", "outages": "sabotage",
}

// crafts are what is manipulated by honest work.
var crafts = word.Set("string text image array data dataframe file pdf dom bit date audio video json list matrix")

type stem struct {
	text  string
	whole bool
	harm  Harm
}

// start is the words of harm that begin with the same two letters.
type start struct {
	stems   []stem
	phrases []saying
}

type saying struct {
	words []string
	harm  Harm
}

var starts = startIndex()

func startIndex() (m [26][26]start) {
	at := func(w string) *start { return &m[w[0]-'a'][w[1]-'a'] }
	for h, words := range stems {
		for w := range strings.FieldsSeq(words) {
			text, whole := strings.CutSuffix(w, ".")
			at(text).stems = append(at(text).stems, stem{text, whole, h})
		}
	}
	for h, all := range phrases {
		for p := range strings.SplitSeq(all, "|") {
			w := strings.Fields(p)
			at(w[0]).phrases = append(at(w[0]).phrases, saying{w, h})
		}
	}
	return m
}

// thirds says for every two letters by which third ones a word of harm may go on, see [letterBit]. It is small, so that it stays in the
// processor's nearest cache, and nearly every word of nearly every text ends there.
var thirds = thirdLetters()

func thirdLetters() (m [26 * 26]uint32) {
	add := func(w string) {
		bits := uint32(1<<27 - 1) // of two letters: it may go on in any way, or end
		if len(w) > 2 {
			bits = letterBit(w[2])
		}
		m[int(w[0]-'a')*26+int(w[1]-'a')] |= bits
	}
	for i := range starts {
		for j := range starts[i] {
			for _, s := range starts[i][j].stems {
				add(s.text)
			}
			for _, p := range starts[i][j].phrases {
				add(p.words[0])
			}
		}
	}
	return m
}

// letterBit is the bit of a lower-case letter; all other bytes share one.
func letterBit(c byte) uint32 { return 1 << min(c-'a', 26) }

// startOf returns what begins like a word, or nil.
func startOf(w string) *start {
	if len(w) < 2 || w[0] < 'a' || w[0] > 'z' || w[1] < 'a' || w[1] > 'z' {
		return nil
	}
	return &starts[w[0]-'a'][w[1]-'a']
}

func harmOfWord(w string) (Harm, bool) {
	at := startOf(w)
	if at == nil {
		return "", false
	}
	for _, s := range at.stems {
		if w == s.text || !s.whole && strings.HasPrefix(w, s.text) {
			return s.harm, true
		}
	}
	return "", false
}

// harmOfWords finds the kinds of harm in words of prose, the first words first.
func harmOfWords(words []string) []string {
	var found []string
	for i, w := range words {
		h, ok := harmOfWord(w)
		if !ok {
			h, ok = harmOfPhrase(words[i:])
		}
		if ok && !defended(words, i) {
			found = word.Once(found, string(h))
		}
	}
	return found
}

func harmOfPhrase(words []string) (Harm, bool) {
	at := startOf(words[0])
	if at == nil {
		return "", false
	}
	for _, p := range at.phrases {
		if len(words) >= len(p.words) && slices.Equal(words[:len(p.words)], p.words) {
			return p.harm, true
		}
	}
	return "", false
}

// defended says that one of the six words before defends against what follows, or the next two do
// ("fraud detection").
func defended(words []string, i int) bool {
	for j := max(0, i-6); j < i; j++ {
		if defending[words[j]] {
			return true
		}
	}
	for j := i + 1; j < min(len(words), i+3); j++ {
		switch words[j] {
		case "detection", "prevention", "protection", "alert", "alerts", "report", "reports", "monitoring", "check", "checks", "filter", "risk", "analysis", "scanner", "policy":
			return true
		}
	}
	return false
}

func harmOfName(n *name.Name) []string {
	for _, w := range n.Words {
		if defendingInName[w] {
			return nil
		}
	}
	var found []string
	for i, w := range n.Words {
		if i > 0 && crafts[n.Words[i-1]] && strings.HasPrefix(w, "manipulat") {
			continue
		}
		if h, ok := incidents[w]; ok {
			found = word.Once(found, string(h))
		} else if h, ok := harmOfWord(w); ok {
			found = word.Once(found, string(h))
		} else if h, ok := harmOfPhrase(n.Words[i:]); ok {
			found = word.Once(found, string(h))
		}
	}
	return found
}

func (f *Facts) ofHarm(a *input.Action, args *input.Arguments) {
	f.HarmName = harmOfName(&f.Name)
	f.HarmReasoning = harmOfProse(a.Reasoning)
	for i, step := range a.Plan {
		if i == 64 {
			break
		}
		for _, h := range harmOfProse(step.Description[:min(len(step.Description), maxStep)]) {
			f.HarmReasoning = word.Once(f.HarmReasoning, h)
		}
	}
	budget := maxProse
	for _, t := range args.Texts {
		if len(t.Value) > 300 {
			continue // prose about harm is no harm
		}
		if budget -= len(t.Value); budget < 0 {
			break
		}
		for _, h := range harmOfProse(t.Value) {
			f.HarmArguments = word.Once(f.HarmArguments, h)
		}
	}
}

// harmOfProse is [harmOfWords] of a text's words, up to [maxProse] bytes.
func harmOfProse(s string) []string {
	s = strings.ToLower(s[:min(len(s), maxProse)])
	if !mayHarm(s) {
		return nil
	}
	return harmOfWords(lowerWords(s))
}

// mayHarm says that a word of a text in lower case begins like one of harm. Most texts have none, and looking
// takes a fraction of taking their words apart.
func mayHarm(s string) bool {
	inside := false
	for i := range len(s) {
		starts := !inside
		inside = isWordByte(s[i])
		if starts && inside && harmStarts(s[i:]) {
			return true
		}
	}
	return false
}

// harmStarts says that the text starts with a word of harm, or with the first two words of a phrase of harm.
func harmStarts(s string) bool {
	if len(s) < 3 { // no phrase is that short, and no stem
		return false
	}
	first, second := s[0]-'a', s[1]-'a'
	if first > 25 || second > 25 || thirds[int(first)*26+int(second)]&letterBit(s[2]) == 0 {
		return false
	}
	at := &starts[first][second]
	for i := range at.stems {
		if strings.HasPrefix(s, at.stems[i].text) {
			return true
		}
	}
	for i := range at.phrases {
		words := at.phrases[i].words
		if rest, ok := strings.CutPrefix(s, words[0]); ok && secondWord(rest, words[1]) {
			return true
		}
	}
	return false
}

// secondWord says that the first word of rest, which follows another word, begins like second.
func secondWord(rest, second string) bool {
	i := 0
	for i < len(rest) && !isWordByte(rest[i]) {
		i++
	}
	return i > 0 && strings.HasPrefix(rest[i:], second)
}

func isWordByte(c byte) bool { return wordBytes[c] }

// wordBytes are the lower-case letters and the digits.
var wordBytes = func() (m [256]bool) {
	for _, c := range []byte("abcdefghijklmnopqrstuvwxyz0123456789") {
		m[c] = true
	}
	return m
}()

// proseWords are the lower-case ASCII words of a text, up to [maxProse] bytes.
func proseWords(s string) []string {
	return lowerWords(strings.ToLower(s[:min(len(s), maxProse)]))
}

func lowerWords(s string) []string {
	words := make([]string, 0, len(s)/6+1)
	start := -1
	for i := 0; i <= len(s); i++ {
		if i < len(s) && isWordByte(s[i]) {
			if start < 0 {
				start = i
			}
			continue
		}
		if start >= 0 {
			words = append(words, s[start:i])
			start = -1
		}
	}
	return words
}
