package policy

import (
	"testing"

	"pgregory.net/rapid"
)

// drawRanges draws ranges of numbers up to 63, and the set that they are.
func drawRanges(t *rapid.T, label string) ([]Range, uint64) {
	var ranges []Range
	set := uint64(0)
	for range rapid.IntRange(0, 5).Draw(t, label) {
		low := rapid.Uint64Range(0, 63).Draw(t, "low")
		high := rapid.Uint64Range(low, 63).Draw(t, "high")
		ranges = append(ranges, Range{low, high})
		for v := low; v <= high; v++ {
			set |= 1 << v
		}
	}
	return ranges, set
}

// setOf is ranges as a set; false if they are not ascending, disjoint and apart.
func setOf(ranges []Range) (set uint64, ok bool) {
	for i, r := range ranges {
		if r.Low > r.High || r.High > 63 || i > 0 && r.Low <= ranges[i-1].High+1 {
			return 0, false
		}
		for v := r.Low; v <= r.High; v++ {
			set |= 1 << v
		}
	}
	return set, true
}

// TestRanges holds the algebra of ranges against sets of bits.
func TestRanges(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, setA := drawRanges(t, "a")
		b, setB := drawRanges(t, "b")
		var inserted []Range
		for _, r := range a {
			inserted = insert(inserted, r)
		}
		a, b = union(a), union(b)
		for _, test := range []struct {
			name string
			got  []Range
			want uint64
		}{
			{"union", a, setA},
			{"insert", inserted, setA},
			{"complement", complement(a, 63), ^setA},
			{"intersect", intersect(a, b), setA & setB},
			{"subtract", subtract(a, b), setA &^ setB},
			{"attain", union(attain(setB, nil)), 0},
		} {
			if got, ok := setOf(test.got); !ok || got != test.want {
				t.Fatalf("%s of %v and %v: got %v, want %064b", test.name, a, b, test.got, test.want)
			}
		}
		if covers(a, b) != (setB&^setA == 0) {
			t.Fatalf("covers(%v, %v)", a, b)
		}
		for v := range uint64(64) {
			if in := setA>>v&1 == 1; contains(a, v) != in || has(a, v) != in {
				t.Fatalf("contains(%v, %d)", a, v)
			}
		}
	})
}

// TestAttain compares with trying all values of 8 bits.
func TestAttain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		mask := rapid.Uint64Range(0, 255).Draw(t, "mask")
		a, _ := drawRanges(t, "ranges")
		for i := range a {
			a[i].Low, a[i].High = a[i].Low*4, a[i].High*4+3
		}
		a = union(a)
		got := attain(mask, a)
		every := true
		for v := range uint64(256) {
			if v&^mask != 0 {
				continue
			}
			every = every && contains(a, v)
			if contains(got, v) != contains(a, v) {
				t.Fatalf("attain(%#x, %v) = %v, wrong at %#x", mask, a, got, v)
			}
		}
		for _, r := range got {
			if r.Low&^mask != 0 || r.High&^mask != 0 {
				t.Fatalf("attain(%#x, %v) = %v", mask, a, got)
			}
		}
		if always(mask, a) != every {
			t.Fatalf("always(%#x, %v) = %v", mask, a, !every)
		}
	})
}
