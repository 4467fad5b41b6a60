package policy

import (
	"slices"
	"time"

	"github.com/weighlock/weighlock/internal/facts/input"
	"github.com/weighlock/weighlock/internal/facts/lately"
	"github.com/weighlock/weighlock/internal/rulefile"
	"github.com/weighlock/weighlock/pkg/events"
)

// Limits of further assessors.
const (
	maxAssessors    = 8
	defaultTimeout  = 2 * time.Second
	longestTimeout  = 30 * time.Second
	shortestTimeout = 10 * time.Millisecond
)

// assessorPrefix starts the id of every finding of a further assessor; no rule's id has a slash.
const assessorPrefix = "assessor/"

// Assessor is a further assessor that the policy names. It can raise a score and never lower one.
type Assessor struct {
	Name string
	// Timeout is how long it may take, 10ms to 30s.
	Timeout time.Duration
	// MaxPoints is how much it may add at most, 1 to 100.
	MaxPoints int
	// OnSilence and OnNonsense are what a missing and an unusable answer mean.
	OnSilence, OnNonsense Effect

	when *rulefile.Condition // nil for always
}

// Effect is what a finding does to the score: points, and a level as a floor.
type Effect struct {
	Points int
	Level  events.Level // "" for none
	Reason string
}

type fileAssessor struct {
	Name       string        `yaml:"name"`
	When       string        `yaml:"when"`
	Timeout    time.Duration `yaml:"timeout"`
	MaxPoints  *int          `yaml:"maxPoints"`
	OnSilence  *fileEffect   `yaml:"onSilence"`
	OnNonsense *fileEffect   `yaml:"onNonsense"`
}

type fileEffect struct {
	Points int          `yaml:"points"`
	Level  events.Level `yaml:"level"`
	Reason string       `yaml:"reason"`
}

// readAssessors reads the section of one file. An assessor of an earlier file may be named again: the later one
// takes its place.
func (p *Policy) readAssessors(f *decoded, c *rulefile.Conditions, found *problems) {
	all, err := parseAssessors(f.File, f.in.Assessors, func(path []any, text string) (rulefile.Condition, error) {
		return c.Compile(f.File, path, text)
	})
	if err != nil {
		found.add(err)
		return
	}
	for _, a := range all {
		p.assessors = slices.DeleteFunc(p.assessors, func(b Assessor) bool { return b.Name == a.Name })
		p.assessors = append(p.assessors, a)
	}
	if len(p.assessors) > maxAssessors {
		found.at(f, []any{"assessors"}, "ask fewer", "makes %d with those of earlier files; at most %d are possible", len(p.assessors), maxAssessors)
	}
}

// parseAssessors reads the section assessors of f. compile compiles the condition at a path.
func parseAssessors(f *rulefile.File, section []fileAssessor, compile func(path []any, text string) (rulefile.Condition, error)) ([]Assessor, error) {
	if len(section) > maxAssessors {
		return nil, f.Errorf([]any{"assessors"}, "ask fewer", "has %d; at most %d are possible", len(section), maxAssessors)
	}
	all := make([]Assessor, len(section))
	seen := map[string]bool{}
	for i, in := range section {
		if err := checkAssessor(f, i, &in, seen); err != nil {
			return nil, err
		}
		a := Assessor{Name: in.Name, Timeout: in.Timeout, MaxPoints: maxScore}
		if in.Timeout == 0 {
			a.Timeout = defaultTimeout
		}
		if in.MaxPoints != nil {
			a.MaxPoints = *in.MaxPoints
		}
		if in.When != "" {
			when, err := compile([]any{"assessors", i, "when"}, in.When)
			if err != nil {
				return nil, err
			}
			a.when = &when
		}
		a.OnSilence = in.OnSilence.or("assessor " + in.Name + " did not answer in time")
		a.OnNonsense = in.OnNonsense.or("assessor " + in.Name + " answered nonsense")
		all[i] = a
	}
	return all, nil
}

