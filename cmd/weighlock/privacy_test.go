package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/cmd/weighlock/dev"
	"github.com/weighlock/weighlock/internal/authz"
	"github.com/weighlock/weighlock/internal/proof"
	"github.com/weighlock/weighlock/pkg/agent"
)

// searcher looks for texts wherever the pipeline keeps something.
type searcher struct {
	*tamperer
	js    jetstream.JetStream
	texts []string
}

func newSearcher(sh *shell, p *dev.Pipeline, texts ...string) *searcher {
	sh.t.Helper()
	nc, err := p.Connect(sh.ctx, authz.TheOperator())
	if err != nil {
		sh.t.Fatal(err)
	}
	sh.t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		sh.t.Fatal(err)
	}
	return &searcher{&tamperer{sh, p.Place}, js, texts}
}

// holders are the streams and tables with one of the texts in them.
func (s *searcher) holders() (found []string) {
	s.t.Helper()
	has := func(text string) bool {
		for _, secret := range s.texts {
			if strings.Contains(text, secret) {
				return true
			}
		}
		return false
	}
	for info := range s.js.ListStreams(s.ctx).Info() {
		stream, err := s.js.Stream(s.ctx, info.Config.Name)
		if err != nil {
			s.t.Fatal(err)
		}
		in := false
		for seq := info.State.FirstSeq; seq <= info.State.LastSeq; seq++ {
			m, err := stream.GetMsg(s.ctx, seq)
			in = in || err == nil && has(m.Subject+fmt.Sprint(m.Header)+string(m.Data))
		}
		if in {
			found = append(found, info.Config.Name)
		}
	}
	for table := range strings.FieldsSeq(s.query("SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree' ORDER BY name")) {
		for _, secret := range s.texts {
			if s.query("SELECT count() FROM "+table+" WHERE position(formatRow('JSONEachRow', *), '"+secret+"') > 0") != "0" {
				found = append(found, table)
				break
			}
		}
	}
	return found
}

// inFiles are the files below a directory with one of the texts in them.
func (s *searcher) inFiles(dir string) (found []string) {
	s.t.Helper()
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return nil // files come and go
		}
		data, err := os.ReadFile(path)
		for _, secret := range s.texts {
			if err == nil && strings.Contains(string(data), secret) {
				found = append(found, path)
				break
			}
		}
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return found
}

