package events

import "slices"

// Types lists every event type of this version, sorted.
func Types() []string {
	names := make([]string, 0, len(registry))
	for name := range registry {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// NewPayload returns an empty payload of the type; false where this version does not know it.
func NewPayload(eventType string) (Payload, bool) {
	f, ok := registry[eventType]
	if !ok {
		return nil, false
	}
	return f(), true
}

var registry = map[string]func() Payload{
	ActionProposedType:       func() Payload { return new(ActionProposed) },
	ActionAssessedType:       func() Payload { return new(ActionAssessed) },
	ActionWithdrawnType:      func() Payload { return new(ActionWithdrawn) },
	ActionExecutedType:       func() Payload { return new(ActionExecuted) },
	ApprovalRequestedType:    func() Payload { return new(ApprovalRequested) },
	ApprovalRemindedType:     func() Payload { return new(ApprovalReminded) },
	ApprovalEscalatedType:    func() Payload { return new(ApprovalEscalated) },
	ApprovalResolvedType:     func() Payload { return new(ApprovalResolved) },
	VerdictCastType:          func() Payload { return new(VerdictCast) },
	VerdictRefusedType:       func() Payload { return new(VerdictRefused) },
	HandOverCastType:         func() Payload { return new(HandOverCast) },
	ApprovalHandedType:       func() Payload { return new(ApprovalHanded) },
	ApprovalPendingType:      func() Payload { return new(ApprovalPending) },
	QuestionAnsweredType:     func() Payload { return new(QuestionAnswered) },
	DecisionMadeType:         func() Payload { return new(DecisionMade) },
	GrantAskedType:           func() Payload { return new(GrantAsked) },
	GrantRevocationAskedType: func() Payload { return new(GrantRevocationAsked) },
	GrantCreatedType:         func() Payload { return new(GrantCreated) },
	GrantRefusedType:         func() Payload { return new(GrantRefused) },
	GrantUsedType:            func() Payload { return new(GrantUsed) },
	GrantRevokedType:         func() Payload { return new(GrantRevoked) },
	ReviewOpenedType:         func() Payload { return new(ReviewOpened) },
	ReviewCastType:           func() Payload { return new(ReviewCast) },
	ReviewMarkedType:         func() Payload { return new(ReviewMarked) },
	ReviewFlaggedType:        func() Payload { return new(ReviewFlagged) },
	ReviewRefusedType:        func() Payload { return new(ReviewRefused) },
	AttentionReportedType:    func() Payload { return new(AttentionReported) },
	AttentionWarnedType:      func() Payload { return new(AttentionWarned) },
	PolicyLoadedType:         func() Payload { return new(PolicyLoaded) },
	PolicyRefusedType:        func() Payload { return new(PolicyRefused) },
	PrivateStoredType:        func() Payload { return new(PrivateStored) },
	ErasureAskedType:         func() Payload { return new(ErasureAsked) },
	ErasureMadeType:          func() Payload { return new(ErasureMade) },
	HoldAskedType:            func() Payload { return new(HoldAsked) },
	HoldSetType:              func() Payload { return new(HoldSet) },
	AuditBehindType:          func() Payload { return new(AuditBehind) },
	StormReportedType:        func() Payload { return new(StormReported) },
	MessageDeadType:          func() Payload { return new(MessageDead) },
}
