package backtest

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/weighlock/weighlock/pkg/events"
)

// blockSize is how many sequences a block has at most. Blocks begin at multiples of it, so that two runs have the same ones.
const blockSize = 10_000

// Rows runs a query with parameters, {name:Type} in its text, and calls each for every row of the answer, which is a JSON object.
type Rows func(ctx context.Context, query string, params map[string]string, each func(row []byte) error) error

// ClickHouse reads records from the audit's tables.
type ClickHouse struct {
	Rows Rows
	// Cell is the prefix of the pipeline.
	Cell string
	// Agent restricts what is read to one agent; empty for all.
	Agent string
}

const blocksQuery = `
SELECT stream, epoch, intDiv(seq - 1, {size:UInt64}) AS block, toString(min(seq)) AS lo, toString(max(seq)) AS hi, count() AS n,
    toString(toUnixTimestamp64Nano(min(stored_at))) AS first, toString(toUnixTimestamp64Nano(max(stored_at))) AS last,
    countIf(NOT decided) AS open
FROM
(
    SELECT stream, epoch, seq, stored_at, seq IN (
        SELECT action_seq FROM events WHERE kind = 'decisions' AND cell = {cell:String} AND stored_at >= fromUnixTimestamp64Nano({since:Int64})) AS decided
    FROM events FINAL
    WHERE kind = 'actions' AND cell = {cell:String} AND ({agent:String} = '' OR agent = {agent:String})
      AND stored_at >= fromUnixTimestamp64Nano({since:Int64}) AND stored_at < fromUnixTimestamp64Nano({until:Int64})
)
GROUP BY stream, epoch, block ORDER BY first, stream, epoch, block FORMAT JSONEachRow`

// Blocks implements [Source].
func (c *ClickHouse) Blocks(ctx context.Context, since, until time.Time) ([]Block, error) {
	var out []Block
	params := map[string]string{
		"size": strconv.Itoa(blockSize), "cell": c.Cell, "agent": c.Agent,
		"since": strconv.FormatInt(since.UnixNano(), 10), "until": strconv.FormatInt(until.UnixNano(), 10),
	}
	err := c.Rows(ctx, blocksQuery, params, func(row []byte) error {
		var b struct {
			Stream string `json:"stream"`
			Epoch  uint64 `json:"epoch,string"`
			Lo     uint64 `json:"lo,string"`
			Hi     uint64 `json:"hi,string"`
			N      int    `json:"n,string"`
			Open   int    `json:"open,string"`
			First  int64  `json:"first,string"`
			Last   int64  `json:"last,string"`
		}
		if err := json.Unmarshal(row, &b); err != nil {
			return err
		}
		out = append(out, Block{
			Stream: b.Stream, Epoch: b.Epoch, From: b.Lo, To: b.Hi, First: time.Unix(0, b.First).UTC(), Last: time.Unix(0, b.Last).UTC(), Count: b.N, Open: b.Open,
		})
		return nil
	})
	return out, err
}

