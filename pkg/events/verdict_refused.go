package events

// RefusalCode says in one word why a verdict was not accepted.
type RefusalCode string

// The reasons for refusing a verdict.
const (
	RefusedHandOver       RefusalCode = "handover" // what it hands over to, asks or holds is not allowed
	RefusedUnknownRequest RefusalCode = "unknown_request"
	RefusedClosed         RefusalCode = "closed"
	RefusedWrongDigest    RefusalCode = "wrong_digest"
	RefusedNotEntitled    RefusalCode = "not_entitled"
	RefusedChannel        RefusalCode = "untrusted_channel"
	RefusedUnknownItem    RefusalCode = "unknown_item"
	RefusedItemClosed     RefusalCode = "item_closed"
	RefusedMalformed      RefusalCode = "malformed"
	RefusedOwnAction      RefusalCode = "own_action"      // nobody approves what is asked on their behalf
	RefusedNoComment      RefusalCode = "comment_missing" // the route asks for one
	RefusedResting        RefusalCode = "resting"         // the person answered too fast, or too much, and others are to answer
	RefusedLimits         RefusalCode = "limits"          // in the past, or below what the action moves
	RefusedGrant          RefusalCode = "grant"           // what is to pass too is more than the approver may let pass
	RefusedEdit           RefusalCode = "edit"            // the edited arguments cannot take the place of the proposed ones
)

// VerdictRefused tells the approver, and the audit, that a verdict did not count.
type VerdictRefused struct {
	Request  string `json:"request"`
	Channel  string `json:"channel"`
	Approver string `json:"approver"`
	// Sequence is the verdict's place in the stream of verdicts.
	Sequence uint64      `json:"sequence"`
	Code     RefusalCode `json:"code"`
	Reason   string      `json:"reason"`
}

// VerdictRefusedType is the type of [VerdictRefused].
const VerdictRefusedType = "dev.weighlock.verdict.refused.v1"

// EventType implements [Payload].
func (*VerdictRefused) EventType() string { return VerdictRefusedType }

// Validate implements [Payload].
func (v *VerdictRefused) Validate() error {
	if v.Code == "" {
		return missing("code", "say why the verdict was refused")
	}
	return checkTokens("request", v.Request, "channel", v.Channel, "approver", v.Approver)
}
