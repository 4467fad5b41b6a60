package checker

// Kind names what is broken.
type Kind string

// The kinds of violation of the ledger.
const (
	Undecided     Kind = "undecided"      // an accepted action has no decision
	DecidedTwice  Kind = "decided-twice"  // it has more than one
	NeverProposed Kind = "never-proposed" // a decision is on an action that nobody proposed
	OtherAction   Kind = "other-action"   // a decision, an assessment or a card names other content than was proposed
	Unexplained   Kind = "unexplained"    // a decision other than an approval gives no reason
	NoAuthority   Kind = "no-authority"   // who decided could not decide so
	StepTwice     Kind = "step-twice"     // one step of a plan let two actions pass
	OverGranted   Kind = "over-granted"   // a grant let more pass than it says
	EndedEarly    Kind = "ended-early"    // time ended what still had time
	Unreadable    Kind = "unreadable"     // a service published what is not in the contract
)

// Those of verdicts.
const (
	InventedVerdict  Kind = "invented-verdict"  // a decision names a verdict that nobody cast
	RefusedCounted   Kind = "refused-counted"   // a verdict was refused, and counted
	LateVerdict      Kind = "late-verdict"      // a verdict came after the end of its request, and counted
	WrongCard        Kind = "wrong-card"        // a verdict is about another version of the card than was decided
	UntrustedChannel Kind = "untrusted-channel" // a verdict came in a way that the route does not trust
	NotEntitled      Kind = "not-entitled"      // a verdict by somebody who was not asked
	OwnAction        Kind = "own-action"        // somebody approved an action of their own
	OneVoice         Kind = "one-voice"         // a person was counted twice
	AtRest           Kind = "at-rest"           // a verdict of somebody who was to rest counted
	NoSecond         Kind = "no-second"         // only people approved whose approval did not suffice alone
	NoComment        Kind = "no-comment"        // the card wants a comment with the verdict
	NoQuorum         Kind = "no-quorum"         // too few approved, or too few rejected
	Overruled        Kind = "overruled"         // a later verdict of the person, or a rejection that ends it, was passed over
)

// Those of cards.
const (
	NoCard           Kind = "no-card"           // a decision names a card that does not show its action
	TwoCards         Kind = "two-cards"         // an action waits on two cards at once
	CardChanged      Kind = "card-changed"      // one version of a card was announced with two contents
	Thawed           Kind = "thawed"            // a card's members changed after it was published
	OverCap          Kind = "over-cap"          // a card has more items than its route allows
	CardDisagrees    Kind = "card-disagrees"    // a resolved card says something else than the ledger
	ForeignArguments Kind = "foreign-arguments" // arguments are neither those proposed nor an approver's edit that was shown
)

// RanUnapproved is an agent's: it ran what was not approved, or with other arguments.
const RanUnapproved Kind = "ran-unapproved"

// Violation is one broken guarantee.
type Violation struct {
	Kind Kind
	// About is the action ("agent/action") or the request.
	About  string
	Detail string
}

// String is the violation on one line.
func (v Violation) String() string { return string(v.Kind) + ": " + v.About + ": " + v.Detail }