// assistant is an agent on the pipeline that keeps what its users write apart.
func assistant(t *testing.T, sh *shell, p *dev.Pipeline) *agent.Client {
	t.Helper()
	c, err := agent.Connect(sh.ctx, agent.Options{
		URL: p.Place.NATSURL, Agent: "assistant", SeedFile: p.Keys.Path(authz.Identity{Kind: authz.Agent, Name: "assistant"}),
		Private: map[string][]string{"*": {"/request"}, "send_payment": {"/arguments/recipient"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// Values that are marked private are weighed, shown and run; the audit never has them, and they can be erased without a trace of them or a crack in it.
func TestPrivateFromProposalToErasure(t *testing.T) {
	t.Parallel()
	sh, p := pipeline(t)
	const subject, name, request, hidden = "dana@example.com", "Dana-Zwingli-GmbH", "Refund-my-sister-Dana", "DROP TABLE dana_private"
	s := newSearcher(sh, p, name, request, "dana_private", "hunter2222")

	// Weighed by what it is: the same tool with another private text is harmless.
	sh.must(exitOK, "propose", "--id", "read", "--tool", "run_sql", "--args", `{"sql":"SELECT 1"}`, "--principal", subject, "--private", "/arguments/sql", "--wait")
	sh.must(exitOK, "propose", "--id", "drop", "--tool", "run_sql", "--args", `{"sql":"`+hidden+`"}`, "--principal", subject, "--private", "/arguments/sql")
	sh.until("drop\thigh", "audit", "query", "--format", "TSV", "SELECT action, level FROM typed_assessments WHERE action = 'drop'")

	ran := make(chan string, 1)
	guarded := make(chan error, 1)
	bot := assistant(t, sh, p)
	go func() {
		guarded <- bot.Guard(sh.ctx, agent.Action{
			ID: "pay-1", Tool: "send_payment", Arguments: json.RawMessage(`{"amount":90,"recipient":"` + name + `","password":"hunter2222"}`), Request: request, Principal: subject,
			Private: []string{"/arguments/password"},
		}, func(_ context.Context, arguments json.RawMessage) error {
			ran <- string(arguments)
			return nil
		})
	}()
	card := s.cardOf("pay-1")
	for _, args := range [][]string{{"show", card, "--as", "carol"}, {"show", card, "--as", "carol", "--json"}} {
		shown := sh.must(exitOK, args...)
		if !strings.Contains(shown, name) || !strings.Contains(shown, request) || strings.Contains(shown, "hunter2222") {
			t.Errorf("%v shows:\n%s", args, shown)
		}
	}
	if shown := sh.must(exitOK, "show", card, "--as", "carol", "--reveal"); !strings.Contains(shown, "hunter2222") {
		t.Errorf("revealed is:\n%s", shown)
	}
	// What an approver leaves as it was shown does not come into the audit by way of the verdict.
	sh.must(exitOK, "edit", card, "--as", "carol", "--args", `{"amount":80,"recipient":"`+name+`","password":"hunter2222"}`)
	if err := <-guarded; err != nil {
		t.Fatal(err)
	}
	if arguments := <-ran; !strings.Contains(arguments, name) || !strings.Contains(arguments, "hunter2222") || !strings.Contains(arguments, "80") {
		t.Errorf("it ran with %s", arguments)
	}
	sh.until("1\n", "audit", "query", "--format", "TSV", "SELECT count() FROM typed_receipts WHERE action = 'pay-1'")
	sh.until("5\n", "audit", "query", "--format", "TSV", "SELECT count() FROM private_values FINAL")
	if got := strings.Join(s.holders(), ", "); got != "WL_PRIVATE, private_values" {
		t.Errorf("values are in %s", got)
	}
	if sh.until(`"seq"`, "audit", "prove", "assistant/pay-1"); len(s.inFiles(filepath.Join(p.Place.Dir, "nats"))) == 0 {
		t.Error("no file has them: the test looks in the wrong place")
	}

	// Under hold nothing goes; without, all does, and only what is not under hold.
	sh.must(exitFailed, "audit", "erase", "--subject", subject, "--as", "mallory")
	sh.must(exitFailed, "audit", "erase", "--agent", "assistant")
	sh.must(exitOK, "audit", "hold", "add", "case-1", "--agent", "assistant", "--action", "pay-1", "--reason", "a dispute")
	sh.must(exitRefused, "audit", "hold", "add", "case-1", "--subject", subject, "--reason", "again")
	if list := sh.must(exitOK, "audit", "hold", "list"); !strings.Contains(list, "case-1") || !strings.Contains(list, "a dispute") {
		t.Errorf("holds are:\n%s", list)
	}
	if said := sh.must(exitOK, "audit", "erase", "--subject", subject); !strings.Contains(said, "of 2 actions") || !strings.Contains(said, "held by case-1") {
		t.Errorf("erased while held: %s", said)
	}
	if shown := sh.must(exitOK, "show", card, "--as", "carol"); !strings.Contains(shown, name) {
		t.Errorf("held, but gone:\n%s", shown)
	}
	sh.must(exitOK, "audit", "hold", "remove", "case-1", "--reason", "settled")
	if said := sh.must(exitOK, "audit", "erase", "--subject", subject, "--reason", "asked for"); !strings.Contains(said, "Erased 3 private values of 1 action") {
		t.Errorf("erased: %s", said)
	}
	if got := s.holders(); len(got) > 0 {
		t.Errorf("values are still in %v", got)
	}
	if got := s.inFiles(filepath.Join(p.Place.Dir, "nats")); len(got) > 0 {
		t.Errorf("values are still in the files %v", got)
	}
	if got := s.query("SELECT count() FROM system.parts WHERE database = currentDatabase() AND table = 'private_values' AND rows > 0"); got != "0" {
		t.Errorf("%s files of the table are left", got)
	}
	if shown := sh.must(exitOK, "show", card, "--as", "carol"); strings.Contains(shown, name) || !strings.Contains(shown, `"recipient":"‹erased›"`) {
		t.Errorf("after the erasure:\n%s", shown)
	}
	if said := sh.must(exitOK, "audit", "erase", "--subject", subject); !strings.Contains(said, "no private values to erase") {
		t.Errorf("the second time: %s", said)
	}
	s.evidenceHolds(p)
}

// cardOf waits for the card with an action on it.
func (s *searcher) cardOf(action string) string {
	s.t.Helper()
	var list []struct {
		ID    string
		Items []struct {
			Action string `json:"action"`
		}
	}
	out := s.until(`"`+action+`"`, "inbox", "--as", "carol", "--json")
	if err := json.Unmarshal([]byte(out), &list); err != nil {
		s.t.Fatal(err)
	}
	for _, r := range list {
		for _, item := range r.Items {
			if item.Action == action {
				return r.ID
			}
		}
	}
	s.t.Fatalf("no card has %s:\n%s", action, out)
	return ""
}

// evidenceHolds: what was erased is still proved to have been there, and that it was erased is in the audit.
func (s *searcher) evidenceHolds(p *dev.Pipeline) {
	s.t.Helper()
	s.until("dana@example.com\t2\nlocal\tdana@example.com\t1\n", "audit", "query", "--format", "TSV", "SELECT auditor, principal, actions FROM erasures WHERE actions > 0 ORDER BY erased_at")
	s.until("and signed.", "audit", "verify")
	dir := s.t.TempDir()
	file := filepath.Join(dir, "proof.json")
	text := s.until("wl.receipts.assistant.pay-1", "audit", "prove", "assistant/pay-1")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
	if out := s.must(exitOK, "audit", "check", file, "--key", proof.PublicPath(p.Place.ProofKey())); !strings.Contains(out, "The proof holds") {
		s.t.Errorf("the proof:\n%s", out)
	}
}

// A question that nobody answers in time says that it stays, and is answered when the sink runs.
func TestErasureWaitsForTheSink(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	t.Cleanup(cancel)
	sh := &shell{t: t, dir: t.TempDir(), ctx: ctx}
	ids, err := identities([]string{"assistant"}, "")
	if err != nil {
		t.Fatal(err)
	}
	p, err := dev.Start(ctx, dev.Options{Dir: sh.dir, Identities: ids, WithoutAudit: true})
	if err != nil {
		t.Fatal(err)
	}
	sh.must(exitOK, "propose", "--id", "a-1", "--tool", "search_web", "--args", `{"query":"Dana-Zwingli"}`, "--principal", "dana", "--private", "/arguments/query", "--wait")
	if said := sh.must(exitUndecided, "audit", "erase", "--subject", "dana", "--timeout", "300ms"); !strings.Contains(said, "the question is stored") {
		t.Errorf("it says %s", said)
	}
	p.Stop()
	p = sh.start()
	s := newSearcher(sh, p, "Dana-Zwingli")
	sh.until("1\n", "audit", "query", "--format", "TSV", "SELECT actions FROM erasures")
	if got := append(s.holders(), s.inFiles(filepath.Join(p.Place.Dir, "nats"))...); len(got) > 0 {
		t.Errorf("values are still in %v", got)
	}
}
