package policy_test

import (
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/policy"
	"github.com/narrow-sandbox/narrow/policy/policytest"
)

// interpreter gives the verdict of a call straight from the syntax, with none
// of the resolver's steps: no ranges, no masks, no numbers but the call's.
type interpreter struct {
	t      *rapid.T
	arch   *abi.Arch
	call   *abi.Syscall // nil if the tables lack it
	data   *bpf.Data
	sets   map[string]*policy.SetDecl
	params map[string]string
	keeps  bool // a later phase has a filter, and so has this one
}

// verdict looks at the blocks in the order in which they decide.
func (n *interpreter) verdict(f *policy.File, phase, thread string) string {
	var top, own, inner []policy.Stmt
	var last, newer policy.Stmt
	for _, s := range f.Stmts {
		switch s := s.(type) {
		case *policy.Default:
			last = s
		case *policy.Newer:
			newer = s
		case *policy.Param:
			n.params[s.Name.Text] = s.Value.Text
		case *policy.SetDecl:
			n.sets[s.Name.Text] = s
		case *policy.Rule, *policy.When:
			top = append(top, s)
		case *policy.Phase:
			if s.Name.Text == phase {
				own = s.Block
			}
		}
	}
	for _, s := range own {
		if s, ok := s.(*policy.Thread); ok && inner == nil && (s.Name.Text == thread || s.Name.Text == "work*" && strings.HasPrefix(thread, "work")) {
			inner = append([]policy.Stmt{}, s.Block...)
		}
	}
	if n.call != nil && n.call.Name == "restart_syscall" {
		return "allow"
	}
	if n.keeps && n.call != nil && n.call.Name == "seccomp" && uint32(n.data.Args[0]) == 1 && uint32(n.data.Args[1]) <= 1 {
		return "allow"
	}
	for _, block := range [][]policy.Stmt{inner, own, top} {
		if v, ok := n.block(block); ok {
			return v
		}
	}
	if s, ok := newer.(*policy.Newer); ok && n.isNewer(s.Version.Text) {
		return s.Verdict.String()
	}
	return last.(*policy.Default).Verdict.String()
}

// block finds the first rule that names the call.
func (n *interpreter) block(stmts []policy.Stmt) (string, bool) {
	for _, s := range stmts {
		switch s := s.(type) {
		case *policy.When:
			if n.params[strings.TrimPrefix(s.Param.Text, "$")] == "no" {
				continue
			}
			if v, ok := n.block(s.Block); ok {
				return v, true
			}
		case *policy.Rule:
			for _, c := range s.Calls {
				if n.matches(c, s.Verdict.Kind.Runs()) {
					return s.Verdict.String(), true
				}
			}
		}
	}
	return "", false
}

// matches reports whether the call is one that c names, in a rule that lets
// run or denies.
func (n *interpreter) matches(c *policy.CallExpr, runs bool) bool {
	switch {
	case c.Name == "*":
		return true
	case strings.HasPrefix(c.Name, "@"):
		for _, member := range n.set(c.Name) {
			if n.matches(member, runs) {
				return true
			}
		}
		return false
	case strings.HasPrefix(c.Name, "syscall_"):
		if nr, err := strconv.ParseUint(c.Name[8:], 0, 32); err != nil || uint32(nr) != n.data.Nr {
			return false
		}
	case n.call == nil || n.call.Name != c.Name:
		return false
	}
	for _, cond := range c.Conds {
		if _, _, ok := n.argument(cond.Arg.Text); !ok {
			return !runs // what cannot be looked at is denied whole, and not let through at all
		}
	}
	for _, cond := range c.Conds {
		if !n.holds(cond) {
			return false
		}
	}
	return true
}

// set is the members of a set of the file, or of a shipped one.
func (n *interpreter) set(name string) []*policy.CallExpr {
	if d, ok := n.sets[name]; ok {
		return d.Calls
	}
	for _, s := range policy.ShippedSets() {
		if s.Name == name {
			f, err := policy.Parse(name, []byte(s.Text))
			if err != nil {
				n.t.Fatal(err)
			}
			n.sets[name] = f.Stmts[0].(*policy.SetDecl)
			return n.sets[name].Calls
		}
	}
	n.t.Fatalf("no set %s", name)
	return nil
}

// argument is an argument's value as a number of its type.
func (n *interpreter) argument(name string) (value int64, signed, ok bool) {
	if n.call != nil {
		if g, found := n.call.Arg(name); found {
			return g.Int(g.Value(&n.data.Args)), g.Signed, true
		}
	}
	if i, found := strings.CutPrefix(name, "arg"); found && len(i) == 1 {
		v := n.data.Args[i[0]-'0']
		if n.arch.Register == 32 {
			v &= 0xffffffff
		}
		return int64(v), false, true
	}
	return 0, false, false
}

