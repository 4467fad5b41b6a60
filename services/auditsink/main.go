// Command auditsink writes everything to ClickHouse.
package main

import (
	"os"

	"github.com/weighlock/weighlock/internal/daemon"
	"github.com/weighlock/weighlock/internal/stream"
	"github.com/weighlock/weighlock/services/auditsink/sink"
)

func main() {
	var cfg sink.Config
	os.Exit(daemon.Main(daemon.Program{
		Name:   sink.Name,
		Config: &cfg,
		New: func(rt stream.Runtime) (daemon.Service, error) {
			return sink.New(rt, cfg)
		},
	}))
}
