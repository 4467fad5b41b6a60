package routing

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestConfig(t *testing.T) {
	t.Parallel()
	bad := filepath.Join(t.TempDir(), "bad.yaml")
	if err := os.WriteFile(bad, []byte("version: 1\nroutes: 3\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for args, want := range map[string]string{
		"":                         "",
		"-ack-wait 1s":             "",
		"-ack-wait 1ms":            "AckWait",
		"-pinned-ttl 1ms":          "PinnedTTL",
		"-drain -1s":               "Drain",
		"-routes nowhere.yaml":     "nowhere.yaml",
		"-approvers nowhere.yaml":  "nowhere.yaml",
		"-routes " + bad:           "bad.yaml:2",
		"-pinned-ttl 1s -drain 1s": "",
	} {
		var cfg Config
		fs := flag.NewFlagSet("", flag.ContinueOnError)
		cfg.Register(fs)
		if err := fs.Parse(strings.Fields(args)); err != nil {
			t.Fatal(err)
		}
		if err := cfg.Validate(); want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", args, err, want)
		}
	}
	cfg := Config{AckWait: time.Second, PinnedTTL: 2 * time.Second, Drain: 3 * time.Second}
	r := newRig(t, 1, "1s", 1)
	for _, w := range []struct{ ackWait, pinned, drain time.Duration }{
		{cfg.assessed(r.s).AckWait, cfg.assessed(r.s).PinnedTTL, cfg.assessed(r.s).Drain},
		{cfg.answered(r.s).AckWait, cfg.answered(r.s).PinnedTTL, cfg.answered(r.s).Drain},
	} {
		if w.ackWait != cfg.AckWait || w.pinned != cfg.PinnedTTL || w.drain != cfg.Drain {
			t.Errorf("a worker got %+v", w)
		}
	}
}
