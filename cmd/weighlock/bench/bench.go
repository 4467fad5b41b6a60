// Package bench measures the pipeline beside the raw ceilings of the same run on the
// same server, so that the ratio says what Weighlock costs and the machine does not.
package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"golang.org/x/sync/errgroup"

	"github.com/weighlock/weighlock/cmd/weighlock/dev"
	"github.com/weighlock/weighlock/internal/authz"
	"github.com/weighlock/weighlock/pkg/agent"
	"github.com/weighlock/weighlock/pkg/events"
	"github.com/weighlock/weighlock/services/auditsink/sink"
)

// Options say how much to measure.
type Options struct {
	Actions int           // low-risk actions of each throughput run
	Rate    float64       // actions per second of the latency run
	Seconds float64       // length of each latency run
	Agents  int           // agents that propose at once
	Timeout time.Duration // of the whole
	// OnlyPipeline leaves out the raw runs and the audit, OnlyAudit all but the pipeline with the audit.
	OnlyPipeline, OnlyAudit bool
	Log                     func(format string, args ...any)
}

// Result is what was measured. Ratios are Weighlock's throughput over the raw one of
// the same run: 1 would be free.
type Result struct {
	Actions          int     `json:"actions"`
	ActionsPerS      float64 `json:"actions_per_s"`
	RawPerS          float64 `json:"raw_per_s"`
	Ratio            float64 `json:"ratio"`
	ActionsPerSAudit float64 `json:"actions_per_s_with_audit"`
	RawPerSAudit     float64 `json:"raw_per_s_with_insert"`
	RatioAudit       float64 `json:"ratio_with_audit"`
	Rate             float64 `json:"rate_per_s"`
	P50              float64 `json:"p50_ms"`
	P99              float64 `json:"p99_ms"`
	P999             float64 `json:"p999_ms"`
	RawP50           float64 `json:"raw_p50_ms"`
	RawP99           float64 `json:"raw_p99_ms"`
	RawP999          float64 `json:"raw_p999_ms"`
	CPUPerAction     float64 `json:"cpu_us_per_action"`
	RawCPUPerAction  float64 `json:"raw_cpu_us_per_action"`
	// With the audit, ClickHouse's engine included.
	CPUPerActionAudit    float64 `json:"cpu_us_per_action_with_audit"`
	RawCPUPerActionAudit float64 `json:"raw_cpu_us_per_action_with_insert"`
}

// eventsPerAction is how many events a low-risk action leaves in the audited streams:
// proposed, assessed, decided.
const eventsPerAction = 3

// Run measures without and with the audit, each on a fresh pipeline in a temporary
// directory.
func Run(ctx context.Context, o Options) (r Result, err error) {
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	r.Actions, r.Rate = o.Actions, o.Rate
	if !o.OnlyAudit {
		if err := o.withPipeline(ctx, true, func(b *run) error { return b.withoutAudit(ctx, &r) }); err != nil {
			return r, fmt.Errorf("without the audit: %w", err)
		}
	}
	if o.OnlyPipeline {
		return r, nil
	}
	if err := o.withPipeline(ctx, false, func(b *run) error { return b.withAudit(ctx, &r) }); err != nil {
		return r, fmt.Errorf("with the audit: %w", err)
	}
	return r, nil
}

// run is one pipeline under measurement.
type run struct {
	Options
	pipeline *dev.Pipeline
	operator *nats.Conn
	agents   []*agent.Client
	payload  rawPayload
}

