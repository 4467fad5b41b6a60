package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/weighlock/weighlock/cmd/weighlock/bench"
	"github.com/weighlock/weighlock/cmd/weighlock/demo"
	"github.com/weighlock/weighlock/cmd/weighlock/dev"
	"github.com/weighlock/weighlock/internal/embedded/engine"
)

func TestMain(m *testing.M) {
	engine.RunIfChild()
	os.Exit(m.Run())
}

// shell runs commands against one pipeline, as a person at a terminal would.
type shell struct {
	t   *testing.T
	dir string
	ctx context.Context
}

// pipeline starts one in a temporary directory; it is stopped when the test ends.
func pipeline(t *testing.T) (*shell, *dev.Pipeline) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	t.Cleanup(cancel)
	sh := &shell{t: t, dir: t.TempDir(), ctx: ctx}
	return sh, sh.start()
}

func (sh *shell) start() *dev.Pipeline {
	sh.t.Helper()
	ids, err := identities([]string{"assistant"}, "")
	if err != nil {
		sh.t.Fatal(err)
	}
	p, err := dev.Start(sh.ctx, dev.Options{Dir: sh.dir, Identities: ids})
	if err != nil {
		sh.t.Fatal(err)
	}
	sh.t.Cleanup(p.Stop)
	return p
}

// run gives what a command printed and its exit code.
func (sh *shell) run(args ...string) (string, int) {
	sh.t.Helper()
	var out bytes.Buffer
	root := newRoot()
	root.SetOut(&out)
	root.SetArgs(append([]string{"--dir", sh.dir}, args...))
	code := exitCode(root.ExecuteContext(sh.ctx), &out)
	return out.String(), code
}

// must runs a command that has to end with code and gives what it printed.
func (sh *shell) must(code int, args ...string) string {
	sh.t.Helper()
	out, got := sh.run(args...)
	if got != code {
		sh.t.Fatalf("weighlock %s ended with %d, want %d:\n%s", strings.Join(args, " "), got, code, out)
	}
	return out
}

// until repeats a command until its output has text.
func (sh *shell) until(text string, args ...string) string {
	sh.t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		out := sh.must(exitOK, args...)
		if strings.Contains(out, text) {
			return out
		}
		select {
		case <-sh.ctx.Done():
			sh.t.Fatalf("weighlock %s never said %q, but:\n%s", strings.Join(args, " "), text, out)
		case <-tick.C:
		}
	}
}

// waiting gives the id of the only open request.
func (sh *shell) waiting() string {
	sh.t.Helper()
	var list []struct{ ID string }
	if err := json.Unmarshal([]byte(sh.until(`"ID"`, "inbox", "--as", "carol", "--json")), &list); err != nil || len(list) != 1 {
		sh.t.Fatalf("want one open request, got %v, %v", list, err)
	}
	return list[0].ID
}

func TestFromProposalToAudit(t *testing.T) {
	t.Parallel()
	sh, _ := pipeline(t)

	low := sh.must(exitOK, "propose", "--tool", "search_web", "--args", `{"query":"tides"}`, "--wait")
	if !strings.Contains(low, "approved by policy") {
		t.Errorf("a search was not let through: %s", low)
	}
	sh.must(exitOK, "propose", "--id", "pay-1", "--tool", "send_payment", "--args", `{"amount": 90}`, "--request", "Pay \x1b[31mthe bill")
	request := sh.waiting()
	card := sh.must(exitOK, "show", request, "--as", "carol")
	for _, want := range []string{"assistant/pay-1", `{"amount":90}`, "anybody of finance to approve", "Otherwise", "\ufffd[31mthe bill"} {
		if !strings.Contains(card, want) {
			t.Errorf("the card does not show %q:\n%s", want, card)
		}
	}
	sh.must(exitRefused, "approve", request, "--as", "bob") // is not in finance
	sh.must(exitRefused, "approve", request, "--as", "carol", "--digest", "sha256:"+strings.Repeat("0", 64))
	sh.must(exitFailed, "approve", "r-nosuchrequest", "--as", "carol")
	if out := sh.must(exitOK, "approve", request[:6], "--as", "carol", "--comment", "fine"); !strings.Contains(out, "approved") {
		t.Errorf("approving says %s", out)
	}
	sh.must(exitRefused, "reject", request, "--as", "alice") // too late
	sh.must(exitOK, "propose", "--id", "pay-1", "--tool", "send_payment", "--args", `{"amount": 90}`, "--wait")

	trace := sh.must(exitOK, "trace", "assistant/pay-1")
	for _, want := range []string{"proposes pay-1", "scored", "finance is asked", `carol answers`, "does not count", "approved by carol"} {
		if !strings.Contains(trace, want) {
			t.Errorf("the timeline lacks %q:\n%s", want, trace)
		}
	}
	sh.until("carol", "audit", "query", "--format", "TSV", "SELECT approvers FROM decisions WHERE action = 'pay-1'")
	if out := sh.until("finance approved all", "grants", "suggest", "--least", "1"); !strings.Contains(out, "finance approved all 1 × send_payment of assistant") || !strings.Contains(out, "weighlock grants create --like assistant/pay-1 --for 2h --uses 1") {
		t.Errorf("what might be granted is %s", out)
	}
	if out := sh.must(exitOK, "grants", "suggest"); !strings.Contains(out, "Nothing was approved so often") {
		t.Errorf("one approval suggests %s", out)
	}
	sh.backtests()
	sh.reports()
	sh.exports()
	if out := sh.must(exitOK, "doctor"); strings.Contains(out, "BAD") {
		t.Errorf("the doctor found something:\n%s", out)
	}
	sh.must(exitFailed, "audit", "query", "DROP TABLE events")
}

