package people

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/weighlock/weighlock/internal/settle"
)

// Current is the directory in force of a service that needs no other file: read at the start, and again when it has changed. It is safe
// for concurrent use.
type Current struct {
	path string
	log  *slog.Logger
	now  atomic.Pointer[Directory]

	looks settle.Looks // of [Current.Run] alone
}

// Open reads the approvers file at path; "" means the one that is built in.
func Open(path string, log *slog.Logger) (*Current, error) {
	c := &Current{path: path, log: log}
	s, err := c.read()
	if err != nil {
		return nil, err
	}
	d, err := s.Parse()
	if err != nil {
		return nil, err
	}
	c.looks.InForce = s.Digest()
	c.now.Store(d)
	return c, nil
}

// Get is the directory in force.
func (c *Current) Get() *Directory { return c.now.Load() }

// Run looks for changes until ctx ends. A file is taken over once it was the same at two looks; one that cannot be used changes nothing.
func (c *Current) Run(ctx context.Context, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			c.look()
		}
	}
}

func (c *Current) look() {
	s, err := c.read()
	digest := "unreadable"
	if err == nil {
		digest = s.Digest()
	}
	if _, try := c.looks.Look(digest); !try {
		return
	}
	var d *Directory
	if err == nil {
		d, err = s.Parse()
	}
	if err != nil {
		c.log.Error("approvers stay as they were: the changed file cannot be used", "error", err)
		return
	}
	c.now.Store(d)
	c.looks.InForce = digest
	c.log.Info("approvers changed", "approvers", d.Version())
}

func (c *Current) read() (Source, error) {
	if c.path == "" {
		return BuiltIn(), nil
	}
	return Read(c.path)
}
