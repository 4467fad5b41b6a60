package sink

import (
	"bytes"
	"math"
	"strconv"
)

// field puts one member of an event's data where analysts find it.
type field func(r *row, value []byte)

// fields says for each kind of subject which members are lifted. By kind and not by the type an event claims: an agent's
// payload must not be able to fill the columns of a decision.
var fields = map[string]map[string]field{
	"actions": {
		"tool": toTool, "breakpoint": toBreakpoint, "session": toSession, "principal": toPrincipal, "target": toTarget,
	},
	"withdrawals": {"reason": toReason},
	"receipts":    {"status": toOutcome, "argumentsDigest": toArgs, "error": toReason},
	"assessments": {
		"sequence": toSequence, "digest": toDigest, "argumentsDigest": toArgs, "level": toLevel, "score": toScore, "denied": toDenied,
		"reason": toReason, "rules": toRules, "tool": toTool, "breakpoint": toBreakpoint, "session": toSession,
		"principal": toPrincipal, "target": toTarget,
	},
	"approvals": {
		"digest": toDigest, "card": toCard, "tier": toTier, "toTier": toTier, "reason": toReason, "by": toDecider, "items": toItems,
		"approver": toApprover, "channel": toChannel, "code": toOutcome, "kind": toVerdict, "comment": toReason, "question": toReason,
	},
	"verdicts": {"digest": toDigest, "verdict": toVerdict, "items": toItemVerdicts, "comment": toReason},
	"decisions": {
		"outcome": toOutcome, "reason": toReason, "argumentsDigest": toArgs, "sequence": toSequence, "digest": toDigest,
		"decidedBy": toDecidedBy, "level": toLevel, "score": toScore, "review": toReview, "request": toRequest,
	},
	"handovers": {"kind": toVerdict, "comment": toReason, "question": toReason},
	"answers":   {"answer": toReason},
	"attention": {"digest": toDigest, "evidence": toReason},
	"warnings":  {"approver": toApprover, "detail": toReason, "then": toOutcome, "request": toRequest},
	"marks":     {"digest": toDigest, "comment": toReason, "mark": toVerdict},
	"reviews": {
		"digest": toDigest, "approver": toApprover, "channel": toChannel, "agent": toAgent, "action": toAction, "tool": toTool, "reason": toReason, "comment": toReason,
	},
	"grantings": {"comment": toReason},
	"grants": {
		"approver": toApprover, "channel": toChannel, "group": toGroup, "request": toRequest, "agent": toAgent, "action": toAction, "reason": toReason, "comment": toReason,
	},
	"policies": {"reason": toReason},
	"privacy":  {"reason": toReason, "principal": toPrincipal, "agent": toAgent, "action": toAction},
	"erasures": {"reason": toReason, "principal": toPrincipal, "agent": toAgent, "action": toAction},
	"holds":    {"reason": toReason, "principal": toPrincipal, "agent": toAgent, "action": toAction},
	"dead":     {"reason": toReason},
}

// lift fills the columns of r from an event's data.
func lift(r *row, data []byte) error {
	known := fields[r.kind]
	return scanObject(data, func(key, value []byte) {
		f, ok := known[string(key)]
		if !ok {
			f = foldedField(known, key)
		}
		if f != nil {
			f(r, value)
		}
	})
}

// foldedField finds a member whatever its case, because encoding/json does: an agent that writes "TOOL" is understood by the
// services, so it must not be invisible here.
func foldedField(known map[string]field, key []byte) field {
	for name, f := range known {
		if (name[0]|0x20) == (key0(key)|0x20) && bytes.EqualFold([]byte(name), key) {
			return f
		}
	}
	return nil
}

// key0 is the first byte of a key. Two letters outside ASCII fold to ASCII ones: the long s and the Kelvin sign.
func key0(key []byte) byte {
	switch {
	case len(key) == 0:
		return 0
	case bytes.HasPrefix(key, []byte("\u017f")):
		return 's'
	case bytes.HasPrefix(key, []byte("\u212a")):
		return 'k'
	}
	return key[0]
}

