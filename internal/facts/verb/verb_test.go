package verb

import (
	"strings"
	"testing"
)

func TestWords(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]Act{
		"delete": Delete, "get": Read, "transfer": Pay, "frobnicate": None, "": None, "set": Change, "add": Create, "mean": Compute, "retweet": Publish,
		"cancel": Stop, "authenticate": Login, "invite": Grant, "invocation": Run, "deletion": Delete, "standard": None, "flight": None, "mark": Change,
	} {
		if got := Of(word); got != want {
			t.Errorf("%q names %q, want %q", word, got, want)
		}
	}
}

func TestForms(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]Act{
		"deletes": Delete, "deleting": Delete, "deleted": Delete, "sends": Send, "sent": Send, "copies": Create, "copied": Create, "running": Run, "dropped": Delete,
		"transferring": Pay, "pays": Pay, "paid": Pay, "searches": Read, "releases": Deploy, "removing": Delete, "cancelled": Stop, "thing": None, "is": Read, "s": None,
		"es": None, "ing": None, "bed": None,
	} {
		if got := OfForm(word); got != want {
			t.Errorf("%q is a form of %q, want %q", word, got, want)
		}
	}
}

func TestPairs(t *testing.T) {
	t.Parallel()
	for pair, want := range map[string]Act{"sign in": Login, "log out": Login, "look up": Read, "turn off": Change, "send in": None, "sign x": None, "check out": Pay} {
		first, second, _ := strings.Cut(pair, " ")
		if got := Pair(first, second); got != want {
			t.Errorf("%q is %q, want %q", pair, got, want)
		}
	}
}

func TestEachWordIsInOneAct(t *testing.T) {
	t.Parallel()
	seen := map[string]Act{}
	for _, table := range []map[Act]string{verbs, nouns} {
		for act, words := range table {
			if _, ok := ranks[act]; !ok {
				t.Errorf("%q has no rank", act)
			}
			for w := range strings.FieldsSeq(words) {
				if before, twice := seen[w]; twice {
					t.Errorf("%q is in %q and in %q", w, before, act)
				}
				seen[w] = act
				if w != strings.ToLower(w) || strings.ContainsAny(w, "_-.") {
					t.Errorf("%q cannot be the word of a name", w)
				}
			}
		}
	}
	for _, base := range irregular {
		if Of(base) == None {
			t.Errorf("an irregular form leads to %q, which is no verb", base)
		}
	}
	for p := range pairs {
		if _, second, _ := strings.Cut(p, " "); !particles[second] {
			t.Errorf("%q is never found: %q is no particle", p, second)
		}
	}
}

func TestSorted(t *testing.T) {
	t.Parallel()
	got := Sorted([]Act{Read, Delete, None, Read, Send})
	if len(got) != 3 || got[0] != Delete || got[1] != Send || got[2] != Read {
		t.Errorf("sorted as %v", got)
	}
	if !Looks(Read) || !Looks(Compute) || Looks(None) || Looks(Create) {
		t.Error("reading and computing only look")
	}
}
