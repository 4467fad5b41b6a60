// Command adapter brings approvals into a chat that is made of lines: it prints every new card, and takes answers such as
//
//	carol approve r-yqymp7yzykyi fine with me
//
// from its standard input. A real adapter has a chat in the place of both, and knows that carol is who says so.
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"strings"
	"time"

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
	if err := chat(ctx, client, os.Stdin, os.Stdout); err != nil && ctx.Err() == nil {
		log.Print(err)
	}
}

// chat shows cards and takes answers until the input ends.
func chat(ctx context.Context, client *approver.Client, in io.Reader, out io.Writer) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	go func() {
		err := client.Watch(ctx, func(e approver.Event) { show(ctx, client, out, e) })
		if ctx.Err() == nil {
			log.Print("watching ended: ", err)
		}
	}()
	for lines := bufio.NewScanner(in); lines.Scan(); {
		fmt.Fprintln(out, answer(ctx, client, lines.Text()))
	}
	return nil
}

// show prints a card that is new, or was found waiting, and what becomes of it.
func show(ctx context.Context, client *approver.Client, out io.Writer, e approver.Event) {
	if e.Request == nil && e.Kind != events.Requested && e.Kind != events.Revised {
		fmt.Fprintf(out, "%s: %s\n", e.ID, e.Kind)
		return
	}
	r, err := client.Get(ctx, e.ID) // as it stands now: a step may be old already
	if err != nil || !r.Open() {
		return
	}
	fmt.Fprintf(out, "%s for %s: %q\n", r.ID, strings.Join(r.Groups, ", "), r.Card.Headline)
	for _, item := range r.Items {
		fmt.Fprintf(out, "  [%d] score %d, %s %s: %q\n", item.Number, item.Score, item.Tool, item.Arguments, strings.Join(item.Reasons, "; "))
	}
	fmt.Fprintf(out, "  otherwise %s at %s\n", r.Card.Otherwise, r.EndsAt.Format(time.TimeOnly))
}

// answer casts the verdict of a line, and says what became of it.
func answer(ctx context.Context, client *approver.Client, line string) string {
	words := strings.Fields(line)
	if len(words) < 3 || words[1] != string(events.Approve) && words[1] != string(events.Reject) {
		return "say: NAME approve|reject REQUEST [comment]"
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	r, err := client.Get(ctx, words[2])
	if err != nil {
		return err.Error()
	}
	_ = client.Opened(ctx, approver.Seen{Request: r.ID, Digest: r.Digest, Approver: words[0]}) // that it is not known harms nobody
	v := approver.Verdict{Request: r.ID, Digest: r.Digest, Approver: words[0], Verdict: events.VerdictKind(words[1]), Comment: strings.Join(words[3:], " "), UntilCounted: true}
	_, err = client.Cast(ctx, v)
	if refused, ok := errors.AsType[*approver.RefusedError](err); ok {
		return words[0] + ", that does not count: " + refused.Reason
	}
	if err != nil {
		return err.Error()
	}
	return words[0] + "'s answer counts"
}
