package compile

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf/asm"
	"github.com/narrow-sandbox/narrow/policy"
)

var update = flag.Bool("update", false, "write the golden listings anew")

var allow = policy.Verdict{Kind: policy.Allow}

// deny is an errno.
func deny(n uint16) policy.Verdict { return policy.Verdict{Kind: policy.Errno, Data: n} }

// rulesOf makes Rules of lists for one architecture, each ended by a default.
func rulesOf(arch string, last policy.Verdict, lists ...policy.List) *policy.Rules {
	a, ok := abi.ByName(arch)
	if !ok {
		panic(arch)
	}
	ar := &policy.ArchRules{Arch: a}
	for _, list := range lists {
		ar.Lists = append(ar.Lists, append(list[:len(list):len(list)], &policy.RuleMatch{Verdict: last, Numbers: ownedBy(a)}))
	}
	return &policy.Rules{Arches: []*policy.ArchRules{ar}}
}

// ownedBy returns all numbers of an architecture.
func ownedBy(a *abi.Arch) (ranges []policy.Range) {
	for _, o := range owns(a) {
		ranges = append(ranges, policy.Range{Low: uint64(o.low), High: uint64(o.high)})
	}
	return ranges
}

// rule makes a rule for one number.
func rule(v policy.Verdict, nr uint64, conds ...policy.Cond) *policy.RuleMatch {
	return &policy.RuleMatch{Verdict: v, Numbers: []policy.Range{{Low: nr, High: nr}}, Conds: conds}
}

// cond makes a condition on some bits of an argument under a mask.
func cond(reg int8, bits uint8, mask uint64, ranges ...policy.Range) policy.Cond {
	return policy.Cond{Operand: policy.Operand{Reg: reg, High: -1, Bits: bits}, Mask: mask, Ranges: ranges}
}

// to makes a range.
func to(low, high uint64) policy.Range { return policy.Range{Low: low, High: high} }

// goldens are policies whose programs one can check by eye.
var goldens = []struct {
	name  string
	rules func(testing.TB) *policy.Rules
}{
	{"all", func(testing.TB) *policy.Rules {
		r := rulesOf("aarch64", allow, policy.List{})
		r.Else = allow
		return r
	}},
	{"cut_out", func(testing.TB) *policy.Rules { // A x A: one comparison
		return rulesOf("aarch64", allow, policy.List{rule(deny(1), 100)})
	}},
	{"by_bit", func(testing.TB) *policy.Rules { // every second one of a table
		return rulesOf("aarch64", deny(1), policy.List{rule(allow, 0), rule(allow, 2), rule(allow, 4), rule(allow, 6)})
	}},
	{"any_call", func(testing.TB) *policy.Rules { // the number is not even loaded
		return rulesOf("aarch64", allow, policy.List{{Verdict: deny(1), Numbers: allNumbers, Conds: []policy.Cond{cond(0, 32, maxWord, to(7, 7))}}})
	}},
	{"x32", func(testing.TB) *policy.Rules { // its numbers are Else's, and the others' are tested for it last
		return rulesOf("x86_64", deny(1), policy.List{rule(allow, 0), rule(allow, 1), rule(allow, 60)})
	}},
	{"int_and_long", func(testing.TB) *policy.Rules { // no high word for an int
		return rulesOf("aarch64", deny(1), policy.List{
			rule(allow, 63, cond(0, 32, 0xffffffff, to(3, 9)), cond(2, 64, 1<<64-1, to(0, 0x1_0000_0fff)))})
	}},
	{"big_endian", func(testing.TB) *policy.Rules { // the high word comes first
		return rulesOf("s390x", deny(1), policy.List{
			rule(allow, 63, cond(0, 32, 0xffffffff, to(3, 9)), cond(2, 64, 1<<64-1, to(0, 0x1_0000_0fff)))})
	}},
	{"flags", func(testing.TB) *policy.Rules { // has, lacks, only, and a masked value
		return rulesOf("aarch64", deny(1), policy.List{
			rule(allow, 10, cond(0, 32, 0x800, to(0x800, 0x800))), rule(allow, 20, cond(0, 32, 0x880, to(0x880, 0x880))),
			rule(allow, 30, cond(0, 32, 0x880, to(0, 0))), rule(allow, 40, cond(0, 32, 0xfffff77f, to(0, 0))),
			rule(allow, 50, cond(0, 32, 0xf, to(1, 2))), rule(allow, 60, cond(0, 32, 3, to(0, 0), to(2, 2)))})
	}},
	{"socket", func(testing.TB) *policy.Rules {
		mask := cond(1, 32, 0xf, to(1, 1))
		return rulesOf("aarch64", deny(97), policy.List{
			rule(allow, 198, cond(0, 32, 0xffffffff, to(1, 1))),
			rule(allow, 198, cond(0, 32, 0xffffffff, to(2, 2), to(10, 10)), mask, cond(2, 32, 0xffffffff, to(0, 0), to(6, 6)))})
	}},
	{"join", func(testing.TB) *policy.Rules { // the mildest of two lists
		return rulesOf("aarch64", policy.Verdict{}, policy.List{rule(allow, 63, cond(0, 32, 0xffffffff, to(0, 0))), rule(deny(1), 64)},
			policy.List{rule(allow, 64), rule(deny(2), 63)})
	}},
	{"docker", func(t testing.TB) *policy.Rules { return dockerRules(t, 32) }},
}

// TestGolden holds the listings; -update writes them.
func TestGolden(t *testing.T) {
	for _, g := range goldens {
		t.Run(g.name, func(t *testing.T) {
			got := bare(asm.Listing(compiled(t, g.rules(t))))
			file := filepath.Join("testdata", "golden", g.name+".txt")
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// bare is a listing without its remarks, which say for people what is there.
func bare(listing string) string {
	var b strings.Builder
	for line := range strings.Lines(listing) {
		code, _, _ := strings.Cut(line, ";")
		b.WriteString(strings.TrimRight(code, " \n") + "\n")
	}
	return b.String()
}
