package similar_test

import (
	"testing"

	"github.com/weighlock/weighlock/internal/similar"
	"github.com/weighlock/weighlock/pkg/events"
)

// An action is not like one that people have let pass because its agent writes what keys are joined by.
func TestNoPartMovesIntoTheNext(t *testing.T) {
	t.Parallel()
	key := func(tool, kind string) string {
		return similar.Key(&events.ActionAssessed{Tool: tool, Target: &events.Target{Kind: kind}}, similar.Default())
	}
	if key("pay\x01gift", "card") == key("pay", "gift\x01card") {
		t.Error("two tools have one key")
	}
	if key("pay", "card") != key("pay", "card") || key("pay", "card") == key("pay", "gift") {
		t.Error("the key is not one of tool and kind")
	}
}
