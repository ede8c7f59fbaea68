package policy

import "github.com/narrow-sandbox/narrow/abi"

// ResolvePattern makes a call in the notation a pattern on some architectures.
// It may name the shipped sets. The error is an ErrorList.
func ResolvePattern(arches []*abi.Arch, e *CallExpr) (*Pattern, error) {
	r := newResolver(&File{Name: e.Pos.File}, Options{Arches: arches})
	r.resolveArches()
	p := r.callPattern(e)
	if err := r.errors(nil); err != nil {
		return nil, err
	}
	return p, nil
}

// callPattern resolves a pattern on the policy's architectures.
func (r *resolver) callPattern(e *CallExpr) *Pattern {
	p := &Pattern{Pos: e.Pos, Text: e.String()}
	for i, matches := range r.call(e, false) {
		on := PatternArch{Arch: r.arches[i]}
		for _, m := range matches {
			if !m.unseen {
				on.Match = append(on.Match, PatternMatch{Numbers: m.numbers, Conds: m.conds})
			}
		}
		if len(on.Match) > 0 {
			p.Arches = append(p.Arches, on)
		}
	}
	return p
}
