package sink

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"

	"github.com/weighlock/weighlock/internal/proof"
	"github.com/weighlock/weighlock/internal/safekeeping"
)

// keeperConsumer follows the stream of digests for the bucket.
const keeperConsumer = "auditsink-bucket"

const (
	uploads  = 8                // at once
	keepWait = 20 * time.Second // for one upload
)

// keeper copies digests from their stream to the bucket. It runs beside the loops, so that a bucket that is away holds no event up; the
// stream keeps what is not there yet.
type keeper struct {
	s      *Service
	bucket safekeeping.Store
	stream string
}

// session ends with the first error. What was not acknowledged comes again.
func (k *keeper) session(ctx context.Context) error {
	consumer, err := k.s.js.CreateOrUpdateConsumer(ctx, k.stream, jetstream.ConsumerConfig{
		Durable: keeperConsumer, AckPolicy: jetstream.AckExplicitPolicy, AckWait: keepWait + keepWait/4, MaxAckPending: 4 * uploads,
	})
	if err != nil {
		return fmt.Errorf("following the digests: %w", err)
	}
	messages, err := consumer.Messages(jetstream.PullMaxMessages(2 * uploads))
	if err != nil {
		return fmt.Errorf("following the digests: %w", err)
	}
	defer messages.Stop()
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(uploads)
	for {
		m, err := messages.Next(jetstream.NextContext(ctx))
		if err != nil {
			return cmp.Or(group.Wait(), err)
		}
		group.Go(func() error { return k.keep(ctx, m) })
	}
}

func (k *keeper) keep(ctx context.Context, m jetstream.Msg) error {
	var digest proof.Signed
	if err := json.Unmarshal(m.Data(), &digest); err != nil { // nobody but the sink may publish there
		k.s.log.Error("a message in the stream of digests is none: it stays there", "subject", m.Subject(), "error", err)
		return m.TermWithReason("not a digest")
	}
	ctx, cancel := context.WithTimeout(ctx, keepWait)
	defer cancel()
	if err := k.bucket.Keep(ctx, digest); err != nil {
		return errors.Join(err, m.NakWithDelay(firstBackoff))
	}
	k.s.metrics.kept.WithLabelValues(digest.Stream).Inc()
	k.s.setState(k.stream, nil)
	return m.DoubleAck(ctx)
}
