package natsd

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"

	"github.com/weighlock/weighlock/internal/authz"
)

// writeConfig renders the server's configuration for the identities known now
// and puts it in place whole, so that a crash never leaves half a list of users.
func writeConfig(o Options, listen string) (path string, err error) {
	users, err := o.Keys.List()
	if err != nil {
		return "", err
	}
	accounts, err := authz.ServerConfig(o.Subjects, users)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString("# Written at every start and reload: changes are lost.\n")
	fmt.Fprintf(&b, "server_name: %q\n", "weighlock-"+o.Subjects.Prefix())
	fmt.Fprintf(&b, "listen: %q\n", listen)
	fmt.Fprintf(&b, "max_payload: %d\n", o.MaxPayload)
	fmt.Fprintf(&b, "jetstream { store_dir: %q }\n", filepath.Join(o.Dir, "jetstream"))
	b.WriteString(accounts)

	path = filepath.Join(o.Dir, "server.conf")
	if err := os.WriteFile(path+".new", []byte(b.String()), 0o600); err != nil {
		return "", err
	}
	return path, os.Rename(path+".new", path)
}

// listenAddress turns port 0, Go's "any free port", into the server's -1.
func listenAddress(listen string) (string, error) {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return "", fmt.Errorf("listen address %q: %w", listen, err)
	}
	if port == "0" {
		port = "-1"
	}
	return net.JoinHostPort(host, port), nil
}
