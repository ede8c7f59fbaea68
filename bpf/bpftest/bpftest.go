// Package bpftest makes programs and calls for property tests: generators of
// pgregory.net/rapid that shrink to small counterexamples. Values that
// programs compare and values that calls carry come from the same places, so
// that comparisons hold and fail alike.
package bpftest

import (
	"math"

	"github.com/narrow-sandbox/narrow/bpf"
	"pgregory.net/rapid"
)

// audit arches of a few architectures, by their byte orders: linux/audit.h.
const (
	auditX86_64  = 0xc000003e
	auditI386    = 0x40000003
	auditAARCH64 = 0xc00000b7
	auditS390X   = 0x80000016
)

// edges are the words at which comparisons, carries and signs turn.
var edges = []uint32{
	0, 1, 2, 3, 4, 7, 8, 15, 16, 31, 32, 33, 63, 64, 255, 256, 0xfff, 0x1000, 0xffff, 0x10000,
	math.MaxInt32 - 1, math.MaxInt32, 1 << 31, 1<<31 + 1, math.MaxUint32 - 1, math.MaxUint32,
	0xaaaaaaaa, 0x55555555, auditX86_64, 1 << 30, 1<<30 | 0x201,
}

// kinds are the actions, and two that the kernel does not know.
var kinds = []bpf.Action{
	bpf.RetAllow, bpf.RetErrno, bpf.RetKillProcess, bpf.RetKillThread, bpf.RetTrap, bpf.RetUserNotif,
	bpf.RetTrace, bpf.RetLog, 0x00010000, 0x80010000,
}

// Word makes words of 32 bits, most of them at an edge or one beside it.
func Word() *rapid.Generator[uint32] {
	return rapid.OneOf(
		rapid.SampledFrom(edges),
		rapid.SampledFrom(edges),
		rapid.Uint32(),
		rapid.Uint32Range(0, 500), // call numbers
	)
}

// Long makes words of 64 bits whose halves are like Word's, often equal.
func Long() *rapid.Generator[uint64] {
	return rapid.Custom(func(t *rapid.T) uint64 {
		low := uint64(Word().Draw(t, "low"))
		switch rapid.IntRange(0, 3).Draw(t, "high") {
		case 0:
			return low
		case 1:
			return uint64(int64(int32(low))) // an int in a register
		}
		return uint64(Word().Draw(t, "word"))<<32 | low
	})
}

// Action makes actions of each kind, known and unknown, with and without data.
func Action() *rapid.Generator[bpf.Action] {
	return rapid.Custom(func(t *rapid.T) bpf.Action {
		kind := rapid.SampledFrom(kinds).Draw(t, "kind")
		return kind | bpf.Action(rapid.SampledFrom([]uint32{0, 0, 1, 38, 4095, 4096, 0xffff}).Draw(t, "data"))
	})
}

// Data makes calls of little-endian and big-endian architectures.
func Data() *rapid.Generator[bpf.Data] {
	return rapid.Custom(func(t *rapid.T) bpf.Data {
		d := bpf.Data{
			Nr:   Word().Draw(t, "nr"),
			Arch: rapid.SampledFrom([]uint32{auditX86_64, auditX86_64, auditI386, auditAARCH64, auditS390X}).Draw(t, "arch"),
			IP:   Long().Draw(t, "ip"),
		}
		for n := range d.Args {
			d.Args[n] = Long().Draw(t, "arg")
		}
		return d
	})
}
