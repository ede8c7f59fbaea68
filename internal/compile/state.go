package compile

import (
	"encoding/binary"
	"slices"
)

// A state is all that still matters of the rules once the number and some words
// of a call are known: for each list residuals in order, of which only the last
// holds always. The same state means the same code.
type state []residual

// settled reports whether nothing is left to ask.
func (s state) settled() bool { return len(s) == 1 }

// settle makes a state of the residuals that apply, good until the next call. It
// drops what can no longer decide: rules behind one that always holds, those
// right before it that lead to the same, and lists that can only be stricter
// than what another is sure to give.
func (d *diagrams) settle(active []residual) state {
	s := d.trim(active)
	if s[0].list == s[len(s)-1].list {
		return s
	}
	return d.prune(s)
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
		for len(s) > first && s[len(s)-1].to == sure.to {
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

// prune drops the lists that cannot change the join, given that one list is
// sure of a verdict: those that give nothing milder, nor as mild with other data
// from an earlier list. Where some earlier list does the latter, even the same
// verdict from a list before it counts.
func (d *diagrams) prune(s state) state {
	sure, ok := d.surest(s)
	if !ok {
		return s
	}
	contested := slices.ContainsFunc(s, func(r residual) bool {
		return r.list < sure.list && r.to != sure.to && d.tie(r.to, sure.to)
	})
	kept := s[:0]
	for i := 0; i < len(s); {
		end := listEnd(s, i)
		if s[i].list == sure.list || d.matters(s[i:end], sure.to, contested && s[i].list < sure.list) {
			kept = append(kept, s[i:end]...)
		}
		i = end
	}
	return kept
}

// surest returns the mildest verdict that some list gives in any case, of
// several the earliest list's.
func (d *diagrams) surest(s state) (sure residual, ok bool) {
	for i, r := range s {
		alone := i == 0 || s[i-1].list != r.list
		if r.conj == always && alone && (!ok || d.milder(r.to, sure.to)) {
			sure, ok = r, true
		}
	}
	return sure, ok
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
func (d *diagrams) matters(list state, sure diagramID, ties bool) bool {
	return slices.ContainsFunc(list, func(r residual) bool {
		return d.milder(r.to, sure) || ties && d.tie(r.to, sure)
	})
}

// key is the state as a string; lists are numbered from zero. It is good until
// the next call.
func (d *diagrams) key(s state) []byte {
	b := d.scratch[:0]
	list := int32(0)
	for i, r := range s {
		if i > 0 && r.list != s[i-1].list {
			list++
		}
		b = binary.LittleEndian.AppendUint32(b, uint32(list))
		b = binary.LittleEndian.AppendUint32(b, uint32(r.to))
		b = binary.LittleEndian.AppendUint32(b, uint32(r.conj))
	}
	d.scratch = b
	return b
}
