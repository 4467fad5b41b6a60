// Command agent asks before it pays: it runs the payment only if it is approved.
package main

import (
	"context"
	"encoding/json"
	"log"
	"os"

	"github.com/weighlock/weighlock/pkg/agent"
)

func main() {
	ctx := context.Background()
	client, err := agent.Connect(ctx, agent.Options{URL: os.Getenv("NATS_URL"), Agent: "billing", SeedFile: os.Getenv("WEIGHLOCK_SEED")})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	err = client.Guard(ctx, agent.Action{
		Tool:      "send_payment",
		Arguments: json.RawMessage(`{"to": "acme", "amount": 120, "currency": "EUR"}`),
		Request:   "Please pay the invoice of ACME.",
		Reasoning: "Invoice 17 is due today and matches the order.",
	}, func(_ context.Context, arguments json.RawMessage) error {
		log.Printf("paying %s", arguments)
		return nil
	})
	if err != nil {
		log.Print(err) // rejected, undecided, or failed: the log says which
	}
}
