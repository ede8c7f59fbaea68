package verify

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/policy"
)

// TestLibseccompMeansItsRules proves filters that libseccomp made, in a chain
// and as a tree, equal to the rules that it was given: a compiler that knows
// nothing of ours. A call has one rule, or several that compare one argument
// for equality: of more, version 2.5.4 makes wrong code, which this test found
// (see TestWrongCodeOfPeersIsFound).
func TestLibseccompMeansItsRules(t *testing.T) {
	maker := buildMaker(t)
	filters := 24
	if os.Getenv("NARROW_LONG") == "1" {
		filters = 500
	}
	for i := range filters {
		name := []string{"x86_64", "aarch64", "i386", "s390x"}[i%4]
		a, _ := abi.ByName(name)
		r := rand.New(rand.NewPCG(uint64(i), 7))
		text, rules := randomFilter(r, a, i/4%2)
		code := runMaker(t, maker, text, a)
		p := New(Limits{})
		result, err := p.Equal(program(t, p, code), p.Rules(rules))
		if err != nil {
			t.Fatal(err)
		}
		if result.Answer != Yes {
			t.Fatalf("%s: %v %s %+v\n%s", name, result.Answer, result.Reason, result.Witness, text)
		}
	}
}

// buildMaker compiles testdata/libseccomp.c.
func buildMaker(t *testing.T) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "maker")
	cmd := exec.Command("cc", "-o", out, "testdata/libseccomp.c", "-lseccomp")
	if text, err := cmd.CombinedOutput(); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("cc: %v\n%s", err, text)
		}
		t.Skipf("missing a C compiler or libseccomp's headers: %v", err)
	}
	return out
}

// runMaker returns the filter, which libseccomp writes in the byte order of a.
func runMaker(t *testing.T, maker, text string, a *abi.Arch) bpf.Program {
	t.Helper()
	cmd := exec.Command(maker)
	cmd.Stdin = bytes.NewBufferString(text)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	raw, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s\n%s", err, stderr.String(), text)
	}
	var order binary.ByteOrder = binary.LittleEndian
	if a.BigEndian {
		order = binary.BigEndian
	}
	var p bpf.Program
	for ; len(raw) >= 8; raw = raw[8:] {
		p = append(p, bpf.Instruction{Code: order.Uint16(raw), Jt: raw[2], Jf: raw[3], K: order.Uint32(raw[4:])})
	}
	return p
}

// randomFilter is a filter as libseccomp's maker reads it, and the same as
// rules. Everything that is not allowed ends with kill-thread, which is also
// what libseccomp does to numbers from x32's bit on.
func randomFilter(r *rand.Rand, a *abi.Arch, tree int) (string, *policy.Rules) {
	var text bytes.Buffer
	fmt.Fprintf(&text, "filter %d 0 %d\n", a.Audit, tree)
	var list policy.List
	numbers := numbersOf(a)
	r.Shuffle(len(numbers), func(i, j int) { numbers[i], numbers[j] = numbers[j], numbers[i] })
	most := 120
	if a.BigEndian {
		most = 12 // from jumps over 255 on, version 2.5.4 writes returns in the wrong byte order
	}
	for _, nr := range numbers[:1+r.IntN(most)] {
		call, _ := a.Number(nr)
		if !call.Since.Before(abi.Version{Major: 5}) || multiplexed(a, call.Name) { // libseccomp 2.5 knows no young calls
			continue
		}
		var conds [][]policy.Cond
		if r.IntN(3) == 0 {
			conds = randomValues(r, a)
		} else {
			conds = [][]policy.Cond{randomArgs(r, a)}
		}
		for _, c := range conds {
			fmt.Fprintf(&text, "rule %d %s %d%s\n", uint32(bpf.RetAllow), call.Name, len(c), comparisons(c))
			list = append(list, rule(allow, uint64(nr), c...))
		}
	}
	list = append(list, &policy.RuleMatch{Verdict: killThread, Numbers: []policy.Range{{Low: 0, High: 1<<32 - 1}}})
	return text.String(), &policy.Rules{Else: killThread, Arches: []*policy.ArchRules{{Arch: a, Lists: []policy.List{list}}}}
}

// multiplexed tells the calls that libseccomp replaces by others.
func multiplexed(a *abi.Arch, name string) bool {
	return a.Name != "x86_64" && a.Name != "aarch64" && slices.Contains([]string{"socketcall", "ipc", "socket", "bind", "connect",
		"listen", "accept", "accept4", "getsockname", "getpeername", "socketpair", "send", "recv", "sendto", "recvfrom", "shutdown",
		"setsockopt", "getsockopt", "sendmsg", "recvmsg", "sendmmsg", "recvmmsg", "semop", "semget", "semctl", "semtimedop", "msgsnd",
		"msgrcv", "msgget", "msgctl", "shmat", "shmdt", "shmget", "shmctl"}, name)
}

// randomValues is rules that each compare one argument with one value.
func randomValues(r *rand.Rand, a *abi.Arch) (rules [][]policy.Cond) {
	reg, all := int8(r.IntN(6)), uint64(1)<<a.Register-1
	seen := map[uint64]bool{}
	for range 1 + r.IntN(6) {
		v := randomValue(r) & all
		if !seen[v] {
			rules = append(rules, []policy.Cond{arg(reg, uint8(a.Register), v, v)})
		}
		seen[v] = true
	}
	return rules
}

// randomArgs is comparisons of some arguments, each once.
func randomArgs(r *rand.Rand, a *abi.Arch) (conds []policy.Cond) {
	bits, all := uint8(a.Register), uint64(1)<<a.Register-1
	for reg := range int8(6) {
		if r.IntN(5) > 0 {
			continue
		}
		v := randomValue(r) & all
		c := arg(reg, bits, v, v)
		switch r.IntN(4) {
		case 0:
			c = arg(reg, bits, 0, v)
		case 1:
			c = arg(reg, bits, v, all)
		case 2:
			c.Mask = randomValue(r) & all
			c.Ranges[0] = policy.Range{Low: v & c.Mask, High: v & c.Mask}
		}
		conds = append(conds, c)
	}
	return conds
}

// comparisons writes conditions for libseccomp.
func comparisons(conds []policy.Cond) (text string) {
	const le, eq, ge, maskedEq = 3, 4, 5, 7
	for _, c := range conds {
		r, all := c.Ranges[0], uint64(1)<<c.Operand.Bits-1
		op, a, b := eq, r.Low, uint64(0)
		switch {
		case c.Mask != all:
			op, a, b = maskedEq, c.Mask, r.Low
		case r.Low == r.High:
		case r.Low == 0:
			op, a = le, r.High
		default:
			op = ge
		}
		text += fmt.Sprintf(" %d %d %d %d", c.Operand.Reg, op, a, b)
	}
	return text
}

func randomValue(r *rand.Rand) uint64 {
	if r.IntN(2) == 0 {
		return wide()[r.IntN(len(wide()))]
	}
	return r.Uint64() >> r.IntN(64)
}
