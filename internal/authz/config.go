package authz

import (
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

// crossing is one subject that leaves the core account for another one.
type crossing struct {
	kind     string // "service" or "stream"
	subject  string
	account  string // who imports it
	response string // response type of a service; empty means one response
}

// crossings are all of them. A service import carries a request into the core
// account and its one response back to the requester, wherever the requester
// asked for it, but never further: the reply subject names a place in the requester's
// own account and does not pass through another import.
func crossings(s events.Subjects) []crossing {
	a := AccountsOf(s)
	decisions := directGet(s.Stream("DECISIONS"), s.All("decisions", 2))
	requests := bucketStream(s, "REQUESTS")
	return []crossing{
		{kind: "service", subject: s.All("actions", 2), account: a.Agents},
		{kind: "service", subject: s.All("withdrawals", 2), account: a.Agents},
		{kind: "service", subject: s.All("receipts", 2), account: a.Agents},
		{kind: "service", subject: decisions, account: a.Agents},
		{kind: "stream", subject: events.AgentInboxPrefix + ".>", account: a.Agents},
		{kind: "service", subject: s.All("verdicts", 3), account: a.Approvers},
		{kind: "service", subject: directGet(s.Stream("ACTIONS"), s.All("actions", 2)), account: a.Approvers},
		{kind: "service", subject: decisions, account: a.Approvers},
		{kind: "service", subject: directGet(requests, bucketSubject(s, "REQUESTS", "*")), account: a.Approvers},
		{kind: "service", subject: directGet(requests, ""), account: a.Approvers, response: "stream"},
		{kind: "stream", subject: lifecycle(s), account: a.Approvers},
	}
}

// ServerConfig returns the accounts{} block of a NATS server's configuration. It
// refuses users whose identity or key is not valid, and an empty list: a server
// without users lets everybody in.
func ServerConfig(s events.Subjects, users []User) (string, error) {
	if len(users) == 0 {
		return "", fmt.Errorf("rendering accounts: no users: a server without users lets everybody in")
	}
	byAccount := make(map[string][]string)
	for _, u := range users {
		account, line, err := renderUser(s, u)
		if err != nil {
			return "", fmt.Errorf("rendering accounts: %w", err)
		}
		byAccount[account] = append(byAccount[account], line)
	}
	a := AccountsOf(s)
	var b strings.Builder
	b.WriteString("accounts {\n")
	for _, account := range []string{a.Core, a.Agents, a.Approvers} {
		fmt.Fprintf(&b, "  %q: {\n", account)
		if account == a.Core {
			b.WriteString("    jetstream: enabled\n")
		}
		renderList(&b, "users", byAccount[account])
		renderCrossings(&b, account, a.Core, crossings(s))
		b.WriteString("  }\n")
	}
	b.WriteString("}\n")
	return b.String(), nil
}

func renderUser(s events.Subjects, u User) (account, line string, err error) {
	p, err := For(u.Identity, s)
	if err != nil {
		return "", "", err
	}
	if !nkeys.IsValidPublicUserKey(u.PublicKey) {
		return "", "", fmt.Errorf("%s: %q is not a user's public nkey", u.Identity, u.PublicKey)
	}
	line = fmt.Sprintf("{ nkey: %q, permissions: { publish: { allow: %s }, subscribe: { allow: %s } } } # %s",
		u.PublicKey, quoted(p.Publish), quoted(p.Subscribe), u.Identity)
	return p.Account, line, nil
}

func renderCrossings(b *strings.Builder, account, core string, all []crossing) {
	var lines []string
	for _, c := range all {
		switch {
		case account == core && c.response != "":
			lines = append(lines, fmt.Sprintf("{ %s: %q, accounts: [%q], response_type: %q }", c.kind, c.subject, c.account, c.response))
		case account == core:
			lines = append(lines, fmt.Sprintf("{ %s: %q, accounts: [%q] }", c.kind, c.subject, c.account))
		case account == c.account:
			lines = append(lines, fmt.Sprintf("{ %s: { account: %q, subject: %q } }", c.kind, core, c.subject))
		}
	}
	if account == core {
		renderList(b, "exports", lines)
		return
	}
	renderList(b, "imports", lines)
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
