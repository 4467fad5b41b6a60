package events

// Description says where an event type travels and who may publish it.
type Description struct {
	Type      string // the CloudEvents type
	Subject   string // the subject's shape below the prefix
	Publisher string // who publishes it
}

// Catalog describes every event type of this version, in the order of an action's life.
func Catalog() []Description {
	return []Description{
		{ActionProposedType, "actions.<agent>.<action>", "the agent"},
		{PrivateStoredType, "private.<agent>.<action>", "the agent; not part of the audit"},
		{ActionWithdrawnType, "withdrawals.<agent>.<action>", "the agent"},
		{ActionExecutedType, "receipts.<agent>.<action>", "the agent"},
		{ActionAssessedType, "assessments.<level>.<agent>.<action>", "riskscorer"},
		{ApprovalRequestedType, "approvals.<group>.requested.<request>", "approver-router"},
		{ApprovalRemindedType, "approvals.<group>.reminded.<request>", "escalator"},
		{ApprovalEscalatedType, "approvals.<group>.escalated.<request>", "escalator"},
		{ApprovalResolvedType, "approvals.<group>.resolved.<request>", "approver-router, escalator"},
		{VerdictCastType, "verdicts.<channel>.<approver>.<request>", "the approver, or an adapter on its own channel"},
		{VerdictRefusedType, "approvals.<group>.refused.<request>", "approver-router"},
		{ApprovalPendingType, "the action's reply subject, not stored", "approver-router, escalator"},
		{HandOverCastType, "handovers.<channel>.<approver>.<request>", "the approver, or an adapter on its own channel"},
		{ApprovalHandedType, "approvals.<group>.<acknowledged, reassigned, asked or snoozed>.<request>", "approver-router"},
		{QuestionAnsweredType, "answers.<agent>.<action>.<question>", "the agent"},
		{DecisionMadeType, "decisions.<agent>.<action>", "approver-router, escalator"},
		{GrantAskedType, "grantings.<channel>.<approver>.<grant>", "the approver, or an adapter on its own channel"},
		{GrantRevocationAskedType, "grantings.<channel>.<approver>.<grant>", "the approver, or an adapter on its own channel"},
		{GrantCreatedType, "grants.<grant>.created", "approver-router"},
		{GrantRefusedType, "grants.<grant>.refused", "approver-router"},
		{GrantUsedType, "grants.<grant>.used", "approver-router"},
		{GrantRevokedType, "grants.<grant>.revoked", "approver-router"},
		{ReviewOpenedType, "reviews.<group>.opened.<review>", "approver-router"},
		{ReviewCastType, "marks.<channel>.<approver>.<review>", "the reviewer, or an adapter on its own channel"},
		{ReviewMarkedType, "reviews.<group>.marked.<review>", "approver-router"},
		{ReviewFlaggedType, "reviews.<group>.flagged.<review>", "approver-router"},
		{ReviewRefusedType, "reviews.<group>.refused.<review>", "approver-router"},
		{AttentionReportedType, "attention.<channel>.<approver>.<request>.<what>", "the approver, or an adapter on its own channel"},
		{AttentionWarnedType, "warnings.<person>", "approver-router"},
		{StormReportedType, "storms.<group told>.<group>", "escalator"},
		{PolicyLoadedType, "policies.<service>.loaded", "riskscorer"},
		{PolicyRefusedType, "policies.<service>.refused", "riskscorer"},
		{ErasureAskedType, "privacy.<auditor>.<erasure>", "the auditor"},
		{ErasureMadeType, "erasures.<auditor>.<erasure>", "auditsink"},
		{HoldAskedType, "privacy.<auditor>.<hold>", "the auditor"},
		{HoldSetType, "holds.<auditor>.<hold>", "auditsink"},
		{AuditBehindType, "audits.<stream>", "auditsink"},
		{MessageDeadType, "dead.<service>", "every service"},
	}
}
