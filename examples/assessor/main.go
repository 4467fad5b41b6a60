// Command assessor is a further assessor: it raises the risk of actions whose arguments hold words it was given.
package main

import (
	"context"
	"encoding/json"
	"log"
	"os"
	"os/signal"
	"sort"
	"strings"

	"github.com/nats-io/nats.go"

	"github.com/weighlock/weighlock/pkg/events"
)

// points are what each word adds to the policy's score.
var points = map[string]float64{
	"confidential": 30, "password": 40, "secret": 40, "urgent": 10, "wire transfer": 30, "ignore previous": 60,
}

// assess looks for the words. The same action always has the same answer.
func assess(action *events.ActionProposed) events.AssessorAnswer {
	text := strings.ToLower(action.Tool + " " + string(action.Arguments))
	var found []string
	sum := 0.0
	for word, p := range points {
		if strings.Contains(text, word) {
			found = append(found, word)
			sum += p
		}
	}
	sort.Strings(found)
	sum = min(sum, 100)
	if len(found) == 0 {
		return events.AssessorAnswer{Points: &sum, Reason: "no word is on the list"}
	}
	return events.AssessorAnswer{Points: &sum, Reason: "speaks of " + strings.Join(found, ", "), Tags: []string{"keywords"}}
}

// answer never guesses: what it cannot read, it leaves unanswered, and the policy says what silence means.
func answer(m *nats.Msg) {
	var question events.AssessorQuestion
	if err := json.Unmarshal(m.Data, &question); err != nil {
		log.Print("reading a question: ", err)
		return
	}
	var action events.ActionProposed
	if err := json.Unmarshal(question.Data, &action); err != nil {
		log.Print("reading an action: ", err)
		return
	}
	data, err := json.Marshal(assess(&action))
	if err == nil {
		err = m.Respond(data)
	}
	if err != nil {
		log.Print("answering: ", err)
	}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		log.Print(err)
	}
}

func run(ctx context.Context) error {
	key, err := nats.NkeyOptionFromSeed(os.Getenv("WEIGHLOCK_SEED"))
	if err != nil {
		return err
	}
	nc, err := nats.Connect(os.Getenv("NATS_URL"), key, nats.MaxReconnects(-1))
	if err != nil {
		return err
	}
	defer nc.Close()
	// Every instance of the assessor is in one queue, so each question goes to one of them.
	if _, err := nc.QueueSubscribe("wl.assessors.keywords", "keywords", answer); err != nil {
		return err
	}
	log.Print("keywords is listening")
	<-ctx.Done()
	return nc.Drain()
}
