package engine_test

import (
	"testing"

	"github.com/weighlock/weighlock/internal/embedded/engine/enginetest"
)

func TestMain(m *testing.M) { enginetest.Main(m) }
