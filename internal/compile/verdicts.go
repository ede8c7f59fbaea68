package compile

import "github.com/narrow-sandbox/narrow/policy"

// verdicts numbers the verdicts of the rules, so that each is a diagram of its
// own: the i-th is ^i.
type verdicts []policy.Verdict

// verdict returns the diagram that is just v.
func (vs *verdicts) verdict(v policy.Verdict) diagramID {
	for i, w := range *vs {
		if v == w {
			return ^diagramID(i)
		}
	}
	*vs = append(*vs, v)
	return ^diagramID(len(*vs) - 1)
}

// milder reports whether the verdict w is less strict than v.
func (vs verdicts) milder(w, v diagramID) bool { return vs[^v].Stricter(vs[^w]) }

// tie reports whether the kernel ranks the verdicts v and w alike.
func (vs verdicts) tie(v, w diagramID) bool { return vs[^v].Kind == vs[^w].Kind }
