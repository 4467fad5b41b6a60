package faults

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/weighlock/weighlock/pkg/agent"
	"github.com/weighlock/weighlock/pkg/events"
)

// kind is what a made-up action should come to.
type kind string

const (
	low       kind = "low"
	medium    kind = "medium"
	money     kind = "money"     // waits for two of finance
	computer  kind = "computer"  // waits for security
	deletion  kind = "deletion"  // waits for operations
	malformed kind = "malformed" // denied, with a dead letter
)

func (k kind) waits() bool { return k == money || k == computer || k == deletion }

// plan is one action that will be proposed.
type plan struct {
	agent, id string
	kind      kind
}

func (p plan) key() string { return p.agent + "/" + p.id }

// mixed makes n actions of the agents in random order: a tenth waits for people, a
// hundredth cannot be read, the rest goes through.
func mixed(random *rand.Rand, agents []string, n int) []plan {
	all := make([]plan, n)
	for i := range all {
		k := low
		switch {
		case i < n/10:
			k = []kind{money, computer, deletion}[i%3]
		case i < n/10+n/100:
			k = malformed
		case i < n/4:
			k = medium
		}
		all[i] = plan{agent: agents[random.IntN(len(agents))], id: fmt.Sprintf("a-%d", i), kind: k}
	}
	random.Shuffle(n, func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

var reasoning = strings.Repeat("The order has to be looked at before anything else is done about it. ", 5)

func (p plan) action() agent.Action {
	a := agent.Action{ID: p.id, Reasoning: reasoning, Session: "s-1", Principal: "mia@example.com"}
	switch p.kind {
	case low:
		a.Tool, a.Arguments = "search_orders", json.RawMessage(`{"query":"88123"}`)
	case medium:
		a.Tool, a.Arguments = "query_database", json.RawMessage(`{"sql":"select 1"}`)
	case money:
		a.Tool, a.Arguments = "refund_order", json.RawMessage(`{"order":"88123","amount":12.5}`)
	case computer:
		a.Breakpoint, a.Tool, a.Arguments = events.AtComputerUse, "click", json.RawMessage(`{"x":10,"y":20}`)
	case deletion:
		a.Tool, a.Arguments = "delete_record", json.RawMessage(`{"table":"orders","id":88123}`)
	case malformed: // has no tool: sent past the SDK, which would refuse it
	}
	return a
}
