package sink

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A sink that comes back to a long backlog, with events of half a MiB among it, takes what it holds in batches: its memory does not grow
// with the backlog. `make soak` says how much it takes, without the race detector, which takes several times as much.
func TestMemoryAtALongBacklog(t *testing.T) {
	t.Parallel()
	perStream, large := 1000, 20
	soak := os.Getenv("WEIGHLOCK_SOAK") != ""
	if soak {
		perStream, large = 150_000, 800
	}
	w := newWorld(t, nil)
	w.patience = 10 * time.Minute
	w.cfg.BatchRows, w.cfg.IdleWait = 0, 0 // as people run it
	if err := w.flood(0, perStream); err != nil {
		t.Fatal(err)
	}
	junk := bytes.Repeat([]byte("no event at all "), 32<<10)
	for i := range large {
		w.raw(w.nats.Subjects.Action("agent", fmt.Sprint("large-", i)), nil, junk)
	}
	began := time.Now()
	sink := w.child()
	w.caughtUp()
	took := time.Since(began)
	peak := peakMemory(t, sink.command.Process.Pid)
	t.Logf("%d events and %d of half a MiB: the sink's memory was at most %d MiB, in %s", perStream*len(auditedStreams), large, peak>>20, took.Round(time.Millisecond))
	if n := w.number("SELECT count() FROM events FINAL"); n != perStream*len(auditedStreams)+large {
		t.Errorf("%d events are in the table", n)
	}
	if soak && peak > 200<<20 {
		t.Errorf("that is more than 200 MiB")
	}
}

// A batch that has its share is written when all batches together hold what they may, however long it could still wait.
func TestCrowdedBatchesAreWritten(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.cfg.BatchRows, w.cfg.BatchMemory, w.cfg.BatchWait, w.cfg.IdleWait = 1_000_000, 1<<10, time.Minute, time.Minute
	w.patience = w.cfg.IdleWait / 2
	w.start()
	text := bytes.Repeat([]byte("no event at all "), 32<<10)
	for i := range shareBytes/len(text) + 1 {
		w.raw(w.nats.Subjects.Action("agent", fmt.Sprint("large-", i)), nil, text)
	}
	w.until("the batch to be written before its time", func() bool { return w.written() > 0 })
}

// peakMemory is the most memory that a process had in use, in bytes.
func peakMemory(t *testing.T, pid int) int {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "VmHWM:")
	kib, err := strconv.Atoi(strings.Fields(rest)[0])
	if err != nil {
		t.Fatal(err)
	}
	return kib << 10
}
