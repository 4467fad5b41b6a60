package stream

import (
	"context"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/prometheus/client_golang/prometheus"
)

// Metrics are the runtime's Prometheus metrics, labelled by service and consumer.
type Metrics struct {
	handled, failed, buried, retried *prometheus.CounterVec
	inFlight, lag                    *prometheus.GaugeVec
	handleSeconds, ageSeconds        *prometheus.HistogramVec
	registerer                       prometheus.Registerer // nil for none
}

// Registerer is where the metrics were registered, for a service's own; nil where they were
// registered nowhere.
func (m *Metrics) Registerer() prometheus.Registerer {
	if m == nil {
		return nil
	}
	return m.registerer
}

// NewMetrics registers the metrics with reg; nil registers them nowhere. It panics where reg
// has them already, as prometheus.MustRegister does.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	labels := []string{"service", "consumer"}
	counter := func(name, help string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "weighlock", Subsystem: "stream", Name: name, Help: help}, labels)
	}
	gauge := func(name, help string) *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: "weighlock", Subsystem: "stream", Name: name, Help: help}, labels)
	}
	histogram := func(name, help string, start float64) *prometheus.HistogramVec {
		return prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: "weighlock", Subsystem: "stream", Name: name, Help: help, Buckets: prometheus.ExponentialBuckets(start, 4, 12),
		}, labels)
	}
	m := &Metrics{
		registerer:    reg,
		handled:       counter("handled_total", "Messages acknowledged with all their outputs stored."),
		failed:        counter("failed_total", "Attempts that failed because an output could not be stored."),
		buried:        counter("buried_total", "Messages put into the dead letters."),
		retried:       counter("retried_total", "Attempts a handler asked to repeat."),
		inFlight:      gauge("in_flight", "Messages delivered and not yet settled, held ones included."),
		lag:           gauge("lag", "Messages of the consumer not yet delivered, as the server last said."),
		handleSeconds: histogram("handle_seconds", "Time in the handler.", 5e-6),
		ageSeconds:    histogram("age_seconds", "Time from storing a message to acknowledging it.", 1e-4),
	}
	if reg != nil {
		reg.MustRegister(m.handled, m.failed, m.buried, m.retried, m.inFlight, m.lag, m.handleSeconds, m.ageSeconds)
	}
	return m
}

// meter is the metrics of one worker, looked up once: labels cost more than counting.
type meter struct {
	handled, failed, buried, retried prometheus.Counter
	inFlight, lag                    prometheus.Gauge
	handleSeconds, ageSeconds        prometheus.Observer
}

func (m *Metrics) of(service, consumer string) meter {
	if m == nil {
		m = NewMetrics(nil)
	}
	return meter{
		handled: m.handled.WithLabelValues(service, consumer), failed: m.failed.WithLabelValues(service, consumer),
		buried: m.buried.WithLabelValues(service, consumer), retried: m.retried.WithLabelValues(service, consumer),
		inFlight: m.inFlight.WithLabelValues(service, consumer), lag: m.lag.WithLabelValues(service, consumer),
		handleSeconds: m.handleSeconds.WithLabelValues(service, consumer), ageSeconds: m.ageSeconds.WithLabelValues(service, consumer),
	}
}

// settled counts a message that was acknowledged.
func (m *meter) settled(storedAt, now time.Time) {
	m.handled.Inc()
	m.ageSeconds.Observe(now.Sub(storedAt).Seconds())
}

// lagEvery is how often the lag is asked for, beside what deliveries tell: a standby and
// a worker that is full get none.
const lagEvery = 5 * time.Second

// sampleLag asks for the lag until the returned function is called, which waits.
func (w *Worker) sampleLag(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(lagEvery)
		defer tick.Stop()
		w.askLag(ctx)
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				w.askLag(ctx)
			}
		}
	}()
	return func() {
		cancel()
		<-done
	}
}

// askLag leaves the gauge as it is where the server does not answer: Ready tells about that.
func (w *Worker) askLag(ctx context.Context) {
	js, err := jetstream.New(w.rt.Conn)
	if err != nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	if c, err := js.Consumer(ctx, w.cfg.Stream, w.cfg.Consumer); err == nil {
		w.meter.lag.Set(float64(c.CachedInfo().NumPending))
		w.unsettled.Store(int64(c.CachedInfo().NumAckPending))
	}
}

// Unsettled is how many messages were delivered and not settled, to whatever worker, as the server said within the last seconds. Beyond
// [Config.MaxUnsettled] it delivers none.
func (w *Worker) Unsettled() int { return int(w.unsettled.Load()) }
