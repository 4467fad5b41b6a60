package rulefile

import "github.com/agnivade/levenshtein"

// maxSlips is how many letters a misspelt name may be away from the one that was meant.
const maxSlips = 3

// Nearest returns the name among names that name was probably meant to be, or "".
func Nearest(name string, names []string) string {
	best, slips := "", min(maxSlips, len(name)/3)+1
	if len(name) > 64 {
		return ""
	}
	for _, other := range names {
		if n := levenshtein.ComputeDistance(name, other); n < slips {
			best, slips = other, n
		}
	}
	return best
}
