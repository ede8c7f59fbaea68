package policy

import "slices"

// phase is a phase being resolved: the syntax, sorted.
type phase struct {
	rules   *PhaseRules
	own     []ruleStmt
	threads []thread
	files   []*FilesRules   // in force: its own and those before it
	network []*NetworkRules // likewise
	strict  *Strict
}

// thread is a thread block of a phase.
type thread struct {
	stmt  *Thread
	cond  *condition
	rules []ruleStmt
}

// resolvePhases makes the phases in the order of the text. Rules without any
// phase make one, `all`.
func (r *resolver) resolvePhases() {
	top := r.block(r.head.rules, FromTop)
	stmts := r.head.phases
	if len(stmts) == 0 {
		stmts = []*Phase{{node: node{Pos: r.start()}, Name: Word{Text: "all"}}}
	} else if top.strict != nil {
		r.fail(top.strict.Pos, "strict at the top of a policy with phases", "expected it in a phase or thread", "")
	}
	var before *phase
	for _, s := range stmts {
		ph := r.newPhase(s, before)
		if before == nil {
			for _, b := range r.head.blocks {
				r.addBlock(ph, b)
			}
		}
		r.resolvePhase(ph, s, top)
		before = ph
	}
	r.keepForSuccessors()
	r.paths = r.policy.ThreadPaths()
	for _, path := range r.paths {
		r.policy.names = append(r.policy.names, path.Name)
	}
}

func (r *resolver) resolvePhase(ph *phase, s *Phase, top block) {
	r.sortPhase(ph, s)
	ph.rules.Trigger = r.trigger(s.After)
	own := r.block(ph.own, FromPhase)
	ph.strict = own.strict
	if len(r.head.phases) == 0 {
		ph.strict = top.strict
	}
	if ph.strict != nil {
		r.strictPhase(ph)
		return
	}
	ph.rules.Own = r.lists(ph, nil, own, top)
	for _, t := range ph.threads {
		ph.rules.Classes = append(ph.rules.Classes, r.class(ph, t, own, top))
	}
	r.checkStrictThreads(ph)
}

// class resolves a thread block.
func (r *resolver) class(ph *phase, t thread, outer ...block) *Class {
	inner := r.block(t.rules, FromThread)
	c := &Class{Name: t.stmt.Name.Text, Pos: t.stmt.Pos}
	if inner.strict != nil {
		c.Strict, c.Rules = true, r.modeOne(inner.strict)
		return c
	}
	c.Rules = r.lists(ph, t.stmt, append([]block{inner}, outer...)...)
	return c
}

// newPhase begins a phase in which all that was in force before it still is.
func (r *resolver) newPhase(s *Phase, before *phase) *phase {
	name := s.Name.Text
	for _, old := range r.policy.Phases {
		if old.Name == name {
			r.fail(s.Name.Pos, "a second phase "+name, "expected each phase once", "the first is at "+old.Pos.String())
		}
	}
	ph := &phase{rules: &PhaseRules{Name: name, Pos: s.Pos}}
	if before != nil {
		ph.files, ph.network = slices.Clone(before.files), slices.Clone(before.network)
	}
	r.policy.Phases = append(r.policy.Phases, ph.rules)
	return ph
}

// sortPhase sorts the statements of a phase.
func (r *resolver) sortPhase(ph *phase, s *Phase) {
	r.walk(s.Block, walking{visit: func(s Stmt, c *condition) {
		switch s := s.(type) {
		case *Rule, *Strict:
			ph.own = append(ph.own, ruleStmt{s, c})
		case *Thread:
			r.addThread(ph, s, c)
		case *Files, *Network:
			r.conditional[s.Place()] = c != nil
			r.addBlock(ph, s)
		case *Label:
			r.addLabels(ph.rules, s)
		}
	}})
}

func (r *resolver) addThread(ph *phase, s *Thread, c *condition) {
	for _, old := range ph.threads {
		if old.stmt.Name.Text == s.Name.Text {
			r.fail(s.Name.Pos, "a second thread "+s.Name.Text+" in this phase", "expected each thread once", "the first is at "+old.stmt.Pos.String())
		}
	}
	r.checkThreadName(s.Name)
	t := thread{stmt: s, cond: c}
	r.walk(s.Block, walking{cond: c, visit: func(s Stmt, c *condition) {
		t.rules = append(t.rules, ruleStmt{s, c})
	}})
	ph.threads = append(ph.threads, t)
}

// checkThreadName complains of names that no thread can have.
func (r *resolver) checkThreadName(w Word) {
	if n := shortest(w.Text); n > maxThread {
		r.fail(w.Pos, "the thread's name "+quote(w.Text)+" is too long", "expected at most 15 bytes, as the kernel cuts names there", "")
	}
}

// trigger resolves what begins a phase.
func (r *resolver) trigger(t *TriggerExpr) *Trigger {
	if t == nil {
		return nil
	}
	out := &Trigger{Pos: t.Pos, Ready: t.Ready, Thread: t.Thread.Text}
	if t.Call != nil {
		r.checkThreadName(t.Thread)
		out.Call = r.callPattern(t.Call)
	}
	return out
}
