package kernel

import (
	"runtime"
	"unsafe"
)

// word is the size of a pointer in bytes.
const word = unsafe.Sizeof(uintptr(0))

// hintBits bounds random addresses to what every machine of the architecture
// can map: x86-64 gives programs 47 bits, some kernels of other 64-bit
// machines 38, and 32-bit ones 31.
func hintBits() uint {
	switch {
	case runtime.GOARCH == "amd64":
		return 46
	case word == 8:
		return 37
	}
	return 30
}
