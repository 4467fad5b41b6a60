// Command approver-router asks the right people, and nobody where nobody is needed.
package main

import (
	"os"

	"github.com/weighlock/weighlock/internal/daemon"
	"github.com/weighlock/weighlock/internal/stream"
	"github.com/weighlock/weighlock/services/approver-router/routing"
)

func main() {
	var cfg routing.Config
	os.Exit(daemon.Main(daemon.Program{
		Name:   routing.Name,
		Config: &cfg,
		New: func(rt stream.Runtime) (daemon.Service, error) {
			return routing.New(rt, cfg)
		},
	}))
}
