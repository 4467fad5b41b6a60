// Command auditsink writes everything to ClickHouse.
package main

import (
	"os"
	"runtime/debug"

	"github.com/weighlock/weighlock/internal/daemon"
	"github.com/weighlock/weighlock/internal/stream"
	"github.com/weighlock/weighlock/services/auditsink/sink"
)

func main() {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(sink.MemoryLimit)
	}
	var cfg sink.Config
	os.Exit(daemon.Main(daemon.Program{
		Name:   sink.Name,
		Config: &cfg,
		New: func(rt stream.Runtime) (daemon.Service, error) {
			return sink.New(rt, cfg)
		},
	}))
}
