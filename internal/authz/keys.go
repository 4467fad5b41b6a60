package authz

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/nats-io/nkeys"
)

const seedSuffix = ".nk"

// Keys is a directory of nkey seeds, one file per identity:
// <dir>/<kind>/<name>.nk, readable by its owner only.
type Keys struct{ dir string }

// OpenKeys returns the keys in dir, which is made if it is missing.
func OpenKeys(dir string) (*Keys, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("opening keys: %w", err)
	}
	return &Keys{dir: dir}, nil
}

// Dir returns the directory.
func (k *Keys) Dir() string { return k.dir }

// Path returns where the seed of id lies, or would lie.
func (k *Keys) Path(id Identity) string {
	return filepath.Join(k.dir, string(id.Kind), id.Name+seedSuffix)
}

// Ensure returns the path and public key of id's seed, making the seed if there
// is none. Two callers at once end with the same seed.
func (k *Keys) Ensure(id Identity) (path, public string, err error) {
	if err := id.Validate(); err != nil {
		return "", "", fmt.Errorf("making a key: %w", err)
	}
	path = k.Path(id)
	public, err = publicKey(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err = writeSeed(path); err == nil {
			public, err = publicKey(path)
		}
	}
	if err != nil {
		return "", "", fmt.Errorf("key of %s: %w", id, err)
	}
	return path, public, nil
}

// List returns every identity that has a key, sorted by kind and name. A file
// that is not a seed of a valid identity is an error: silently leaving one out would
// lock somebody out.
func (k *Keys) List() ([]User, error) {
	kinds, err := os.ReadDir(k.dir)
	if err != nil {
		return nil, fmt.Errorf("listing keys: %w", err)
	}
	var users []User
	for _, kind := range kinds {
		files, err := os.ReadDir(filepath.Join(k.dir, kind.Name()))
		if err != nil {
			return nil, fmt.Errorf("listing keys: %w", err)
		}
		for _, file := range files {
			name, ok := strings.CutSuffix(file.Name(), seedSuffix)
			if !ok {
				continue
			}
			id := Identity{Kind(kind.Name()), name}
			if err := id.Validate(); err != nil {
				return nil, fmt.Errorf("key %s/%s: %w", kind.Name(), file.Name(), err)
			}
			public, err := publicKey(k.Path(id))
			if err != nil {
				return nil, fmt.Errorf("key of %s: %w", id, err)
			}
			users = append(users, User{id, public})
		}
	}
	return users, nil
}

func publicKey(path string) (string, error) {
	seed, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	pair, err := nkeys.FromSeed([]byte(strings.TrimSpace(string(seed))))
	if err != nil {
		return "", fmt.Errorf("reading seed %s: %w", path, err)
	}
	defer pair.Wipe()
	return pair.PublicKey()
}

// writeSeed puts a new seed at path, whole or not at all, and never over
// another one.
func writeSeed(path string) error {
	pair, err := nkeys.CreateUser()
	if err != nil {
		return err
	}
	defer pair.Wipe()
	seed, err := pair.Seed()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), ".new-*") // made with mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.Write(append(seed, '\n'))
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	if err := os.Link(tmp.Name(), path); !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}
