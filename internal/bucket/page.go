// Package bucket reads many entries of a key-value bucket at once.
package bucket

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
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

// Entry is one entry of a bucket as it is stored.
type Entry struct {
	Subject  string
	Sequence uint64
	Header   nats.Header
	Data     []byte
}

// IsMarker reports whether the entry only says that something was deleted or aged out.
func (e *Entry) IsMarker() bool {
	return len(e.Data) == 0 || e.Header.Get("KV-Operation") != "" || e.Header.Get("Nats-Marker-Reason") != ""
}

// Page reads the next entries on subjects, which may have wildcards, of the stream behind a bucket from a sequence on; more says that
// there are others after them.
func Page(ctx context.Context, conn *nats.Conn, stream, subjects string, from uint64) (entries []Entry, more bool, err error) {
	return PageOf(ctx, conn, stream, subjects, from, pageSize)
}

// PageOf is [Page] of so many entries. For each page the server counts what matches in all of the stream, which takes time where that is
// much: read much in large pages.
func PageOf(ctx context.Context, conn *nats.Conn, stream, subjects string, from uint64, most int) (entries []Entry, more bool, err error) {
	return page(ctx, conn, stream, map[string]any{"seq": from, "next_by_subj": subjects, "batch": most})
}

// First finds the first message on subjects of any stream that was stored at a time or later; nil where there is none.
func First(ctx context.Context, conn *nats.Conn, stream, subjects string, at time.Time) (*Entry, error) {
	entries, _, err := page(ctx, conn, stream, map[string]any{"start_time": at.UTC().Format(time.RFC3339Nano), "next_by_subj": subjects, "batch": 1})
	if err != nil || len(entries) == 0 {
		return nil, err
	}
	return &entries[0], nil
}

// Next finds the first message of any stream from a sequence on; nil where there is none.
func Next(ctx context.Context, conn *nats.Conn, stream string, from uint64) (*Entry, error) {
	entries, _, err := PageOf(ctx, conn, stream, ">", from, 1)
	if err != nil || len(entries) == 0 {
		return nil, err
	}
	return &entries[0], nil
}

// StoredAt is when the server stored the entry.
func (e *Entry) StoredAt() (time.Time, error) {
	return time.Parse(time.RFC3339Nano, Served(e.Header, jetstream.TimeStampHeaer))
}

func page(ctx context.Context, conn *nats.Conn, stream string, what map[string]any) (entries []Entry, more bool, err error) {
	query, err := json.Marshal(what)
	if err != nil {
		return nil, false, err
	}
	inbox := conn.NewInbox()
	answers, err := conn.SubscribeSync(inbox)
	if err != nil {
		return nil, false, err
	}
	defer answers.Unsubscribe() //nolint:errcheck // a closed connection has none left
	if err := conn.PublishRequest("$JS.API.DIRECT.GET."+stream, inbox, query); err != nil {
		return nil, false, err
	}
	var before uint64
	for {
		waiting, cancel := context.WithTimeout(ctx, pageWithin)
		m, err := answers.NextMsgWithContext(waiting)
		cancel()
		if err != nil {
			return nil, false, err
		}
		if !Whole(m) {
			if m, err = Exact(ctx, conn, stream, after(what, before)); err != nil {
				return nil, false, err
			}
			if m == nil { // gone meanwhile
				continue
			}
		}
		e, status, err := entryOf(m)
		switch {
		case err != nil:
			return nil, false, err
		case status == "" && e.Sequence > before: // what was gone by the time it was read exactly gave its place to the next
			entries, before = append(entries, e), e.Sequence
		case status == "":
		case status == "204": // the end of the page
			left, err := strconv.ParseUint(m.Header.Get("Nats-Num-Pending"), 10, 64)
			return entries, left > 0 && len(entries) > 0, err
		case status == "404":
			return entries, false, nil
		default:
			return nil, false, fmt.Errorf("the server answered %s %s", status, m.Header.Get("Description"))
		}
	}
}

// after asks for the one message that a page brings after a sequence; 0 for the first.
func after(what map[string]any, before uint64) map[string]any {
	one := maps.Clone(what)
	delete(one, "batch")
	if before > 0 {
		delete(one, "start_time")
		one["seq"] = before + 1
	}
	return one
}
