// Package authz says who may publish, read and answer what: the identities of a
// pipeline, their keys, and the server permissions and accounts derived from them.
package authz

import (
	"fmt"
	"slices"
	"strings"

	"github.com/weighlock/weighlock/pkg/events"
)

// Kind is what an identity is to the pipeline.
type Kind string

// The kinds of identity.
const (
	Agent    Kind = "agent"    // proposes actions under its own name
	Approver Kind = "approver" // answers requests on channel [SelfChannel] under its own name
	Adapter  Kind = "adapter"  // answers on the channel it is named after, for people it has authenticated
	Assessor Kind = "assessor" // answers what the risk scorer asks it about actions, on the subject named after it
	Auditor  Kind = "auditor"  // asks for private values to be erased or held
	Service  Kind = "service"  // one of [Services]
	Operator Kind = "operator" // keeps the topology, looks after the pipeline; named [OperatorName]
)

// The services, and the identity that answers agents. [Replier] is no process of
// its own: router and escalator answer through it, so that no reply
// address can make them publish elsewhere.
const (
	RiskScorer     = "riskscorer"
	ApproverRouter = "approver-router"
	Escalator      = "escalator"
	AuditSink      = "auditsink"
	Replier        = "replier"
)

// OperatorName is the only name of an [Operator].
const OperatorName = "operator"

// SelfChannel is the channel of approvers who answer with credentials of their
// own. No adapter may be named so.
const SelfChannel = "self"

// Identity is who holds a key.
type Identity struct {
	Kind Kind
	Name string
}

// Services returns the identities of all services, in a fixed order.
func Services() []Identity {
	names := []string{RiskScorer, ApproverRouter, Escalator, AuditSink, Replier}
	ids := make([]Identity, len(names))
	for i, name := range names {
		ids[i] = Identity{Service, name}
	}
	return ids
}

// TheOperator returns the operator's identity.
func TheOperator() Identity { return Identity{Operator, OperatorName} }

// ParseIdentity reads the form that [Identity.String] writes, such as "agent/billing".
func ParseIdentity(s string) (Identity, error) {
	kind, name, ok := strings.Cut(s, "/")
	if !ok {
		return Identity{}, &events.FieldError{Field: "identity", Problem: fmt.Sprintf("is %q", s), Fix: "write <kind>/<name>, such as agent/billing"}
	}
	id := Identity{Kind(kind), name}
	return id, id.Validate()
}

// Validate checks kind and name. It stands before every use of a name in a
// permission or a path: "*", ">" and "." would widen what permissions narrow.
func (id Identity) Validate() error {
	if err := events.CheckToken("name", id.Name); err != nil {
		return fmt.Errorf("identity of kind %q: %w", id.Kind, err)
	}
	switch id.Kind {
	case Agent, Approver, Assessor, Auditor:
		return nil
	case Adapter:
		if id.Name == SelfChannel {
			return &events.FieldError{Field: "name", Problem: `is "self", the channel of approvers with credentials of their own`, Fix: "name the adapter after its channel"}
		}
		return nil
	case Service:
		if !slices.Contains(Services(), id) {
			return &events.FieldError{Field: "name", Problem: fmt.Sprintf("%q is not a service", id.Name), Fix: "use riskscorer, approver-router, escalator, auditsink or replier"}
		}
		return nil
	case Operator:
		if id.Name != OperatorName {
			return &events.FieldError{Field: "name", Problem: fmt.Sprintf("%q is not the operator", id.Name), Fix: "use operator/operator"}
		}
		return nil
	default:
		return &events.FieldError{Field: "kind", Problem: fmt.Sprintf("is %q", id.Kind), Fix: "use agent, approver, adapter, assessor, auditor, service or operator"}
	}
}

// InboxPrefix returns the prefix of the identity's inbox: it receives answers
// below it and nobody else does. Each kind has its own first token, so that what is
// exported to agents ("_INBOX.>") holds the inboxes of agents only.
func (id Identity) InboxPrefix() string {
	if id.Kind == Agent {
		return events.AgentInboxPrefix + "." + id.Name
	}
	return "_INBOX_" + strings.ToUpper(string(id.Kind)) + "." + id.Name
}

// String returns "<kind>/<name>".
func (id Identity) String() string { return string(id.Kind) + "/" + id.Name }
