package ask

import (
	"bufio"
	"bytes"
	"context"
	"io"
)

// maxRow is the longest row that is read: the largest message with every byte escaped, and room to spare.
const maxRow = 512 << 20

// rowFormat has one JSON object a line.
const rowFormat = "JSONEachRow"

// Rows runs sql with its parameters, read-only, and calls each for every line of the answer.
func Rows(ctx context.Context, base, sql string, params map[string]string, each func(row []byte) error) error {
	r, w := io.Pipe()
	go func() {
		w.CloseWithError(run(ctx, base, sql, rowFormat, params, w))
	}()
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 1<<20), maxRow)
	for lines.Scan() {
		if err := each(bytes.TrimSpace(lines.Bytes())); err != nil {
			r.CloseWithError(err)
			return err
		}
	}
	err := lines.Err()
	r.CloseWithError(err)
	return err
}
