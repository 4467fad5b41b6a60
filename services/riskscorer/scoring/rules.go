package scoring

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/internal/facts/input"
	"github.com/weighlock/weighlock/internal/facts/lately"
	"github.com/weighlock/weighlock/internal/policy"
	"github.com/weighlock/weighlock/pkg/events"
)

// rules are a policy that can be used. It does not change.
type rules interface {
	AssessHiding(history *lately.State, in, shown *input.Action) policy.Assessment
	Assessors(history *lately.State, in *input.Action) []policy.Assessor
	Combine(a policy.Assessment, findings []policy.Finding) policy.Assessment
	Version() string
}

// keeper holds the policy in use and looks after its files.
type keeper struct {
	files   []string // as the setting names them; none for the built-in policy
	load    func() (rules, error)
	logger  *slog.Logger
	metrics *Metrics
	current atomic.Pointer[rules]
	tell    chan announcement

	mu      sync.Mutex
	read    [sha256.Size]byte // what was read last, whether it could be used or not
	pending [sha256.Size]byte // what was seen last
}

// announcement is an event about the policy's files that is to be published.
type announcement struct {
	event   events.PolicyEvent
	payload events.Payload
	version string
}

// maxAnnouncements is how many announcements may wait while nothing can be published.
const maxAnnouncements = 64

func newKeeper(files []string, load func() (rules, error), logger *slog.Logger, m *Metrics) (*keeper, error) {
	k := &keeper{files: files, load: load, logger: logger, metrics: m, tell: make(chan announcement, maxAnnouncements)}
	k.read = fingerprint(files)
	k.pending = k.read
	r, err := load()
	if err != nil {
		return nil, err
	}
	k.use(r, "")
	return k, nil
}

// rules returns the policy in use. Whoever weighs an action asks once, so that one policy makes the whole assessment.
func (k *keeper) rules() rules { return *k.current.Load() }

// check reads the files again where they have changed. Unless settled is true, they must
// have been the same at the check before: half a file may well be a policy.
func (k *keeper) check(settled bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.files) == 0 {
		return
	}
	now := fingerprint(k.files)
	stable := now == k.pending
	k.pending = now
	if now == k.read || !stable && !settled {
		return
	}
	next, err := k.load()
	if fingerprint(k.files) != now {
		return // changed meanwhile; the next check sees it
	}
	k.read = now
	previous := k.rules().Version()
	switch {
	case err != nil:
		k.refuse(previous, err)
	case next.Version() == previous:
		k.metrics.refused.WithLabelValues().Set(0)
	default:
		k.use(next, previous)
	}
}

func (k *keeper) use(r rules, previous string) {
	k.current.Store(&r)
	k.metrics.refused.WithLabelValues().Set(0)
	k.metrics.loads.WithLabelValues("loaded").Inc()
	k.logger.Info("policy loaded", "version", r.Version(), "previous", previous, "files", k.files)
	k.announce(announcement{events.Loaded, &events.PolicyLoaded{Service: Name, Version: r.Version(), Previous: previous, Files: k.files}, r.Version()})
}

func (k *keeper) refuse(inUse string, err error) {
	k.metrics.refused.WithLabelValues().Set(1)
	k.metrics.loads.WithLabelValues("refused").Inc()
	k.logger.Error("policy refused, the one before stays", "inUse", inUse, "files", k.files, "error", err)
	reason := policy.Shorten(err.Error(), maxRefusal)
	k.announce(announcement{events.NotLoaded, &events.PolicyRefused{Service: Name, InUse: inUse, Files: k.files, Reason: reason}, inUse})
}

// maxRefusal is the longest reason of a refusal, in bytes.
const maxRefusal = 1024

func (k *keeper) announce(a announcement) {
	select {
	case k.tell <- a:
	default:
		k.logger.Error("an event about the policy is lost: too many wait", "event", a.event)
	}
}

// run looks at the files at every interval and publishes what became of them, until ctx ends.
func (k *keeper) run(ctx context.Context, every time.Duration, conn *nats.Conn, s events.Subjects, now func() time.Time) {
	var all sync.WaitGroup
	all.Go(func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				k.check(false)
			}
		}
	})
	all.Go(func() {
		for {
			select {
			case <-ctx.Done():
				return
			case a := <-k.tell:
				k.publish(ctx, conn, s, now(), a)
			}
		}
	})
	all.Wait()
}

// publish tries until the event is stored or ctx ends.
func (k *keeper) publish(ctx context.Context, conn *nats.Conn, s events.Subjects, at time.Time, a announcement) {
	m, err := message(s, at, a)
	if err != nil {
		k.logger.Error("an event about the policy cannot be published", "error", err)
		return
	}
	js, err := jetstream.New(conn)
	if err != nil {
		k.logger.Error("an event about the policy cannot be published", "error", err)
		return
	}
	for ctx.Err() == nil {
		attempt, cancel := context.WithTimeout(ctx, answerWithin)
		_, err := js.PublishMsg(attempt, m)
		cancel()
		if err == nil {
			return
		}
		k.logger.Warn("an event about the policy is not stored yet", "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
}

func message(s events.Subjects, at time.Time, a announcement) (*nats.Msg, error) {
	e, err := events.New(a.payload, "policy/"+rand.Text(), source, at)
	if err != nil {
		return nil, err
	}
	e.Subject, e.PolicyVersion = Name, a.version
	header, data, err := events.EncodeBinary(e)
	if err != nil {
		return nil, err
	}
	m := &nats.Msg{Subject: s.Policy(Name, a.event), Header: nats.Header(header), Data: data}
	m.Header.Set(jetstream.MsgIDHeader, e.ID)
	return m, nil
}

// fingerprint stands for the files' bytes and names. What cannot be read has one too.
func fingerprint(paths []string) (sum [sha256.Size]byte) {
	h := sha256.New()
	for _, path := range paths {
		names := []string{path}
		if found, err := filepath.Glob(filepath.Join(path, "*.yaml")); err == nil && len(found) > 0 {
			slices.Sort(found)
			names = found
		}
		for _, name := range names {
			data, err := os.ReadFile(name)
			fmt.Fprintf(h, "%q %t %d ", name, err == nil, len(data))
			h.Write(data)
		}
	}
	h.Sum(sum[:0])
	return sum
}
