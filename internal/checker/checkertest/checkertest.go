// Package checkertest has the checker judge what a test left in the streams.
package checkertest

import (
	"testing"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/internal/checker"
	"github.com/weighlock/weighlock/internal/people"
	"github.com/weighlock/weighlock/internal/routes"
	"github.com/weighlock/weighlock/pkg/events"
)

// Rules are the files of a configuration as the checker wants them: plain data.
func Rules(d *people.Directory, r *routes.Routes) checker.Rules {
	rules := checker.Rules{Groups: map[string][]string{}, Routes: map[string]checker.Route{}}
	for _, p := range d.Persons() {
		person := checker.Person{ID: p.ID, Accounts: p.Accounts, Names: p.Principals, Agents: p.Agents}
		for _, address := range p.Addresses {
			person.Names = append(person.Names, address)
		}
		rules.People = append(rules.People, person)
	}
	for _, group := range d.Groups() {
		rules.Groups[group] = d.Members(group)
	}
	for _, route := range r.All() {
		rules.Routes[route.ID] = checker.Route{Channels: route.Channels, MaxItems: route.MaxItems, VotesAgainst: !route.RejectionEnds}
	}
	return rules
}

// Load reads the files at both paths and returns their [Rules].
func Load(tb testing.TB, routesFile, approversFile string) checker.Rules {
	tb.Helper()
	d, err := people.Load(approversFile)
	if err != nil {
		tb.Fatal(err)
	}
	r, err := routes.Load(routesFile, d)
	if err != nil {
		tb.Fatal(err)
	}
	return Rules(d, r)
}

// Judge fails tb for every violation in what the streams hold, and returns what they hold.
func Judge(tb testing.TB, js jetstream.JetStream, s events.Subjects, rules checker.Rules) checker.Log {
	tb.Helper()
	log, err := checker.Read(tb.Context(), js, s)
	if err != nil {
		tb.Fatal(err)
	}
	for _, v := range checker.Check(log, rules) {
		tb.Error(v)
	}
	return log
}
