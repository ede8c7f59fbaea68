package bpf

import "slices"

// written is a set of scratch words that surely were written, one bit each.
type written uint16

// everything is what is written where nothing is known to lead.
const everything written = 1<<MEMWORDS - 1

// word is the set of M[k], empty if there is no such word.
func word(k uint32) written { return 1 << k & everything }

// checkMemory adds the scratch words that are read before they are written. It
// is the kernel's one pass over the instructions in their order, and as strict:
// behind a return it goes on with what was written before the return, as if the
// program could get past it, so that it also refuses programs of which each
// path is right. Source: net/core/filter.c:check_load_and_stores.
func (p Program) checkMemory(all *Errors) {
	if !slices.ContainsFunc(p, Instruction.readsMemory) {
		return
	}
	at := make([]written, len(p)) // what jumps to an instruction bring along
	for pc := range at {
		at[pc] = everything
	}
	var now written
	for pc, i := range p {
		now &= at[pc]
		switch {
		case i.readsMemory() && i.K < MEMWORDS && now&word(i.K) == 0:
			all.add(p, pc, ErrUnwritten, "M[%d] is read here, but not written on every way to here", i.K)
		case i.writesMemory():
			now |= word(i.K)
		case opOf(i.Code).jumps():
			yes, no := p.targets(pc)
			meet(at, yes, now)
			meet(at, no, now)
			now = everything
		}
	}
}

// meet notes that a jump leads to target with the words of now.
func meet(at []written, target uint64, now written) {
	if target < uint64(len(at)) {
		at[target] &= now
	}
}

func (i Instruction) readsMemory() bool  { return i.Code == LD|MEM || i.Code == LDX|MEM }
func (i Instruction) writesMemory() bool { return i.Code == ST || i.Code == STX }
