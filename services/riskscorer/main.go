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
			s, err := scoring.New(rt, cfg)
			if err != nil {
				return nil, err
			}
			daemon.OnHangup(s.CheckPolicy)
			return s, nil
		},
	}))
}
