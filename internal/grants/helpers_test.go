package grants

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/weighlock/weighlock/pkg/events"
)

func newGrant(id string, uses int, now time.Time) Grant {
	return Grant{
		ID: id, Giver: Giver{Person: "alice", Approver: "alice-2", Channel: "self"}, Route: "money", Group: "finance", Key: "tool_call/refund",
		Created: now, Expires: now.Add(time.Hour), Uses: uses, Limit: &Money{Micros: 100_000_000, Currency: "EUR"},
	}
}

func newAction(t testing.TB, name, arguments string, micros int64) Action {
	t.Helper()
	digest, err := events.ArgumentsDigest(json.RawMessage(arguments))
	if err != nil {
		t.Fatal(err)
	}
	a := Action{
		Assessment: &events.ActionAssessed{
			ActionRef: events.ActionRef{Agent: "billing", Action: name, Sequence: 1, Digest: events.Digest([]byte(name)), ArgumentsDigest: digest},
			Level:     events.High, Principal: "carol",
		},
		Own: func(string) string { return "" }, Arguments: []byte(arguments), Route: "money", Group: "finance", Key: "tool_call/refund",
	}
	if micros > 0 {
		a.Money = &Money{Micros: micros, Currency: "EUR"}
	}
	return a
}

func names(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("a-%d", i)
	}
	return all
}
