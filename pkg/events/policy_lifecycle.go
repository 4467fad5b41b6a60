package events

// PolicyLoaded says that a risk scorer weighs by another policy from now on, or has started with it.
type PolicyLoaded struct {
	Service string `json:"service"`
	// Version is the policy's hash, as in the extension policyversion of assessments.
	Version string `json:"version"`
	// Previous is the hash of the policy before; empty at the start of a service.
	Previous string `json:"previous,omitempty"`
	// Files are the files as the setting names them; none for the built-in policy.
	Files []string `json:"files,omitempty"`
}

// PolicyLoadedType is the type of [PolicyLoaded].
const PolicyLoadedType = "dev.weighlock.policy.loaded.v1"

// EventType implements [Payload].
func (*PolicyLoaded) EventType() string { return PolicyLoadedType }

// Validate implements [Payload].
func (p *PolicyLoaded) Validate() error {
	return firstError(CheckToken("service", p.Service), CheckDigest("version", p.Version))
}

// PolicyRefused says that the files of a policy have changed and cannot be used: the policy before stays.
type PolicyRefused struct {
	Service string `json:"service"`
	// InUse is the hash of the policy that stays.
	InUse string   `json:"inUse"`
	Files []string `json:"files,omitempty"`
	// Reason names file, line and field of what is wrong.
	Reason string `json:"reason"`
}

// PolicyRefusedType is the type of [PolicyRefused].
const PolicyRefusedType = "dev.weighlock.policy.refused.v1"

// EventType implements [Payload].
func (*PolicyRefused) EventType() string { return PolicyRefusedType }

// Validate implements [Payload].
func (p *PolicyRefused) Validate() error {
	if p.Reason == "" {
		return missing("reason", "say what is wrong with the files")
	}
	return firstError(CheckToken("service", p.Service), CheckDigest("inUse", p.InUse))
}
