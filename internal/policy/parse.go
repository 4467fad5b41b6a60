package policy

import (
	"regexp"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"

	known "github.com/weighlock/weighlock/internal/facts"
	"github.com/weighlock/weighlock/internal/rulefile"
	"github.com/weighlock/weighlock/pkg/events"
)

// fileVersion is the version of the file format that is understood.
const fileVersion = 1

const maxWordSets = 64

type policyFile struct {
	Version      int `yaml:"version"`
	Organisation struct {
		Domains []string `yaml:"domains"`
	} `yaml:"organisation"`
	Thresholds struct {
		Medium int `yaml:"medium"`
		High   int `yaml:"high"`
	} `yaml:"thresholds"`
	Words     map[string][]string `yaml:"words"`
	Rules     []fileRule          `yaml:"rules"`
	Assessors []fileAssessor      `yaml:"assessors"`
}

type fileRule struct {
	ID         string       `yaml:"id"`
	When       string       `yaml:"when"`
	Points     int          `yaml:"points"`
	Level      events.Level `yaml:"level"`
	Recognises bool         `yaml:"recognises"`
	Effect     string       `yaml:"effect"`
	Reason     string       `yaml:"reason"`
}

// Parse reads and compiles a policy. name is the file's name in errors, which are
// [*rulefile.Error] with line, field and the way out.
func Parse(name string, data []byte) (*Policy, error) {
	var in policyFile
	f, err := rulefile.Decode(name, data, &in)
	if err != nil {
		return nil, err
	}
	p := &Policy{version: events.Digest(data), medium: in.Thresholds.Medium, high: in.Thresholds.High}
	if err := p.readHead(f, &in); err != nil {
		return nil, err
	}
	if err := p.readWords(f, in.Words); err != nil {
		return nil, err
	}
	conditions, err := p.conditions()
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{unrecognised: true, unreadable: true, longPlan: true}
	for i, r := range in.Rules {
		if err := checkRule(f, i, r, seen); err != nil {
			return nil, err
		}
		when, err := conditions.Compile(f, []any{"rules", i, "when"}, r.When)
		if err != nil {
			return nil, err
		}
		p.rules = append(p.rules, rule{id: r.ID, reason: r.Reason, when: when, points: r.Points, floor: r.Level, recognises: r.Recognises, deny: r.Effect == "deny"})
	}
	p.assessors, err = parseAssessors(f, in.Assessors, func(path []any, text string) (rulefile.Condition, error) {
		return conditions.Compile(f, path, text)
	})
	if err != nil {
		return nil, err
	}
	return p, nil
}

func (p *Policy) readHead(f *rulefile.File, in *policyFile) error {
	switch t := in.Thresholds; {
	case in.Version != fileVersion:
		return f.Errorf([]any{"version"}, "write version: 1", "is %d", in.Version)
	case t.Medium < 1 || t.Medium > 100:
		return f.Errorf([]any{"thresholds", "medium"}, "use 1 to 100", "is %d", t.Medium)
	case t.High <= t.Medium || t.High > 100:
		return f.Errorf([]any{"thresholds", "high"}, "use more than thresholds.medium and at most 100", "is %d beside medium %d", t.High, t.Medium)
	case len(in.Rules) == 0:
		return f.Errorf([]any{"rules"}, "add rules; without any, every action is high", "is empty")
	}
	p.domains = make(map[string]bool, len(in.Organisation.Domains))
	for i, d := range in.Organisation.Domains {
		if !domainName.MatchString(d) {
			return f.Errorf([]any{"organisation", "domains", i}, `write a domain such as "example.com"`, "is %q", d)
		}
		p.domains[strings.ToLower(d)] = true
	}
	return nil
}

var (
	domainName = regexp.MustCompile(`^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$`)
	setName    = regexp.MustCompile(`^[a-z][a-z0-9_]{0,31}$`)
	word       = regexp.MustCompile(`^[a-z0-9]+$`)
)

func (p *Policy) readWords(f *rulefile.File, sets map[string][]string) error {
	if len(sets) > maxWordSets {
		return f.Errorf([]any{"words"}, "merge some", "has %d sets; at most %d are possible", len(sets), maxWordSets)
	}
	p.wordBits, p.setBits = map[string]uint64{}, map[string]uint64{}
	names := make([]string, 0, len(sets))
	for name := range sets {
		names = append(names, name)
	}
	slices.Sort(names)
	for i, name := range names {
		if !setName.MatchString(name) {
			return f.Errorf([]any{"words", name}, "use lower-case letters, digits and _", "is not a name for a set")
		}
		p.setBits["words."+name] = 1 << i
		for j, w := range sets[name] {
			if !word.MatchString(w) {
				return f.Errorf([]any{"words", name, j}, "write one lower-case word, as tool names are split", "is %q", w)
			}
			p.wordBits[w] |= 1 << i
		}
	}
	return nil
}

func (p *Policy) conditions() (*rulefile.Conditions, error) {
	options := make([]cel.EnvOption, 0, len(factTypes)+len(p.setBits))
	for name, t := range factTypes {
		options = append(options, cel.Variable(name, t))
	}
	for _, f := range known.All() {
		if strings.HasPrefix(f.Name, "lately.") {
			options = append(options, cel.Variable(f.Name, f.Type))
		}
	}
	for name := range p.setBits {
		options = append(options, cel.Variable(name, cel.BoolType))
	}
	return rulefile.NewConditions(append(options, lookups()...)...)
}

func checkRule(f *rulefile.File, i int, r fileRule, seen map[string]bool) error {
	at := func(field string) []any { return []any{"rules", i, field} }
	if err := events.CheckToken("id", r.ID); err != nil {
		return f.Errorf(at("id"), "give the rule a name of A-Z a-z 0-9 _ -", "is %q", r.ID)
	}
	if seen[r.ID] {
		return f.Errorf(at("id"), "give each rule a name of its own", "is %q, which is taken", r.ID)
	}
	seen[r.ID] = true
	switch {
	case strings.TrimSpace(r.When) == "":
		return f.Errorf(at("when"), "write a CEL condition", "is missing")
	case r.Points < 0 || r.Points > 100:
		return f.Errorf(at("points"), "use 0 to 100; a rule only ever raises the risk", "is %d", r.Points)
	case r.Level != "" && !r.Level.Valid():
		return f.Errorf(at("level"), "use low, medium or high", "is %q", string(r.Level))
	case r.Effect != "" && r.Effect != "deny":
		return f.Errorf(at("effect"), `use "deny" or leave it out`, "is %q", r.Effect)
	case strings.TrimSpace(r.Reason) == "":
		return f.Errorf(at("reason"), "say to an approver why this matters", "is missing")
	case r.Points == 0 && r.Level == "" && !r.Recognises && r.Effect == "":
		return f.Errorf([]any{"rules", i}, "give it points, a level, recognises: true or effect: deny", "has no effect")
	}
	return nil
}
