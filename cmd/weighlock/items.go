package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/weighlock/weighlock/pkg/events"
)

// maxItemNumber is more than any card holds; it keeps "1-999999999" from filling memory.
const maxItemNumber = 10_000

// itemVerdicts reads a list of items such as "1-3,7" and answers each the same.
func itemVerdicts(list string, verdict events.VerdictKind) ([]events.ItemVerdict, error) {
	numbers, err := itemNumbers("--items", list)
	out := make([]events.ItemVerdict, len(numbers))
	for i, n := range numbers {
		out[i] = events.ItemVerdict{Number: n, Verdict: verdict}
	}
	return out, err
}

// itemNumbers reads the list that a flag was given, each number once.
func itemNumbers(flag, list string) ([]int, error) {
	var numbers []int
	seen := make(map[int]bool)
	for part := range strings.SplitSeq(list, ",") {
		first, last, err := itemRange(flag, strings.TrimSpace(part))
		if err != nil {
			return nil, err
		}
		for n := first; n <= last; n++ {
			if !seen[n] {
				seen[n] = true
				numbers = append(numbers, n)
			}
		}
	}
	return numbers, nil
}

func itemRange(flag, part string) (first, last int, err error) {
	from, to, isRange := strings.Cut(part, "-")
	if !isRange {
		to = from
	}
	first, err1 := strconv.Atoi(from)
	last, err2 := strconv.Atoi(to)
	if err1 != nil || err2 != nil || first < 1 || last < first || last > maxItemNumber {
		return 0, 0, fmt.Errorf("%s: %q is not an item or a range of items: write 1-3,7", flag, part)
	}
	return first, last, nil
}
