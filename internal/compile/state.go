package compile

import (
	"encoding/binary"
	"slices"
)

// A state is all that still matters of the rules once the number and some words
// of a call are known: for each list residuals in order, of which only the last
// holds always. The same state means the same code.
type state []residual

// settle makes a state of the residuals that apply, or finds the verdict. It
// drops what can no longer decide: rules behind one that always holds, those
// right before it with the same verdict, and lists that can only be stricter
// than what another is sure to give.
func (d *diagrams) settle(active []residual) (state, verdictID) {
	s := d.trim(active)
	sure, strict := d.surest(s)
	s = d.prune(s, sure, strict)
	if len(s) == 1 {
		return nil, s[0].verdict
	}
	return s, noVerdict
}

// trim keeps of each list what is before its first sure rule, and that rule.
func (d *diagrams) trim(active []residual) state {
	s := d.trimmed[:0]
	for i := 0; i < len(active); {
		list := active[i].list
		first := len(s)
		for ; active[i].conj != always; i++ {
			s = append(s, active[i])
		}
		sure := active[i]
		for len(s) > first && s[len(s)-1].verdict == sure.verdict {
			s = s[:len(s)-1]
		}
		s = append(s, sure)
		for i < len(active) && active[i].list == list {
			i++
		}
	}
	d.trimmed = s
	return s
}

// surest returns the mildest verdict that some list gives in any case, the
// earliest of such lists, and its number.
func (d *diagrams) surest(s state) (verdictID, int32) {
	best, list := noVerdict, int32(-1)
	for i, r := range s {
		alone := i == 0 || s[i-1].list != r.list
		if r.conj != always || !alone {
			continue
		}
		if best == noVerdict || d.verdicts.milder(r.verdict, best) {
			best, list = r.verdict, r.list
		}
	}
	return best, list
}

// prune drops the lists that cannot change the join, given that one list is
// sure of a verdict: those that give nothing milder, nor as mild with other data
// from an earlier list. Where some earlier list does the latter, even the same
// verdict from a list before it counts.
func (d *diagrams) prune(s state, sure verdictID, by int32) state {
	if sure == noVerdict {
		return s
	}
	contested := slices.ContainsFunc(s, func(r residual) bool {
		return r.list < by && r.verdict != sure && d.verdicts.tie(r.verdict, sure)
	})
	kept := s[:0]
	for i := 0; i < len(s); {
		end := listEnd(s, i)
		if s[i].list == by || d.matters(s[i:end], sure, contested && s[i].list < by) {
			kept = append(kept, s[i:end]...)
		}
		i = end
	}
	return kept
}

// listEnd returns where the list that begins at i ends.
func listEnd(s state, i int) int {
	end := i + 1
	for end < len(s) && s[end].list == s[i].list {
		end++
	}
	return end
}

// matters reports whether a list can give a verdict milder than sure or, if
// ties count, one as mild.
func (d *diagrams) matters(list state, sure verdictID, ties bool) bool {
	return slices.ContainsFunc(list, func(r residual) bool {
		return d.verdicts.milder(r.verdict, sure) || ties && d.verdicts.tie(r.verdict, sure)
	})
}

// key is the state as a string; lists are numbered from zero.
func (d *diagrams) key(s state) string {
	b := d.scratch[:0]
	list := int32(0)
	for i, r := range s {
		if i > 0 && r.list != s[i-1].list {
			list++
		}
		b = binary.LittleEndian.AppendUint32(b, uint32(list))
		b = binary.LittleEndian.AppendUint32(b, uint32(r.verdict))
		b = binary.LittleEndian.AppendUint32(b, uint32(r.conj))
	}
	d.scratch = b
	return string(b)
}
