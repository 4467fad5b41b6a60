package authz

import (
	"fmt"
	"strings"

	"github.com/weighlock/weighlock/pkg/events"
)

// Permissions are what one identity may do. Whatever is not listed is refused.
type Permissions struct {
	// Account is the server account the identity lives in, and half of the
	// protection. The server does not check the reply subject of a request against
	// permissions, so whoever shares an account with a subject can make the server
	// put an answer on it. Services share the account that owns the streams;
	// every outsider has an account of its own.
	Account string
	// Publish and Subscribe are the subjects allowed, inside the account.
	Publish   []string
	Subscribe []string
	// Requests are the part of Publish that crosses into the core account and is
	// answered there, Feeds the part of Subscribe that comes from there. Both are
	// empty for those who live in the core account.
	Requests []string
	Feeds    []string
	// Offers are the part of Subscribe on which the core account asks this account. Each request
	// may be answered once, on its reply subject, which is all that an identity with offers may publish.
	Offers []string
}

// CoreAccount returns the name of the account that owns the streams and holds
// the services and the operator: "WL" under the prefix "wl".
func CoreAccount(s events.Subjects) string { return strings.TrimSuffix(s.Stream(""), "_") }

func accountOf(id Identity, s events.Subjects) string {
	if id.Kind == Service || id.Kind == Operator {
		return CoreAccount(s)
	}
	return s.Stream(strings.ToUpper(string(id.Kind)) + "_" + id.Name)
}

// For returns the least that id needs.
func For(id Identity, s events.Subjects) (Permissions, error) {
	if err := id.Validate(); err != nil {
		return Permissions{}, fmt.Errorf("permissions of %s: %w", id, err)
	}
	inbox := id.InboxPrefix() + ".>"
	p := Permissions{Account: accountOf(id, s), Subscribe: []string{inbox}}
	switch id.Kind {
	case Agent:
		p.Requests = []string{
			s.Action(id.Name, "*"), s.Withdrawal(id.Name, "*"), s.Receipt(id.Name, "*"), s.Answer(id.Name, "*", "*"),
			directGet(s.Stream("DECISIONS"), s.Decision(id.Name, "*")),
			s.Private(id.Name, "*"), directGet(s.Stream("PRIVATE"), s.Private(id.Name, "*")),
		}
		p.Publish, p.Feeds = p.Requests, []string{inbox}
	case Approver, Adapter:
		p.Requests = append(answers(id, s), requestReads(s)...)
		p.Publish, p.Feeds = p.Requests, []string{lifecycle(s), grantLife(s), reviewLife(s), storms(s)}
		p.Subscribe = append(p.Subscribe, p.Feeds...)
	case Assessor:
		p.Offers = []string{s.Assessor(id.Name)}
		p.Subscribe = append(p.Subscribe, p.Offers...)
	case Auditor:
		p.Requests = append([]string{s.Privacy(id.Name, "*")}, privacyReads(s)...)
		p.Publish = p.Requests
	case Service:
		p.Publish = servicePublish(id.Name, s)
		switch id.Name {
		case RiskScorer:
			p.Subscribe = append(p.Subscribe, s.Rescore())
		case ApproverRouter:
			p.Subscribe = append(p.Subscribe, s.Rescored("*"))
		}
	case Operator:
		p.Publish, p.Subscribe = []string{">"}, []string{">"}
	}
	return p, nil
}

// answers is where id may cast verdicts, hand requests over and give grants: an approver as itself, an adapter for
// anybody, but only on its own channel.
func answers(id Identity, s events.Subjects) []string {
	channel, approver := SelfChannel, id.Name
	if id.Kind != Approver {
		channel, approver = id.Name, "*"
	}
	return []string{
		s.Verdict(channel, approver, "*"), s.HandOver(channel, approver, "*"), s.Granting(channel, approver, "*"),
		s.ReviewMark(channel, approver, "*"), s.Attention(channel, approver, "*", "*"),
	}
}

// requestReads is what an approver reads to judge a card.
func requestReads(s events.Subjects) []string {
	requests, grants, reviews := bucketStream(s, "REQUESTS"), bucketStream(s, "GRANTS"), bucketStream(s, "REVIEWS")
	return []string{
		directGet(s.Stream("ACTIONS"), s.All("actions", 2)),
		directGet(s.Stream("DECISIONS"), s.All("decisions", 2)),
		directGet(s.Stream("PRIVATE"), s.All("private", 2)),
		directGet(requests, bucketSubject(s, "REQUESTS", "*")),
		directGet(requests, ""),
		directGet(grants, bucketSubject(s, "GRANTS", "*")),
		directGet(grants, ""),
		directGet(reviews, bucketSubject(s, "REVIEWS", "*")),
		directGet(reviews, ""),
	}
}

// privacyReads is where an auditor finds what became of a question, and which holds there are.
func privacyReads(s events.Subjects) []string {
	return []string{
		directGet(s.Stream("EVENTS"), s.All("erasures", 2)), directGet(s.Stream("EVENTS"), s.All("holds", 2)), directGet(bucketStream(s, "PRIVACY"), ""),
	}
}

func lifecycle(s events.Subjects) string { return s.All("approvals", 0) + ".>" }

func grantLife(s events.Subjects) string { return s.All("grants", 2) }

func storms(s events.Subjects) string { return s.All("storms", 2) }

func reviewLife(s events.Subjects) string { return s.All("reviews", 3) }

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
