package routes

import (
	"fmt"
	"time"

	"github.com/weighlock/weighlock/internal/rulefile"
)

// Review says who looks at medium actions afterwards.
type Review struct {
	// By is the group that looks at them.
	By string
	// Every is how long a digest collects: an hour or a day, from the full hour or midnight, UTC.
	Every time.Duration
	// Sample is how many of them are shown.
	Sample int
	// FlagFor is for how long a flag raises assessments of the agent and tool.
	FlagFor time.Duration

	when *rulefile.Condition // nil for all
}

// Covers reports whether the review is for an action. A condition that cannot be evaluated counts as one that holds: what is only in the action
// itself cannot be asked for, since a digest is made of assessments.
func (r *Review) Covers(a Action) bool {
	if r.when == nil {
		return true
	}
	holds, err := r.when.Holds(a)
	return holds || err != nil
}

const (
	defaultSample  = 20
	maxSample      = 100
	defaultFlagFor = 24 * time.Hour
)

type fileReview struct {
	By      string        `yaml:"by"`
	Every   string        `yaml:"every"`
	When    string        `yaml:"when"`
	Sample  int           `yaml:"sample"`
	FlagFor time.Duration `yaml:"flagFor"`
}

// Reviews are those that the file asks for. An action is in the first that covers it.
func (r *Routes) Reviews() []Review { return r.reviews }

func (r *reader) reviews(in []fileReview) error {
	for i, f := range in {
		at := func(field string) []any { return []any{"reviews", i, field} }
		review := Review{By: f.By, Sample: f.Sample, FlagFor: f.FlagFor}
		if review.Sample == 0 {
			review.Sample = defaultSample
		}
		if review.FlagFor == 0 {
			review.FlagFor = defaultFlagFor
		}
		switch f.Every {
		case "hourly":
			review.Every = time.Hour
		case "daily":
			review.Every = 24 * time.Hour
		default:
			return r.file.Errorf(at("every"), "use hourly or daily", "is %q", f.Every)
		}
		switch {
		case !r.people.Has(f.By):
			return r.file.Errorf(at("by"), "name one of the groups of the approvers file", "is %q, which is no group", f.By)
		case review.Sample < 1 || review.Sample > maxSample:
			return r.file.Errorf(at("sample"), fmt.Sprintf("use 1 to %d", maxSample), "is %d", review.Sample)
		case review.FlagFor < time.Minute || review.FlagFor > defaultFlagFor:
			return r.file.Errorf(at("flagFor"), "use 1m to 24h, for as long as the risk scorer remembers", "is %s", review.FlagFor)
		}
		if f.When != "" {
			when, err := r.facts.Compile(r.file, at("when"), f.When)
			if err != nil {
				return err
			}
			review.when = &when
		} else if i < len(in)-1 {
			return r.file.Errorf(at("when"), "give it a condition, or put it last", "is missing, so the reviews after it are never reached")
		}
		r.out.reviews = append(r.out.reviews, review)
	}
	return nil
}
