package flood

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

var (
	noon  = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	limit = Limit{Actions: 3, Per: time.Minute, For: 10 * time.Minute}
)

func at(sequence int, after time.Duration) Mark { return Mark{uint64(sequence), noon.Add(after)} }

// take counts marks one after the other and returns the last place.
func take(s State, marks ...Mark) (State, Place) {
	var p Place
	for _, m := range marks {
		s, p = s.Take(limit, m, fmt.Sprintf("a-%d", m.Sequence), fmt.Sprintf("r-%d", m.Sequence))
	}
	return s, p
}

func TestOneMoreTrips(t *testing.T) {
	t.Parallel()
	s, p := take(State{}, at(1, 0), at(2, time.Second), at(3, 2*time.Second))
	if p.Trip != nil {
		t.Fatalf("%+v", p)
	}
	s, p = take(s, at(4, 59*time.Second))
	if p.Trip == nil || !p.Opens || p.Trip.Request != "r-4" || p.Trip.Action != "a-4" || !p.Trip.Until.Equal(noon.Add(59*time.Second+limit.For)) {
		t.Fatalf("%+v", p)
	}
	for _, m := range []Mark{at(5, time.Minute), at(6, 10*time.Minute)} {
		if _, p := take(s, m); p.Trip == nil || p.Opens || p.Trip.Request != "r-4" {
			t.Errorf("%+v is at %+v", m, p)
		}
	}
	if _, p := take(s, at(7, 59*time.Second+limit.For)); p.Trip != nil {
		t.Errorf("it lasts for ever: %+v", p)
	}
}

func TestWhatIsSlowNeverTrips(t *testing.T) {
	t.Parallel()
	s := State{}
	for i := range 1000 {
		var p Place
		if s, p = take(s, at(i, time.Duration(i)*20*time.Second)); p.Trip != nil {
			t.Fatalf("%d: %+v", i, p)
		}
		if len(s.Recent) > 10 {
			t.Fatalf("%d are remembered", len(s.Recent))
		}
	}
}

func TestDeliveredAgainCountsOnce(t *testing.T) {
	t.Parallel()
	s, p := take(State{}, at(1, 0), at(1, 0), at(2, 1), at(1, 0), at(2, 1), at(3, 2), at(3, 2))
	if p.Trip != nil || len(s.Recent) != 3 {
		t.Fatalf("%+v %+v", s, p)
	}
	s, _ = take(s, at(4, 3))
	if _, p = take(s, at(4, 3)); !p.Opens {
		t.Errorf("the card is not made again: %+v", p)
	}
	if _, p = take(s, at(2, 1)); p.Trip != nil {
		t.Errorf("what came before the flood is part of it: %+v", p)
	}
}

func TestPeopleCloseIt(t *testing.T) {
	t.Parallel()
	s, _ := take(State{}, at(1, 0), at(2, 1), at(3, 2), at(4, 3))
	s = s.Close("r-4", noon.Add(time.Minute))
	if _, p := take(s, at(5, 30*time.Second)); p.Trip == nil {
		t.Error("what came during the flood is not part of it")
	}
	s, p := take(s, at(6, time.Minute), at(7, time.Minute), at(8, time.Minute))
	if p.Trip != nil {
		t.Errorf("it trips at once: %+v", p)
	}
	if _, p = take(s, at(9, time.Minute)); !p.Opens {
		t.Errorf("and never again: %+v", p)
	}
	if again := s.Close("r-4", noon.Add(time.Hour)); !again.Trips[0].Until.Equal(noon.Add(time.Minute)) {
		t.Error("closing it again opened it")
	}
}

func TestAnotherActionTakesTheCard(t *testing.T) {
	t.Parallel()
	s, _ := take(State{}, at(1, 0), at(2, 1), at(3, 2), at(4, 3))
	s = s.Succeed("r-4", 5, "a-5", "r-new")
	s = s.Succeed("r-4", 6, "a-6", "r-other") // too late: that card is no more
	_, p := take(s, at(5, 4))
	if !p.Opens || p.Trip.Request != "r-new" {
		t.Errorf("%+v", p)
	}
	if _, p = take(s, at(6, 5)); p.Trip == nil || p.Opens || p.Trip.Action != "a-5" {
		t.Errorf("%+v", p)
	}
}

// In whatever order deliveries come, and however often, no more actions than the limit pass within a time before the first flood, and
// each stands where it stood before.
func TestNeverMoreThanTheLimitPass(t *testing.T) {
	t.Parallel()
	for seed := range uint64(300) {
		random := rand.New(rand.NewPCG(seed, 1))
		var marks []Mark
		for i := range 12 {
			marks = append(marks, at(i+1, time.Duration(random.IntN(50))*time.Second))
		}
		var s State
		passed, trips := map[uint64]bool{}, 0
		for range 60 {
			m := marks[random.IntN(len(marks))]
			var p Place
			s, p = throughJSON(t, s, m)
			switch {
			case p.Trip == nil:
				passed[m.Sequence] = true
			case passed[m.Sequence]:
				t.Fatalf("seed %d: %+v passed and is now at %+v", seed, m, p)
			}
			trips = len(s.Trips)
		}
		if len(passed) != limit.Actions || trips != 1 {
			t.Errorf("seed %d: %d passed, %d trips", seed, len(passed), trips)
		}
	}
}

// throughJSON takes a mark with the state as it comes out of the bucket.
func throughJSON(t *testing.T, s State, m Mark) (State, Place) {
	t.Helper()
	data, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	var stored State
	if err := json.Unmarshal(data, &stored); err != nil {
		t.Fatal(err)
	}
	return take(stored, m)
}
