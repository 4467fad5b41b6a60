package scoring

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics are the scorer's own, beside those of the runtime.
type Metrics struct {
	loads, answers  *prometheus.CounterVec
	read            *prometheus.CounterVec
	refused, known  *prometheus.GaugeVec
	rebuild         *prometheus.GaugeVec
	assessorSeconds *prometheus.HistogramVec
}

// NewMetrics registers the metrics with reg; nil registers them nowhere.
func NewMetrics(reg prometheus.Registerer) (*Metrics, error) {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "weighlock_riskscorer_" + name, Help: help}, labels)
	}
	gauge := func(name, help string) *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "weighlock_riskscorer_" + name, Help: help}, nil)
	}
	m := &Metrics{
		loads:   counter("policy_loads_total", "Times that the policy's files were read because they are new: outcome loaded or refused.", "outcome"),
		refused: gauge("policy_refused", "1 while the policy's files cannot be used and the policy before stays."),
		known:   gauge("history_known", "1 while everything that happened lately is counted."),
		rebuild: gauge("history_rebuild_seconds", "Time that reading what happened lately took at the start."),
		read:    counter("history_messages_total", "Messages read to know what happened lately, by stream.", "stream"),
		answers: counter("assessor_answers_total", "Questions to further assessors: outcome answered, silent or nonsense.", "assessor", "outcome"),
		assessorSeconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "weighlock_riskscorer_assessor_seconds", Help: "Time that a further assessor took to answer.", Buckets: prometheus.ExponentialBuckets(0.001, 4, 9),
		}, []string{"assessor"}),
	}
	if reg == nil {
		return m, nil
	}
	for _, c := range []prometheus.Collector{m.loads, m.refused, m.known, m.rebuild, m.read, m.answers, m.assessorSeconds} {
		if err := reg.Register(c); err != nil {
			return nil, fmt.Errorf("registering metrics: %w", err)
		}
	}
	return m, nil
}
