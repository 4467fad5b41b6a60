package engine

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"text/template"
)

//go:embed server.xml.tmpl
var serverConfig string

var serverTemplate = template.Must(template.New("server.xml").Funcs(template.FuncMap{"xml": escapeXML}).Parse(serverConfig))

// binaryChild runs a private `clickhouse server`.
type binaryChild struct {
	engine    *Engine
	path, dir string
}

func (c *binaryChild) command(stderr io.Writer) (*exec.Cmd, error) {
	config, err := renderServerConfig(c.dir, c.engine.Addr, c.engine.NativeAddr, c.engine.User, c.engine.Password)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(c.dir, "server.xml")
	if err := os.WriteFile(path, config, 0o600); err != nil {
		return nil, fmt.Errorf("writing the server's configuration: %w", err)
	}
	cmd := exec.Command(c.path, "server", "--config-file="+path)
	cmd.Dir = c.dir
	cmd.Stderr = stderr
	cmd.ExtraFiles = []*os.File{c.engine.lock.file}
	return cmd, nil
}

func (c *binaryChild) started() error { return nil }

func (c *binaryChild) ask(cmd *exec.Cmd) { _ = cmd.Process.Signal(syscall.SIGTERM) } // an error says that it ended in between

func (c *binaryChild) release() {}

// renderServerConfig makes the whole configuration of a private server: HTTP and the native protocol on one host, one user, everything under dir.
// The password is stored as its hash.
func renderServerConfig(dir, address, native, user, password string) ([]byte, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("server address %q: %w", address, err)
	}
	_, nativePort, err := net.SplitHostPort(native)
	if err != nil {
		return nil, fmt.Errorf("server address %q: %w", native, err)
	}
	hash := sha256.Sum256([]byte(password))
	var out bytes.Buffer
	err = serverTemplate.Execute(&out, map[string]string{
		"Dir": dir, "Host": host, "Port": port, "NativePort": nativePort, "User": user, "PasswordHash": hex.EncodeToString(hash[:]),
	})
	if err != nil {
		return nil, fmt.Errorf("making the server's configuration: %w", err)
	}
	return out.Bytes(), nil
}

func escapeXML(s string) (string, error) {
	var out bytes.Buffer
	err := xml.EscapeText(&out, []byte(s))
	return out.String(), err
}
