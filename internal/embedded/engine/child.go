package engine

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
)

// childEnv marks the process that is to be the engine.
const childEnv = "WEIGHLOCK_ENGINE_CHILD"

// childSettings are what the parent tells the library's process, on its standard input: no password in arguments or environment.
type childSettings struct {
	Library  string `json:"library"`
	Dir      string `json:"dir"`
	User     string `json:"user"`
	Password string `json:"password"`
}

// libraryChild runs this executable again, to load libchdb.
type libraryChild struct {
	engine    *Engine
	path, dir string
	pipe      io.WriteCloser
	sockets   []*os.File
}

// The files the process inherits, from descriptor 3 on.
const (
	listenerFD = 3
	lockFD     = 4
	nativeFD   = 5
)

func (c *libraryChild) command(stderr io.Writer) (*exec.Cmd, error) {
	executable, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("finding this program to run it as the engine: %w", err)
	}
	// The parent keeps the sockets open: the ports stay ours, and clients that come during a restart wait instead of failing.
	c.sockets = nil
	for _, listener := range []*net.TCPListener{c.engine.listener, c.engine.native} {
		socket, err := listener.File()
		if err != nil {
			c.closeSockets()
			return nil, fmt.Errorf("handing the engine its ports: %w", err)
		}
		c.sockets = append(c.sockets, socket)
	}
	cmd := exec.Command(executable)
	// A server elsewhere should not be needed to know what time a column means: the engine's zone is UTC on every machine.
	cmd.Env = append(os.Environ(), childEnv+"=1", "TZ=UTC")
	cmd.Stderr = stderr
	cmd.ExtraFiles = []*os.File{c.sockets[0], c.engine.lock.file, c.sockets[1]}
	if c.pipe, err = cmd.StdinPipe(); err != nil {
		c.closeSockets()
		return nil, fmt.Errorf("making the engine's pipe: %w", err)
	}
	return cmd, nil
}

// started hands over the settings. The pipe stays open: its end tells the process that this one is gone.
func (c *libraryChild) started() error {
	settings := childSettings{Library: c.path, Dir: c.dir, User: c.engine.User, Password: c.engine.Password}
	return json.NewEncoder(c.pipe).Encode(settings) //nolint:gosec // the pipe is how the child gets its password
}

func (c *libraryChild) ask(*exec.Cmd) { _ = c.pipe.Close() } // a pipe that is closed already asks as well

func (c *libraryChild) release() {
	_ = c.pipe.Close() // the process has ended
	c.closeSockets()
}

func (c *libraryChild) closeSockets() {
	for _, socket := range c.sockets {
		_ = socket.Close() // a copy; the listener is the engine's
	}
}
