package topology

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/nats-io/nats.go/jetstream"
)

// DifferenceError is one setting of one stream that is not as it should be.
type DifferenceError struct {
	Stream string
	Field  string // as in the server's API, such as "max_age"
	Have   any
	Want   any
	Safe   bool // Ensure would change it
}

func (e *DifferenceError) Error() string {
	if e.Safe {
		return fmt.Sprintf("stream %s: %s is %v, should be %v", e.Stream, e.Field, e.Have, e.Want)
	}
	return fmt.Sprintf("stream %s: %s is %v, should be %v: it cannot be changed safely; change the settings, use another prefix, or move the stream by hand",
		e.Stream, e.Field, e.Have, e.Want)
}

// safe says of each field that may be changed when the change loses nothing and opens
// nothing. A field that is not here is never changed.
var safe = map[string]func(have, want jetstream.StreamConfig) bool{
	"description":      always,
	"max_age":          always, // the retention the user asked for
	"num_replicas":     always,
	"duplicate_window": always,
	"max_msg_size":     always, // holds for new messages only
	"allow_direct":     always,
	"subjects":         func(have, want jetstream.StreamConfig) bool { return covers(want.Subjects, have.Subjects) },
	"deny_delete":      func(_, want jetstream.StreamConfig) bool { return want.DenyDelete },
	"deny_purge":       func(_, want jetstream.StreamConfig) bool { return want.DenyPurge },
}

func always(_, _ jetstream.StreamConfig) bool { return true }

// kept are settings of whoever runs the servers, not of the pipeline.
var kept = []string{"name", "placement", "compression"}

// merge returns have with every safe difference to want applied, or one error
// for each that is not safe.
func merge(have, want jetstream.StreamConfig) (next jetstream.StreamConfig, changed bool, err error) {
	next = have
	var refused []error
	for _, d := range differences(have, want) {
		if !d.Safe {
			refused = append(refused, d)
			continue
		}
		changed = true
		setField(&next, want, d.Field)
	}
	return next, changed, errors.Join(refused...)
}

// differences compares every field the client knows, so that a feature switched on
// by hand, or by a later server, is seen.
func differences(have, want jetstream.StreamConfig) []*DifferenceError {
	var all []*DifferenceError
	if mark := want.Metadata[markKey]; have.Metadata[markKey] != mark {
		return []*DifferenceError{{Stream: want.Name, Field: "metadata." + markKey, Have: have.Metadata[markKey], Want: mark}}
	}
	h, w := reflect.ValueOf(have), reflect.ValueOf(want)
	for i := range h.NumField() {
		field := fieldName(h.Type().Field(i))
		if slices.Contains(kept, field) || field == "metadata" || same(field, have, want, h.Field(i), w.Field(i)) {
			continue
		}
		isSafe, known := safe[field]
		all = append(all, &DifferenceError{
			Stream: want.Name, Field: field, Have: shown(h.Field(i)), Want: shown(w.Field(i)),
			Safe: known && isSafe(have, want),
		})
	}
	return all
}

func same(field string, have, want jetstream.StreamConfig, h, w reflect.Value) bool {
	if field == "subjects" {
		return covers(have.Subjects, want.Subjects) && covers(want.Subjects, have.Subjects)
	}
	return reflect.DeepEqual(h.Interface(), w.Interface())
}

// covers reports whether every subject of few is one of many.
func covers(many, few []string) bool {
	return !slices.ContainsFunc(few, func(s string) bool { return !slices.Contains(many, s) })
}

func setField(to *jetstream.StreamConfig, from jetstream.StreamConfig, name string) {
	t, f := reflect.ValueOf(to).Elem(), reflect.ValueOf(from)
	for i := range t.NumField() {
		if fieldName(t.Type().Field(i)) == name {
			t.Field(i).Set(f.Field(i))
		}
	}
}

func fieldName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return name
}

// shown makes a nil pointer readable and shows what the others point to.
func shown(v reflect.Value) any {
	if v.Kind() == reflect.Pointer && !v.IsNil() {
		v = v.Elem()
	}
	return v.Interface()
}