func (o Options) withPipeline(ctx context.Context, withoutAudit bool, measure func(*run) error) error {
	dir, err := os.MkdirTemp("", "weighlock-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	var ids []authz.Identity
	for i := range o.Agents {
		ids = append(ids, authz.Identity{Kind: authz.Agent, Name: fmt.Sprintf("bench-%d", i)})
	}
	p, err := dev.Start(ctx, dev.Options{Dir: dir, WithoutAudit: withoutAudit, Identities: ids})
	if err != nil {
		return err
	}
	defer p.Stop()
	b := &run{Options: o, pipeline: p}
	if b.operator, err = p.Connect(ctx, authz.TheOperator()); err != nil {
		return err
	}
	defer b.operator.Close()
	for _, id := range ids {
		client, err := agent.Connect(ctx, agent.Options{URL: p.Place.NATSURL, Agent: id.Name, SeedFile: p.Keys.Path(id)})
		if err != nil {
			return err
		}
		defer client.Close()
		b.agents = append(b.agents, client)
	}
	if b.payload, err = wireForm(); err != nil {
		return err
	}
	return measure(b)
}

func (b *run) withoutAudit(ctx context.Context, r *Result) error {
	if err := b.warmUp(ctx); err != nil {
		return err
	}
	if b.OnlyPipeline {
		return b.measureThroughput(ctx, r)
	}
	raw, err := startRaw(ctx, b.Agents, func() (*nats.Conn, error) { return b.pipeline.Connect(ctx, authz.TheOperator()) })
	if err != nil {
		return err
	}
	b.Log("raw hops: %d messages", b.Actions)
	before := cpu()
	took, err := raw.throughput(ctx, b.Actions, b.payload)
	if err != nil {
		return err
	}
	r.RawPerS, r.RawCPUPerAction = perSecond(b.Actions, took), perAction(cpu()-before, b.Actions)
	n := int(b.Rate * b.Seconds)
	rawTook, err := raw.latency(ctx, n, b.Rate, b.payload)
	if err != nil {
		return err
	}
	raw.close()

	if err := b.measureThroughput(ctx, r); err != nil {
		return err
	}
	b.Log("pipeline: %d actions at %.0f/s", n, b.Rate)
	actionTook, err := b.latency(ctx, n)
	if err != nil {
		return err
	}
	r.Ratio = round2(r.ActionsPerS / r.RawPerS)
	r.P50, r.P99, r.P999 = percentile(actionTook, 0.5), percentile(actionTook, 0.99), percentile(actionTook, 0.999)
	r.RawP50, r.RawP99, r.RawP999 = percentile(rawTook, 0.5), percentile(rawTook, 0.99), percentile(rawTook, 0.999)
	return nil
}

func (b *run) measureThroughput(ctx context.Context, r *Result) error {
	b.Log("pipeline: %d actions", b.Actions)
	before := cpu()
	took, err := b.throughput(ctx, b.Actions)
	r.ActionsPerS, r.CPUPerAction = perSecond(b.Actions, took), perAction(cpu()-before, b.Actions)
	return err
}

func (b *run) withAudit(ctx context.Context, r *Result) error {
	url := b.pipeline.Place.ClickHouseURL
	if url == "" {
		return errors.New("no ClickHouse engine was found: run `make engine`")
	}
	if err := b.warmUp(ctx); err != nil {
		return err
	}
	if err := b.caughtUp(ctx); err != nil {
		return err
	}
	if !b.OnlyAudit {
		if err := b.rawWithInsert(ctx, url, r); err != nil {
			return err
		}
	}
	b.Log("pipeline with audit: %d actions", b.Actions)
	start, before := time.Now(), cpuWithEngine()
	if _, err := b.throughput(ctx, b.Actions); err != nil {
		return err
	}
	if err := b.caughtUp(ctx); err != nil {
		return err
	}
	r.ActionsPerSAudit, r.CPUPerActionAudit = perSecond(b.Actions, time.Since(start)), perAction(cpuWithEngine().since(before), b.Actions)
	if !b.OnlyAudit {
		r.RatioAudit = round2(r.ActionsPerSAudit / r.RawPerSAudit)
	}
	return nil
}

func (b *run) rawWithInsert(ctx context.Context, url string, r *Result) error {
	raw, err := startRaw(ctx, b.Agents, func() (*nats.Conn, error) { return b.pipeline.Connect(ctx, authz.TheOperator()) })
	if err != nil {
		return err
	}
	defer raw.close()
	b.Log("raw hops beside a plain insert: %d messages, %d rows", b.Actions, eventsPerAction*b.Actions)
	start, before := time.Now(), cpuWithEngine()
	both, bothCtx := errgroup.WithContext(ctx)
	both.Go(func() error { _, err := raw.throughput(bothCtx, b.Actions, b.payload); return err })
	both.Go(func() error { return plainInsert(bothCtx, url, eventsPerAction*b.Actions, b.payload) })
	if err := both.Wait(); err != nil {
		return err
	}
	r.RawPerSAudit, r.RawCPUPerActionAudit = perSecond(b.Actions, time.Since(start)), perAction(cpuWithEngine().since(before), b.Actions)
	return nil
}

// warmUp fills caches and opens files, for both sides.
func (b *run) warmUp(ctx context.Context) error {
	_, err := b.throughput(ctx, min(2000, b.Actions))
	return err
}

// throughput proposes n actions and returns once every decision is back.
func (b *run) throughput(ctx context.Context, n int) (time.Duration, error) {
	start := time.Now()
	all, ctx := errgroup.WithContext(ctx)
	for i, client := range b.agents {
		all.Go(func() error { return proposeAll(ctx, client, share(n, i, len(b.agents))) })
	}
	err := all.Wait()
	return time.Since(start), err
}

// share is how many of n the i-th of several takes.
func share(n, i, of int) int {
	if i < n%of {
		return n/of + 1
	}
	return n / of
}

func proposeAll(ctx context.Context, client *agent.Client, n int) error {
	proposals := make(chan *agent.Pending, n)
	all, ctx := errgroup.WithContext(ctx)
	all.Go(func() error {
		defer close(proposals)
		for range n {
			p, err := client.ProposeAsync(ctx, action())
			if err != nil {
				return err
			}
			proposals <- p
		}
		return nil
	})
	all.Go(func() error {
		for p := range proposals {
			if _, err := p.Wait(ctx); err != nil {
				return err
			}
			d, err := client.Await(ctx, p.ID)
			if err != nil {
				return err
			}
			if d.Outcome != events.Approved {
				return fmt.Errorf("action %s is %s: %s", p.ID, d.Outcome, d.Reason)
			}
		}
		return nil
	})
	return all.Wait()
}

func (b *run) latency(ctx context.Context, n int) ([]time.Duration, error) {
	client := b.agents[0]
	return paced(ctx, n, b.Rate, func(ctx context.Context) error {
		p, err := client.ProposeAsync(ctx, action())
		if err != nil {
			return err
		}
		_, err = client.Await(ctx, p.ID)
		return err
	})
}

// caughtUp waits until every event is in ClickHouse.
func (b *run) caughtUp(ctx context.Context) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		lags, err := sink.Lag(ctx, b.operator, b.pipeline.Subjects)
		if err != nil {
			return err
		}
		var behind uint64
		for _, l := range lags {
			behind += l.Behind()
		}
		if behind == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the audit is %d events behind: %w", behind, ctx.Err())
		case <-tick.C:
		}
	}
}

