package policy

import "github.com/weighlock/weighlock/internal/rulefile"

// fileVersion is the version of the file format that is understood.
const fileVersion = 1

// policyFile is a file as it is written. docs/policy.md says what each field means.
type policyFile struct {
	Version      int                 `yaml:"version"`
	Organisation fileOrganisation    `yaml:"organisation"`
	Thresholds   *Thresholds         `yaml:"thresholds"`
	Unrecognised *fileUnrecognised   `yaml:"unrecognised"`
	Applies      string              `yaml:"applies"`
	Words        map[string][]string `yaml:"words"`
	Lists        map[string][]string `yaml:"lists"`
	Tools        []filePermission    `yaml:"tools"`
	Rules        []fileRule          `yaml:"rules"`
	Overrides    []fileOverride      `yaml:"overrides"`
	Assessors    []fileAssessor      `yaml:"assessors"`
}

type fileOrganisation struct {
	Domains []string `yaml:"domains"`
	Servers []string `yaml:"servers"`
	Trees   []string `yaml:"trees"`
}

type fileUnrecognised struct {
	Level string `yaml:"level"`
}

type fileRule struct {
	ID         string   `yaml:"id"`
	When       string   `yaml:"when"`
	Points     int      `yaml:"points"`
	Level      string   `yaml:"level"`
	Cap        *int     `yaml:"cap"`
	Recognises string   `yaml:"recognises"`
	Effect     string   `yaml:"effect"`
	Shadow     bool     `yaml:"shadow"`
	Replaces   bool     `yaml:"replaces"`
	Tags       []string `yaml:"tags"`
	Reason     string   `yaml:"reason"`
}

type filePermission struct {
	Agents []string `yaml:"agents"`
	Allow  []string `yaml:"allow"`
	Deny   []string `yaml:"deny"`
	Reason string   `yaml:"reason"`
}

type fileOverride struct {
	Agents       []string         `yaml:"agents"`
	Environments []string         `yaml:"environments"`
	Tools        []string         `yaml:"tools"`
	Reason       string           `yaml:"reason"`
	Thresholds   *Thresholds      `yaml:"thresholds"`
	Rules        []fileRuleChange `yaml:"rules"`
}

type fileRuleChange struct {
	ID      string `yaml:"id"`
	Points  *int   `yaml:"points"`
	Level   string `yaml:"level"`
	Disable bool   `yaml:"disable"`
}

// decoded is a file with the places of its fields.
type decoded struct {
	*rulefile.File

	in policyFile
}

// problems collects what is wrong, so that an author sees it all at once.
type problems struct{ found rulefile.Errors }

func (p *problems) add(err error) {
	switch err := err.(type) { //nolint:errorlint // only these two are made, unwrapped
	case nil:
	case *rulefile.Error:
		p.found = append(p.found, err)
	case rulefile.Errors:
		p.found = append(p.found, err...)
	default:
		p.found = append(p.found, &rulefile.Error{Problem: err.Error()})
	}
}

// at notes a problem with the field at path of f.
func (p *problems) at(f *decoded, path []any, fix, problem string, args ...any) {
	p.found = append(p.found, f.Errorf(path, fix, problem, args...))
}

func (p *problems) err() error {
	if len(p.found) == 0 {
		return nil
	}
	return p.found
}