func TestExitCodesTellTheOutcome(t *testing.T) {
	t.Parallel()
	sh, _ := pipeline(t)
	sh.must(exitUndecided, "propose", "--id", "slow", "--tool", "send_payment", "--args", `{"amount": 1}`, "--wait", "--timeout", "1s")
	request := sh.waiting()
	sh.must(exitOK, "reject", request, "--as", "carol", "--items", "1", "--comment", "no")
	out := sh.must(exitRefused, "propose", "--id", "slow", "--tool", "send_payment", "--args", `{"amount": 1}`, "--wait")
	if !strings.Contains(out, "rejected by carol") {
		t.Errorf("the answer does not say who said no: %s", out)
	}
	sh.must(exitFailed, "propose", "--tool", "x", "--args", `[1]`)
	sh.must(exitFailed, "propose", "--agent", "nobody", "--tool", "x")
	sh.must(exitFailed, "trace", "no-such-action")
}

func TestNewIdentitiesAreLetIn(t *testing.T) {
	t.Parallel()
	sh, _ := pipeline(t)
	sh.must(exitOK, "identity", "add", "agent/newcomer")
	sh.must(exitFailed, "identity", "add", "agent/*")
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		if _, code := sh.run("propose", "--agent", "newcomer", "--tool", "search_web", "--wait", "--timeout", "5s"); code == exitOK {
			break
		}
		select {
		case <-sh.ctx.Done():
			t.Fatal("the newcomer was never let in")
		case <-tick.C:
		}
	}
	if out := sh.must(exitOK, "identity", "config"); !strings.Contains(out, "newcomer") {
		t.Error("the server's configuration does not know the newcomer")
	}
}

// A second start on the same directory goes on where the first was: open requests are
// still open, and the audit has everything.
func TestDevGoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	sh, first := pipeline(t)
	sh.must(exitOK, "propose", "--id", "pay-2", "--tool", "send_payment", "--args", `{"amount": 7}`)
	request := sh.waiting()
	if _, err := dev.Start(sh.ctx, dev.Options{Dir: sh.dir}); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("two pipelines share a directory: %v", err)
	}
	first.Stop()
	sh.start()
	sh.must(exitOK, "approve", request, "--as", "alice")
	sh.must(exitOK, "propose", "--id", "pay-2", "--tool", "send_payment", "--args", `{"amount": 7}`, "--wait")
	sh.until("1\n", "audit", "query", "--format", "TSV", "SELECT count() FROM decisions WHERE action = 'pay-2'")
}

func TestItemLists(t *testing.T) {
	t.Parallel()
	for list, want := range map[string]int{"1": 1, "1-3,7": 4, "2,2,2": 1, " 4 , 5 ": 2} {
		if got, err := itemVerdicts(list, "approve"); err != nil || len(got) != want {
			t.Errorf("%q gives %v, %v; want %d items", list, got, err, want)
		}
	}
	for _, list := range []string{"", "0", "-1", "3-1", "1-999999999", "a", "1,,2"} {
		if got, err := itemVerdicts(list, "approve"); err == nil {
			t.Errorf("%q gives %v instead of an error", list, got)
		}
	}
}

func TestBenchMeasuresBothSides(t *testing.T) {
	t.Parallel()
	r, err := bench.Run(t.Context(), bench.Options{Actions: 200, Rate: 100, Seconds: 0.5, Agents: 2, Timeout: 2 * time.Minute, Log: t.Logf})
	if err != nil {
		t.Fatal(err)
	}
	for name, v := range map[string]float64{"actions_per_s": r.ActionsPerS, "raw_per_s": r.RawPerS, "with audit": r.ActionsPerSAudit, "raw with insert": r.RawPerSAudit, "p50": r.P50, "raw p50": r.RawP50, "cpu": r.CPUPerAction, "cpu with audit": r.CPUPerActionAudit} {
		if v <= 0 {
			t.Errorf("%s is %v", name, v)
		}
	}
}

func TestDemo(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := demo.Run(t.Context(), &out); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	for _, want := range []string{"goes on from security to operations", "is expired by timeout", "each with exactly one decision"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the demo does not say %q", want)
		}
	}
}
