package sink

import (
	"slices"
	"time"

	"github.com/ClickHouse/ch-go/proto"
)

// The range that DateTime64 can hold; a producer may claim any time.
var (
	firstTime = time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC)
	lastTime  = time.Date(2261, 12, 31, 0, 0, 0, 0, time.UTC)
)

// at clamps t to what a column can hold; no time at all is 1970.
func at(t time.Time) time.Time {
	switch {
	case t.IsZero():
		return time.Unix(0, 0)
	case t.Before(firstTime):
		return firstTime
	case t.After(lastTime):
		return lastTime
	}
	return t
}

func bit(b bool) uint8 {
	if b {
		return 1
	}
	return 0
}

// sortedPairs makes a map's order a function of its content, so that a batch read again gives the same bytes.
func sortedPairs(m map[string]string) []proto.KV[string, string] {
	if len(m) == 0 {
		return nil
	}
	pairs := make([]proto.KV[string, string], 0, len(m))
	for k, v := range m {
		pairs = append(pairs, proto.KV[string, string]{Key: k, Value: v})
	}
	slices.SortFunc(pairs, func(a, b proto.KV[string, string]) int {
		if a.Key < b.Key {
			return -1
		}
		return 1
	})
	return pairs
}