func toTool(r *row, v []byte)       { r.tool = text(v) }
func toBreakpoint(r *row, v []byte) { r.breakpoint = text(v) }
func toSession(r *row, v []byte)    { r.session = text(v) }
func toPrincipal(r *row, v []byte)  { r.principal = text(v) }
func toReason(r *row, v []byte)     { r.reason = text(v) }
func toOutcome(r *row, v []byte)    { r.outcome = text(v) }
func toArgs(r *row, v []byte)       { r.argsHash = text(v) }
func toDigest(r *row, v []byte)     { r.digest = text(v) }
func toLevel(r *row, v []byte)      { r.level = text(v) }
func toDecider(r *row, v []byte)    { r.decidedBy = text(v) }
func toRequest(r *row, v []byte)    { r.request = text(v) }
func toApprover(r *row, v []byte)   { r.approver = text(v) }
func toGroup(r *row, v []byte)      { r.group = text(v) }
func toAgent(r *row, v []byte)      { r.agent = text(v) }
func toAction(r *row, v []byte)     { r.action = text(v) }
func toChannel(r *row, v []byte)    { r.channel = text(v) }
func toScore(r *row, v []byte)      { r.score = small(v) }
func toTier(r *row, v []byte)       { r.tier = small(v) }
func toDenied(r *row, v []byte)     { r.denied = string(v) == "true" }
func toReview(r *row, v []byte)     { r.review = string(v) == "true" }

func toSequence(r *row, v []byte) {
	r.actionSeq, _ = strconv.ParseUint(string(v), 10, 64) // 0 stands for "none", also where it is no number
}

func toTarget(r *row, v []byte) {
	members(v, func(key string, value []byte) {
		switch key {
		case "kind":
			r.targetKind = text(value)
		case "name":
			r.targetName = text(value)
		case "environment":
			r.targetEnv = text(value)
		}
	})
}

func toRules(r *row, v []byte) {
	scanArray(v, func(rule []byte) {
		members(rule, func(key string, value []byte) {
			if key == "id" {
				r.rules = append(r.rules, text(value))
			}
		})
	})
}

func toCard(r *row, v []byte) {
	members(v, func(key string, value []byte) {
		switch key {
		case "quorum":
			r.quorum = small(value)
		case "headline":
			r.reason = text(value)
		case "level":
			r.level = text(value)
		case "score":
			r.score = small(value)
		case "items":
			toItems(r, value)
		}
	})
}

func toItems(r *row, v []byte) {
	scanArray(v, func(item []byte) {
		agent, action := "", ""
		members(item, func(key string, value []byte) {
			switch key {
			case "agent":
				agent = text(value)
			case "action":
				action = text(value)
			}
		})
		if agent != "" {
			r.items = append(r.items, agent+"/"+action)
		}
	})
}

// toVerdict makes the verdict "mixed" where single items were answered otherwise than the rest.
func toVerdict(r *row, v []byte) {
	if one := text(v); r.verdict == "" {
		r.verdict = one
	} else if r.verdict != one {
		r.verdict = "mixed"
	}
}

func toItemVerdicts(r *row, v []byte) {
	scanArray(v, func(item []byte) {
		members(item, func(key string, value []byte) {
			if key == "verdict" {
				toVerdict(r, value)
			}
		})
	})
}

func toDecidedBy(r *row, v []byte) {
	members(v, func(key string, value []byte) {
		switch key {
		case "kind":
			r.decidedBy = text(value)
		case "approvers":
			scanArray(value, func(one []byte) {
				members(one, func(key string, value []byte) {
					if key == "approver" {
						r.approvers = append(r.approvers, text(value))
					}
				})
			})
		}
	})
}

// members is scanObject for a nested value, where anything else than an object has no members.
func members(value []byte, fn func(key string, value []byte)) {
	//nolint:errcheck // what is no object is simply not lifted; its bytes are kept
	scanObject(value, func(key, value []byte) { fn(string(key), value) })
}

// small reads a number that fits the column, -1 where it is none.
func small(v []byte) int16 {
	n, err := strconv.ParseFloat(string(v), 64)
	if err != nil || n < 0 || n > math.MaxInt16 {
		return unset
	}
	return int16(n)
}
