package bpf

import "encoding/binary"

// Data is struct seccomp_data: what a filter sees of a system call. The words
// are host integers; the machine lays them out in the byte order it is told.
type Data struct {
	Nr   uint32 // the call's number; the kernel has it as an int
	Arch uint32 // an AUDIT_ARCH value
	IP   uint64 // the instruction pointer
	Args [6]uint64
}

// Where the fields of struct seccomp_data lie, in bytes. Source:
// linux/seccomp.h. Words of 32 bits are all that a filter can load, so a field
// of 64 bits has two offsets: see ByteOrder.
const (
	OffNr    = 0  // nr, 4 bytes
	OffArch  = 4  // arch, 4 bytes
	OffIP    = 8  // instruction_pointer, 8 bytes
	OffArgs  = 16 // args[0]; each of the six has 8 bytes
	SizeData = 64 // the whole struct, and what `ld len` loads
)

// ByteOrder is the order in which an architecture stores the bytes of a number,
// hence the order of the two words of an argument. The zero value is little
// endian.
type ByteOrder bool

// The two orders.
const (
	LittleEndian ByteOrder = false // x86, arm, riscv, loongarch, ppc64le, mipsel: the low word first
	BigEndian    ByteOrder = true  // s390x, ppc, ppc64, mips: the high word first
)

// String is "little endian" or "big endian".
func (o ByteOrder) String() string {
	if o == BigEndian {
		return "big endian"
	}
	return "little endian"
}

// OrderOf is the byte order that an AUDIT_ARCH value speaks of: its bit 30 is
// set for little endian. Source: linux/audit.h:__AUDIT_ARCH_LE.
func OrderOf(auditArch uint32) ByteOrder { return auditArch&0x40000000 == 0 }

// ArgLow is the offset of the low word of argument n, 0 to 5.
func (o ByteOrder) ArgLow(n int) uint32 { return o.low(OffArgs + 8*uint32(n)) }

// ArgHigh is the offset of the high word of argument n, 0 to 5.
func (o ByteOrder) ArgHigh(n int) uint32 { return o.low(OffArgs+8*uint32(n)) ^ 4 }

// IPLow is the offset of the low word of the instruction pointer.
func (o ByteOrder) IPLow() uint32 { return o.low(OffIP) }

// IPHigh is the offset of the high word of the instruction pointer.
func (o ByteOrder) IPHigh() uint32 { return o.low(OffIP) ^ 4 }

// low is the offset of the low word of the 64-bit field at off.
func (o ByteOrder) low(off uint32) uint32 {
	if o == BigEndian {
		return off + 4
	}
	return off
}

// Word is the word that a load at offset off, a multiple of 4 below SizeData,
// sees. Other offsets give 0; Check refuses them.
func (d *Data) Word(off uint32, order ByteOrder) uint32 {
	if off%4 != 0 || off >= SizeData {
		return 0
	}
	switch off {
	case OffNr:
		return d.Nr
	case OffArch:
		return d.Arch
	}
	field := d.IP
	if off >= OffArgs {
		field = d.Args[(off-OffArgs)/8]
	}
	if off == order.low(off&^7) {
		return uint32(field)
	}
	return uint32(field >> 32)
}

// NativeOrder is the byte order of the machine that this runs on.
func NativeOrder() ByteOrder { return binary.NativeEndian.Uint16([]byte{1, 0}) != 1 }
