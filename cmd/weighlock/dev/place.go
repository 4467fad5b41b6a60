package dev

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/weighlock/weighlock/internal/authz"
	"github.com/weighlock/weighlock/pkg/events"
)

// Place is a data directory of `weighlock dev`, and how to reach what runs there.
type Place struct {
	Dir           string `json:"dir"`
	NATSURL       string `json:"natsUrl"`
	Prefix        string `json:"prefix"`
	ClickHouseURL string `json:"clickhouseUrl,omitempty"` // empty where no engine was found
	// ClickHouseNative is the URL of the local engine's native protocol; empty where ClickHouse is somebody else's.
	ClickHouseNative string `json:"clickhouseNative,omitempty"`
	HTTP             string `json:"http"`
	PID              int    `json:"pid"`
}

const placeFile = "dev.json"

// KeysDir is where the identities' seeds are.
func (p Place) KeysDir() string { return filepath.Join(p.Dir, "keys") }

// ProofKey is the file with the key that signs the audit's digests.
func (p Place) ProofKey() string { return filepath.Join(p.Dir, "proof.pem") }

// Key is the file with the seed of id; an error says how to make one.
func (p Place) Key(id authz.Identity) (string, error) {
	if err := id.Validate(); err != nil {
		return "", err
	}
	keys, err := authz.OpenKeys(p.KeysDir())
	if err != nil {
		return "", err
	}
	path := keys.Path(id)
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("no key for %s in %s: run `weighlock identity add %s`", id, p.KeysDir(), id)
	}
	return path, nil
}

// Subjects are those of the pipeline that runs here.
func (p Place) Subjects() (events.Subjects, error) { return events.NewSubjects(p.Prefix) }

func (p Place) write() error {
	data, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return err
	}
	// Renamed into place, so that a reader never sees half of it. The engine's password is in it.
	path := filepath.Join(p.Dir, placeFile)
	if err := os.WriteFile(path+".new", append(data, '\n'), 0o600); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return os.Rename(path+".new", path)
}

// Find reads the place in dir, or, where dir is empty, the first of
// $WEIGHLOCK_DIR, ./.weighlock and the user's own data directory that has one.
func Find(dir string) (Place, error) {
	tried := []string{dir}
	if dir == "" {
		tried = candidates()
	}
	for _, d := range tried {
		place, err := read(d)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		return place, err
	}
	return Place{}, fmt.Errorf("no running pipeline found in %v: start one with `weighlock dev`, or name its directory with --dir", tried)
}

// DefaultDir is where `weighlock dev` keeps its data when it is told nothing.
func DefaultDir() string { return candidates()[0] }

func candidates() []string {
	var dirs []string
	if env := os.Getenv("WEIGHLOCK_DIR"); env != "" {
		return []string{env}
	}
	if _, err := os.Stat(filepath.Join(".weighlock", placeFile)); err == nil {
		dirs = append(dirs, ".weighlock")
	}
	state := os.Getenv("XDG_STATE_HOME")
	if state == "" {
		if home, err := os.UserHomeDir(); err == nil {
			state = filepath.Join(home, ".local", "state")
		}
	}
	return append(dirs, filepath.Join(state, "weighlock"))
}

func read(dir string) (Place, error) {
	path := filepath.Join(dir, placeFile)
	data, err := os.ReadFile(path)
	if err != nil {
		return Place{}, err
	}
	var p Place
	if err := json.Unmarshal(data, &p); err != nil {
		return Place{}, fmt.Errorf("reading %s: %w", path, err)
	}
	return p, nil
}
