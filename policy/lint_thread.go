package policy

// lintThreads warns of thread blocks that no thread can be in, as those before
// them take every name that they match.
func (r *resolver) lintThreads() {
	reached := map[*Class]bool{}
	for _, path := range r.paths {
		for _, c := range path.Classes {
			reached[c] = true
		}
	}
	for _, ph := range r.policy.Phases {
		for _, c := range ph.Classes {
			if !reached[c] {
				r.warn(c.Pos, "no thread is ever in thread "+c.Name, "the blocks before it match every name that it does", "move it up, or remove it")
			}
		}
	}
}
