package policy

import "slices"

// impliedRule is a denial that a files or network block implies, as a policy
// would write it.
type impliedRule struct {
	errno string
	call  string
}

// implied is the denials that the blocks in force imply on one architecture,
// for a list with these written rules. They come before the list's rules.
func (r *resolver) implied(arch int, ph *phase, own ownRules) []entry {
	var list []entry
	for _, f := range ph.files {
		list = untilAllowed(list, r.impliedBy(impliedKey{pos: f.Pos}, f.denials)[arch], own)
	}
	for _, n := range ph.network {
		for _, m := range r.impliedBy(impliedKey{pos: n.Pos}, n.denials)[arch] {
			list = append(list, entry{RuleMatch: m})
		}
	}
	if pos, ok := ph.firstBlock(); ok {
		for _, m := range r.impliedBy(impliedKey{pos, true}, ioUringDenials)[arch] {
			if !r.namedIn(own, m) {
				list = append(list, entry{RuleMatch: m})
			}
		}
	}
	return list
}

// firstBlock is the place of the first files or network block in force.
func (ph *phase) firstBlock() (Pos, bool) {
	switch {
	case len(ph.files) > 0:
		return ph.files[0].Pos, true
	case len(ph.network) > 0:
		return ph.network[0].Pos, true
	}
	return Pos{}, false
}

// impliedKey is a block, and whether it is its own denials or io_uring's.
type impliedKey struct {
	pos     Pos
	ioUring bool
}

// impliedBy resolves the denials of a block for every architecture, once.
func (r *resolver) impliedBy(key impliedKey, rules func() []impliedRule) [][]*RuleMatch {
	pos := key.pos
	if done, ok := r.impliedRules[key]; ok {
		return done
	}
	out := make([][]*RuleMatch, len(r.arches))
	for _, rule := range rules() {
		for i, matches := range r.impliedCall(pos, rule.call) {
			errno, _ := r.arches[i].Constant(rule.errno)
			for _, m := range matches {
				out[i] = append(out[i], &RuleMatch{
					Verdict: Verdict{Errno, uint16(errno)},
					Numbers: m.numbers,
					Conds:   m.conds,
					Pos:     pos,
					Text:    m.text,
					Origin:  FromBlock,
				})
			}
		}
	}
	r.impliedRules[key] = out
	return out
}

// impliedCall resolves the call of a denial, once for all blocks that imply it.
func (r *resolver) impliedCall(pos Pos, text string) callMatches {
	if done, ok := r.impliedCalls[text]; ok {
		return done
	}
	e, err := ParseCall(text)
	if err != nil {
		r.fail(pos, "implied rule "+text+": "+err.Error(), "", "") // a test shows that none is so
		return nil
	}
	done := r.call(e, true)
	r.impliedCalls[text] = done
	return done
}

// ioUringDenials close io_uring, which opens files and sockets where no filter
// looks; a rule that names a call of it opens that again.
func ioUringDenials() []impliedRule {
	return []impliedRule{
		{"ENOSYS", "io_uring_setup"},
		{"ENOSYS", "io_uring_enter"},
		{"ENOSYS", "io_uring_register"},
	}
}

// namedIn reports whether a rule names the call that m denies: by its name, or
// in a set of the file. A shipped set, which holds it among much else, does
// not count, and neither does `*`.
func (r *resolver) namedIn(own ownRules, m *RuleMatch) bool {
	return own.about(m.Numbers[0].Low) && slices.ContainsFunc(own.entries, func(e entry) bool {
		return has(e.Numbers, m.Numbers[0].Low) && r.names(e.use.expr, m.Text, nil)
	})
}

// names reports whether a call is that name, or a set of the file that holds it.
func (r *resolver) names(e *CallExpr, name string, within []*set) bool {
	if e.Name == name {
		return true
	}
	s, ok := r.sets[e.Name]
	if !ok || s.shipped || slices.Contains(within, s) {
		return false
	}
	return slices.ContainsFunc(s.decl.Calls, func(e *CallExpr) bool { return r.names(e, name, append(within, s)) })
}

// untilAllowed adds denials of calls that a written rule may allow after all. A
// call that no rule names is denied. Of one that some rules name, what they
// let run, before they or `*` deny it, goes first.
func untilAllowed(list []entry, denials []*RuleMatch, own ownRules) []entry {
	list = slices.Grow(list, len(denials))
	for _, d := range denials {
		if own.about(d.Numbers[0].Low) {
			list = append(list, before(d, own.entries)...)
		}
		list = append(list, entry{RuleMatch: d})
	}
	return list
}

// before is what goes before a denial, which is of one number: the rules that name its call and let it
// run, with those between them that deny as the denial's own.
func before(d *RuleMatch, written []entry) []entry {
	var out, pending []entry
	for _, e := range written {
		if !has(e.Numbers, d.Numbers[0].Low) {
			continue
		}
		runs, star := e.Verdict.Kind.Runs(), e.use.expr.Name == "*"
		switch {
		case runs && star: // names nothing
		case runs:
			m := *e.RuleMatch
			m.Numbers = d.Numbers
			out = append(append(out, pending...), entry{&m, e.use})
			pending = nil
			if len(m.Conds) == 0 {
				return out
			}
		case len(e.Conds) == 0:
			return out // the rest of the call's rules never decide
		default:
			m := *d
			m.Conds = e.Conds
			pending = append(pending, entry{RuleMatch: &m})
		}
	}
	return out
}
