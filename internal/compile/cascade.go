package compile

// A cascade tests the rules one after the other, each rule's literals in turn,
// as libseccomp does. It is never exponentially large: a test for each literal,
// times the verdicts that the lists before may have given.

// cascade returns the diagram of a state.
func (d *diagrams) cascade(s state) diagramID {
	c := cascade{diagrams: d, state: s, memo: map[stage]diagramID{}}
	return c.at(stage{rest: s[0].conj, best: noVerdict})
}

type cascade struct {
	*diagrams
	state state
	memo  map[stage]diagramID
}

// stage is how far a cascade has come.
type stage struct {
	rule int       // the one being tested
	rest conjID    // what of it is still to be tested
	best verdictID // of the lists before
}

func (c *cascade) at(g stage) diagramID {
	if g.rest == always {
		return c.decided(g)
	}
	if id, ok := c.memo[g]; ok {
		return id
	}
	l := c.literals[c.conjs[g.rest][0]]
	fail := c.at(stage{g.rule + 1, c.state[g.rule+1].conj, g.best})
	var arms []arm
	next := uint64(0)
	for _, choice := range l.choices {
		if uint64(choice.low) > next {
			arms = appendArm(arms, arm{choice.low - 1, fail})
		}
		rest := c.without(g.rest, l.word, choice.then)
		hit := fail
		if rest != never {
			hit = c.at(stage{g.rule, rest, g.best})
		}
		arms = appendArm(arms, arm{choice.high, hit})
		next = uint64(choice.high) + 1
	}
	if next <= maxWord {
		arms = appendArm(arms, arm{maxWord, fail})
	}
	id := c.intern(diagram{l.word, arms})
	c.memo[g] = id
	return id
}

// decided goes on with the next list once a rule holds.
func (c *cascade) decided(g stage) diagramID {
	r := c.state[g.rule]
	if g.best == noVerdict || c.verdicts.milder(r.verdict, g.best) {
		g.best = r.verdict
	}
	next := listEnd(c.state, g.rule)
	if next == len(c.state) {
		return verdictDiagram(g.best)
	}
	return c.at(stage{next, c.state[next].conj, g.best})
}
