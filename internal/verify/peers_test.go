package verify

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/policy"
)

// The wrong code that other compilers made, rebuilt as programs. Each is held
// against the rules that its user wrote, and found, with the smallest call
// that shows it.

const x8664 = 0xc000003e

var (
	allow       = policy.Verdict{Kind: policy.Allow}
	killProcess = policy.Verdict{}
	killThread  = policy.Verdict{Kind: policy.KillThread}
	eperm       = policy.Verdict{Kind: policy.Errno, Data: 1}
)

// x8664Rules is rules for x86_64 alone, with a default.
func x8664Rules(otherwise policy.Verdict, rules ...*policy.RuleMatch) *policy.Rules {
	a, _ := abi.ByName("x86_64")
	list := append(policy.List(rules), &policy.RuleMatch{Verdict: otherwise, Numbers: []policy.Range{{Low: 0, High: 1<<32 - 1}}})
	return &policy.Rules{Arches: []*policy.ArchRules{{Arch: a, Lists: []policy.List{list}}}}
}

// i386Rules is rules for i386 alone; everything else kills the thread.
func i386Rules(rules ...*policy.RuleMatch) *policy.Rules {
	a, _ := abi.ByName("i386")
	r := x8664Rules(killThread, rules...)
	r.Arches[0].Arch, r.Else = a, killThread
	return r
}

// masked is a condition on some bits only.
func masked(c policy.Cond, mask uint64) policy.Cond {
	c.Mask = mask
	return c
}

// rule is a verdict for one number.
func rule(v policy.Verdict, nr uint64, conds ...policy.Cond) *policy.RuleMatch {
	return &policy.RuleMatch{Verdict: v, Numbers: []policy.Range{{Low: nr, High: nr}}, Conds: conds}
}

// arg is a condition that an argument is in low..high.
func arg(reg int8, bits uint8, low, high uint64) policy.Cond {
	return policy.Cond{Operand: policy.Operand{Reg: reg, High: -1, Bits: bits}, Mask: 1<<bits - 1, Ranges: []policy.Range{{Low: low, High: high}}}
}

func jeq(k uint32, jt, jf uint8) bpf.Instruction { return bpf.Jump(bpf.JMP|bpf.JEQ|bpf.K, k, jt, jf) }
func jgt(k uint32, jt, jf uint8) bpf.Instruction { return bpf.Jump(bpf.JMP|bpf.JGT|bpf.K, k, jt, jf) }
func jge(k uint32, jt, jf uint8) bpf.Instruction { return bpf.Jump(bpf.JMP|bpf.JGE|bpf.K, k, jt, jf) }

// onX8664 is code for x86_64 proper after the usual first instructions;
// anything else is killed. The number is in A.
func onX8664(code ...bpf.Instruction) bpf.Program {
	return append(bpf.Program{load(bpf.OffArch), jeq(x8664, 1, 0), ret(killProcess),
		load(bpf.OffNr), jge(0x40000000, 0, 1), ret(killProcess)}, code...)
}

// chain tests A against numbers and skips to the end of itself and one more
// on a match, as far as its offsets, which wrap, let it.
func chain(numbers []uint32) bpf.Program {
	var p bpf.Program
	for i, nr := range numbers {
		p = append(p, jeq(nr, uint8(len(numbers)-i), 0))
	}
	return p
}

func upTo(n uint32) []uint32 {
	numbers := make([]uint32, n)
	for i := range numbers {
		numbers[i] = uint32(i)
	}
	return numbers
}

// first is a rule for each of the numbers below n.
func first(n uint64, v policy.Verdict) []*policy.RuleMatch {
	rules := make([]*policy.RuleMatch, n)
	for nr := range n {
		rules[nr] = rule(v, nr)
	}
	return rules
}

