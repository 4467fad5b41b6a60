// Command riskscorer weighs every proposed action.
package main

import (
	"os"

	"github.com/weighlock/weighlock/internal/daemon"
	"github.com/weighlock/weighlock/internal/stream"
	"github.com/weighlock/weighlock/services/riskscorer/scoring"
)

func main() {
	var cfg scoring.Config
	os.Exit(daemon.Main(daemon.Program{
		Name:   scoring.Name,
		Config: &cfg,
		New: func(rt stream.Runtime) (daemon.Service, error) {
			return scoring.New(rt, cfg)
		},
	}))
}
