package people

import (
	"fmt"
	"os"
	"path/filepath"

	"go.yaml.in/yaml/v3"

	"github.com/weighlock/weighlock/pkg/events"
	"github.com/weighlock/weighlock/policies"
)

// Source is the bytes of an approvers file and of the files that it names: what is read once is what is checked and used.
type Source struct {
	// Name is the file's name in errors.
	Name string
	Data []byte
	// Holidays are the iCalendar files it names, by the name it has for them. Those that cannot be read are missing.
	Holidays map[string][]byte
}

// Read reads the approvers file at path, and the files of holidays from where it is.
func Read(path string) (Source, error) {
	s := Source{Name: path}
	var err error
	if s.Data, err = os.ReadFile(path); err != nil {
		return s, fmt.Errorf("reading approvers: %w", err)
	}
	var named struct {
		Calendars map[string]struct {
			Holidays string `yaml:"holidays"`
		} `yaml:"calendars"`
	}
	if yaml.Unmarshal(s.Data, &named) != nil {
		return s, nil //nolint:nilerr // Parse says what is wrong
	}
	s.Holidays = make(map[string][]byte, len(named.Calendars))
	for _, c := range named.Calendars {
		if c.Holidays == "" {
			continue
		}
		at := c.Holidays
		if !filepath.IsAbs(at) {
			at = filepath.Join(filepath.Dir(path), at)
		}
		if data, err := os.ReadFile(at); err == nil {
			s.Holidays[c.Holidays] = data
		}
	}
	return s, nil
}

// BuiltIn is the approvers file that is built in.
func BuiltIn() Source {
	return Source{Name: "policies/routes/approvers.yaml", Data: policies.Approvers}
}

// Digest names the exact bytes: "sha256:" and 64 hex digits.
func (s Source) Digest() string {
	if len(s.Holidays) == 0 {
		return events.Digest(s.Data)
	}
	all := []byte(events.Digest(s.Data))
	for _, name := range sortedKeys(s.Holidays) {
		all = append(all, name+events.Digest(s.Holidays[name])...)
	}
	return events.Digest(all)
}