func (n *interpreter) holds(c *policy.CondExpr) bool {
	v, signed, _ := n.argument(c.Arg.Text)
	if c.Mask != nil {
		v &= n.value(c.Mask)
	}
	less := func(a, b int64) bool { return signed && a < b || !signed && uint64(a) < uint64(b) }
	first := n.value(c.List[0].Low)
	switch c.Op {
	case policy.Equal:
		return v == first
	case policy.NotEqual:
		return v != first
	case policy.Less:
		return less(v, first)
	case policy.LessEqual:
		return !less(first, v)
	case policy.Greater:
		return less(first, v)
	case policy.GreaterEqual:
		return !less(v, first)
	case policy.Has:
		return v&first == first
	case policy.Lacks:
		return v&first == 0
	case policy.Only:
		bits := uint64(v) // a negative int has no bits beyond its own
		if g, ok := n.call.Arg(c.Arg.Text); ok {
			bits &= ^uint64(0) >> (64 - g.Bits)
		}
		return bits&^uint64(first) == 0
	}
	in := false
	for _, r := range c.List {
		low, high := n.value(r.Low), n.value(r.Low)
		if r.High != nil {
			high = n.value(r.High)
		}
		in = in || !less(v, low) && !less(high, v)
	}
	return in == (c.Op == policy.In)
}

// value reads numbers and constants.
func (n *interpreter) value(e *policy.ValueExpr) int64 {
	v := int64(0)
	for _, term := range e.Terms {
		switch i, err := strconv.ParseInt(term.Text, 0, 64); {
		case err == nil:
			v |= i
		case term.Text == "NULL":
		default:
			if u, err := strconv.ParseUint(term.Text, 0, 64); err == nil {
				v |= int64(u)
				continue
			}
			c, ok := n.arch.Constant(term.Text)
			if !ok {
				n.t.Fatalf("no constant %s", term.Text)
			}
			v |= c
		}
	}
	return v
}

func (n *interpreter) isNewer(version string) bool {
	if n.call == nil {
		return n.arch.Beyond(n.data.Nr)
	}
	major, minor, _ := strings.Cut(version, ".")
	a, _ := strconv.Atoi(major)
	b, _ := strconv.Atoi(minor)
	return abi.Version{Major: uint8(a), Minor: uint8(b)}.Before(n.call.Since)
}

// TestEvaluateIsWhatIsWritten compares the reference evaluation with the
// interpreter, on drawn policies and on calls at the edges of their rules.
func TestEvaluateIsWhatIsWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := policytest.Text(policytest.Options{}).Draw(t, "policy")
		f, err := policy.Parse("drawn", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		p, err := policy.Resolve(f, policy.Options{})
		if err != nil {
			t.Fatal(err)
		}
		at := rapid.IntRange(0, len(p.Phases)-1).Draw(t, "phase")
		ph := p.Phases[at]
		keeps := false
		for _, later := range p.Phases[at+1:] {
			keeps = keeps || !later.Unfiltered() && !ph.Unfiltered()
		}
		thread := rapid.SampledFrom([]string{"", "main", "worker", "other"}).Draw(t, "thread")
		rules := ph.For(thread)
		skip := rapid.IntRange(0, 20).Draw(t, "skip") // of many calls look at some
		i := 0
		for d := range rules.Probes(20000) {
			arch, ok := abi.ByAudit(d.Arch, d.Nr)
			if i++; i%(1+skip) != 0 || !ok || len(rules.On(arch).Lists) == 0 {
				continue
			}
			call, _ := arch.Number(d.Nr)
			n := &interpreter{t: t, arch: arch, call: call, data: &d, sets: map[string]*policy.SetDecl{}, params: map[string]string{}, keeps: keeps}
			got, by := rules.Evaluate(&d)
			if want := n.verdict(f, ph.Name, thread); plainVerdict(got.Format(arch)) != plainVerdict(want) {
				t.Fatalf("%s on %s in %s/%s: got %v by %s at %s, want %s\n%s", policy.Describe(arch, d), arch, ph.Name, thread, got, by.Text, by.Pos, want, text)
			}
		}
	})
}

// plainVerdict is a verdict with one spelling: `trap 0` is `trap`, and 4095 no name.
func plainVerdict(v string) string { return strings.TrimSuffix(v, " 0") }
