package policy

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
)

// drawnCond is a condition with the argument that it is about.
type drawnCond struct {
	call, arg string
	bits      uint8
	signed    bool
	reg       int
	mask      *uint64
	op        Op
	list      [][2]int64 // low and high as numbers of the argument's type
}

// condArgs are arguments of every width and sign on x86_64.
var condArgs = []drawnCond{
	{call: "write", arg: "fd", bits: 32, reg: 0},
	{call: "accept", arg: "fd", bits: 32, signed: true, reg: 0},
	{call: "lseek", arg: "offset", bits: 64, signed: true, reg: 1},
	{call: "write", arg: "count", bits: 64, reg: 2},
	{call: "chmod", arg: "mode", bits: 16, reg: 1},
	{call: "write", arg: "arg1", bits: 64, reg: 1},
}

// edgeBits draws bits of a width, mostly at edges.
func edgeBits(t *rapid.T, width uint8, label string) uint64 {
	all := ^uint64(0) >> (64 - width)
	v := rapid.OneOf(
		rapid.Uint64(),
		rapid.SampledFrom([]uint64{0, 1, 2, 7, all, all - 1, all >> 1, all>>1 + 1, all>>1 + 2}),
		rapid.Custom(func(t *rapid.T) uint64 { return 1 << rapid.IntRange(0, 63).Draw(t, "bit") }),
	).Draw(t, label)
	return v & all
}

// number is bits as the argument's type has them.
func (c *drawnCond) number(bits uint64) int64 {
	shift := 64 - c.bits
	if c.signed {
		return int64(bits<<shift) >> shift
	}
	return int64(bits)
}

// text is a number of the type as the language writes it.
func (c *drawnCond) text(n int64) string {
	if c.signed {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%#x", uint64(n))
}

func (c *drawnCond) less(a, b int64) bool {
	if c.signed {
		return a < b
	}
	return uint64(a) < uint64(b)
}

// String is the condition as a policy writes it.
func (c *drawnCond) String() string {
	var b strings.Builder
	b.WriteString(c.arg)
	if c.mask != nil {
		fmt.Fprintf(&b, " & %#x", *c.mask)
	}
	fmt.Fprintf(&b, " %s ", c.op)
	var list []string
	for _, r := range c.list {
		if r[0] == r[1] {
			list = append(list, c.text(r[0]))
		} else {
			list = append(list, c.text(r[0])+".."+c.text(r[1]))
		}
	}
	if c.op == In || c.op == NotIn {
		return b.String() + "{" + strings.Join(list, ", ") + "}"
	}
	return b.String() + list[0]
}

// holds is the meaning of the condition, on numbers rather than on bits.
func (c *drawnCond) holds(register uint64) bool {
	bits := register & (^uint64(0) >> (64 - c.bits))
	if c.mask != nil {
		bits &= *c.mask
	}
	v, first := c.number(bits), c.list[0][0]
	switch c.op {
	case Equal:
		return v == first
	case NotEqual:
		return v != first
	case Less:
		return c.less(v, first)
	case LessEqual:
		return !c.less(first, v)
	case Greater:
		return c.less(first, v)
	case GreaterEqual:
		return !c.less(v, first)
	case Has:
		return v&first == first
	case Lacks:
		return v&first == 0
	case Only:
		return v&^first == 0
	}
	in := false
	for _, r := range c.list {
		in = in || !c.less(v, r[0]) && !c.less(r[1], v)
	}
	return in == (c.op == In)
}

func drawCond(t *rapid.T) *drawnCond {
	c := rapid.SampledFrom(condArgs).Draw(t, "argument")
	c.op = Op(rapid.IntRange(int(Equal), int(Only)).Draw(t, "operator"))
	mask := ^uint64(0) >> (64 - c.bits)
	if rapid.Bool().Draw(t, "masked") {
		mask = edgeBits(t, c.bits, "mask")
		c.mask = &mask
	}
	n := 1
	if c.op == In || c.op == NotIn {
		n = rapid.IntRange(1, 4).Draw(t, "entries")
	}
	for range n {
		low := c.number(edgeBits(t, c.bits, "value") & mask)
		high := low
		if (c.op == In || c.op == NotIn) && rapid.Bool().Draw(t, "range") {
			high = c.number(edgeBits(t, c.bits, "high") & mask)
			if c.less(high, low) {
				low, high = high, low
			}
		}
		c.list = append(c.list, [2]int64{low, high})
	}
	return &c
}

// TestCondsMeanWhatTheySay compares resolved conditions with the meaning of
// the operators on numbers.
func TestCondsMeanWhatTheySay(t *testing.T) {
	a, _ := abi.ByName("x86_64")
	rapid.Check(t, func(t *rapid.T) {
		c := drawCond(t)
		text := c.call + "(" + c.String() + ")"
		e, err := ParseCall(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		p, err := ResolvePattern([]*abi.Arch{a}, e)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		call, _ := a.Call(c.call)
		values := []uint64{edgeBits(t, 64, "register")}
		for _, r := range c.list {
			for _, bound := range r {
				values = append(values, uint64(bound)-1, uint64(bound), uint64(bound)+1, uint64(bound)^0xdead_beef_0000_0000)
			}
		}
		for _, v := range values {
			d := bpf.Data{Nr: call.Nr, Arch: a.Audit}
			d.Args[c.reg] = v
			if got, want := p.Fits(&d), c.holds(v); got != want {
				t.Fatalf("%s with %#x: got %v, want %v", text, v, got, want)
			}
		}
		checkCanonical(t, p)
	})
}

// checkCanonical holds what rules.go promises of ranges and masks.
func checkCanonical(t *rapid.T, p *Pattern) {
	for _, on := range p.Arches {
		for _, m := range on.Match {
			for _, c := range m.Conds {
				if len(c.Ranges) == 0 || c.Mask&^(^uint64(0)>>(64-c.Operand.Bits)) != 0 {
					t.Fatalf("%s: %s", p.Text, dumpCond(c))
				}
				for i, r := range c.Ranges {
					if r.Low > r.High || i > 0 && (r.Low <= c.Ranges[i-1].High || r.Low == c.Ranges[i-1].High+1) || r.High&^c.Mask != 0 || r.Low&^c.Mask != 0 {
						t.Fatalf("%s: ranges %s under mask %#x", p.Text, dumpRanges(c.Ranges), c.Mask)
					}
				}
			}
		}
	}
}
