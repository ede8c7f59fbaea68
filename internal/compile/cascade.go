package compile

// A cascade decides a state a few rules at a time: a diagram of the first ones
// leads to a verdict or on to the next diagram, which knows nothing of what was
// asked before. At worst it tests one rule after the other, as libseccomp does,
// and is never larger than that; taking more rules at a time spares tests that
// they share. How many, a dynamic program finds, from the last rule back.
//
// Lists are joined by going on from one to the next with the mildest verdict so
// far in mind.

// maxTogether bounds the rules that are tried together.
const maxTogether = 6

// cascade returns the cascade of a state.
func (d *diagrams) cascade(s state) diagramID {
	c := cascade{diagrams: d, state: s, memo: map[stage]diagramID{}}
	return c.from(stage{list: 0, joined: false})
}

type cascade struct {
	*diagrams
	state state
	memo  map[stage]diagramID
}

// stage is the beginning of a list.
type stage struct {
	list   int       // where it begins in the state
	joined bool      // whether there were lists before
	best   diagramID // the mildest of their verdicts
}

// from returns what decides from a list on.
func (c *cascade) from(g stage) diagramID {
	if g.list == len(c.state) {
		return g.best
	}
	if id, ok := c.memo[g]; ok {
		return id
	}
	end := listEnd(c.state, g.list)
	rules := make(state, 0, end-g.list)
	for _, r := range c.state[g.list:end] {
		next := stage{list: end, joined: true, best: r.to}
		if g.joined && !c.milder(r.to, g.best) {
			next.best = g.best
		}
		rules = append(rules, residual{0, c.from(next), r.conj})
	}
	id := c.list(rules)
	c.memo[g] = id
	return id
}

// list returns the cascade of one list, whose rules may lead to nodes.
func (c *cascade) list(rules state) diagramID {
	last := len(rules) - 1
	stop := make([]diagramID, 0, len(rules)+1)
	for _, r := range rules {
		if r.to >= 0 && (len(stop) == 0 || stop[len(stop)-1] != r.to) {
			stop = append(stop, r.to)
		}
	}
	ids, sizes := make([]diagramID, last+1), make([]int, last+1)
	ids[last] = rules[last].to
	for i := last - 1; i >= 0; i-- {
		ids[i], sizes[i] = c.best(rules, i, ids, sizes, stop)
	}
	return ids[0]
}

// best returns the cascade from rule i on, and its size, given those from the
// later rules on.
func (c *cascade) best(rules state, i int, ids []diagramID, sizes []int, stop []diagramID) (diagramID, int) {
	id := chain{c.diagrams, rules[i].to, ids[i+1], map[conjID]diagramID{}}.of(rules[i].conj)
	size := c.size(id, append(stop, ids[i+1])) + sizes[i+1]
	for n := 1; n <= maxTogether && i+n < len(rules); n++ {
		next := ids[i+n]
		part := append(append(state{}, rules[i:i+n]...), residual{0, next, always})
		c.budget = freeArms/4 + armsPerLiteral/2*c.literalsOf(part)
		together := c.build(part)
		if c.budget < 0 {
			break
		}
		whole := c.size(together, append(stop, next)) + sizes[i+n]
		if c.worth(whole, together) < c.worth(size, id) {
			id, size = together, whole
		} else if n > 1 {
			break
		}
	}
	return id, size
}

// chain is a diagram that tests a conjunction's literals one by one, by their
// place: where the high word leaves something to say of the low word, that comes
// next. So its size is no more than the literals'.
type chain struct {
	*diagrams
	to, fail diagramID
	memo     map[conjID]diagramID
}

// of returns the chain of a conjunction.
func (c chain) of(conj conjID) diagramID {
	if conj == always {
		return c.to
	}
	if id, ok := c.memo[conj]; ok {
		return id
	}
	l := c.literals[c.conjs[conj][0]]
	arms := make([]arm, 0, 2*len(l.choices)+1)
	next := uint64(0)
	for _, choice := range l.choices {
		if uint64(choice.low) > next {
			arms = appendArm(arms, arm{choice.low - 1, c.fail})
		}
		hit := c.fail
		if rest := c.without(conj, l.word, choice.then); rest != never {
			hit = c.of(rest)
		}
		arms = appendArm(arms, arm{choice.high, hit})
		next = uint64(choice.high) + 1
	}
	if next <= maxWord {
		arms = appendArm(arms, arm{maxWord, c.fail})
	}
	id := c.intern(diagram{l.word, arms})
	c.memo[conj] = id
	return id
}
