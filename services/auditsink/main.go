// Command auditsink writes everything to ClickHouse.
package main

import (
	"os"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/weighlock/weighlock/internal/daemon"
	"github.com/weighlock/weighlock/internal/stream"
	"github.com/weighlock/weighlock/services/auditsink/sink"
)

func main() {
	var cfg sink.Config
	os.Exit(daemon.Main(daemon.Program{
		Name:     sink.Name,
		Register: cfg.Register,
		Validate: func() error { return cfg.Validate() }, // the method value would be that of the empty Config
		New: func(rt stream.Runtime, registry prometheus.Registerer) (daemon.Service, error) {
			cfg.Registerer = registry
			return sink.New(rt, cfg)
		},
	}))
}
