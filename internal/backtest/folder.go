package backtest

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Folder keeps reports of blocks as files, one for each block as it was: with more actions in it, or fewer that are open, it is another one.
type Folder struct {
	// Path is the directory. It is made when there is something to keep.
	Path string
	// Key stands for everything that the reports depend on beside the block: the policy, the routes, the cell.
	Key string
}

func (f Folder) file(b Block) string {
	return filepath.Join(f.Path, fmt.Sprintf("%s-%s-%d-%d-%d-%d.json", f.Key, b.Stream, b.Epoch, b.From, b.Count, b.Open))
}

// Load implements [Store]. What cannot be read is not known.
func (f Folder) Load(b Block) *Report {
	data, err := os.ReadFile(f.file(b))
	if err != nil {
		return nil
	}
	r := NewReport()
	if json.Unmarshal(data, r) != nil || r.Actions != b.Count {
		return nil
	}
	return r
}

// Save implements [Store]. A file is complete or not there.
func (f Folder) Save(b Block, r *Report) (err error) {
	if err := os.MkdirAll(f.Path, 0o700); err != nil {
		return err
	}
	data, err := json.Marshal(r)
	if err != nil {
		return err
	}
	tmp, err := os.CreateTemp(f.Path, "part-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(tmp.Name()))
		}
	}()
	if _, err = tmp.Write(data); err != nil {
		return errors.Join(err, tmp.Close())
	}
	if err = tmp.Close(); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), f.file(b))
}
