package evidence

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/weighlock/weighlock/internal/proof"
)

// Since a time only the batches since then are read, with the digest before them, and nothing of that is a finding; what was
// taken out since then is.
func TestSinceATime(t *testing.T) {
	t.Parallel()
	server, place := pipeline(t)
	nc, js, dir := place.JetStream.Conn(), place.JetStream, t.TempDir()
	for i := range 5 { // a batch each
		propose(t, server, js, fmt.Sprint("a-", i))
		place.Trusted = written(t, server, nc, dir)
	}
	noted, err := place.manifests(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var at part
	for p, m := range noted {
		if m.HighWater > 0 {
			at = p
		}
	}
	digests := func(since time.Time) (n []uint64) {
		t.Helper()
		err := place.stored(t.Context(), at, sinceWhere, sinceParams(since), func(s proof.Signed) { n = append(n, s.Lo) })
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	var ended []int64
	if err := place.witnessed(t.Context(), at, time.Time{}, func(s proof.Signed) { ended = append(ended, s.At) }); err != nil {
		t.Fatal(err)
	}
	since := time.Unix(0, ended[3])
	if all, some := digests(time.Unix(0, 0)), digests(since); !slices.Equal(all, []uint64{1, 2, 3, 4, 5}) || !slices.Equal(some, []uint64{3, 4, 5}) {
		t.Fatalf("from the beginning the digests of %v are read, since the fourth those of %v", all, some)
	}
	for _, c := range []struct {
		tamper, want string
		rows         uint64
	}{
		{"", "[]", 2},
		{"ALTER TABLE events DELETE WHERE seq = 2", "[]", 2},                    // before that time
		{"ALTER TABLE digests DELETE WHERE lo = 3", "[digest 4 unsigned 3]", 3}, // the one that says where to begin
		{"ALTER TABLE events DELETE WHERE seq = 5", "[digest 4 unsigned 3 missing 5]", 2},
	} {
		if c.tamper != "" {
			do(t, at, c.tamper)
		}
		report, err := place.Verify(t.Context(), since)
		if err != nil {
			t.Fatal(err)
		}
		said := []string{}
		for _, f := range of(report, at) {
			said = append(said, fmt.Sprintf("%s %d", f.Kind, f.Lo))
		}
		i := slices.IndexFunc(report.Parts, func(p Part) bool { return p.Stream == at.stream && p.Epoch == at.epoch })
		if fmt.Sprint(said) != c.want || report.Parts[i].Rows != c.rows {
			t.Errorf("%s: %v and %d rows, want %s and %d", c.tamper, report.Findings, report.Parts[i].Rows, c.want, c.rows)
		}
	}
}

// of are the findings about a part: other tests write to the same database.
func of(report Report, at part) []proof.Finding {
	return slices.DeleteFunc(report.Findings, func(f proof.Finding) bool { return f.Stream != at.stream || f.Epoch != at.epoch })
}
