package sink

import "github.com/prometheus/client_golang/prometheus"

// metrics are the sink's own; those of the runtime do not fit what is written in whole batches.
type metrics struct {
	rows, dead, lost, retries, restarts, kept *prometheus.CounterVec
	highWater, behind, used                   *prometheus.GaugeVec
	insert                                    *prometheus.HistogramVec
}

func newMetrics(r prometheus.Registerer) (*metrics, error) {
	counter := func(name, help string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "weighlock_auditsink_" + name, Help: help}, []string{"stream"})
	}
	m := &metrics{
		rows:     counter("rows_total", "Rows written to the table events."),
		dead:     counter("dead_letters_total", "Rows written to the table dead_letters."),
		lost:     counter("lost_total", "Sequences whose messages left the stream before they were written."),
		retries:  counter("insert_failures_total", "Inserts that ClickHouse did not take and that are tried again."),
		restarts: counter("restarts_total", "Times that a stream's loop started over from the manifest."),
		kept:     counter("digests_kept_total", "Signed digests that the bucket took."),
		highWater: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "weighlock_auditsink_high_water", Help: "Last sequence that is in ClickHouse with everything before it.",
		}, []string{"stream"}),
		behind: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "weighlock_auditsink_behind", Help: "Sequences of the stream that are not yet in ClickHouse.",
		}, []string{"stream"}),
		used: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "weighlock_auditsink_retention_used_ratio", Help: "Part of the stream's retention that its oldest event not yet in ClickHouse has used; at 1 it is lost.",
		}, []string{"stream"}),
		insert: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "weighlock_auditsink_insert_seconds", Help: "Duration of an insert.", Buckets: prometheus.ExponentialBuckets(0.002, 2, 14),
		}, []string{"stream"}),
	}
	if r == nil {
		return m, nil
	}
	for _, c := range []prometheus.Collector{m.rows, m.dead, m.lost, m.retries, m.restarts, m.kept, m.highWater, m.behind, m.used, m.insert} {
		if err := r.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}
