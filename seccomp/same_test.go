package seccomp_test

import (
	"bytes"
	"fmt"
	"strings"
	"syscall"
	"testing"

	"pgregory.net/rapid"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/internal/verify"
	"github.com/narrow-sandbox/narrow/policy"
	"github.com/narrow-sandbox/narrow/seccomp"
)

// drawnRule is a rule as the builder takes it, as the language has it, and as
// a function of a call.
type drawnRule struct {
	verdict seccomp.Verdict
	call    string
	where   []seccomp.Condition
	text    string
	holds   []func(*[6]uint64) bool // of conditions on registers
	exact   bool                    // all conditions are on registers
}

var verdicts = []struct {
	verdict seccomp.Verdict
	text    string
}{
	{seccomp.Allow(), "allow"}, {seccomp.Log(), "log"}, {seccomp.Errno(syscall.EPERM), "errno EPERM"}, {seccomp.Errno(syscall.ENOSYS), "errno ENOSYS"},
	{seccomp.Trap(3), "trap 3"}, {seccomp.KillThread(), "kill-thread"}, {seccomp.KillProcess(), "kill-process"}, {seccomp.Notify(), "notify"}, {seccomp.Trace(9), "trace 9"},
}

var ops = []struct {
	op    seccomp.Op
	text  string
	holds func(a, b uint64) bool
}{
	{seccomp.Equal, "==", func(a, b uint64) bool { return a == b }}, {seccomp.NotEqual, "!=", func(a, b uint64) bool { return a != b }},
	{seccomp.Less, "<", func(a, b uint64) bool { return a < b }}, {seccomp.LessEqual, "<=", func(a, b uint64) bool { return a <= b }},
	{seccomp.Greater, ">", func(a, b uint64) bool { return a > b }}, {seccomp.GreaterEqual, ">=", func(a, b uint64) bool { return a >= b }},
}

// edge is a number at which comparisons turn.
func edge(t *rapid.T, label string) uint64 {
	return rapid.OneOf(rapid.SampledFrom([]uint64{1, 2, 3, 1<<31 - 1, 1 << 31, 1<<32 - 1, 1 << 32, 1<<63 - 1, 1 << 63, 1<<64 - 2}), rapid.Uint64Range(1, 1<<64-2)).Draw(t, label)
}

func drawRule(t *rapid.T, calls []string) drawnRule {
	v := rapid.SampledFrom(verdicts).Draw(t, "verdict")
	r := drawnRule{verdict: v.verdict, call: rapid.SampledFrom(calls).Draw(t, "call"), exact: true}
	var conds []string
	for range rapid.IntRange(0, 3).Draw(t, "conditions") {
		conds = append(conds, r.condition(t))
	}
	r.text = v.text + " " + r.call
	if len(conds) > 0 {
		r.text += "(" + strings.Join(conds, ", ") + ")"
	}
	return r
}

// condition draws one and returns it as text.
func (r *drawnRule) condition(t *rapid.T) string {
	op, place := rapid.SampledFrom(ops).Draw(t, "op"), rapid.IntRange(0, 5).Draw(t, "place")
	v := edge(t, "value")
	switch rapid.IntRange(0, 2).Draw(t, "kind") {
	case 0:
		r.where = append(r.where, seccomp.Register(place, op.op, v))
		r.holds = append(r.holds, func(args *[6]uint64) bool { return op.holds(args[place], v) })
		return fmt.Sprintf("arg%d %s %d", place, op.text, v)
	case 1:
		mask := edge(t, "mask")
		r.where = append(r.where, seccomp.MaskedRegister(place, mask, v&mask))
		r.holds = append(r.holds, func(args *[6]uint64) bool { return args[place]&mask == v&mask })
		return fmt.Sprintf("arg%d & %#x == %d", place, mask, v&mask)
	default: // by name: of all the calls that are drawn, this is the first argument
		r.exact = false
		v &= 1<<31 - 1
		name := map[string]string{"read": "fd", "fchdir": "fd", "socket": "family", "kill": "pid", "setns": "fd"}[r.call]
		if rapid.Bool().Draw(t, "at") {
			r.where = append(r.where, seccomp.At(0, op.op, int32(v)))
		} else {
			r.where = append(r.where, seccomp.Arg(name, op.op, int32(v)))
		}
		return fmt.Sprintf("%s %s %d", name, op.text, v)
	}
}

