package authz

import (
	"fmt"

	"github.com/weighlock/weighlock/pkg/events"
)

// Permissions are what one identity may do. Whatever is not listed is refused.
type Permissions struct {
	// Account is the server account the identity lives in. The account is half of the
	// protection: the reply subject of a request is not checked against
	// permissions, so outsiders never share an account with a stream.
	Account   string
	Publish   []string
	Subscribe []string
}

// Accounts are the names of a pipeline's server accounts.
type Accounts struct {
	Core      string // services and the operator; owns all streams
	Agents    string
	Approvers string // approvers and adapters
}

// AccountsOf returns the account names of one pipeline.
func AccountsOf(s events.Subjects) Accounts {
	core := s.Stream("")
	return Accounts{Core: core[:len(core)-1], Agents: s.Stream("AGENTS"), Approvers: s.Stream("APPROVERS")}
}

// For returns the least that id needs.
func For(id Identity, s events.Subjects) (Permissions, error) {
	if err := id.Validate(); err != nil {
		return Permissions{}, fmt.Errorf("permissions of %s: %w", id, err)
	}
	accounts := AccountsOf(s)
	p := Permissions{Account: accounts.Core, Subscribe: []string{id.InboxPrefix() + ".>"}}
	switch id.Kind {
	case Agent:
		p.Account = accounts.Agents
		p.Publish = []string{
			s.Action(id.Name, "*"), s.Withdrawal(id.Name, "*"), s.Receipt(id.Name, "*"),
			directGet(s.Stream("DECISIONS"), s.Decision(id.Name, "*")),
		}
	case Approver, Adapter:
		p.Account = accounts.Approvers
		p.Publish = append(answers(id, s), requestReads(s)...)
		p.Subscribe = append(p.Subscribe, lifecycle(s))
	case Service:
		p.Publish = servicePublish(id.Name, s)
	case Operator:
		p.Publish, p.Subscribe = []string{">"}, []string{">"}
	}
	return p, nil
}

// answers is where id may cast verdicts: an approver as itself, an adapter for
// anybody, but only on its own channel.
func answers(id Identity, s events.Subjects) []string {
	if id.Kind == Approver {
		return []string{s.Verdict(SelfChannel, id.Name, "*")}
	}
	return []string{s.Verdict(id.Name, "*", "*")}
}

// requestReads is what an approver reads to judge a card.
func requestReads(s events.Subjects) []string {
	requests := bucketStream(s, "REQUESTS")
	return []string{
		directGet(s.Stream("ACTIONS"), s.All("actions", 2)),
		directGet(s.Stream("DECISIONS"), s.All("decisions", 2)),
		directGet(requests, bucketSubject(s, "REQUESTS", "*")),
		directGet(requests, ""),
	}
}

func lifecycle(s events.Subjects) string { return s.All("approvals", 0) + ".>" }

// directGet is the API subject that reads the last message on subject, or,
// where subject is empty, any message the request's payload names.
func directGet(stream, subject string) string {
	api := "$JS.API.DIRECT.GET." + stream
	if subject == "" {
		return api
	}
	return api + "." + subject
}

func bucketStream(s events.Subjects, bucket string) string { return "KV_" + s.Stream(bucket) }

func bucketSubject(s events.Subjects, bucket, key string) string {
	return "$KV." + s.Stream(bucket) + "." + key
}
