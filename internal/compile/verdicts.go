package compile

import "github.com/narrow-sandbox/narrow/policy"

// verdictID names a verdict of the policy.
type verdictID int32

const noVerdict verdictID = -1

// verdicts numbers the verdicts.
type verdicts []policy.Verdict

// id returns v's number.
func (vs *verdicts) id(v policy.Verdict) verdictID {
	for i, w := range *vs {
		if v == w {
			return verdictID(i)
		}
	}
	*vs = append(*vs, v)
	return verdictID(len(*vs) - 1)
}

// milder reports whether w is less strict than v.
func (vs verdicts) milder(w, v verdictID) bool { return vs[v].Stricter(vs[w]) }

// tie reports whether the kernel ranks v and w alike.
func (vs verdicts) tie(v, w verdictID) bool { return vs[v].Kind == vs[w].Kind }
