package tracer

import (
	"encoding/binary"

	"github.com/narrow-sandbox/narrow/internal/kernel"
)

// behindCall reports whether the instruction before an address is a call: bl,
// or blr and its forms that authenticate the address.
func (m *maps) behindCall(address uint64) bool {
	const size = 4
	var code [size]byte
	if kernel.ReadMemory(m.pid, address-size, code[:]) != nil {
		return false
	}
	return isCall(binary.LittleEndian.Uint32(code[:]))
}

// isCall reports whether an instruction is a branch with link (Arm Architecture
// Reference Manual: BL, BLR, BLRAA, BLRAAZ, BLRAB, BLRABZ).
func isCall(instruction uint32) bool {
	switch {
	case instruction&0xfc000000 == 0x94000000, instruction&0xfffffc1f == 0xd63f0000:
		return true
	}
	return instruction&0xfefff800 == 0xd63f0800
}

// unsigned is a return address from the stack without the signature that a
// function may have put into its upper bits (paciasp).
func unsigned(address uint64) uint64 {
	const userBits = 48
	return address & (1<<userBits - 1)
}
