package policy

import (
	"fmt"
	"strings"
)

// maxSuggest bounds the names that suggestions are looked for: the distance
// costs the product of both lengths, and nobody mistypes a longer name by a
// letter only.
const maxSuggest = 64

// didYouMean is the hint `did you mean "epoll_wait"?`, or empty if no
// candidate is near enough to name to be a slip of the fingers.
func didYouMean(name string, candidates []string) string {
	best := nearest(name, candidates)
	if best == "" {
		return ""
	}
	return fmt.Sprintf("did you mean %q?", best)
}

// nearest is the candidate that name was most likely meant to be, or empty.
// Of several equally near it takes one that begins with the same letter, then
// the first.
func nearest(name string, candidates []string) string {
	if len(name) > maxSuggest {
		return ""
	}
	folded := strings.ToLower(name)
	most := slips(len(name))
	best, least, initial := "", most+1, false
	for _, c := range candidates {
		if c == "" || len(c) > maxSuggest || abs(len(c)-len(name)) > min(most, least) {
			continue
		}
		lower := strings.ToLower(c)
		d := distance(folded, lower)
		same := folded != "" && folded[0] == lower[0]
		if d < least || d == least && best != "" && same && !initial {
			best, least, initial = c, d, same
		}
	}
	return best
}

// slips is how many of a name's letters may be wrong: none of one or two, as
// everything is near to those, and a third of longer ones.
func slips(length int) int {
	switch {
	case length < 3:
		return 0
	case length < 6:
		return 1
	default:
		return min(length/3, 4)
	}
}

// distance is the least number of letters inserted, removed, replaced or
// swapped with their neighbour that turns a into b, no letter touched twice
// (Damerau-Levenshtein, as optimal string alignment).
func distance(a, b string) int {
	var rows [3][maxSuggest + 1]int
	before, above, row := &rows[0], &rows[1], &rows[2]
	for j := 0; j <= len(b); j++ {
		above[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			row[j] = min(above[j]+1, row[j-1]+1, above[j-1]+differ(a[i-1], b[j-1]))
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, above, row = above, row, before
	}
	return above[len(b)]
}

// differ is 1 for two letters, 0 for one; `-` and `_` are the same slip-free
// letter, as some names have one and some the other.
func differ(a, b byte) int {
	if a == b || a == '-' && b == '_' || a == '_' && b == '-' {
		return 0
	}
	return 1
}

func abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}
