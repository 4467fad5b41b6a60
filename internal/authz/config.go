package authz

import (
	"errors"
	"fmt"
	"strings"

	"github.com/nats-io/nkeys"

	"github.com/weighlock/weighlock/pkg/events"
)

// User is an identity with the public nkey the server knows it by.
type User struct {
	Identity
	PublicKey string
}

// export is one subject that leaves the core account.
type export struct {
	kind     string // "service" or "stream"
	subject  string
	response string // response type of a service; empty means one response
}

// exports are all of them. A service import carries a request into the core
// account and its response back to the requester, to the place in the
// requester's own account that the reply subject names, and never through another import.
func exports(s events.Subjects) []export {
	requests, grants, reviews := bucketStream(s, "REQUESTS"), bucketStream(s, "GRANTS"), bucketStream(s, "REVIEWS")
	return []export{
		{kind: "service", subject: s.All("actions", 2)},
		{kind: "service", subject: s.All("withdrawals", 2)},
		{kind: "service", subject: s.All("receipts", 2)},
		{kind: "service", subject: s.All("answers", 3)},
		{kind: "service", subject: s.All("private", 2)},
		{kind: "service", subject: s.All("privacy", 2)},
		{kind: "service", subject: s.All("verdicts", 3)},
		{kind: "service", subject: s.All("handovers", 3)},
		{kind: "service", subject: s.All("grantings", 3)},
		{kind: "service", subject: s.All("marks", 3)},
		{kind: "service", subject: s.All("attention", 4)},
		{kind: "service", subject: directGet(s.Stream("ACTIONS"), s.All("actions", 2))},
		{kind: "service", subject: directGet(s.Stream("DECISIONS"), s.All("decisions", 2))},
		{kind: "service", subject: directGet(s.Stream("PRIVATE"), s.All("private", 2))},
		{kind: "service", subject: directGet(s.Stream("EVENTS"), s.All("erasures", 2))},
		{kind: "service", subject: directGet(s.Stream("EVENTS"), s.All("holds", 2))},
		{kind: "service", subject: directGet(bucketStream(s, "PRIVACY"), ""), response: "stream"},
		{kind: "service", subject: directGet(requests, bucketSubject(s, "REQUESTS", "*"))},
		{kind: "service", subject: directGet(requests, ""), response: "stream"},
		{kind: "service", subject: directGet(grants, bucketSubject(s, "GRANTS", "*"))},
		{kind: "service", subject: directGet(grants, ""), response: "stream"},
		{kind: "service", subject: directGet(reviews, bucketSubject(s, "REVIEWS", "*"))},
		{kind: "service", subject: directGet(reviews, ""), response: "stream"},
		{kind: "stream", subject: events.AgentInboxPrefix + ".>"},
		{kind: "stream", subject: lifecycle(s)},
		{kind: "stream", subject: grantLife(s)},
		{kind: "stream", subject: reviewLife(s)},
		{kind: "stream", subject: storms(s)},
	}
}

// ServerConfig returns the accounts{} block of a NATS server's configuration:
// the core account first, then one for each outsider, which imports no more than its
// permissions name. It refuses identities and keys that are not valid, a key
// that two identities share, and an empty list: a server without users lets everybody in.
func ServerConfig(s events.Subjects, users []User) (string, error) {
	if len(users) == 0 {
		return "", errors.New("rendering accounts: no users: a server without users lets everybody in")
	}
	core := CoreAccount(s)
	var insiders, asked []string
	var outsiders strings.Builder
	owners := make(map[string]Identity, len(users))
	for _, u := range users {
		p, err := For(u.Identity, s)
		if err != nil {
			return "", fmt.Errorf("rendering accounts: %w", err)
		}
		if !nkeys.IsValidPublicUserKey(u.PublicKey) {
			return "", fmt.Errorf("rendering accounts: %s: %q is not a user's public nkey", u.Identity, u.PublicKey)
		}
		if other, taken := owners[u.PublicKey]; taken {
			return "", fmt.Errorf("rendering accounts: %s and %s have the same key", other, u.Identity)
		}
		owners[u.PublicKey] = u.Identity
		if p.Account == core {
			insiders = append(insiders, userLine(u, p))
			continue
		}
		renderOutsider(&outsiders, core, u, p)
		for _, subject := range p.Offers {
			asked = append(asked, importLine(p.Account, subject))
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "accounts {\n  %q: {\n    jetstream: enabled\n", core)
	renderList(&b, "users", insiders)
	renderExports(&b, exports(s))
	if len(asked) > 0 {
		renderList(&b, "imports", asked)
	}
	b.WriteString("  }\n" + outsiders.String() + "}\n")
	return b.String(), nil
}

func renderOutsider(b *strings.Builder, core string, u User, p Permissions) {
	fmt.Fprintf(b, "  %q: {\n", p.Account)
	renderList(b, "users", []string{userLine(u, p)})
	var imports []string
	for _, subject := range p.Requests {
		imports = append(imports, importLine(core, subject))
	}
	for _, subject := range p.Feeds {
		imports = append(imports, fmt.Sprintf("{ stream: { account: %q, subject: %q } }", core, subject))
	}
	renderList(b, "imports", imports)
	if len(p.Offers) > 0 {
		offers := make([]string, len(p.Offers))
		for i, subject := range p.Offers {
			offers[i] = fmt.Sprintf("{ service: %q, accounts: [%q] }", subject, core)
		}
		renderList(b, "exports", offers)
	}
	b.WriteString("  }\n")
}

// importLine lets an account ask what another offers.
func importLine(account, subject string) string {
	return fmt.Sprintf("{ service: { account: %q, subject: %q } }", account, subject)
}

func renderExports(b *strings.Builder, all []export) {
	var lines []string
	for _, e := range all {
		response := ""
		if e.response != "" {
			response = fmt.Sprintf(", response_type: %q", e.response)
		}
		lines = append(lines, fmt.Sprintf("{ %s: %q%s }", e.kind, e.subject, response))
	}
	renderList(b, "exports", lines)
}

// answerWithin is how long a question may be answered: as long as the longest timeout a policy may give.
const answerWithin = "1m"

func userLine(u User, p Permissions) string {
	responses := ""
	if len(p.Offers) > 0 {
		responses = fmt.Sprintf(", allow_responses: { max: 1, expires: %q }", answerWithin)
	}
	return fmt.Sprintf("{ nkey: %q, permissions: { publish: { allow: %s }, subscribe: { allow: %s }%s } } # %s",
		u.PublicKey, quoted(p.Publish), quoted(p.Subscribe), responses, u.Identity)
}

func renderList(b *strings.Builder, name string, lines []string) {
	fmt.Fprintf(b, "    %s: [\n", name)
	for _, line := range lines {
		fmt.Fprintf(b, "      %s\n", line)
	}
	b.WriteString("    ]\n")
}

func quoted(subjects []string) string {
	out := make([]string, len(subjects))
	for i, s := range subjects {
		out[i] = fmt.Sprintf("%q", s)
	}
	return "[" + strings.Join(out, ", ") + "]"
}
