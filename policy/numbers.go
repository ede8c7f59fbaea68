package policy

import "github.com/narrow-sandbox/narrow/abi"

// owned is the call numbers of an architecture: all of 32 bits, but for x86_64
// and x32, which share an audit arch and are told apart by bit 30.
func owned(a *abi.Arch) []Range {
	const quarter = 1 << 30
	var out []Range
	for low := uint64(0); low < 4*quarter; low += quarter {
		if a.Owns(uint32(low)) {
			out = append(out, Range{low, low + quarter - 1})
		}
	}
	return union(out)
}

// newerThan is the numbers of calls that appeared on an architecture after a
// release of Linux, and all beyond its table. Gaps inside the table are not
// among them.
func newerThan(a *abi.Arch, v abi.Version) []Range {
	var younger, private []Range
	last := uint64(a.Last())
	for i := range a.Calls() {
		call := &a.Calls()[i]
		nr := uint64(call.Nr)
		if nr > last {
			private = append(private, Range{nr, nr})
		}
		if v.Before(call.Since) {
			younger = append(younger, Range{nr, nr})
		}
	}
	beyond := intersect(owned(a), []Range{{last + 1, 1<<32 - 1}})
	return union(append(younger, subtract(beyond, union(private))...))
}
