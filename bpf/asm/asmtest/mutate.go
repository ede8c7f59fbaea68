package asmtest

import (
	"regexp"

	"pgregory.net/rapid"
)

// tokens are what a source is changed by: each match can be lost, doubled or
// replaced by another.
var tokens = regexp.MustCompile(`/\*|\*+/|\w+|[^\w\s]|\s`)

// mutate changes a source here and there.
func mutate(r *rapid.T, source string) string {
	for range rapid.IntRange(0, 2).Draw(r, "mutations") {
		at := tokens.FindAllStringIndex(source, -1)
		one := rapid.SampledFrom(at).Draw(r, "at")
		other := rapid.SampledFrom(at).Draw(r, "other")
		switch rapid.IntRange(0, 2).Draw(r, "how") {
		case 0:
			source = source[:one[0]] + source[one[1]:]
		case 1:
			source = source[:one[0]] + source[other[0]:other[1]] + source[one[1]:]
		case 2:
			source = source[:one[0]] + source[other[0]:other[1]] + source[one[0]:]
		}
		if source == "" {
			source = " "
		}
	}
	return source
}
