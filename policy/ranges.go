package policy

import (
	"slices"
	"sort"
)

// union sorts ranges and joins those that touch, so that they are ascending,
// disjoint and not adjacent. It may reuse the slice.
func union(ranges []Range) []Range {
	slices.SortFunc(ranges, func(a, b Range) int {
		switch {
		case a.Low < b.Low:
			return -1
		case a.Low > b.Low:
			return 1
		}
		return 0
	})
	out := ranges[:0]
	for _, r := range ranges {
		if n := len(out); n > 0 && touches(out[n-1], r) {
			out[n-1].High = max(out[n-1].High, r.High)
			continue
		}
		out = append(out, r)
	}
	return out
}

// touches reports whether b, which does not begin before a, overlaps a or
// begins where a ends.
func touches(a, b Range) bool { return a.High == ^uint64(0) || b.Low <= a.High+1 }

// insert adds a range to ranges that ascend.
func insert(ranges []Range, n Range) []Range {
	i := sort.Search(len(ranges), func(i int) bool { return touches(ranges[i], n) || ranges[i].Low > n.Low })
	j := i
	for j < len(ranges) && touches(n, ranges[j]) {
		n.Low, n.High = min(n.Low, ranges[j].Low), max(n.High, ranges[j].High)
		j++
	}
	return slices.Replace(ranges, i, j, n)
}

// complement is all of 0..last that is in none of the ranges, which ascend.
func complement(ranges []Range, last uint64) []Range {
	var out []Range
	next := uint64(0)
	for _, r := range ranges {
		if r.Low > last {
			break
		}
		if r.Low > next {
			out = append(out, Range{next, r.Low - 1})
		}
		if r.High >= last {
			return out
		}
		next = r.High + 1
	}
	return append(out, Range{next, last})
}

// intersect is what both have; both ascend.
func intersect(a, b []Range) []Range {
	var out []Range
	for len(a) > 0 && len(b) > 0 {
		low, high := max(a[0].Low, b[0].Low), min(a[0].High, b[0].High)
		if low <= high {
			out = append(out, Range{low, high})
		}
		if a[0].High < b[0].High {
			a = a[1:]
		} else {
			b = b[1:]
		}
	}
	return out
}

// Overlap reports whether two lists of ranges, which ascend, have a value in
// common.
func Overlap(a, b []Range) bool {
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0].High < b[0].Low:
			a = a[1:]
		case b[0].High < a[0].Low:
			b = b[1:]
		default:
			return true
		}
	}
	return false
}

// subtract is what a has and b has not; both ascend.
func subtract(a, b []Range) []Range {
	return intersect(a, complement(b, ^uint64(0)))
}

// contains reports whether one of the ranges has v. They are few: a scan is
// the obvious way.
func contains(ranges []Range, v uint64) bool {
	for _, r := range ranges {
		if r.Low <= v && v <= r.High {
			return true
		}
	}
	return false
}

// has is contains for many ranges.
func has(ranges []Range, v uint64) bool {
	i := sort.Search(len(ranges), func(i int) bool { return ranges[i].High >= v })
	return i < len(ranges) && ranges[i].Low <= v
}

// covers reports whether a has all that b has; both ascend.
func covers(a, b []Range) bool { return len(b) == 0 || len(subtract(b, a)) == 0 }

// single is the range of one value.
func single(v uint64) []Range { return []Range{{v, v}} }
