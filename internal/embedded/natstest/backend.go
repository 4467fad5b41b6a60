package natstest

import (
	"github.com/weighlock/weighlock/internal/authz"
	"github.com/weighlock/weighlock/internal/embedded/natsd"
	"github.com/weighlock/weighlock/pkg/events"
)

// spec is all it takes to start a server, in a form that passes to a child process.
type spec struct {
	Dir        string `json:"dir"`
	KeysDir    string `json:"keysDir"`
	Listen     string `json:"listen"`
	Prefix     string `json:"prefix"`
	MaxPayload int32  `json:"maxPayload"`
}

// backend is a running server, in this process or another one.
type backend interface {
	URL() string
	Reload() error
	Shutdown() // waits; a second call does nothing
}

type killer interface{ Kill() error }

func startInside(sp spec) (backend, error) {
	s, err := events.NewSubjects(sp.Prefix)
	if err != nil {
		return nil, err
	}
	keys, err := authz.OpenKeys(sp.KeysDir)
	if err != nil {
		return nil, err
	}
	return natsd.Start(natsd.Options{Dir: sp.Dir, Listen: sp.Listen, Subjects: s, Keys: keys, MaxPayload: sp.MaxPayload})
}
