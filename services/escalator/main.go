// Command escalator goes on when nobody answers.
package main

import (
	"os"

	"github.com/weighlock/weighlock/internal/daemon"
	"github.com/weighlock/weighlock/internal/stream"
	"github.com/weighlock/weighlock/services/escalator/escalation"
)

func main() {
	var cfg escalation.Config
	os.Exit(daemon.Main(daemon.Program{
		Name:   escalation.Name,
		Config: &cfg,
		New: func(rt stream.Runtime) (daemon.Service, error) {
			return escalation.New(rt, cfg)
		},
	}))
}
