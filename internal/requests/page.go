package requests

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	// pageSize is how many entries are asked for at once: reading them one by one takes most of the time to ask.
	pageSize = 500
	// pageWithin is how long the next entry of a page may take.
	pageWithin = 10 * time.Second
)

// entry is one entry of the bucket as it is stored.
type entry struct {
	subject  string
	sequence uint64
	header   nats.Header
	data     []byte
}

func (e *entry) isMarker() bool {
	return isMarker(&jetstream.RawStreamMsg{Header: e.header, Data: e.data})
}

// page reads the next entries of requests from a sequence on; more says that there are others after them.
func (st *Store) page(ctx context.Context, from uint64) (entries []entry, more bool, err error) {
	query, err := json.Marshal(map[string]any{"seq": from, "next_by_subj": st.subject + "*", "batch": pageSize})
	if err != nil {
		return nil, false, err
	}
	conn := st.js.Conn()
	inbox := conn.NewInbox()
	answers, err := conn.SubscribeSync(inbox)
	if err != nil {
		return nil, false, err
	}
	defer answers.Unsubscribe() //nolint:errcheck // a closed connection has none left
	if err := conn.PublishRequest("$JS.API.DIRECT.GET."+st.name, inbox, query); err != nil {
		return nil, false, err
	}
	for {
		waiting, cancel := context.WithTimeout(ctx, pageWithin)
		m, err := answers.NextMsgWithContext(waiting)
		cancel()
		if err != nil {
			return nil, false, err
		}
		switch status := m.Header.Get("Status"); status {
		case "":
			sequence, err := strconv.ParseUint(m.Header.Get(jetstream.SequenceHeader), 10, 64)
			if err != nil {
				return nil, false, fmt.Errorf("an entry has no sequence: %w", err)
			}
			entries = append(entries, entry{m.Header.Get(jetstream.SubjectHeader), sequence, m.Header, m.Data})
		case "204": // the end of the page
			left, err := strconv.ParseUint(m.Header.Get("Nats-Num-Pending"), 10, 64)
			return entries, left > 0 && len(entries) > 0, err
		case "404":
			return entries, false, nil
		default:
			return nil, false, fmt.Errorf("the server answered %s %s", status, m.Header.Get("Description"))
		}
	}
}
