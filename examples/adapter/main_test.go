package main

import (
	"bytes"
	"io"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/weighlock/weighlock/cmd/weighlock/dev"
	"github.com/weighlock/weighlock/internal/authz"
	"github.com/weighlock/weighlock/pkg/agent"
	"github.com/weighlock/weighlock/pkg/approver"
)

// paper is what the chat was printed on.
type paper struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (p *paper) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.all.Write(b)
}

func (p *paper) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.all.String()
}

func (p *paper) waitFor(t *testing.T, pattern string) string {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(30 * time.Second); ; {
		if found := regexp.MustCompile(pattern).FindString(p.String()); found != "" {
			return found
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("the chat never said %s, but:\n%s", pattern, p)
		}
	}
}

// An agent asks, the card comes into the chat, a stranger's answer does not count, and carol's does.
func TestApprovalsInTheChat(t *testing.T) {
	t.Parallel()
	files := filepath.Join("..", "..", "test", "verdicts", "testdata")
	ids := []authz.Identity{{Kind: authz.Agent, Name: "billing"}, {Kind: authz.Adapter, Name: "console"}}
	p, err := dev.Start(t.Context(), dev.Options{
		Dir: t.TempDir(), Identities: ids, WithoutAudit: true,
		PolicyFile: filepath.Join(files, "policy.yaml"), RoutesFile: filepath.Join(files, "routes.yaml"), ApproversFile: filepath.Join(files, "approvers.yaml"),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Stop)
	client, err := approver.Connect(t.Context(), approver.Options{URL: p.Place.NATSURL, Channel: "console", SeedFile: p.Keys.Path(ids[1])})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	asker, err := agent.Connect(t.Context(), agent.Options{URL: p.Place.NATSURL, Agent: "billing", SeedFile: p.Keys.Path(ids[0])})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(asker.Close)
	in, keyboard := io.Pipe()
	var said paper
	done := make(chan error, 1)
	go func() { done <- chat(t.Context(), client, in, &said) }()
	proposal, err := asker.Propose(t.Context(), agent.Action{Tool: "pay", Arguments: []byte(`{"amount":5,"password":"hunter22"}`)})
	if err != nil {
		t.Fatal(err)
	}
	id := strings.Fields(said.waitFor(t, `r-[a-z0-9]+ for operations: "billing: pay`))[0]
	if said.waitFor(t, `otherwise expired`); strings.Contains(said.String(), "hunter22") {
		t.Error("the chat shows a secret")
	}
	for line, want := range map[string]string{"hello": "say: NAME", "mallory approve " + id: "mallory, that does not count", "carol approve r-none": "not found"} {
		if _, err := io.WriteString(keyboard, line+"\n"); err != nil {
			t.Fatal(err)
		}
		said.waitFor(t, want)
	}
	if _, err := io.WriteString(keyboard, "carol approve "+id+" as ordered\n"); err != nil {
		t.Fatal(err)
	}
	said.waitFor(t, "carol's answer counts")
	said.waitFor(t, id+": resolved")
	if d, err := asker.Await(t.Context(), proposal.ID); err != nil || d.DecidedBy.Approvers[0].Channel != "console" || d.DecidedBy.Approvers[0].Comment != "as ordered" {
		t.Errorf("%+v, %v", d, err)
	}
	if err := keyboard.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}
