package policy

import (
	"fmt"

	"github.com/narrow-sandbox/narrow/abi"
)

// argument is what a condition may name of a call: one of its arguments, or a
// raw register.
type argument struct {
	name    string
	typ     string // the C type, for people
	operand Operand
	signed  bool
	pointer bool
}

// bits has a one for each bit that the kernel reads.
func (g *argument) bits() uint64 { return ^uint64(0) >> (64 - g.operand.Bits) }

// describe is the argument for errors: "fd, an int (32 bits, signed)".
func (g *argument) describe() string {
	sign := "unsigned"
	if g.signed {
		sign = "signed"
	}
	return fmt.Sprintf("%s, %s (%d bits, %s)", g.name, withArticle(g.typ), g.operand.Bits, sign)
}

func withArticle(noun string) string {
	switch noun[0] {
	case 'a', 'e', 'i', 'o':
		return "an " + noun
	case 'u': // an unsigned int, an uid_t as it is written, but a u32
		if len(noun) > 1 && (noun[1] < '0' || noun[1] > '9') {
			return "an " + noun
		}
	}
	return "a " + noun
}

// argumentOf finds what a condition names. A call that the tables lack has raw
// registers only: call is nil then. The kernel's names go first, where it calls
// an argument arg2 itself, as prctl does.
func argumentOf(a *abi.Arch, call *abi.Syscall, name string) (argument, bool) {
	if call != nil {
		if g, ok := call.Arg(alias(call, name)); ok {
			return named(name, g), true
		}
	}
	if rawRegister(name) != 0 {
		return argument{
			name:    name,
			typ:     "register",
			operand: Operand{Reg: int8(name[3] - '0'), High: -1, Bits: uint8(a.Register)},
		}, true
	}
	return argument{}, false
}

// named is an argument of the tables.
func named(name string, g *abi.Arg) argument {
	return argument{
		name:    name,
		typ:     g.Type,
		operand: Operand{Reg: g.Reg, High: g.High, Bits: g.Bits},
		signed:  g.Signed,
		pointer: g.Pointer,
	}
}

// alias is the kernel's name for one that manual pages and strace use where
// the kernel's own is spelt otherwise.
func alias(call *abi.Syscall, name string) string {
	if call.Name == "clone" && name == "flags" {
		return "clone_flags"
	}
	return name
}

// domain is the numbers that a condition tells apart: the argument's bits
// under its mask, as signed numbers or not. They are handled by their ordinal,
// in which the sign bit is turned round so that unsigned order is the order of
// the numbers.
type domain struct {
	last uint64 // all bits of the argument
	mask uint64 // those of them that are compared
	flip uint64 // the sign bit if it is compared and the argument signed, else 0
}

// domainOf is the domain of an argument under a mask. It is signed if the
// argument is and the mask keeps the sign bit.
func domainOf(g *argument, mask uint64) domain {
	d := domain{last: g.bits(), mask: mask}
	if sign := uint64(1) << (g.operand.Bits - 1); g.signed && mask&sign != 0 {
		d.flip = sign
	}
	return d
}

// compare is the values for which OP value holds. For equality it makes no
// difference whether they are signed.
func (d domain) compare(op Op, value uint64) []Range {
	v := value ^ d.flip
	var in []Range // ordinals
	switch op {
	case Equal:
		in = single(v)
	case NotEqual:
		in = complement(single(v), d.last)
	case Less:
		if v > 0 {
			in = []Range{{0, v - 1}}
		}
	case LessEqual:
		in = []Range{{0, v}}
	case Greater:
		if v < d.last {
			in = []Range{{v + 1, d.last}}
		}
	case GreaterEqual:
		in = []Range{{v, d.last}}
	}
	return d.values(in)
}

// between is the values low..high.
func (d domain) between(low, high uint64) []Range {
	return d.values([]Range{{low ^ d.flip, high ^ d.flip}})
}

// less reports whether a is the lesser number.
func (d domain) less(a, b uint64) bool { return a^d.flip < b^d.flip }

// values turns ranges of ordinals into ranges of bits.
func (d domain) values(ordinals []Range) []Range {
	if d.flip == 0 {
		return ordinals
	}
	var out []Range
	for _, r := range ordinals {
		if r.Low < d.flip && r.High >= d.flip { // from negative to positive numbers
			out = append(out, Range{r.Low ^ d.flip, (d.flip - 1) ^ d.flip}, Range{0, r.High ^ d.flip})
			continue
		}
		out = append(out, Range{r.Low ^ d.flip, r.High ^ d.flip})
	}
	return union(out)
}

// attain narrows ranges to the values that the mask lets through: each begins
// and ends with such a value, and what holds none is dropped.
func attain(mask uint64, ranges []Range) []Range {
	if mask&(mask+1) == 0 {
		if n := len(ranges); n == 0 || ranges[n-1].High <= mask {
			return ranges
		}
		return intersect(ranges, []Range{{0, mask}})
	}
	var out []Range
	for _, r := range ranges {
		low, ok := atLeast(mask, r.Low)
		if !ok || low > r.High {
			continue
		}
		out = append(out, Range{low, atMost(mask, r.High)})
	}
	return out
}

// atLeast is the least value with bits of the mask only that is not below v;
// false if there is none.
func atLeast(mask, v uint64) (uint64, bool) {
	missing := v &^ mask
	if missing == 0 {
		return v, true
	}
	// Below the highest bit that v has and the mask has not, everything may be
	// 0 if some free bit above is raised.
	top := highest(missing)
	for bit := top << 1; bit != 0; bit <<= 1 {
		if mask&bit != 0 && v&bit == 0 {
			return v&mask&^(bit-1) | bit, true
		}
	}
	return 0, false
}

// atMost is the greatest value with bits of the mask only that is not above v.
func atMost(mask, v uint64) uint64 {
	missing := v &^ mask
	if missing == 0 {
		return v
	}
	top := highest(missing)
	return v&mask&^(top-1) | mask&(top-1)
}

// highest is the highest bit of v, which is not 0.
func highest(v uint64) uint64 {
	for v&(v-1) != 0 {
		v &= v - 1
	}
	return v
}

// always reports whether ranges hold all values that the mask lets through.
func always(mask uint64, ranges []Range) bool {
	return len(attain(mask, complement(ranges, mask))) == 0
}
