package natstest

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
)

// childVariable carries the spec to the child, which is the test binary itself.
const childVariable = "WEIGHLOCK_NATSTEST_SERVER"

// init turns the test binary into a server where it was started as one, before
// any test or flag is looked at.
//
//nolint:gochecknoinits // every package's tests would have to call it from a TestMain otherwise
func init() {
	if text := os.Getenv(childVariable); text != "" {
		if err := serveChild(text, os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
}

// serveChild runs a server until in ends, and answers each line of in (a reload)
// with one line on out: empty, or what went wrong. When the parent dies, in ends.
func serveChild(text string, in io.Reader, out io.Writer) error {
	var sp spec
	if err := json.Unmarshal([]byte(text), &sp); err != nil {
		return err
	}
	server, err := startInside(sp)
	if err != nil {
		return err
	}
	defer server.Shutdown()
	fmt.Fprintln(out, server.URL())
	for lines := bufio.NewScanner(in); lines.Scan(); {
		answer := ""
		if err := server.Reload(); err != nil {
			answer = strings.ReplaceAll(err.Error(), "\n", " ")
		}
		fmt.Fprintln(out, answer)
	}
	return nil
}

// process is a server in a child process.
type process struct {
	url     string
	command *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
	end     func() error // waits for the child, once
}

func startProcess(sp spec) (backend, error) {
	text, err := json.Marshal(sp)
	if err != nil {
		return nil, err
	}
	p := &process{command: exec.Command(os.Args[0])} //nolint:gosec // the test binary starts itself
	p.command.Env = append(os.Environ(), childVariable+"="+string(text))
	p.command.Stderr = os.Stderr
	if p.in, err = p.command.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := p.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.out = bufio.NewReader(out)
	if err := p.command.Start(); err != nil {
		return nil, err
	}
	p.end = sync.OnceValue(p.command.Wait)
	line, err := p.out.ReadString('\n')
	if err != nil {
		return nil, fmt.Errorf("starting a server process: %w", errors.Join(err, p.end()))
	}
	p.url = strings.TrimSpace(line)
	return p, nil
}

func (p *process) URL() string { return p.url }

func (p *process) Reload() error {
	if _, err := io.WriteString(p.in, "reload\n"); err != nil {
		return err
	}
	answer, err := p.out.ReadString('\n')
	if err != nil {
		return err
	}
	if answer = strings.TrimSpace(answer); answer != "" {
		return errors.New(answer)
	}
	return nil
}

func (p *process) Shutdown() {
	_ = p.in.Close() // the child ends when its input does
	_ = p.end()      // it may have been killed before
}

func (p *process) Kill() error {
	err := p.command.Process.Kill()
	_ = p.end() // an error, since it was killed
	return err
}