// What the builder makes is what the language makes of the same rules; what it
// exports as a policy has the same meaning, proved; and both are what the
// conditions say.
func TestBuilderIsTheLanguage(t *testing.T) {
	calls := []string{"read", "fchdir", "socket", "kill", "setns"}
	rapid.Check(t, func(t *rapid.T) {
		def := rapid.SampledFrom(verdicts).Draw(t, "default")
		arches := rapid.SampledFrom([][]string{{"x86_64"}, {"aarch64", "x86_64"}, {"s390x"}, {"riscv64", "i386"}}).Draw(t, "arches")
		b := seccomp.New(def.verdict).Arch(arches...)
		text := "language 1\npolicy filter\narch " + strings.Join(arches, ", ") + "\ndefault " + def.text + "\n"
		var rules []drawnRule
		for range rapid.IntRange(0, 6).Draw(t, "rules") {
			r := drawRule(t, calls)
			rules = append(rules, r)
			b.Add(r.verdict, r.call, r.where...)
			text += r.text + "\n"
		}
		written, err := policy.Load("written", []byte(text), policy.Options{})
		built, err2 := b.Policy()
		if (err == nil) != (err2 == nil) {
			t.Fatalf("the language says %v, the builder %v\n%s", err, err2, text)
		}
		if err != nil {
			return
		}
		var exported bytes.Buffer
		if err := b.Export(&exported, "policy"); err != nil {
			t.Fatal(err)
		}
		again, err := policy.Load("exported", exported.Bytes(), policy.Options{})
		if err != nil {
			t.Fatalf("%v\n%s", err, exported.String())
		}
		v := verify.New(verify.Limits{})
		for name, p := range map[string]*policy.Policy{"written": written, "exported": again} {
			r, err := v.Equal(v.Rules(built.Phases[0].Wide()), v.Rules(p.Phases[0].Wide()))
			if err != nil || r.Answer != verify.Yes {
				t.Fatalf("built and %s: %v %v %s\n%s\n%s", name, r.Answer, err, r.Reason, text, exported.String())
			}
		}
		asConditionsSay(t, built, def.verdict, rules)
	})
}

// asConditionsSay compares the rules with what the drawn functions say, up to
// the first rule that is not on registers alone, on 64-bit architectures.
func asConditionsSay(t *rapid.T, p *policy.Policy, def seccomp.Verdict, rules []drawnRule) {
	for d := range p.Phases[0].Wide().Probes(3000) {
		a, ok := abi.ByAudit(d.Arch, d.Nr)
		if !ok || a.Register != 64 || p.Phases[0].Wide().On(a).Lists == nil {
			continue
		}
		call, ok := a.Number(d.Nr)
		if !ok || call.Name == "restart_syscall" {
			continue
		}
		want, sure := answer(call.Name, &d, def, rules)
		if got, _ := p.Phases[0].Wide().Evaluate(&d); sure && got.Format(a) != want.Format(a) && got != want {
			t.Fatalf("%s: got %v, want %v", policy.Describe(a, d), got, want)
		}
	}
}

func answer(call string, d *bpf.Data, def seccomp.Verdict, rules []drawnRule) (v seccomp.Verdict, sure bool) {
	for _, r := range rules {
		if r.call != call {
			continue
		}
		if !r.exact {
			return v, false
		}
		all := true
		for _, holds := range r.holds {
			all = all && holds(&d.Args)
		}
		if all {
			return r.verdict, true
		}
	}
	return def, true
}
