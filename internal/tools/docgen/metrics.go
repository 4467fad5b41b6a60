package docgen

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
)

// Metric is one family of metrics.
type Metric struct {
	Name   string
	Kind   string // counter, gauge or histogram
	Help   string
	Labels []string
}

// Catalog takes the place of a Prometheus registry and notes what is registered.
type Catalog struct {
	metrics []Metric
}

// Register implements [prometheus.Registerer].
func (c *Catalog) Register(collector prometheus.Collector) error {
	kind, err := kindOf(collector)
	if err != nil {
		return err
	}
	descs := make(chan *prometheus.Desc, 64)
	collector.Describe(descs)
	close(descs)
	for desc := range descs {
		m, err := parseDesc(desc.String())
		if err != nil {
			return err
		}
		m.Kind = kind
		c.metrics = append(c.metrics, m)
	}
	return nil
}

// MustRegister implements [prometheus.Registerer].
func (c *Catalog) MustRegister(collectors ...prometheus.Collector) {
	for _, collector := range collectors {
		if err := c.Register(collector); err != nil {
			panic(err)
		}
	}
}

// Unregister implements [prometheus.Registerer]; nothing is ever taken out.
func (*Catalog) Unregister(prometheus.Collector) bool { return false }

// Metrics returns what was registered, by name.
func (c *Catalog) Metrics() []Metric {
	return slices.SortedFunc(slices.Values(c.metrics), func(a, b Metric) int { return strings.Compare(a.Name, b.Name) })
}

// kindOf tells the kinds of labelled metrics apart. Without labels they differ in nothing that
// could be seen from here, and the pipeline has none.
func kindOf(c prometheus.Collector) (string, error) {
	switch c.(type) {
	case *prometheus.GaugeVec:
		return "gauge", nil
	case *prometheus.CounterVec:
		return "counter", nil
	case *prometheus.HistogramVec:
		return "histogram", nil
	}
	return "", fmt.Errorf("describing metrics: no word for a %T", c)
}

// A description has no accessors, only its text.
var descText = regexp.MustCompile(`^Desc\{fqName: ("(?:[^"\\]|\\.)*"), help: ("(?:[^"\\]|\\.)*"), .*variableLabels: \{([^}]*)\}`)

func parseDesc(text string) (Metric, error) {
	parts := descText.FindStringSubmatch(text)
	if parts == nil {
		return Metric{}, fmt.Errorf("describing metrics: cannot read %s", text)
	}
	name, err := strconv.Unquote(parts[1])
	if err != nil {
		return Metric{}, fmt.Errorf("describing metrics: reading the name in %s: %w", text, err)
	}
	help, err := strconv.Unquote(parts[2])
	if err != nil {
		return Metric{}, fmt.Errorf("describing metrics: reading the help in %s: %w", text, err)
	}
	m := Metric{Name: name, Help: help}
	if parts[3] != "" {
		m.Labels = strings.Split(parts[3], ",")
	}
	return m, nil
}

// Group is the metrics of one part of the pipeline.
type Group struct {
	Title, Text string
	Metrics     []Metric
}

// MetricsPage is docs/metrics.md.
func MetricsPage(groups []Group) []byte {
	var b bytes.Buffer
	b.WriteString("# Metrics and health\n\n" + generated + `
A service that is given the setting ` + "`http`" + ` answers there:

| path | answer |
| --- | --- |
| ` + "`/healthz`" + ` | 200 while the process lives |
| ` + "`/readyz`" + ` | 200 when the service works, or stands by for the one that does; 503 and the reason otherwise |
| ` + "`/metrics`" + ` | Prometheus metrics: the tables below, Go's runtime and the process |

` + "`weighlock dev`" + ` answers for all its services at the address in its welcome.
`)
	for _, g := range groups {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n| metric | kind | labels | meaning |\n| --- | --- | --- | --- |\n", g.Title, g.Text)
		for _, m := range g.Metrics {
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", m.Name, m.Kind, strings.Join(m.Labels, ", "), cell(m.Help))
		}
	}
	return b.Bytes()
}
