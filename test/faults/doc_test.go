// Package faults kills the pipeline's processes while it works, and looks whether it
// kept its guarantees.
package faults

import (
	"context"
	"testing"
	"time"

	"github.com/weighlock/weighlock/internal/embedded/engine/enginetest"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

// patience bounds every test here. It is no measure of anything: a run takes about a
// minute, and a machine that is busy with other tests may need two.
const patience = 150 * time.Second

// within is the context of a whole test.
func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// until asks again every 20 ms until ok says true.
func until(ctx context.Context, t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("waiting for %s: %v", what, context.Cause(ctx))
		}
	}
}