func checkAssessor(f *rulefile.File, i int, in *fileAssessor, seen map[string]bool) error {
	at := func(field string) []any { return []any{"assessors", i, field} }
	if err := events.CheckToken("name", in.Name); err != nil {
		return f.Errorf(at("name"), "write the name of its key: A-Z a-z 0-9 _ -", "is %q", in.Name)
	}
	if seen[in.Name] {
		return f.Errorf(at("name"), "ask each assessor once", "is %q again", in.Name)
	}
	seen[in.Name] = true
	if in.Timeout != 0 && (in.Timeout < shortestTimeout || in.Timeout > longestTimeout) {
		return f.Errorf(at("timeout"), "use 10ms to 30s", "is %s", in.Timeout)
	}
	if in.MaxPoints != nil && (*in.MaxPoints < 1 || *in.MaxPoints > maxScore) {
		return f.Errorf(at("maxPoints"), "use 1 to 100", "is %d", *in.MaxPoints)
	}
	for _, e := range []struct {
		field string
		*fileEffect
	}{{"onSilence", in.OnSilence}, {"onNonsense", in.OnNonsense}} {
		switch {
		case e.fileEffect == nil:
		case e.Points < 0 || e.Points > maxScore:
			return f.Errorf(append(at(e.field), "points"), "use 0 to 100", "is %d", e.Points)
		case e.Level != "" && e.Level != events.Medium && e.Level != events.High:
			return f.Errorf(append(at(e.field), "level"), "use medium or high", "is %q", string(e.Level))
		case e.Points == 0 && e.Level == "":
			return f.Errorf(at(e.field), "give it points or a level: an assessor that fails is not harmless", "has no effect")
		}
	}
	return nil
}

// or returns the effect with what it leaves out: reason, and where there is none at all, the level medium.
func (e *fileEffect) or(reason string) Effect {
	if e == nil {
		return Effect{Level: events.Medium, Reason: reason}
	}
	if e.Reason != "" {
		reason = e.Reason
	}
	return Effect{e.Points, e.Level, reason}
}

// Assessors are the further assessors to be asked about an action: those whose condition holds, or fails.
func (p *Policy) Assessors(history *lately.State, in *input.Action) (asked []Assessor) {
	var w *weighing
	for i := range p.assessors {
		if when := p.assessors[i].when; when != nil {
			if w == nil {
				w = p.newWeighing(history, in)
			}
			if holds, err := holds(when, w); err == nil && !holds {
				continue
			}
		}
		asked = append(asked, p.assessors[i])
	}
	return asked
}

// holds is Holds where a panic counts as failing.
func holds(when *rulefile.Condition, w *weighing) (ok bool, err error) {
	defer func() {
		if recover() != nil {
			ok, err = true, nil
		}
	}()
	return when.Holds(w)
}

// Finding is what came of asking one assessor.
type Finding struct {
	Assessor string
	// Score is how risky the action is in itself, 0 to 100, and Points what is added to the policy's.
	Score, Points int
	Level         events.Level // a floor; "" for none
	Reason        string
}

// FindingOf is the finding of an answer that is neither missing nor unusable.
func (a Assessor) FindingOf(score, points int, reason string) Finding {
	return Finding{Assessor: a.Name, Score: score, Points: min(points, a.MaxPoints), Reason: reason}
}

// Failed is the finding where the assessor failed with that effect.
func (a Assessor) Failed(e Effect) Finding {
	return Finding{Assessor: a.Name, Points: e.Points, Level: e.Level, Reason: e.Reason}
}

// Combine adds findings of further assessors to an assessment. The score becomes the highest of all scores, and
// what an assessor adds is at most what it may; then all points are added. It never lowers score or level.
func (p *Policy) Combine(a Assessment, findings []Finding) Assessment {
	if len(findings) == 0 {
		return a
	}
	out, floor, points, heaviest := a, a.Level, 0, 0
	rules := make([]events.FiredRule, len(findings))
	for i, f := range findings {
		limit := maxScore
		for j := range p.assessors {
			if p.assessors[j].Name == f.Assessor {
				limit = p.assessors[j].MaxPoints
			}
		}
		raised := min(max(f.Score-a.Score, 0), limit)
		out.Score = max(out.Score, a.Score+raised)
		points += max(f.Points, 0)
		if rank(f.Level) > rank(floor) {
			floor = f.Level
		}
		if f.weight() > findings[heaviest].weight() {
			heaviest = i
		}
		rules[i] = events.FiredRule{ID: assessorPrefix + f.Assessor, Points: raised + max(f.Points, 0), Reason: Shorten(Neutral(f.Reason), maxReason)}
	}
	out.Score = max(min(maxScore, out.Score+points), a.Thresholds.least(floor))
	if level := a.Thresholds.level(out.Score); rank(level) > rank(out.Level) {
		out.Level = level
	}
	out.Rules = append(slices.Clip(a.Rules[:min(len(a.Rules), maxFired-len(rules))]), rules...)
	if out.Level != a.Level || out.Reason == "" {
		out.Reason = rules[heaviest].Reason
	}
	return out
}

// weight orders findings: what forces a level, then what raises most.
func (f Finding) weight() int { return 1000*rank(f.Level) + f.Score + f.Points }
