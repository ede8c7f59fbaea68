package policy

// resolveTests resolves the test blocks.
func (r *resolver) resolveTests() {
	for _, t := range r.head.tests {
		r.checkTested(t)
		thread := ""
		if t.Thread != nil {
			thread = t.Thread.Text
			r.checkThreadName(*t.Thread)
		}
		r.walk(t.Block, walking{visit: func(s Stmt, _ *condition) {
			rule, ok := s.(*Rule)
			if !ok {
				return
			}
			for _, e := range rule.Calls {
				r.addTests(TestCase{Pos: e.Pos, Phase: t.Phase.Text, Thread: thread}, rule, e)
			}
		}})
	}
}

// checkTested complains of a test of a phase that does not exist.
func (r *resolver) checkTested(t *Test) {
	var names []string
	for _, ph := range r.policy.Phases {
		if ph.Name == t.Phase.Text {
			return
		}
		names = append(names, ph.Name)
	}
	r.fail(t.Phase.Pos, "unknown phase "+quote(t.Phase.Text), "expected "+orList(names), r.suggest(t.Phase.Text, func() []string { return names }))
}

// addTests adds a test, or several if its verdict is another number on some
// architectures.
func (r *resolver) addTests(t TestCase, rule *Rule, e *CallExpr) {
	p := r.callPattern(e)
	byVerdict := map[Verdict]*TestCase{}
	for _, on := range p.Arches {
		v := r.verdict(on.Arch, &rule.Verdict)
		c, ok := byVerdict[v]
		if !ok {
			c = &TestCase{Pos: t.Pos, Phase: t.Phase, Thread: t.Thread, Verdict: v, Call: &Pattern{Pos: p.Pos, Text: p.Text}}
			byVerdict[v] = c
			r.policy.Tests = append(r.policy.Tests, c)
		}
		c.Call.Arches = append(c.Call.Arches, on)
	}
	if len(p.Arches) == 0 {
		// Kept, so that whoever runs the tests can say that no call fits it.
		r.policy.Tests = append(r.policy.Tests, &TestCase{Pos: t.Pos, Phase: t.Phase, Thread: t.Thread, Verdict: r.verdict(r.arches[0], &rule.Verdict), Call: p})
	}
}
