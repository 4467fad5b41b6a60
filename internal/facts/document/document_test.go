package document

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/weighlock/weighlock/internal/facts/input"
	"github.com/weighlock/weighlock/pkg/events"
)

func of(t testing.TB, tool, arguments string) *Facts {
	t.Helper()
	f, err := Of(input.New(&events.ActionProposed{Tool: tool, Arguments: json.RawMessage(arguments)}, "a", time.Time{}, nil))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestFacts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		tool, arguments string
		want            string
	}{
		{"aggregate", `{"collection":"a","pipeline":[{"$match":{"x":1}}]}`, "found"},
		{"aggregate", `{"collection":"a","pipeline":[{"$out":"b"}]}`, "found out"},
		{"aggregate", `{"collection":"a","pipeline":[{"$merge":{"into":"b"}}]}`, "found out"},
		{"find", `{"collection":"a","filter":{"$where":"sleep(9)"}}`, "found code"},
		{"update-many", `{"collection":"a","update":{"$set":{"x":1}}}`, "found updates unfiltered"},
		{"update-many", `{"collection":"a","filter":{},"update":{"$set":{"x":1}}}`, "found updates unfiltered"},
		{"update-many", `{"collection":"a","filter":{"y":2},"update":{"$set":{"x":1}}}`, "found updates"},
		{"delete-many", `{"collection":"a"}`, "found unfiltered"},
		{"delete-many", `{"collection":"a","filter":{"y":2}}`, "found"},
		{"delete-document", `{"collection":"a","id":"7"}`, "found"},
		{"drop-collection", `{"collection":"a"}`, "found drops"},
		{"mongodb_drop_database", `{"database":"a"}`, "found drops"},
		{"redis_command", `{"command":"FLUSHALL"}`, "found commands"},
		{"mongosh", `{"collection":"a","code":"db.a.deleteMany({})"}`, "found commands"},
		{"redis_get", `{"key":"a"}`, "found"},
		{"send_email", `{"to":"a"}`, ""},
		{"search", `{"query":"$set"}`, ""},
	} {
		f := of(t, c.tool, c.arguments)
		got := ""
		for _, is := range []struct {
			holds bool
			name  string
		}{{f.Found, "found"}, {f.WritesOut, "out"}, {f.Code, "code"}, {f.Updates, "updates"}, {f.MissingFilter, "unfiltered"}, {f.Drops, "drops"}, {f.Commands, "commands"}} {
			if is.holds {
				if got != "" {
					got += " "
				}
				got += is.name
			}
		}
		if got != c.want {
			t.Errorf("%s %s: %q, want %q", c.tool, c.arguments, got, c.want)
		}
	}
}

func FuzzOf(f *testing.F) {
	f.Add("aggregate", []byte(`{"pipeline":[{"$out":"x"}]}`))
	f.Fuzz(func(_ *testing.T, tool string, arguments []byte) {
		_, _ = Of(input.New(&events.ActionProposed{Tool: tool, Arguments: arguments}, "a", time.Time{}, nil)) // whatever comes, it answers
	})
}
