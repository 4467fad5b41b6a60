package evidence

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/weighlock/weighlock/cmd/weighlock/ask"
	"github.com/weighlock/weighlock/internal/bucket"
	"github.com/weighlock/weighlock/internal/proof"
	"github.com/weighlock/weighlock/services/auditsink/sink"
)

// Part is what Verify says of one epoch of one stream.
type Part struct {
	Stream string `json:"stream"`
	Epoch  uint64 `json:"epoch"`
	Rows   uint64 `json:"rows"`
	Signed uint64 `json:"signed"` // rows that a digest covers
	// Further counts findings beyond those that the report lists.
	Further uint64 `json:"further,omitempty"`
}

// Report is what Verify found.
type Report struct {
	Parts    []Part          `json:"parts"`
	Findings []proof.Finding `json:"findings"`
}

// Verify reads every row since then, and judges it. What is being written meanwhile is no finding.
func (p Place) Verify(ctx context.Context, since time.Time) (Report, error) {
	report := Report{Findings: []proof.Finding{}}
	var kept []proof.Signed
	if p.Kept != nil { // first: what was kept before the manifests are read is in them too, unless somebody put them back
		var err error
		if kept, err = p.Kept.All(ctx); err != nil {
			return report, err
		}
	}
	before, err := p.manifests(ctx)
	if err != nil {
		return report, err
	}
	parts, err := p.parts(ctx, before, kept)
	if err != nil {
		return report, err
	}
	for _, at := range parts {
		signed, err := p.signed(ctx, at, since, before[at], kept)
		if err != nil {
			return report, err
		}
		head, err := headOf(before[at])
		if err != nil {
			return report, err
		}
		audit := proof.NewAudit(signed, head, p.source(ctx, at))
		odd, further, err := p.feed(ctx, audit, at, since)
		if err != nil {
			return report, err
		}
		after, err := p.manifests(ctx)
		if err != nil {
			return report, err
		}
		m := after[at]
		end := m.HighWater
		if m.Pending != nil {
			end = m.Pending.Hi
		}
		report.Findings = append(append(report.Findings, audit.Close(end)...), odd...)
		report.Parts = append(report.Parts, Part{at.stream, at.epoch, audit.Rows, audit.Signed, audit.Further + further})
	}
	return report, nil
}

// signed is what was signed of a part since then, and up to what was noted: later digests are still on their way to all places.
func (p Place) signed(ctx context.Context, at part, since time.Time, noted sink.Manifest, kept []proof.Signed) (*proof.History, error) {
	history := proof.NewHistory(at.stream, at.epoch, p.Trusted)
	err := p.stored(ctx, at, sinceWhere, sinceParams(since), func(s proof.Signed) { // before those of the stream, which has them first
		if s.Lo <= noted.HighWater {
			history.Stored(s)
		}
	})
	if err != nil {
		return nil, err
	}
	from := since.UnixNano()
	err = p.witnessed(ctx, at, since, func(s proof.Signed) {
		if s.Lo <= noted.HighWater && s.At >= from {
			history.Witnessed(s)
		}
	})
	for _, s := range kept {
		if s.At >= from && (noted.Pending == nil || s.Lo != noted.Pending.Lo) {
			history.Witnessed(s)
		}
	}
	return history, err
}

// feed hands the rows to audit, and gives those whose columns say something else than their bytes, and how many more there were.
func (p Place) feed(ctx context.Context, audit *proof.Audit, at part, since time.Time) (odd []proof.Finding, further uint64, err error) {
	err = p.rows(ctx, at, audit.Since(since.UnixNano()), "", nil, func(r storedRow) error {
		audit.Row(r.Row)
		text := sink.Reread(p.Subjects, r.Subject, r.HeadersRaw, r.Data, r.columns)
		switch {
		case text == "" || proof.LeafHash(r.Subject, r.HeadersRaw, r.Data) != r.Leaf: // changed bytes are a finding of their own
		case len(odd) < proof.MaxFindings:
			odd = append(odd, proof.Finding{Kind: proof.Columns, Stream: at.stream, Epoch: at.epoch, Lo: r.Seq, Hi: r.Seq, Text: text})
		default:
			further++
		}
		return nil
	})
	return odd, further, err
}

// parts are those that rows, kept digests or the sink's notes know of.
func (p Place) parts(ctx context.Context, noted map[part]sink.Manifest, kept []proof.Signed) ([]part, error) {
	all := map[part]bool{}
	for _, s := range kept {
		if strings.HasPrefix(s.Stream, p.Subjects.Stream("")) { // the place may keep another pipeline's too
			all[part{s.Stream, s.Epoch}] = true
		}
	}
	for at := range noted {
		all[at] = true
	}
	err := ask.Rows(ctx, p.ClickHouseURL, "SELECT DISTINCT stream, epoch FROM events WHERE startsWith(subject, {prefix:String})", map[string]string{"prefix": p.Subjects.Prefix() + "."}, func(row []byte) error {
		var x struct {
			Stream string `json:"stream"`
			Epoch  uint64 `json:"epoch,string"`
		}
		if err := json.Unmarshal(row, &x); err != nil {
			return fmt.Errorf("listing the streams of the table: %w", err)
		}
		all[part{x.Stream, x.Epoch}] = true
		return nil
	})
	return slices.SortedFunc(maps.Keys(all), func(a, b part) int {
		return cmp.Or(cmp.Compare(a.stream, b.stream), cmp.Compare(a.epoch, b.epoch))
	}), err
}

func headOf(m sink.Manifest) (proof.Head, error) {
	head := proof.Head{HighWater: m.HighWater}
	if m.LastDigest == "" {
		return head, nil
	}
	err := head.LastDigest.UnmarshalText([]byte(m.LastDigest))
	return head, err
}

// source asks the stream itself, as long as it has the message and is the stream of that epoch.
func (p Place) source(ctx context.Context, at part) proof.Source {
	handle, err := p.JetStream.Stream(ctx, at.stream)
	if err != nil || uint64(handle.CachedInfo().Created.UnixNano()) != at.epoch {
		return nil
	}
	return func(seq uint64) (proof.Hash, bool) {
		m, err := bucket.At(ctx, p.JetStream.Conn(), at.stream, seq)
		if err != nil || m == nil {
			return proof.Hash{}, false
		}
		return sink.LeafOf(m.Subject, m.Published(), m.Data), true
	}
}