// action is a believable low-risk action of about 1 KiB.
func action() agent.Action {
	return agent.Action{
		Tool: "search_orders", Arguments: searchArguments,
		Request:   "A customer says order 88123 arrived broken. Find out what happened and answer her.",
		Reasoning: reasoning,
		Plan:      []events.PlanStep{{Description: "look the order up"}, {Description: "read the returns policy"}, {Description: "answer"}},
		Session:   "ticket-4711", Principal: "mia@example.com",
	}
}

var reasoning = strings.Repeat("I need the order before anything else, because the answer depends on the carrier. ", 6)

var searchArguments = json.RawMessage(`{"query":"88123","limit":10,"fields":["carrier","delivered_at","status"]}`)

// rawID stands where an action has its id: as long as one.
const rawID = "01M843EPYY7SY519FR9G5W"

// wireForm is the same action as bytes for the raw hops.
func wireForm() (rawPayload, error) {
	a := action()
	e, err := events.New(&events.ActionProposed{
		Agent: "bench-0", Action: rawID, Breakpoint: events.AtToolCall, Tool: a.Tool, Arguments: searchArguments,
		Request: a.Request, Reasoning: a.Reasoning, Plan: a.Plan, Session: a.Session, Principal: a.Principal,
	}, rawID, "/agents/bench-0", time.Now())
	if err != nil {
		return rawPayload{}, err
	}
	e.TraceParent, e.ReplyTo = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "_INBOX.bench-0.0123456789abcdef."+rawID
	header, data, err := events.EncodeBinary(e)
	return rawPayload{header, data}, err
}

func perSecond(n int, took time.Duration) float64 { return round2(float64(n) / took.Seconds()) }

func perAction(used time.Duration, n int) float64 {
	return round2(float64(used.Microseconds()) / float64(n))
}
