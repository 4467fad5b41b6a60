// Package session runs statements in libchdb's sessions: what the HTTP and the native interface have in common.
package session

import (
	"context"
	"crypto/subtle"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/weighlock/weighlock/internal/embedded/engine/chdb"
)

// maxRunning bounds the statements at work at once; more wait for their turn. Each holds an engine session and a thread.
const maxRunning = 32

// Pool opens sessions for one user with a password, and bounds how many statements run at once over all interfaces.
type Pool struct {
	connect        func() (*chdb.Conn, error)
	user, password string
	running        chan struct{}
}

// NewPool makes a pool whose sessions come fresh from connect.
func NewPool(connect func() (*chdb.Conn, error), user, password string) *Pool {
	return &Pool{connect: connect, user: user, password: password, running: make(chan struct{}, maxRunning)}
}

// Admits says whether these are the credentials of the engine's user. How long it takes tells nothing about them.
func (p *Pool) Admits(user, password string) bool {
	userOK := subtle.ConstantTimeCompare([]byte(user), []byte(p.user))
	return userOK&subtle.ConstantTimeCompare([]byte(password), []byte(p.password)) == 1
}

// Enter waits until a statement may run; call leave when it has ended. An error means that ctx ended first.
func (p *Pool) Enter(ctx context.Context) (leave func(), err error) {
	select {
	case p.running <- struct{}{}:
		return func() { <-p.running }, nil
	case <-ctx.Done():
		return nil, Refuse(CodeTooManyQueries, "the client left before its statement's turn came")
	}
}

// Setting is one of ClickHouse's settings with its value as text.
type Setting struct{ Name, Value string }

var settingName = regexp.MustCompile(`^[a-z0-9_]+$`)

// CheckSetting is an error with ClickHouse's code if name cannot be a setting's.
func CheckSetting(name string) error {
	if !settingName.MatchString(name) {
		return Refuse(CodeUnknownSetting, "%q is not a setting's name", name)
	}
	return nil
}

// Options are what a session begins with.
type Options struct {
	Database string   // empty means the engine's default
	ReadOnly bool     // nothing may be written; settings may be changed
	Before   []string // statements of the client that made its session what it is, such as SET
	Settings []Setting
}

// Open opens a session with the database and settings. They are the session's, not the text's, so that no value is ever put into
// a statement of the client.
func (p *Pool) Open(o Options) (*chdb.Conn, error) {
	conn, err := p.connect()
	if err != nil {
		return nil, err
	}
	for _, sql := range o.statements() {
		result, err := conn.Query(sql, "Null")
		if err != nil {
			conn.Close()
			return nil, err
		}
		result.Close()
	}
	return conn, nil
}

// statements bring a fresh session to what the options say.
func (o Options) statements() []string {
	var list []string
	if o.Database != "" {
		list = append(list, "USE "+quote(o.Database, '`'))
	}
	list = append(list, o.Before...)
	settings := o.Settings
	if o.ReadOnly {
		settings = append(slices.Clip(settings), Setting{"readonly", "2"})
	}
	if len(settings) > 0 {
		assignments := make([]string, len(settings))
		for i, s := range settings {
			assignments[i] = fmt.Sprintf("%s = %s", s.Name, quote(s.Value, '\''))
		}
		list = append(list, "SET "+strings.Join(assignments, ", "))
	}
	return list
}

// ChangesSession says whether the statement is one that later statements of the same session depend on.
func ChangesSession(sql string) bool {
	lex := &lexer{text: sql}
	t := lex.next()
	return anyFold(sql[t.start:t.end], "USE", "SET")
}

// Kill ends the statement whose text has the mark in it, without waiting for it.
func (p *Pool) Kill(mark string) error {
	conn, err := p.connect()
	if err != nil {
		return err
	}
	defer conn.Close()
	result, err := conn.Query("KILL QUERY WHERE position(query, {mark:String}) > 0 ASYNC", "Null", chdb.Param{Name: "mark", Value: mark})
	if err != nil {
		return err
	}
	result.Close()
	return nil
}

// quote makes s a ClickHouse string ('…') or name (`…`), whatever bytes it has.
func quote(s string, with byte) string {
	var b strings.Builder
	b.WriteByte(with)
	for i := range len(s) {
		switch s[i] {
		case '\\', with:
			b.WriteByte('\\')
			b.WriteByte(s[i])
		case 0:
			b.WriteString(`\0`)
		default:
			b.WriteByte(s[i])
		}
	}
	b.WriteByte(with)
	return b.String()
}
