package sink

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/weighlock/weighlock/internal/proof"
)

// A server that loses power before it has synced loses the end of its streams, and gives their sequences to other events. The
// audit keeps what it has, and has what comes then as well: each event once, and nothing passes for a forgery.
func TestStreamsThatLostTheirEnd(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		running bool // the sink goes on meanwhile
		notes   bool // its notes lose their end too
		later   int  // events of each stream that come before the sink looks
	}{
		"fewer came since":             {later: 5},
		"as many came since":           {later: 20},
		"more came since":              {later: 30},
		"the sink's notes are older":   {later: 30, notes: true},
		"nothing came since":           {later: 0},
		"while the sink runs":          {later: 30, running: true},
		"while it runs, notes and all": {later: 30, running: true, notes: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			saved := t.TempDir()
			store := filepath.Join(w.nats.Dir, "nats")
			sink := w.start()
			w.fill(0, 30)
			w.caughtUp()
			if !c.running {
				sink.stop()
			}
			w.nats.Stop(t)
			if err := os.CopyFS(saved, os.DirFS(store)); err != nil {
				t.Fatal(err)
			}
			w.nats.Restart(t)
			w.nats.WaitConnected(t, w.nc)
			if !c.running {
				sink = w.start()
			}
			w.fill(30, 20)
			w.caughtUp()
			if !c.running {
				sink.stop()
			}
			w.nats.Stop(t)
			w.putBack(store, saved, c.notes)
			w.nats.Restart(t)
			w.nats.WaitConnected(t, w.nc)
			w.fill(50, c.later)
			if !c.running {
				w.start()
			}
			w.until("a new epoch", w.forked)
			w.fill(50+c.later, 1)
			w.caughtUp()
			for _, name := range auditedStreams {
				name = w.nats.Subjects.Stream(name)
				for _, final := range []string{"", "FINAL"} {
					got := w.ask("SELECT groupArray(n), sum(n), sum(d) FROM (SELECT count() AS n, uniqExact(seq) AS d FROM events " + final + " WHERE stream = '" + name + "' GROUP BY epoch ORDER BY epoch)")
					n := 50 + c.later + 1
					if want := fmt.Sprintf("[50,%d]\t%d\t%d", c.later+1, n, n); got != want {
						t.Errorf("%s %s: rows by epoch, rows and different ones are %s, want %s", name, final, got, want)
					}
				}
				w.judged(name)
			}
		})
	}
}

// putBack puts the store of a stopped server back to what was saved; the sink's notes and digests only if asked to.
func (w *world) putBack(store, saved string, notes bool) {
	w.t.Helper()
	must := func(err error) {
		w.t.Helper()
		if err != nil {
			w.t.Fatal(err)
		}
	}
	kept := map[string]string{}
	if !notes {
		must(filepath.WalkDir(store, func(path string, d fs.DirEntry, err error) error {
			if name := d.Name(); err == nil && (name == "KV_"+w.nats.Subjects.Stream(manifestBucket) || name == w.nats.Subjects.Stream(proofsStream)) {
				kept[path] = filepath.Join(w.t.TempDir(), name)
			}
			return err
		}))
	}
	for path, name := range kept {
		must(os.Rename(path, name))
	}
	must(os.RemoveAll(store))
	must(os.CopyFS(store, os.DirFS(saved)))
	for path, name := range kept {
		must(os.RemoveAll(path))
		must(os.Rename(name, path))
	}
}

// forked says whether every stream has a new epoch.
func (w *world) forked() bool {
	for _, name := range auditedStreams {
		if w.manifest(w.nats.Subjects.Stream(name)).Created == 0 {
			return false
		}
	}
	return true
}

func (w *world) manifest(key string) Manifest {
	w.t.Helper()
	kv, err := w.js.KeyValue(w.t.Context(), w.nats.Subjects.Stream(manifestBucket))
	if err != nil {
		w.t.Fatal(err)
	}
	m, err := ReadManifest(w.t.Context(), kv, key)
	if err != nil {
		w.t.Fatal(err)
	}
	return m
}

// judged judges every epoch of a stream: no row passes for one that was changed, added or taken out.
func (w *world) judged(name string) {
	w.t.Helper()
	now := w.manifest(name)
	for _, m := range []Manifest{w.manifest(aside(name, now.Created)), now} {
		end := m.HighWater
		if m.Pending != nil {
			end = m.Pending.Hi
		}
		audit := proof.NewAudit(proof.NewHistory(name, m.Epoch, nil), proof.Head{HighWater: m.HighWater}, nil)
		w.pages(end, func(where string) {
			rows := w.ask(fmt.Sprintf("SELECT seq, hex(subject), hex(headers_raw), hex(data), lower(hex(leaf_hash)), lower(hex(chain_hash)) FROM events WHERE stream = '%s' AND epoch = %d AND %s ORDER BY seq", name, m.Epoch, where))
			for line := range strings.Lines(rows) {
				audit.Row(parsed(w.t, strings.Split(strings.TrimRight(line, "\n"), "\t")))
			}
		})
		for _, f := range audit.Close(end) {
			w.t.Errorf("epoch %d: %s", m.Epoch, f)
		}
	}
}
