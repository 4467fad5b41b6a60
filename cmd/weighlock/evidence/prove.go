package evidence

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/weighlock/weighlock/cmd/weighlock/ask"
	"github.com/weighlock/weighlock/internal/proof"
)

// about finds the events of an action: those on its own subjects, and those of the requests that its decision or its edits name.
const about = `SELECT DISTINCT stream, epoch, seq FROM events
	WHERE agent = {agent:String} AND action = {action:String}
	OR request != '' AND request IN (SELECT request FROM events WHERE agent = {agent:String} AND action = {action:String} AND kind IN ('decisions', 'assessments'))
	AND kind IN ('approvals', 'verdicts', 'handovers') ORDER BY stored_at, stream, seq`

// Prove collects the events of an action with their ways to signed roots. What is not signed yet is an error: ask again.
func (p Place) Prove(ctx context.Context, agent, action string) (proof.Bundle, error) {
	bundle := proof.Bundle{Version: proof.BundleVersion}
	type place struct {
		Stream string `json:"stream"`
		Epoch  uint64 `json:"epoch,string"`
		Seq    uint64 `json:"seq,string"`
	}
	var places []place
	err := ask.Rows(ctx, p.ClickHouseURL, about, map[string]string{"agent": agent, "action": action}, func(row []byte) error {
		var x place
		err := json.Unmarshal(row, &x)
		places = append(places, x)
		return err
	})
	if err != nil {
		return bundle, fmt.Errorf("looking for %s/%s: %w", agent, action, err)
	}
	if len(places) == 0 {
		return bundle, fmt.Errorf("the audit has no action %s/%s", agent, action)
	}
	for _, x := range places {
		at := part{x.Stream, x.Epoch}
		digest, err := p.covering(ctx, at, x.Seq)
		if err != nil {
			return bundle, err
		}
		if digest == nil {
			return bundle, fmt.Errorf("%s %d is not signed with a trusted key: try again in a second, and if that does not help, run `weighlock audit verify`", x.Stream, x.Seq)
		}
		event, err := p.proven(ctx, at, x.Seq, *digest)
		if err != nil {
			return bundle, err
		}
		bundle.Events = append(bundle.Events, event)
	}
	return bundle, nil
}

// covering finds a digest of a sequence that is signed with a trusted key; nil where there is none. Only where ClickHouse has
// none is the stream of digests searched.
func (p Place) covering(ctx context.Context, at part, seq uint64) (found *proof.Signed, err error) {
	take := func(s proof.Signed) {
		if found == nil && seq >= s.Lo && seq <= s.Hi && s.Check(p.Trusted) == nil {
			found = &s
		}
	}
	err = p.stored(ctx, at, coveringWhere, map[string]string{"seq": fmt.Sprint(seq)}, take)
	if err == nil && found == nil {
		err = p.witnessed(ctx, at, time.Time{}, take)
	}
	return found, err
}

func (p Place) proven(ctx context.Context, at part, seq uint64, digest proof.Signed) (proof.Proven, error) {
	var entries []proof.Entry
	var event proof.Proven
	err := p.rows(ctx, at, digest.Lo-1, "AND seq <= {hi:UInt64}", map[string]string{"hi": fmt.Sprint(digest.Hi)}, func(r storedRow) error {
		if n := len(entries); n > 0 && entries[n-1].Seq == r.Seq && entries[n-1].Leaf == r.Leaf {
			return nil
		}
		entries = append(entries, proof.Entry{Seq: r.Seq, Leaf: r.Leaf})
		if r.Seq == seq {
			event = proof.Proven{Seq: seq, Subject: r.Subject, Headers: r.HeadersRaw, Data: r.Data}
		}
		return nil
	})
	if err != nil {
		return event, err
	}
	event, err = proof.Prove(event, entries, digest)
	if err != nil {
		err = fmt.Errorf("%w: run `weighlock audit verify`", err)
	}
	return event, err
}
