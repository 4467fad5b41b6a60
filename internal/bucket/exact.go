package bucket

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// maxLines is how many lines a header may have and be believed by its size: see [Whole].
const maxLines = 32

// Whole reports whether all of a message's header was read. A publisher may end its header early, with an empty line, or write one that cannot be
// read. What the server puts behind it, and says of the message, is not read then, and what is read in its place is the publisher's.
//
// It is found out by the size: what the server writes has 110 bytes at least, and so few lines cannot be written in a way that saves as much. Whoever
// writes a header in an unusual way is taken for one who hides something; [Exact] reads that too.
func Whole(m *nats.Msg) bool {
	wire := m.Size() - len(m.Subject) - len(m.Reply) - len(m.Data)
	if wire == 0 {
		return true
	}
	read, lines := len("NATS/1.0\r\n\r\n"), 0
	for name, values := range m.Header {
		for _, value := range values {
			read += len(name) + len(": ") + len(value) + len("\r\n")
			lines++
		}
	}
	return lines > 0 && lines <= maxLines && wire <= read
}

// Served is what the server says in a header of a message that it reads out, which is [Whole]. It stands behind headers of that name which the
// publisher may have sent.
func Served(h nats.Header, name string) string {
	if values := h[name]; len(values) > 0 {
		return values[len(values)-1]
	}
	return ""
}

// Exact reads one message by the question of a direct get, without trusting its header; nil where there is none. The server tells apart what it says
// itself, which takes it more time. The message is as a direct get gives it. Of a header that cannot be read there is nothing in it.
func Exact(ctx context.Context, conn *nats.Conn, stream string, what map[string]any) (*nats.Msg, error) {
	failed := func(err error) (*nats.Msg, error) {
		return nil, fmt.Errorf("reading stream %s: %w", stream, err)
	}
	query, err := json.Marshal(what)
	if err != nil {
		return failed(err)
	}
	ctx, cancel := context.WithTimeout(ctx, pageWithin)
	defer cancel()
	answer, err := conn.RequestWithContext(ctx, "$JS.API.STREAM.MSG.GET."+stream, query)
	if err != nil {
		return failed(err)
	}
	var got struct {
		Error   *jetstream.APIError `json:"error"`
		Message struct {
			Subject  string    `json:"subject"`
			Sequence uint64    `json:"seq"`
			Header   []byte    `json:"hdrs"`
			Data     []byte    `json:"data"`
			Time     time.Time `json:"time"`
		} `json:"message"`
	}
	if err := json.Unmarshal(answer.Data, &got); err != nil {
		return failed(err)
	}
	if got.Error != nil && got.Error.ErrorCode == jetstream.JSErrCodeMessageNotFound {
		return nil, nil //nolint:nilnil // there is none
	}
	if got.Error != nil {
		return failed(got.Error)
	}
	m := &nats.Msg{Subject: got.Message.Subject, Data: got.Message.Data}
	if m.Header, err = nats.DecodeHeadersMsg(got.Message.Header); err != nil {
		m.Header = nats.Header{}
	}
	m.Header.Add(jetstream.StreamHeader, stream)
	m.Header.Add(jetstream.SubjectHeader, got.Message.Subject)
	m.Header.Add(jetstream.SequenceHeader, strconv.FormatUint(got.Message.Sequence, 10))
	m.Header.Add(jetstream.TimeStampHeaer, got.Message.Time.Format(time.RFC3339Nano))
	return m, nil
}

// At reads the message of any stream at a sequence, whatever is in it; nil where there is none.
func At(ctx context.Context, conn *nats.Conn, stream string, sequence uint64) (*Entry, error) {
	return one(ctx, conn, stream, "", map[string]any{"seq": sequence})
}

// Last reads the last message on a subject of any stream, whatever is in it; nil where there is none.
func Last(ctx context.Context, conn *nats.Conn, stream, subject string) (*Entry, error) {
	return one(ctx, conn, stream, "."+subject, map[string]any{"last_by_subj": subject})
}

func one(ctx context.Context, conn *nats.Conn, stream, below string, what map[string]any) (*Entry, error) {
	var query []byte
	if below == "" {
		var err error
		if query, err = json.Marshal(what); err != nil {
			return nil, err
		}
	}
	waiting, cancel := context.WithTimeout(ctx, pageWithin)
	defer cancel()
	m, err := conn.RequestWithContext(waiting, "$JS.API.DIRECT.GET."+stream+below, query)
	if err != nil {
		return nil, fmt.Errorf("reading stream %s: %w", stream, err)
	}
	if !Whole(m) {
		if m, err = Exact(ctx, conn, stream, what); err != nil || m == nil {
			return nil, err
		}
	}
	e, status, err := entryOf(m)
	switch {
	case err != nil:
		return nil, err
	case status == "":
		return &e, nil
	case status == "404":
		return nil, nil //nolint:nilnil // there is none
	}
	return nil, fmt.Errorf("reading stream %s: the server answered %s %s", stream, status, m.Header.Get("Description"))
}

var errNoAnswer = errors.New("the server's answer says nothing")

// entryOf is a message that was read, or the status that the server answers with.
func entryOf(m *nats.Msg) (e Entry, status string, err error) {
	at := Served(m.Header, jetstream.SequenceHeader)
	if at == "" { // else whatever "Status" it has, its publisher wrote it
		if status = m.Header.Get("Status"); status == "" {
			err = errNoAnswer
		}
		return e, status, err
	}
	e = Entry{Subject: Served(m.Header, jetstream.SubjectHeader), Header: m.Header, Data: m.Data}
	if e.Sequence, err = strconv.ParseUint(at, 10, 64); err != nil {
		err = fmt.Errorf("reading an entry's sequence: %w", err)
	}
	return e, "", err
}

// Published is the header of an entry that [At] or [Last] has read as its publisher sent it: without what the server says behind it.
func (e *Entry) Published() nats.Header {
	sent := maps.Clone(e.Header)
	for _, name := range []string{jetstream.StreamHeader, jetstream.SubjectHeader, jetstream.SequenceHeader, jetstream.TimeStampHeaer} {
		if values := sent[name]; len(values) > 1 {
			sent[name] = values[:len(values)-1]
		} else {
			delete(sent, name)
		}
	}
	return sent
}
