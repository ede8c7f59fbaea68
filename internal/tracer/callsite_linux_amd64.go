package tracer

import "github.com/narrow-sandbox/narrow/internal/kernel"

// behindCall reports whether the instruction before an address is a call: e8
// with a 32-bit distance, or ff /2 with an operand of up to 6 bytes.
func (m *maps) behindCall(address uint64) bool {
	const longest = 7
	var code [longest]byte
	if kernel.ReadMemory(m.pid, address-longest, code[:]) != nil {
		return false
	}
	if code[longest-5] == 0xe8 {
		return true
	}
	for length := 2; length <= longest; length++ {
		at := code[longest-length:]
		if at[0] == 0xff && at[1]>>3&7 == 2 {
			return true
		}
	}
	return false
}
