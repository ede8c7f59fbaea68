package verify

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/policy"
)

// stmt shortens the programs below.
func stmt(code uint16, k uint32) bpf.Instruction { return bpf.Stmt(code, k) }

const (
	addX   = bpf.ALU | bpf.ADD | bpf.X
	mulX   = bpf.ALU | bpf.MUL | bpf.X
	divX   = bpf.ALU | bpf.DIV | bpf.X
	lshX   = bpf.ALU | bpf.LSH | bpf.X
	tax    = bpf.MISC | bpf.TAX
	ldMem  = bpf.LD | bpf.MEM
	argsAt = bpf.OffArgs
)

// jsets is n instructions that test random bits of all words and return one of
// three values at the first word without any of them: which is the first is
// more than a diagram can remember.
func jsets(n int) bpf.Program {
	r := rand.New(rand.NewPCG(1, 2))
	values := []policy.Verdict{allow, eperm, killThread}
	var p bpf.Program
	for len(p) < n-3 {
		p = append(p, load(4*r.Uint32N(16)), bpf.Jump(bpf.JMP|bpf.JSET|bpf.K, r.Uint32(), 1, 0), ret(values[r.IntN(len(values))]))
	}
	for len(p) < n {
		p = append(p, ret(allow))
	}
	return p
}

// busy is how long a machine that does much else may keep a test waiting. What
// is not bounded takes far longer.
const busy = 2 * time.Minute

// TestHardPrograms asks of programs that are hard whether they equal
// themselves with another last return. An answer must come within the limit,
// or it is unknown; a no has a witness that the VM confirms.
func TestHardPrograms(t *testing.T) {
	limits := Limits{Nodes: 1 << 17, Time: 500 * time.Millisecond}
	for _, c := range []struct {
		name    string
		program bpf.Program
		want    Answer // Unknown: any answer will do
	}{
		{"division by X", bpf.Program{load(argsAt), stmt(tax, 0), stmt(bpf.LD|bpf.IMM, 1000), stmt(divX, 0), jeq(333, 0, 1), ret(allow), ret(eperm)}, Unknown},
		{"division of X by X", bpf.Program{load(argsAt), stmt(tax, 0), load(argsAt + 8), stmt(divX, 0), jeq(3, 0, 1), ret(allow), ret(eperm)}, Unknown},
		{"division by X which is 0", bpf.Program{stmt(bpf.LDX|bpf.IMM, 0), stmt(divX, 0), ret(allow)}, Yes},
		{"shift by X", bpf.Program{load(argsAt), stmt(tax, 0), stmt(bpf.LD|bpf.IMM, 1), stmt(lshX, 0), jeq(8, 0, 1), ret(allow), ret(eperm)}, No},
		{"the instruction pointer", bpf.Program{load(8), jge(0x7fff0000, 0, 1), ret(allow), ret(eperm)}, No},
		{"two arguments compared", bpf.Program{load(argsAt), stmt(tax, 0), load(argsAt + 8), bpf.Jump(bpf.JMP|bpf.JEQ|bpf.X, 0, 0, 1), ret(allow), ret(eperm)}, No},
		{"two arguments added", bpf.Program{load(argsAt), stmt(tax, 0), load(argsAt + 8), stmt(addX, 0), jeq(77, 0, 1), ret(allow), ret(eperm)}, No},
		{"two arguments multiplied", bpf.Program{load(argsAt), stmt(tax, 0), load(argsAt + 8), stmt(mulX, 0), jeq(0xcafe1234, 0, 1), ret(allow), ret(eperm)}, Unknown},
		{"4096 jsets", jsets(4096), Unknown},
		{"the number returned", bpf.Program{load(bpf.OffNr), stmt(bpf.RET|bpf.A, 0)}, Unknown},
		{"an action made of the number", bpf.Program{load(bpf.OffNr), stmt(bpf.ALU|bpf.AND|bpf.K, 0xff), stmt(bpf.ALU|bpf.OR|bpf.K, 0x50000), stmt(bpf.RET|bpf.A, 0)}, No},
	} {
		t.Run(c.name, func(t *testing.T) {
			start := time.Now()
			bound, limits := limits.Time+busy, limits
			if c.want != Unknown {
				limits.Time = time.Hour // it needs none of that, and has no limit to show
			}
			p := New(limits)
			other := append(bpf.Program{}, c.program...)
			other[len(other)-1] = ret(killProcess)
			r, err := p.Equal(program(t, p, c.program), program(t, p, other))
			took := time.Since(start)
			t.Logf("%v %s in %v", r.Answer, r.Reason, took)
			if err != nil {
				t.Fatal(err)
			}
			if c.want != Unknown && r.Answer != c.want {
				t.Errorf("answer %v (%s), want %v", r.Answer, r.Reason, c.want)
			}
			if (r.Answer == Unknown) != (r.Reason != "") {
				t.Errorf("answer %v with the reason %q", r.Answer, r.Reason)
			}
			if took > bound {
				t.Errorf("took %v", took)
			}
		})
	}
}

func TestRefusedProgramsAreErrors(t *testing.T) {
	for _, p := range []bpf.Program{nil, {}, {load(3), ret(allow)}, {load(0)}, {stmt(bpf.ALU|bpf.DIV|bpf.K, 0), ret(allow)}, {stmt(ldMem, 1), ret(allow)}} {
		if _, err := New(Limits{}).Program(p); err == nil {
			t.Errorf("%v has a meaning", p)
		}
	}
}
