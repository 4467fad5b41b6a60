package sink

import (
	"errors"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/weighlock/weighlock/internal/stream"
	"github.com/weighlock/weighlock/pkg/events"
)

// The sink's metrics are on the page that the process serves, without anybody asking for it.
func TestMetricsGoWhereTheRuntimesGo(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	subjects, err := events.NewSubjects("")
	if err != nil {
		t.Fatal(err)
	}
	rt := stream.Runtime{Conn: new(nats.Conn), Subjects: subjects, Metrics: stream.NewMetrics(registry)}
	if _, err := New(rt, Config{ClickHouseURL: "http://localhost:8123/"}); err != nil {
		t.Fatal(err)
	}
	var already prometheus.AlreadyRegisteredError
	if _, err := newMetrics(registry); !errors.As(err, &already) {
		t.Errorf("registering the sink's metrics again: error %v, want that they are there", err)
	}
}
