// Package verb tells from a word what kind of act it names.
package verb

import (
	"sort"
	"strings"
)

// Act is a kind of act. It says what happens, not how risky that is.
type Act string

// The acts.
const (
	None    Act = ""        // the word names no act
	Read    Act = "read"    // looks, lists, searches, compares
	Compute Act = "compute" // works something out and touches nothing
	Create  Act = "create"  // makes something new
	Change  Act = "change"  // changes what is there
	Delete  Act = "delete"  // removes or destroys
	Send    Act = "send"    // tells somebody something
	Publish Act = "publish" // shows something to many
	Pay     Act = "pay"     // moves money or what is worth money
	Grant   Act = "grant"   // gives or takes access, members, roles
	Login   Act = "login"   // signs in or out
	Run     Act = "run"     // runs a program or a command
	Install Act = "install" // brings software in
	Deploy  Act = "deploy"  // changes what runs
	Stop    Act = "stop"    // ends or cancels something under way
	Control Act = "control" // drives a screen, a mouse, a keyboard
)

// order is the acts from the mildest to the strongest.
var order = []Act{None, Compute, Read, Login, Create, Change, Control, Send, Publish, Stop, Install, Deploy, Run, Grant, Pay, Delete}

var ranks = func() map[Act]int {
	m := make(map[Act]int, len(order))
	for i, a := range order {
		m[a] = i
	}
	return m
}()

// Rank orders acts by how much harm they can usually do, from 0 for [None].
func Rank(a Act) int { return ranks[a] }

// Looks says that the act only looks or works something out.
func Looks(a Act) bool { return a == Read || a == Compute }

// Sorted returns the acts once each, the strongest first, without [None]. It reorders its argument.
func Sorted(acts []Act) []Act {
	sort.Slice(acts, func(i, j int) bool { return ranks[acts[i]] > ranks[acts[j]] })
	out := acts[:0]
	for i, a := range acts {
		if a != None && (i == 0 || a != acts[i-1]) {
			out = append(out, a)
		}
	}
	return out
}

// Word is what is known of a word that names an act.
type Word struct {
	Act Act
	// Noun says that the word is as often a thing as an act: "order", "comment", "payment".
	// Beside a clear verb it names what the act is done to.
	Noun bool
}

var known = index()

func index() map[string]Word {
	m := make(map[string]Word, 2048)
	for act, words := range verbs {
		for w := range strings.FieldsSeq(words) {
			m[w] = Word{Act: act}
		}
	}
	for act, words := range nouns {
		for w := range strings.FieldsSeq(words) {
			m[w] = Word{Act: act, Noun: true}
		}
	}
	return m
}

// Look returns what is known of a lower-case word; its act is [None] where nothing is.
func Look(word string) Word { return known[word] }

// Of returns the act that a lower-case word names, or [None].
func Of(word string) Act { return known[word].Act }

// Pair returns the act of two lower-case words that make one verb, such as "sign", "up", or [None].
func Pair(first, second string) Act {
	if !particles[second] {
		return None
	}
	return pairs[first+" "+second]
}

// OfForm returns the act of a lower-case word in any of its forms: "deletes", "deleted", "deleting". It is
// for texts; in names a plural or a participle is usually a thing or a quality.
func OfForm(word string) Act {
	if a := Of(word); a != None {
		return a
	}
	return Of(Base(word))
}

// Base returns the verb that a lower-case word is a form of ("sends", "sent", "copied", "running"),
// or the word itself.
func Base(word string) string {
	if b, ok := irregular[word]; ok {
		return b
	}
	for _, ending := range endings {
		stem, ok := strings.CutSuffix(word, ending.suffix)
		if !ok || len(stem) < 2 {
			continue
		}
		for _, add := range ending.instead {
			if known[stem+add].Act != None {
				return stem + add
			}
		}
		if n := len(stem); n > 2 && stem[n-1] == stem[n-2] && known[stem[:n-1]].Act != None {
			return stem[:n-1]
		}
	}
	return word
}

var endings = []struct {
	suffix  string
	instead []string
}{
	{"ies", []string{"y"}}, {"es", []string{"", "e"}}, {"s", []string{""}},
	{"ied", []string{"y"}}, {"ed", []string{"", "e"}}, {"ing", []string{"", "e"}},
}
