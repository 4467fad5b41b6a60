package approval

// phase is a state of the request's diagram.
type phase string

const (
	start    phase = "[*]"
	open     phase = "Open"
	resolved phase = "Resolved"
)

func (s *State) phase() phase {
	if s.Resolved != nil {
		return resolved
	}
	return open
}

// transition names what a step did.
type transition string

const (
	opened     transition = "opened"
	counted    transition = "counted"
	decided    transition = "decided"
	answered   transition = "answered"
	refused    transition = "refused"
	repeated   transition = "repeated"
	superseded transition = "superseded"
	revised    transition = "revised"
	moved      transition = "moved"
	withdrawn  transition = "withdrawn"
	lastGone   transition = "abandoned"
	handed     transition = "handed"
	reminded   transition = "reminded"
	woken      transition = "woken"
	postponed  transition = "postponed"
	movedOn    transition = "escalated"
	ended      transition = "ended"
	dropped    transition = "dropped"
)

// rule is one arrow of the diagram: a step that says it took the transition goes
// from one of From to To (empty: stays) with no effects but these. The tests hold
// every step they see against it and draw the diagram from it.
type rule struct {
	From    []phase
	Took    transition
	To      phase
	When    string
	Effects []string
}

var transitions = []rule{
	{[]phase{start}, opened, open, "similar actions are put on one card", []string{"announce requested", "tell"}},
	{[]phase{open}, counted, "", "a verdict counts, and no item is complete", nil},
	{[]phase{open}, decided, "", "a verdict completes some items: quorum met, or rejected", []string{"decide", "reopen", "announce revised"}},
	{[]phase{open}, revised, "", "an edit, or the agent's answer to a question, makes a new version of the card and restarts the count of what it is about", []string{"announce revised", "reopen"}},
	{[]phase{open}, moved, "", "an edit makes an item riskier: it goes to a new card", []string{"reopen"}},
	{[]phase{open}, withdrawn, "", "the agent takes an item back", []string{"decide"}},
	{[]phase{open}, lastGone, resolved, "the agent takes the last open item back", []string{"decide", "announce resolved"}},
	{[]phase{open}, answered, resolved, "a verdict completes the last items", []string{"decide", "reopen", "announce resolved"}},
	{[]phase{open}, handed, "", "somebody looks at it, hands it to another, asks the agent or snoozes; the first two hold the next tier back once a tier, a question stops the clock for a capped time", []string{"announce acknowledged", "announce reassigned", "announce asked", "announce snoozed", "tell"}},
	{[]phase{open}, woken, "", "a snooze ends", []string{"announce reminded"}},
	{[]phase{open}, postponed, "", "a timer fires that the path has been moved away from: it is armed again", []string{"arm"}},
	{[]phase{open}, reminded, "", "a reminder of the current tier is due", []string{"announce reminded", "arm"}},
	{[]phase{open}, movedOn, "", "the current tier ends and another follows", []string{"announce escalated", "tell", "arm"}},
	{[]phase{open}, ended, resolved, "the last tier ends, or a deadline is reached: what is undecided is rejected or expires", []string{"decide", "announce resolved"}},
	{[]phase{open, resolved}, refused, "", "a verdict does not count: late, stranger, wrong digest, channel or item, own action, no comment, bad edit", []string{"announce refused"}},
	{[]phase{open, resolved}, repeated, "", "an input is delivered again: its effects are repeated", []string{"decide", "reopen", "announce resolved", "announce revised", "announce reminded", "announce escalated", "announce acknowledged", "announce reassigned", "announce asked", "announce snoozed", "tell", "arm"}},
	{[]phase{open, resolved}, superseded, "", "the person has given a later verdict on the same items, or an edit restarted the count", nil},
	{[]phase{open, resolved}, dropped, "", "a timer is not of the current tier, or comes after the end", nil},
}
