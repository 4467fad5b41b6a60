package main

import (
	"bytes"
	"context"
	"io"
	"regexp"
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

// twoBefore are two people before the same request.
func twoBefore(t *testing.T) (sh *shell, alice, bob *sitting) {
	t.Helper()
	sh = office(t)
	alice, bob = sh.sit("alice"), sh.sit("bob")
	alice.sees("nothing waits")
	sh.must(exitOK, "propose", "--id", "a", "--tool", "pay", "--args", `{"amount": 500, "to": "acme"}`, "--reasoning", "the invoice is due")
	alice.sees("the invoice is due")
	bob.sees("the invoice is due")
	return sh, alice, bob
}

// Two people sit before their inboxes, on a real pipeline: one answers, and the other sees it.
func TestTwoPeopleAtTheirInboxes(t *testing.T) {
	t.Parallel()
	sh, alice, bob := twoBefore(t)
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

// Whoever cannot answer yet hands over without leaving the inbox, and everybody sees it: the same as the commands do.
func TestHandOversAtAnInbox(t *testing.T) {
	t.Parallel()
	sh, alice, bob := twoBefore(t)
	request := sh.waiting()
	alice.press("o")
	alice.sees("acknowledge " + request + ", comment:")
	alice.press("on it\r")
	alice.sees("alice looks at " + request + ", which holds the next tier back until")
	bob.sees("Meanwhile   alice looks at " + request)

	alice.press("t")
	alice.sees("to a group of its path (operations)")
	alice.press("dave he knows them\r")
	alice.sees("refused (handover): dave is not on the escalation path")
	alice.sees("why: dave he knows them")
	alice.press("\x01\x1b[3~\x1b[3~\x1b[3~\x1b[3~carol\r") // to its beginning, and another name
	bob.sees("alice hands " + request + ` to carol "he knows them"`)

	alice.sees("? help")
	alice.press("i")
	alice.sees("ask the agent about " + request)
	alice.press("which invoice?\r")
	alice.sees("the clock stops at most until")
	shown := sh.must(exitOK, "show", request, "--as", "bob")
	question := regexp.MustCompile(`q-\d+`).FindString(shown)
	sh.must(exitOK, "answer", "assistant/a", question, "the one from May")
	bob.sees(`"the one from May"`)

	bob.press("s")
	bob.sees("snooze " + request + ", for how long (15m0s) and why:")
	bob.press("1m tea\r")
	bob.sees("bob is not reminded of " + request + " until")
	if out := sh.must(exitOK, "snooze", request, "--as", "carol"); !strings.Contains(out, "carol is not reminded of "+request+" until") {
		t.Errorf("the command says %s", out)
	}
	trace := sh.must(exitOK, "trace", "assistant/a")
	for _, want := range []string{"alice looks at", "alice hands", "alice asks", "assistant answers", "bob is not reminded"} {
		if !strings.Contains(trace, want) {
			t.Errorf("the timeline lacks %q:\n%s", want, trace)
		}
	}
}
