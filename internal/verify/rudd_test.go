//go:build !(386 || arm || mips || mipsle)

// rudd does not build where int has 32 bits.

package verify

import (
	"math/big"
	"testing"
	"time"

	"github.com/dalzilio/rudd"
	"pgregory.net/rapid"
)

// TestAgainstRudd builds random functions of a few bits in our diagram and
// with a package that knows nothing of it, and compares which are the same
// and how many assignments each has.
func TestAgainstRudd(t *testing.T) {
	const bits = 8
	rapid.Check(t, func(t *rapid.T) {
		theirs, err := rudd.New(bits)
		if err != nil {
			t.Fatal(err)
		}
		s := newSpace(oneByOne)
		s.begin(1<<16, time.Now().Add(time.Minute), 0)
		ours := []node{no, yes}
		other := []rudd.Node{theirs.False(), theirs.True()}
		for i := range bits {
			ours, other = append(ours, s.bit(uint32(i))), append(other, theirs.Ithvar(i))
		}
		pick := func() int { return rapid.IntRange(0, len(ours)-1).Draw(t, "operand") }
		for range rapid.IntRange(1, 30).Draw(t, "operations") {
			a, b, c := pick(), pick(), pick()
			switch rapid.IntRange(0, 5).Draw(t, "operation") {
			case 0:
				ours, other = append(ours, s.and(ours[a], ours[b])), append(other, theirs.And(other[a], other[b]))
			case 1:
				ours, other = append(ours, s.or(ours[a], ours[b])), append(other, theirs.Or(other[a], other[b]))
			case 2:
				ours, other = append(ours, s.xor(ours[a], ours[b])), append(other, theirs.Apply(other[a], other[b], rudd.OPxor))
			case 3:
				ours, other = append(ours, s.not(ours[a])), append(other, theirs.Not(other[a]))
			case 4:
				ours, other = append(ours, s.minus(ours[a], ours[b])), append(other, theirs.And(other[a], theirs.Not(other[b])))
			default:
				ours, other = append(ours, s.choose(ours[a], ours[b], ours[c])), append(other, theirs.Ite(other[a], other[b], other[c]))
			}
		}
		for i := range ours {
			if got, want := s.count(ours[i]), new(big.Int).Lsh(theirs.Satcount(other[i]), levels-bits); got.Cmp(want) != 0 {
				t.Fatalf("function %d: %v assignments, rudd has %v", i, got, want)
			}
			for j := range i {
				if (ours[i] == ours[j]) != theirs.Equal(other[i], other[j]) {
					t.Fatalf("functions %d and %d: the same %v, for rudd %v", i, j, ours[i] == ours[j], !(ours[i] == ours[j]))
				}
			}
		}
	})
}

// BenchmarkChain takes 350 numbers out of a set, one after the other, as a
// filter's chain of comparisons does: here and with rudd, which was to be used
// until this was measured.
func BenchmarkChain(b *testing.B) {
	const numbers = 350
	b.Run("ours", func(b *testing.B) {
		for b.Loop() {
			s := newSpace(oneByOne)
			s.begin(1<<20, time.Now().Add(time.Minute), 0)
			reach, done := s.isWord(wordArch, 0xc000003e), no
			for k := range uint32(numbers) {
				c := s.isWord(wordNr, k)
				done, reach = s.or(done, s.and(reach, c)), s.minus(reach, c)
			}
		}
	})
	b.Run("rudd", func(b *testing.B) {
		for b.Loop() {
			r, err := rudd.New(levels, rudd.Nodesize(100000), rudd.Cachesize(50000), rudd.Cacheratio(25))
			if err != nil {
				b.Fatal(err)
			}
			word := func(word int, k uint32) rudd.Node {
				set := r.True()
				for bit := range 32 {
					v := r.Ithvar(int(oneByOne.level(word, bit)))
					if k>>bit&1 == 0 {
						v = r.Not(v)
					}
					set = r.And(v, set)
				}
				return set
			}
			reach, done := word(wordArch, 0xc000003e), r.False()
			for k := range uint32(numbers) {
				c := word(wordNr, k)
				done, reach = r.Or(done, r.And(reach, c)), r.And(reach, r.Not(c))
			}
		}
	})
}
