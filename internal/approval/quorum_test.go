package approval

import (
	"testing"

	"pgregory.net/rapid"
)

func TestMet(t *testing.T) {
	t.Parallel()
	two := []Requirement{{Group: "finance", Count: 1}, {Group: "security", Count: 1}}
	for name, c := range map[string]struct {
		require []Requirement
		people  []Supporter
		want    bool
	}{
		"nobody required":         {nil, []Supporter{{Person: "a", Senior: true}}, false},
		"nobody there":            {two, nil, false},
		"one person in both":      {two, []Supporter{{Person: "a", Groups: []string{"finance", "security"}}}, false},
		"two, one in both":        {two, []Supporter{{Person: "a", Groups: []string{"finance", "security"}}, {Person: "b", Groups: []string{"finance"}}}, true},
		"two of the same":         {two, []Supporter{{Person: "a", Groups: []string{"finance"}}, {Person: "b", Groups: []string{"finance"}}}, false},
		"a senior stands in":      {two, []Supporter{{Person: "a", Groups: []string{"finance"}}, {Person: "b", Senior: true}}, true},
		"a senior stands in once": {two, []Supporter{{Person: "b", Senior: true}}, false},
		"three of ops":            {[]Requirement{{Group: "ops", Count: 3}}, []Supporter{{Person: "a", Groups: []string{"ops"}}, {Person: "b", Groups: []string{"ops"}}}, false},
		"strangers":               {two, []Supporter{{Person: "a", Groups: []string{"x"}}, {Person: "b"}}, false},
	} {
		if got := Met(c.require, c.people); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// Met agrees with trying every assignment.
func TestMetFindsEveryAssignment(t *testing.T) {
	t.Parallel()
	groups := []string{"a", "b", "c"}
	rapid.Check(t, func(t *rapid.T) {
		var require []Requirement
		for _, g := range groups {
			if n := rapid.IntRange(0, 2).Draw(t, g); n > 0 {
				require = append(require, Requirement{Group: g, Count: n})
			}
		}
		people := make([]Supporter, rapid.IntRange(0, 5).Draw(t, "people"))
		for i := range people {
			people[i] = Supporter{Person: string(rune('p' + i)), Groups: rapid.SliceOfDistinct(rapid.SampledFrom(groups), rapid.ID).Draw(t, "in"), Senior: rapid.IntRange(0, 9).Draw(t, "senior") == 0}
		}
		var places []string
		for _, r := range require {
			for range r.Count {
				places = append(places, r.Group)
			}
		}
		if got, want := Met(require, people), len(places) > 0 && assignable(places, people); got != want {
			t.Fatalf("%v for %+v: %v, want %v", people, require, got, want)
		}
	})
}

func assignable(places []string, people []Supporter) bool {
	if len(places) == 0 {
		return true
	}
	for i, p := range people {
		fits := p.Senior
		for _, g := range p.Groups {
			fits = fits || g == places[0]
		}
		if !fits {
			continue
		}
		rest := append(append([]Supporter{}, people[:i]...), people[i+1:]...)
		if assignable(places[1:], rest) {
			return true
		}
	}
	return false
}
