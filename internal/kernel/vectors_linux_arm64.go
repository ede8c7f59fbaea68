package kernel

import (
	"encoding/binary"
	"errors"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Vectors are a thread's scalable registers, as the kernel hands them out;
// nil if it does not use them. The kernel forgets them at each call
// (Documentation/arch/arm64/sve.rst, sme.rst), the others not.
type Vectors []vectorSet

// vectorSet is a set of registers and what is in it.
type vectorSet struct {
	kind uintptr
	data []byte
}

// The sets (linux/elf.h), of which a thread uses one at a time: SVE's, and
// those of SME's streaming mode.
const (
	ntArmSVE  = 0x405
	ntArmSSVE = 0x40b
)

// Struct user_sve_header (asm/ptrace.h), behind which the registers are.
const (
	vectorHeader = 16
	flagsAt      = 12
	activeFlag   = 1 // SVE_PT_REGS_SVE: more than the registers that every machine has
)

// PtraceGetVectors reads the scalable registers of a stopped thread.
func PtraceGetVectors(tid int) (Vectors, error) {
	var v Vectors
	for _, kind := range [...]uintptr{ntArmSVE, ntArmSSVE} {
		data, err := getVectors(tid, kind)
		if err != nil {
			return nil, err
		}
		if data != nil {
			v = append(v, vectorSet{kind, data})
		}
	}
	return v, nil
}

// getVectors reads a set, nil if it is not in use or this machine has none.
func getVectors(tid int, kind uintptr) ([]byte, error) {
	data := make([]byte, vectorHeader)
	for {
		n, err := getRegset(tid, kind, unsafe.Pointer(&data[0]), uintptr(len(data)))
		if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENODEV) || errors.Is(err, unix.EIO) {
			return nil, nil
		}
		if err != nil || n < vectorHeader {
			return nil, err
		}
		size := int(binary.NativeEndian.Uint32(data))
		if binary.NativeEndian.Uint16(data[flagsAt:])&activeFlag == 0 || size <= vectorHeader {
			return nil, nil
		}
		if size <= int(n) {
			return data[:size], nil
		}
		data = make([]byte, size)
	}
}

// PtraceSetVectors writes the scalable registers of a stopped thread.
func PtraceSetVectors(tid int, v Vectors) error {
	for _, set := range v {
		if err := setRegset(tid, set.kind, unsafe.Pointer(&set.data[0]), uintptr(len(set.data))); err != nil {
			return err
		}
	}
	return nil
}