func TestWrongCodeOfPeersIsFound(t *testing.T) {
	const socket, ptrace, ioctl, mmap = 41, 101, 16, 9
	call := func(nr uint32, args ...uint64) bpf.Data {
		d := bpf.Data{Arch: x8664, Nr: nr}
		copy(d.Args[:], args)
		return d
	}
	for _, c := range []struct {
		name        string
		rules       *policy.Rules
		program     bpf.Program
		witness     bpf.Data
		left, right policy.Verdict
	}{
		{
			// A rule that denies a family is walked round with garbage above bit 31.
			name:  "libseccomp: an int compared on 64 bits, denied",
			rules: x8664Rules(allow, rule(eperm, socket, arg(0, 32, 16, 16))),
			program: onX8664(jeq(socket, 0, 4), load(20), jeq(0, 0, 2), load(16), jeq(16, 1, 0),
				ret(allow), ret(eperm)),
			witness: call(socket, 1<<32|16), left: allow, right: eperm,
		},
		{
			name:  "libseccomp: an int compared on 64 bits, allowed",
			rules: x8664Rules(eperm, rule(allow, socket, arg(0, 32, 2, 2))),
			program: onX8664(jeq(socket, 0, 4), load(20), jeq(0, 0, 2), load(16), jeq(2, 1, 0),
				ret(eperm), ret(allow)),
			witness: call(socket, 1<<32|2), left: eperm, right: allow,
		},
		{
			// libseccomp issue 139: both halves must be at least, each by itself.
			name:  "libseccomp: >= of 64 bits, half by half",
			rules: x8664Rules(allow, rule(eperm, mmap, arg(1, 64, 1<<32|5, 1<<64-1))),
			program: onX8664(jeq(mmap, 0, 4), load(28), jge(1, 0, 2), load(24), jge(5, 1, 0),
				ret(allow), ret(eperm)),
			witness: call(mmap, 0, 2<<32), left: allow, right: eperm,
		},
		{
			// What libseccomp 2.5.4 makes of two rules for ustat on i386, found by
			// TestLibseccompMeansItsRules: the first comparison's arms are swapped,
			// and the second then compares another argument.
			name: "libseccomp 2.5.4: two rules about one argument",
			rules: i386Rules(rule(allow, 62, arg(0, 32, 0, 100), masked(arg(2, 32, 0, 0), 1)),
				rule(allow, 62, arg(0, 32, 51, 1<<32-1))),
			program: bpf.Program{load(4), jeq(0x40000003, 0, 9), load(0), jeq(62, 0, 7), load(16), jgt(100, 0, 3),
				load(32), bpf.Stmt(bpf.ALU|bpf.AND|bpf.K, 1), jeq(0, 0, 1), jgt(50, 0, 1), ret(allow), ret(killThread)},
			witness: bpf.Data{Arch: 0x40000003, Nr: 62}, left: killThread, right: allow,
		},
		{
			// The offset past 300 tests is 300 mod 256: a deny becomes an allow.
			name:    "bpfc: a jump beyond 255 wraps",
			rules:   x8664Rules(allow, first(300, eperm)...),
			program: onX8664(append(chain(upTo(300)), ret(allow), ret(eperm))...),
			witness: call(0), left: allow, right: eperm,
		},
		{
			name:    "elastic 9: more than 256 calls in a group",
			rules:   x8664Rules(killProcess, first(300, allow)...),
			program: onX8664(append(chain(upTo(300)), ret(killProcess), ret(allow))...),
			witness: call(0), left: killProcess, right: allow,
		},
		{
			name: "elastic 40: the default after the first group",
			rules: x8664Rules(killProcess, rule(allow, 59), rule(allow, 57),
				rule(allow, 56), rule(allow, 50)),
			program: onX8664(jeq(59, 2, 0), jeq(57, 1, 0), ret(killProcess), ret(allow),
				jeq(56, 2, 0), jeq(50, 1, 0), ret(killProcess), ret(allow)),
			witness: call(50), left: killProcess, right: allow,
		},
		{
			name:  "kafel 19: a deny list without a look at x32's bit",
			rules: x8664Rules(allow, rule(eperm, ptrace)),
			program: bpf.Program{load(bpf.OffArch), jeq(x8664, 1, 0), ret(killProcess),
				load(bpf.OffNr), jeq(ptrace, 0, 1), ret(eperm), ret(allow)},
			witness: call(0x40000000), left: allow, right: killProcess,
		},
		{
			// kafel issue 29: an else that was placed before its jump moved.
			name:    "kafel 29: both arms to one place",
			rules:   x8664Rules(eperm, rule(allow, ioctl)),
			program: onX8664(jge(ioctl, 0, 2), jge(ioctl+1, 1, 0), ret(eperm), ret(eperm), ret(allow)),
			witness: call(ioctl), left: eperm, right: allow,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := New(Limits{})
			r, err := p.Equal(program(t, p, c.program), p.Rules(c.rules))
			if err != nil {
				t.Fatal(err)
			}
			if r.Answer != No {
				t.Fatalf("answer %v (%s), want no", r.Answer, r.Reason)
			}
			want := &Witness{Call: c.witness, Left: c.left.Action(), Right: c.right.Action()}
			if diff := cmp.Diff(want, r.Witness); diff != "" {
				t.Error(diff)
			}
		})
	}
}
