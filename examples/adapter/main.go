// Command adapter prints every new approval request, as an adapter would hand it to a chat.
package main

import (
	"context"
	"log"
	"os"
	"os/signal"

	"github.com/weighlock/weighlock/pkg/approver"
	"github.com/weighlock/weighlock/pkg/events"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	client, err := approver.Connect(ctx, approver.Options{URL: os.Getenv("NATS_URL"), Channel: "console", SeedFile: os.Getenv("WEIGHLOCK_SEED")})
	if err != nil {
		log.Print(err)
		return
	}
	defer client.Close()
	err = client.Watch(ctx, func(e approver.Event) {
		switch step := e.Payload.(type) {
		case nil: // found by looking: at the start, or after a gap
			if e.Request != nil {
				log.Printf("%s waits for %s: %s", e.ID, e.Group, e.Request.Card.Headline)
			}
		case *events.ApprovalRequested:
			if card, err := step.ReadCard(); err == nil {
				log.Printf("%s is new for %s: %s", e.ID, e.Group, card.Headline)
			}
		default:
			log.Printf("%s: %s", e.ID, e.Kind)
		}
	})
	log.Print(err)
}
