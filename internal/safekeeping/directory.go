package safekeeping

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/weighlock/weighlock/internal/proof"
)

// Directory keeps a file per digest. It may be a mount that allows no changes; it must know hard links.
type Directory struct{ path string }

// OpenDirectory opens a directory, and makes it if it is missing.
func OpenDirectory(path string) (*Directory, error) {
	if err := os.MkdirAll(path, 0o750); err != nil {
		return nil, fmt.Errorf("making the directory of digests: %w", err)
	}
	return &Directory{path}, nil
}

// Keep implements [Store]. A link gives the finished file its name, so that none is ever seen half-written or written over.
func (d *Directory) Keep(_ context.Context, digest proof.Signed) error {
	path := filepath.Join(d.path, nameOf(digest))
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	text, err := encode(digest)
	if err != nil {
		return err
	}
	tmp, err := os.CreateTemp(d.path, ".new-*")
	if err != nil {
		return fmt.Errorf("keeping the digest of %s: %w", digest.Name(), err)
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.Write(text)
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return fmt.Errorf("keeping the digest of %s: %w", digest.Name(), err)
	}
	if err := os.Link(tmp.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("keeping the digest of %s: %w", digest.Name(), err)
	}
	return nil
}

// All implements [Store].
func (d *Directory) All(ctx context.Context) ([]proof.Signed, error) {
	names, err := filepath.Glob(filepath.Join(d.path, "*"+suffix))
	if err != nil {
		return nil, fmt.Errorf("listing the directory of digests: %w", err)
	}
	all := make([]proof.Signed, 0, len(names))
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err = errors.Join(err, ctx.Err()); err != nil {
			return nil, fmt.Errorf("reading a kept digest: %w", err)
		}
		digest, err := decode(name, text)
		if err != nil {
			return nil, err
		}
		all = append(all, digest)
	}
	return all, nil
}
