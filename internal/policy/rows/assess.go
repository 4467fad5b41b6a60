package rows

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/weighlock/weighlock/internal/policy"
	"github.com/weighlock/weighlock/pkg/events"
)

// Limits of what is read.
const (
	maxLine   = 4 << 20 // bytes; a longer line is one with an error
	batchSize = 256     // lines assessed side by side, and held in memory
	maxNamed  = 10      // lines with errors that the error names
)

// line is one line of the input, and what became of it.
type line struct {
	number int
	text   []byte
	result Result
	err    error
}

// Assess reads rows from in, one a line, and writes a result for each to out, in their order.
// Empty lines are passed over. The error at the end names lines that could not be read; all others
// were assessed.
func Assess(p *policy.Policy, in io.Reader, out io.Writer, now time.Time) error {
	r := bufio.NewReaderSize(in, 64<<10)
	w := bufio.NewWriter(out)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	var bad []error
	for number, more := 0, true; more; {
		var batch []line
		for len(batch) < batchSize && more {
			text, err := readLine(r)
			if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, errLong) {
				return fmt.Errorf("reading line %d: %w", number+1, err)
			}
			number++
			more = !errors.Is(err, io.EOF)
			if len(bytes.TrimSpace(text)) > 0 || errors.Is(err, errLong) {
				l := line{number: number, text: text}
				if errors.Is(err, errLong) {
					l.err = errLong
				}
				batch = append(batch, l)
			}
		}
		assessAll(p, batch, now)
		for i := range batch {
			if batch[i].err != nil {
				bad = append(bad, fmt.Errorf("line %d: %w", batch[i].number, batch[i].err))
			} else if err := enc.Encode(batch[i].result); err != nil {
				return fmt.Errorf("writing the result of line %d: %w", batch[i].number, err)
			}
		}
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("writing results: %w", err)
	}
	return named(bad)
}

func named(bad []error) error {
	if n := len(bad); n > maxNamed {
		bad = append(bad[:maxNamed:maxNamed], fmt.Errorf("and %d more lines", n-maxNamed))
	}
	return errors.Join(bad...)
}

var errLong = fmt.Errorf("is longer than %d bytes", maxLine)

// readLine reads one line. io.EOF comes with the last one, [errLong] instead of one that is too long.
func readLine(r *bufio.Reader) ([]byte, error) {
	var text []byte
	long := false
	for {
		piece, err := r.ReadSlice('\n')
		if long = long || len(text)+len(piece) > maxLine; !long {
			text = append(text, piece...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
		case long && err == nil:
			return nil, errLong
		case long:
			return nil, errors.Join(errLong, err)
		default:
			return text, err
		}
	}
}

func assessAll(p *policy.Policy, batch []line, now time.Time) {
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i := range batch {
		g.Go(func() error {
			l := &batch[i]
			if l.err == nil {
				l.result, l.err = assessLine(p, l.text, now)
			}
			return nil
		})
	}
	_ = g.Wait() // no part of it fails; each line has its own error
}

func assessLine(p *policy.Policy, text []byte, now time.Time) (Result, error) {
	row, err := Decode(text)
	if err != nil {
		return Result{}, err
	}
	agent, action := row.Action()
	return resultOf(row.ID, p.Assess(action, events.ActionRef{Agent: agent}, now)), nil
}

// Decode reads one line.
func Decode(text []byte) (*Row, error) {
	var row Row
	if err := json.Unmarshal(text, &row); err != nil {
		return nil, errors.New(strings.TrimPrefix(err.Error(), "json: "))
	}
	if row.ID == "" {
		return nil, errors.New("id is missing")
	}
	return &row, nil
}