// readQuery finds assessments and decisions by the sequence of the action, and only those stored after the block began: nothing is judged
// before it is proposed. The first assessment counts; those that follow are of edits.
const readQuery = `
WITH fromUnixTimestamp64Nano({first:Int64}) AS began
SELECT a.seq AS seq, toString(toUnixTimestamp64Nano(a.stored_at)) AS at, a.agent AS agent, a.action AS action, a.type AS type, a.data AS data,
    s.a_level AS level, s.a_score AS score, s.a_denied AS denied, s.a_rules AS rules,
    d.d_outcome AS outcome, d.d_by AS decided_by, d.d_seq AS ledger, toString(toUnixTimestamp64Nano(d.d_at)) AS decided_at, r.asked AS asked, r.n AS card_items
FROM
(
    SELECT seq, stored_at, toString(agent) AS agent, action, toString(type) AS type, data FROM events FINAL
    WHERE stream = {stream:String} AND epoch = {epoch:UInt64} AND seq BETWEEN {lo:UInt64} AND {hi:UInt64}
      AND kind = 'actions' AND ({agent:String} = '' OR agent = {agent:String})
) AS a
LEFT JOIN
(
    SELECT action_seq, argMin(toString(level), stored_at) AS a_level, argMin(score, stored_at) AS a_score, argMin(denied, stored_at) AS a_denied,
        argMin(rules, stored_at) AS a_rules
    FROM events WHERE kind = 'assessments' AND cell = {cell:String} AND stored_at >= began AND action_seq BETWEEN {lo:UInt64} AND {hi:UInt64}
    GROUP BY action_seq
) AS s ON s.action_seq = a.seq
LEFT JOIN
(
    SELECT action_seq, any(toString(outcome)) AS d_outcome, any(toString(decided_by)) AS d_by, any(seq) AS d_seq, any(stored_at) AS d_at, any(request) AS d_request
    FROM events WHERE kind = 'decisions' AND cell = {cell:String} AND stored_at >= began AND action_seq BETWEEN {lo:UInt64} AND {hi:UInt64}
    GROUP BY action_seq
) AS d ON d.action_seq = a.seq
LEFT JOIN
(
    SELECT request, argMin(toString(` + "`group`" + `), stored_at) AS asked, argMin(length(items), stored_at) AS n
    FROM events WHERE kind = 'approvals' AND event = 'approval.requested' AND cell = {cell:String} AND stored_at >= began AND request != ''
    GROUP BY request
) AS r ON r.request = d.d_request
ORDER BY a.seq FORMAT JSONEachRow`

// Read implements [Source].
func (c *ClickHouse) Read(ctx context.Context, b Block) ([]Record, error) {
	out := make([]Record, 0, b.Count)
	params := map[string]string{
		"cell": c.Cell, "agent": c.Agent, "stream": b.Stream, "epoch": strconv.FormatUint(b.Epoch, 10),
		"lo": strconv.FormatUint(b.From, 10), "hi": strconv.FormatUint(b.To, 10), "first": strconv.FormatInt(b.First.UnixNano(), 10),
	}
	err := c.Rows(ctx, readQuery, params, func(row []byte) error {
		r, err := decode(row)
		if err == nil {
			out = append(out, r)
		}
		return err
	})
	return out, err
}

func decode(row []byte) (Record, error) {
	var in struct {
		Seq       uint64   `json:"seq,string"`
		At        int64    `json:"at,string"`
		Agent     string   `json:"agent"`
		Action    string   `json:"action"`
		Type      string   `json:"type"`
		Data      string   `json:"data"`
		Level     string   `json:"level"`
		Score     int      `json:"score"`
		Denied    int      `json:"denied"`
		Rules     []string `json:"rules"`
		Outcome   string   `json:"outcome"`
		DecidedBy string   `json:"decided_by"`
		Ledger    uint64   `json:"ledger,string"`
		DecidedAt int64    `json:"decided_at,string"`
		Asked     string   `json:"asked"`
		CardItems int      `json:"card_items,string"`
	}
	if err := json.Unmarshal(row, &in, jsontext.AllowInvalidUTF8(true)); err != nil {
		return Record{}, fmt.Errorf("reading a row: %w", err)
	}
	r := Record{
		Sequence: in.Seq, At: time.Unix(0, in.At).UTC(), Agent: in.Agent, Action: in.Action, Level: events.Level(in.Level), Score: in.Score, Denied: in.Denied != 0,
		Rules: in.Rules, Outcome: events.Outcome(in.Outcome), DecidedBy: events.DeciderKind(in.DecidedBy), Ledger: in.Ledger,
		DecidedAt: time.Unix(0, in.DecidedAt).UTC(), Group: in.Asked, CardItems: in.CardItems,
	}
	proposed, err := events.As[events.ActionProposed](events.Event{Type: in.Type, DataContentType: events.ContentTypeJSON, Data: []byte(in.Data)})
	if err == nil {
		r.Proposed = proposed
	}
	return r, nil
}
