package settle

import "testing"

func TestFilesAreTriedOnceTheyHaveSettled(t *testing.T) {
	t.Parallel()
	l := Looks{InForce: "a"}
	for i, c := range []struct {
		digest       string
		current, try bool
	}{
		{"a", true, false},
		{"b", false, false}, // being written
		{"c", false, false},
		{"c", false, true},
		{"c", false, false}, // it could not be used
		{"a", true, false},  // and was taken back
		{"c", false, false},
		{"c", false, true},
	} {
		if current, try := l.Look(c.digest); current != c.current || try != c.try {
			t.Errorf("look %d at %s: current %t, try %t", i, c.digest, current, try)
		}
	}
	l.InForce = "c"
	if current, try := l.Look("c"); !current || try {
		t.Error("what is in force is tried")
	}
}
