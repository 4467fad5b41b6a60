package grants

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/weighlock/weighlock/pkg/events"
)

// covers says whether the grant is for such an action at all, whatever is left of it.
func (s *State) covers(a Action) *RefusedError {
	switch as := a.Assessment; {
	case as == nil:
		return refuse(NotEligible, "there is no assessment")
	case as.Denied:
		return refuse(NotEligible, "policy denies the action")
	case as.Edited != nil:
		return refuse(NotEligible, "the action was edited")
	case s.Route != a.Route, s.Group != a.Group, s.Key != a.Key:
		return refuse(NotCovered, "grant %s is for other actions", s.ID)
	case s.Agent != "" && s.Agent != as.Agent:
		return refuse(NotCovered, "grant %s is for agent %s", s.ID, s.Agent)
	case s.Nobodys && as.Principal != "":
		return refuse(NotCovered, "grant %s is for actions on behalf of nobody", s.ID)
	case s.Principal != "" && s.Principal != as.Principal:
		return refuse(NotCovered, "grant %s is for principal %s", s.ID, s.Principal)
	case a.Own == nil:
		return refuse(NotEligible, "nobody says whose action it is")
	}
	if why := a.Own(s.Giver.Approver); why != "" {
		return refuse(OwnAction, "%s gave grant %s, and %s", s.Giver.Person, s.ID, why)
	}
	digest, err := events.ArgumentsDigest(a.Arguments) // refuses a key given twice, so that nothing is read in two ways
	if err != nil || digest != a.Assessment.ArgumentsDigest {
		return refuse(NotEligible, "the arguments are not those that were assessed")
	}
	for pointer, want := range s.Equal {
		if !equalAt(a.Arguments, pointer, want) {
			return refuse(NotCovered, "grant %s wants another value at %s", s.ID, pointer)
		}
	}
	return nil
}

func equalAt(arguments []byte, pointer string, want json.RawMessage) bool {
	got, ok := At(arguments, pointer)
	if !ok {
		return false
	}
	a, errGot := canonical(got)
	b, errWant := canonical(want)
	return errGot == nil && errWant == nil && a == b
}

// canonical is the same for values that are the same, however they are written.
func canonical(value json.RawMessage) (string, error) {
	if !json.Valid(value) {
		return "", &events.FieldError{Field: "equal", Problem: "holds what is no JSON value", Fix: "quote texts"}
	}
	wrapped := append(append([]byte(`{"v":`), value...), '}')
	digest, err := events.ArgumentsDigest(wrapped)
	if err != nil {
		return "", fmt.Errorf("reading a value: %w", err)
	}
	return digest, nil
}

// At follows a JSON pointer.
func At(document json.RawMessage, pointer string) (json.RawMessage, bool) {
	unescape := strings.NewReplacer("~1", "/", "~0", "~")
	for _, step := range strings.Split(pointer, "/")[1:] {
		var object map[string]json.RawMessage
		if json.Unmarshal(document, &object) == nil && object != nil {
			next, ok := object[unescape.Replace(step)]
			if !ok {
				return nil, false
			}
			document = next
			continue
		}
		var list []json.RawMessage
		n, err := strconv.Atoi(step)
		if json.Unmarshal(document, &list) != nil || err != nil || n < 0 || n >= len(list) || strconv.Itoa(n) != step {
			return nil, false
		}
		document = list[n]
	}
	return document, true
}
