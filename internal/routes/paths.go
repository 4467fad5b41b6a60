package routes

import (
	"fmt"
	"slices"
	"time"

	"github.com/weighlock/weighlock/internal/approval"
)

// Tier is one rung of an escalation path. Its group may be a schedule, of which those on call are asked.
type Tier = approval.Tier

// Path says who is brought in when nobody answers.
type Path struct {
	// Tiers has at least one tier; the first one's group is that of the first requirement.
	Tiers []Tier
	// Repeat is how often the path begins anew after its end.
	Repeat int
	// EarlierLeave says that a tier cannot answer any more once it has ended.
	EarlierLeave bool
	// Hold is how long somebody who looks at a card, or is handed it, holds the next tier back, once a tier.
	Hold time.Duration
	// Questions is for how long at most a question to the agent stops the clock.
	Questions time.Duration
}

const (
	defaultWait      = 15 * time.Minute
	defaultHold      = 10 * time.Minute
	defaultQuestions = 5 * time.Minute
	maxHold          = 24 * time.Hour
	maxWait          = 30 * 24 * time.Hour
)

// alone is the path of a group that nobody comes after.
func alone(group string) Path {
	return Path{Tiers: []Tier{{Group: group, Wait: defaultWait}}, Hold: defaultHold, Questions: defaultQuestions}
}

// filePath is a path as a user writes it: a list of tiers, or those with what holds for the whole path.
type filePath struct {
	Tiers     []fileTier     `yaml:"tiers"`
	Repeat    int            `yaml:"repeat"`
	Earlier   string         `yaml:"earlier"`
	Hold      *time.Duration `yaml:"hold"`
	Questions *time.Duration `yaml:"questions"`

	list bool // written as a list
}

type fileTier struct {
	Group       string        `yaml:"group"`
	Wait        time.Duration `yaml:"wait"`
	Working     time.Duration `yaml:"working"`
	RemindEvery time.Duration `yaml:"remindEvery"`
	Remind      *fileRemind   `yaml:"remind"`
}

type fileRemind struct {
	First  time.Duration `yaml:"first"`
	Growth float64       `yaml:"growth"`
	AtMost time.Duration `yaml:"atMost"`
	Times  int           `yaml:"times"`
}

// UnmarshalYAML implements the yaml package's older interface, whose decoder stays strict about keys.
func (p *filePath) UnmarshalYAML(unmarshal func(any) error) error {
	if unmarshal(new([]any)) == nil {
		p.list = true
		return unmarshal(&p.Tiers)
	}
	type plain filePath
	return unmarshal((*plain)(p))
}

func (r *reader) readPaths(in map[string]filePath) error {
	for _, name := range sorted(in) {
		path, err := r.path(name, in[name])
		if err != nil {
			return err
		}
		r.paths[name] = path
	}
	return nil
}

func (r *reader) path(name string, in filePath) (Path, error) {
	at := func(field string) []any { return []any{"paths", name, field} }
	tiers := at("tiers")
	if in.list {
		tiers = tiers[:2]
	}
	path := Path{Repeat: in.Repeat, EarlierLeave: in.Earlier == "leave", Hold: defaultHold, Questions: defaultQuestions}
	setIf(&path.Hold, in.Hold)
	setIf(&path.Questions, in.Questions)
	switch {
	case len(in.Tiers) == 0:
		return path, r.file.Errorf([]any{"paths", name}, "add a tier", "has no tiers")
	case in.Repeat < 0 || in.Repeat > approval.MaxRepeat:
		return path, r.file.Errorf(at("repeat"), fmt.Sprintf("use 0 to %d", approval.MaxRepeat), "is %d", in.Repeat)
	case len(in.Tiers)*(in.Repeat+1) > approval.MaxRungs:
		return path, r.file.Errorf([]any{"paths", name}, fmt.Sprintf("use at most %d tiers with their repetitions", approval.MaxRungs), "has %d tiers in %d rounds", len(in.Tiers), in.Repeat+1)
	case in.Earlier != "" && in.Earlier != "leave" && in.Earlier != "stay":
		return path, r.file.Errorf(at("earlier"), "use stay or leave", "is %q", in.Earlier)
	case path.Hold < 0 || path.Hold > maxHold:
		return path, r.file.Errorf(at("hold"), "give a time up to 24h, or 0s for no holding", "is %s", path.Hold)
	case path.Questions < 0 || path.Questions > maxHold:
		return path, r.file.Errorf(at("questions"), "give a time up to 24h, or 0s for a clock that goes on", "is %s", path.Questions)
	}
	for i, t := range in.Tiers {
		tier, err := r.tier(append(slices.Clone(tiers), i), t)
		if err != nil {
			return path, err
		}
		path.Tiers = append(path.Tiers, tier)
	}
	return path, nil
}

func (r *reader) tier(path []any, in fileTier) (Tier, error) {
	at := func(step ...any) []any { return append(slices.Clone(path), step...) }
	t := Tier{Group: in.Group, Wait: in.Wait, Working: in.Working, RemindEvery: in.RemindEvery}
	reminds := at("remindEvery")
	if in.Remind != nil {
		reminds = at("remind", "first")
		t.RemindEvery, t.RemindGrowth, t.RemindAtMost, t.Reminders = in.Remind.First, in.Remind.Growth, in.Remind.AtMost, in.Remind.Times
	}
	switch {
	case !r.people.Has(in.Group):
		return t, r.file.Errorf(at("group"), "name one of the groups or schedules of the approvers file", "is %q, which is no group", in.Group)
	case in.Working == 0 && in.Wait == 0, in.Wait < 0 || in.Wait > maxWait:
		return t, r.file.Errorf(at("wait"), `give a time such as "15m", at most 720h, or one in working time in working`, "is %s", in.Wait)
	case in.Working < 0 || in.Working > maxWait:
		return t, r.file.Errorf(at("working"), `give a time such as "4h", at most 720h`, "is %s", in.Working)
	case in.Remind != nil && in.RemindEvery != 0:
		return t, r.file.Errorf(at("remindEvery"), "write it as remind: {first: 5m}, or leave remind out", "comes with remind")
	case t.RemindEvery < 0 || in.Remind != nil && t.RemindEvery == 0:
		return t, r.file.Errorf(reminds, "give a time such as 5m, or leave it out for no reminders", "is %s", t.RemindEvery)
	case t.RemindEvery > 0 && t.RemindEvery < time.Second:
		return t, r.file.Errorf(reminds, "remind at most once a second", "is %s", t.RemindEvery)
	case t.RemindGrowth != 0 && (t.RemindGrowth < 1 || t.RemindGrowth > 100):
		return t, r.file.Errorf(at("remind", "growth"), "use 1 for reminders at one distance, up to 100", "is %v", t.RemindGrowth)
	case t.RemindAtMost < 0:
		return t, r.file.Errorf(at("remind", "atMost"), "give a time such as 1h, or leave it out", "is %s", t.RemindAtMost)
	case t.Reminders < 0 || t.Reminders > approval.MaxReminders:
		return t, r.file.Errorf(at("remind", "times"), fmt.Sprintf("use 1 to %d", approval.MaxReminders), "is %d", t.Reminders)
	}
	return t, nil
}

// leaving says why a path whose earlier tiers leave can strand a card: a later tier has too few people to stand in for everybody.
func (r *reader) leaving(p Path, required int) (group string, ok bool) {
	for _, t := range p.Tiers[1:] {
		if p.EarlierLeave && len(r.people.Members(t.Group)) < required {
			return t.Group, false
		}
	}
	return "", true
}
