// Package abi knows how Linux programs call their kernel: the architectures,
// their system calls with numbers, arguments and first versions, and the
// named constants that arguments take.
//
// The tables are generated (see gen/) from named sources and are plain data:
// importing the package costs nothing at start. Everything here is immutable
// and safe to share.
package abi

//go:generate go run ./gen

import "fmt"

// Arch is one system-call ABI, such as x86_64 or the 32-bit x32 beside it.
type Arch struct {
	Name      string // as a policy writes it: "x86_64", "i386", "aarch64", ...
	Audit     uint32 // the AUDIT_ARCH value that seccomp_data.arch holds
	Word      int    // bits of the ABI's long and pointers: 32 or 64
	Register  int    // bits of an argument register as the kernel sees it: 64 on x32, otherwise Word
	BigEndian bool   // seccomp_data's byte order: on a big-endian machine the high word comes first

	// NumberBit is the bit that marks this ABI's call numbers where two ABIs
	// share an audit arch: 0x40000000 for x32, otherwise 0.
	NumberBit uint32

	index    uint8     // in arches
	calls    []Syscall // sorted by name
	byNumber []uint16  // indices into calls, sorted by number
}

// Syscall is one system call of one architecture.
type Syscall struct {
	Name  string
	Nr    uint32  // as seccomp_data.nr holds it: with bit 30 set on x32
	Since Version // first Linux that has it on this architecture; zero if older than every record
	Args  []Arg   // at most six, in order; one that takes two registers appears once
}

// Arg is an argument of a system call, as the kernel reads it on one architecture.
type Arg struct {
	Name string // the kernel's name, such as "fd" or "flags"
	Type string // the C type, such as "unsigned int" or "const char *"

	// Reg is the index 0..5 of the register with the value (its low word);
	// High is the register with the high word of a 64-bit value on a 32-bit
	// ABI, or -1.
	Reg, High int8

	Bits    uint8 // the true width: what the kernel reads, 16, 32 or 64; see also Refine
	Signed  bool
	Pointer bool // may only be compared with NULL

	group uint8 // the constants that spell its values: an index into groups, from 1
	cases uint8 // how another argument's value changes it: an index into caseLists, from 1
}

// Version is a Linux release, such as 6.12.
type Version struct{ Major, Minor uint8 }

// String formats v as "6.12".
func (v Version) String() string { return fmt.Sprintf("%d.%d", v.Major, v.Minor) }

// Before reports whether v is an earlier release than w.
func (v Version) Before(w Version) bool {
	return v.Major < w.Major || v.Major == w.Major && v.Minor < w.Minor
}

// Current is the Linux release up to which the tables reach: a call that they
// lack is younger, or was never in Linux.
func Current() Version { return current }
