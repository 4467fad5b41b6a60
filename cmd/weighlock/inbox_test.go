package main

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/vt"
)

// lines ends lines as a terminal does, which goes on where the last ended otherwise.
type lines struct{ io.Writer }

func (l lines) Write(p []byte) (int, error) {
	_, err := l.Writer.Write(bytes.ReplaceAll(p, []byte("\n"), []byte("\r\n")))
	return len(p), err
}

// sitting is somebody before the inbox.
type sitting struct {
	t    *testing.T
	sh   *shell
	out  *vt.SafeEmulator
	keys *io.PipeWriter
	done chan error
}

func (sh *shell) sit(name string) *sitting {
	sh.t.Helper()
	client, err := (&cli{dir: sh.dir}).approver(sh.ctx, name)
	if err != nil {
		sh.t.Fatal(err)
	}
	in, keys := io.Pipe()
	s := &sitting{t: sh.t, sh: sh, out: vt.NewSafeEmulator(100, 40), keys: keys, done: make(chan error, 1)}
	ctx, stop := context.WithCancel(sh.ctx)
	go io.Copy(io.Discard, s.out) // what a terminal answers to questions
	go func() {
		s.done <- runInbox(ctx, client, nil, tea.WithInput(in), tea.WithOutput(lines{s.out}), tea.WithWindowSize(100, 40), tea.WithEnvironment([]string{"TERM=xterm-256color"}))
		client.Close()
	}()
	sh.t.Cleanup(func() { stop(); in.Close() })
	return s
}

// press presses keys as a terminal sends them.
func (s *sitting) press(keys string) {
	s.t.Helper()
	if _, err := s.keys.Write([]byte(keys)); err != nil {
		s.t.Fatal(err)
	}
}

// sees waits until the screen shows a text.
func (s *sitting) sees(text string) {
	s.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(30 * time.Second)
	for {
		if strings.Contains(ansi.Strip(s.out.Render()), text) {
			return
		}
		select {
		case <-tick.C:
		case err := <-s.done:
			s.t.Fatalf("the inbox ended: %v", err)
		case <-deadline:
			s.t.Fatalf("the screen never showed %q, but:\n%s", text, ansi.Strip(s.out.Render()))
		}
	}
}

// Two people sit before their inboxes, on a real pipeline: one answers, and the other sees it.
func TestTwoPeopleAtTheirInboxes(t *testing.T) {
	t.Parallel()
	sh := office(t)
	alice, bob := sh.sit("alice"), sh.sit("bob")
	alice.sees("nothing waits")
	sh.must(exitOK, "propose", "--id", "a", "--tool", "pay", "--args", `{"amount": 500, "to": "acme"}`, "--reasoning", "the invoice is due")
	alice.sees("the invoice is due")
	bob.sees("the invoice is due")
	bob.press("r") // bob begins to answer, and is slower
	bob.sees("comment:")
	alice.press("a")
	alice.sees("comment:")
	alice.press("fine\r")
	alice.sees("1 approved")
	bob.sees("nothing was sent")
	sh.must(exitOK, "propose", "--id", "a", "--tool", "pay", "--args", `{"amount": 500, "to": "acme"}`, "--wait")
	if trace := sh.must(exitOK, "trace", "assistant/a"); !strings.Contains(trace, `alice answers`) || strings.Contains(trace, "bob answers") {
		t.Errorf("the timeline is %s", trace)
	}
	alice.press("q")
	if err := <-alice.done; err != nil {
		t.Error(err)
	}
}
