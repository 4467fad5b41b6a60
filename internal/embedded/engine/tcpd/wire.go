package tcpd

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"

	"github.com/weighlock/weighlock/internal/embedded/engine/session"
)

// Limits of what a client may claim before its bytes have come.
const (
	maxWord      = 64 << 10 // a name, a password, a setting's value
	maxStatement = 64 << 20
	maxSettings  = 4096
)

// wire reads the protocol's basic values. The first error stays, and everything after it reads as zero.
type wire struct {
	*bufio.Reader
	err error
}

func (w *wire) fail(err error) {
	if err == io.EOF { //nolint:errorlint // as bufio returns it
		err = io.ErrUnexpectedEOF
	}
	if w.err == nil {
		w.err = err
	}
}

func (w *wire) byte() byte {
	if w.err != nil {
		return 0
	}
	b, err := w.ReadByte()
	if err != nil {
		w.fail(err)
	}
	return b
}

func (w *wire) number() uint64 {
	if w.err != nil {
		return 0
	}
	n, err := binary.ReadUvarint(w.Reader)
	if err != nil {
		w.fail(err)
		return 0
	}
	return n
}

func (w *wire) skip(n int) {
	if w.err != nil {
		return
	}
	if _, err := w.Discard(n); err != nil {
		w.fail(err)
	}
}

func (w *wire) word() string { return w.text(maxWord) }

// text reads a string of at most most bytes. Memory grows with what has come, not with what is claimed.
func (w *wire) text(most uint64) string {
	n := w.number()
	if w.err == nil && n > most {
		w.fail(session.Refuse(session.CodeIncorrectData, "a string of %d bytes where at most %d are accepted", n, most))
	}
	if w.err != nil {
		return ""
	}
	var b bytes.Buffer
	if _, err := io.CopyN(&b, w.Reader, int64(n)); err != nil {
		w.fail(err)
		return ""
	}
	return b.String()
}

func appendText(to []byte, s string) []byte {
	return append(binary.AppendUvarint(to, uint64(len(s))), s...)
}

func appendNumbers(to []byte, numbers ...uint64) []byte {
	for _, n := range numbers {
		to = binary.AppendUvarint(to, n)
	}
	return to
}
