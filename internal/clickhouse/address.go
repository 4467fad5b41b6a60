// Package clickhouse speaks to ClickHouse servers: statements and blocks of rows, over HTTP and the native protocol as the address says.
package clickhouse

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
)

// Forms are the addresses Parse takes, for messages.
const Forms = "http://user:password@host:8123/, https:// or clickhouse://user:password@host:9000/" //nolint:gosec // a pattern, no password

// Address says where a ClickHouse server is, and how it wants to be spoken to.
type Address struct {
	Native   bool   // clickhouse://: the native protocol over TCP; otherwise HTTP
	Secure   bool   // TLS: https://, or clickhouse://…?secure=true
	Host     string // host:port; for HTTP the port may be left out
	Path     string // of HTTP, "/" at least
	User     string
	Password string
	Database string     // the native form's path, or ?database=; empty when not given
	Settings url.Values // every other parameter
}

// Parse reads an address as [Forms] has them. Its error never repeats text, which holds a password.
func Parse(text string) (Address, error) {
	u, err := url.Parse(text)
	if err != nil {
		return Address{}, errors.New("is not a URL")
	}
	a := Address{Host: u.Host, Path: u.Path, User: u.User.Username(), Settings: u.Query(), Secure: u.Scheme == "https"}
	a.Password, _ = u.User.Password()
	a.Database = a.Settings.Get("database")
	a.Settings.Del("database")
	switch u.Scheme {
	case "http", "https":
		if a.Path == "" {
			a.Path = "/"
		}
	case "clickhouse":
		if err := a.native(u); err != nil {
			return Address{}, err
		}
	default:
		return Address{}, fmt.Errorf("has the scheme %q", u.Scheme)
	}
	if u.Hostname() == "" {
		return Address{}, errors.New("names no host")
	}
	return a, nil
}

func (a *Address) native(u *url.URL) error {
	a.Native, a.Path = true, ""
	if name := strings.Trim(u.Path, "/"); name != "" {
		a.Database = name
	}
	if text := a.Settings.Get("secure"); text != "" {
		secure, err := strconv.ParseBool(text)
		if err != nil {
			return errors.New("has a secure that is neither true nor false")
		}
		a.Secure = secure
	}
	a.Settings.Del("secure")
	if u.Port() == "" {
		port := "9000"
		if a.Secure {
			port = "9440"
		}
		a.Host = net.JoinHostPort(u.Hostname(), port)
	}
	return nil
}

// Loopback says whether the server is on this machine, where compressing costs more than it saves.
func (a Address) Loopback() bool {
	host, _, err := net.SplitHostPort(a.Host)
	if err != nil {
		host = strings.Trim(a.Host, "[]")
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
