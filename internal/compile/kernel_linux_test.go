package compile

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/policy"
	"golang.org/x/sys/unix"
)

// liveChild is set for the process that TestLive filters.
const liveChild = "NARROW_COMPILE_LIVE_CHILD"

// TestLive makes a million calls under a policy of 300 rules with arguments in a
// process of its own: the reference, the VM and the kernel agree on each.
func TestLive(t *testing.T) {
	if abi.Native() == nil || abi.Native().Word != 64 {
		t.Skip("the machine has no 64-bit architecture of the tables")
	}
	if _, err := os.Stat("/proc/sys/kernel/seccomp/actions_avail"); err != nil {
		t.Skip("the kernel has no seccomp filters: ", err)
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestLiveChild$", "-test.v")
	cmd.Env = append(os.Environ(), liveChild+"=1")
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "agreed") {
		t.Fatalf("%v\n%s", err, out)
	}
	for line := range strings.Lines(string(out)) {
		if strings.Contains(line, "agreed") {
			t.Log(strings.TrimSpace(line))
		}
	}
}

// TestLiveChild is the process that is filtered. Its calls have numbers that no
// kernel knows, so what is allowed is ENOSYS and does nothing.
func TestLiveChild(t *testing.T) {
	if os.Getenv(liveChild) == "" {
		t.Skip("only as a child of TestLive")
	}
	const calls = 1_000_000
	r := liveRules(abi.Native())
	p := compiled(t, r)
	vm := machine(t, p)
	byNumber := sliced(r)
	runtime.LockOSThread() // the filter is this thread's alone; it is never unlocked, so it ends here
	install(t, p)

	random := rand.New(rand.NewPCG(300, 6))
	seen := map[policy.Verdict]int{}
	var inKernel time.Duration
	for range calls {
		d := liveCall(random, r)
		want := verdictOf(byNumber[d.Nr&^x32Bit], &d)
		value, _ := vm.Run(&d)
		start := time.Now()
		_, _, errno := unix.RawSyscall6(uintptr(d.Nr), uintptr(d.Args[0]), uintptr(d.Args[1]),
			uintptr(d.Args[2]), uintptr(d.Args[3]), uintptr(d.Args[4]), uintptr(d.Args[5]))
		inKernel += time.Since(start)
		if bpf.Action(value) != action(want) || errno != answer(want) {
			t.Fatalf("%+x: reference %v, VM %v, kernel errno %d", d, want, bpf.Action(value), errno)
		}
		seen[want]++
	}
	if len(seen) < 20 {
		t.Errorf("only %d verdicts were met: %v", len(seen), seen)
	}
	fmt.Printf("reference, VM and kernel agreed on %d calls; %d instructions, %d verdicts, %v in the kernel\n",
		calls, len(p), len(seen), inKernel.Round(time.Millisecond))
}

// answer is what a call without a meaning returns under a verdict.
func answer(v policy.Verdict) unix.Errno {
	if v.Kind == policy.Errno {
		return unix.Errno(v.Data)
	}
	return unix.ENOSYS
}

const (
	liveFirst = 600 // beyond all tables
	liveCount = 40
)

// liveRules is 300 rules with conditions for numbers that nobody has. All other
// calls are allowed, or the test could not go on.
func liveRules(a *abi.Arch) *policy.Rules {
	random := rand.New(rand.NewPCG(1, 300))
	var list policy.List
	for i := range 300 {
		v := deny(uint16(100 + random.IntN(30)))
		if random.IntN(5) == 0 {
			v = allow
		}
		conds := []policy.Cond{liveCond(random)}
		for random.IntN(2) == 0 {
			conds = append(conds, liveCond(random))
		}
		nr := uint64(liveFirst + i%liveCount)
		list = append(list, &policy.RuleMatch{Verdict: v, Numbers: []policy.Range{to(nr, nr+random.Uint64N(3))}, Conds: conds})
	}
	r := rulesOf(a.Name, allow, list)
	r.Else = deny(77)
	return r
}

var liveValues = []uint64{0, 1, 2, 3, 7, 8, 0x80, 0x800, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, 0x1_0000_0001, 1 << 63, 1<<64 - 1}

func liveCond(random *rand.Rand) policy.Cond {
	bits := []uint8{16, 32, 32, 64, 64}[random.IntN(5)]
	full := uint64(1)<<bits - 1
	mask := full
	if random.IntN(3) == 0 {
		mask &= 0x8f | liveValues[random.IntN(len(liveValues))]
	}
	low, high := liveValues[random.IntN(len(liveValues))]&mask, liveValues[random.IntN(len(liveValues))]&mask
	if random.IntN(2) == 0 {
		high = low
	}
	return cond(int8(random.IntN(6)), bits, mask, to(min(low, high), max(low, high)))
}

// sliced returns for each number the rules that speak of it, so that the
// reference need not read 300 of them for each of a million calls.
func sliced(r *policy.Rules) map[uint32]*policy.Rules {
	slices := map[uint32]*policy.Rules{}
	for nr := uint64(liveFirst - 2); nr < liveFirst+liveCount+4; nr++ {
		var list policy.List
		for _, rule := range r.Arches[0].Lists[0] {
			if within(nr, rule.Numbers) {
				list = append(list, rule)
			}
		}
		slices[uint32(nr)] = &policy.Rules{Else: r.Else,
			Arches: []*policy.ArchRules{{Arch: r.Arches[0].Arch, Lists: []policy.List{list}}}}
	}
	return slices
}

// liveCall draws a call at the edges of the rules; one in 50 has x32's bit.
func liveCall(random *rand.Rand, r *policy.Rules) bpf.Data {
	a := r.Arches[0].Arch
	d := bpf.Data{Arch: a.Audit, Nr: uint32(liveFirst - 2 + random.IntN(liveCount+6))}
	if a.Name == "x86_64" && random.IntN(50) == 0 {
		d.Nr |= x32Bit
	}
	for i := range d.Args {
		d.Args[i] = liveValues[random.IntN(len(liveValues))] + random.Uint64N(3) - 1
		if random.IntN(4) == 0 {
			d.Args[i] = d.Args[i]&maxWord | random.Uint64()<<32
		}
	}
	return d
}

// install puts the program on this thread.
func install(t *testing.T, p bpf.Program) {
	t.Helper()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		t.Fatal("no_new_privs: ", err)
	}
	filters := make([]unix.SockFilter, len(p))
	for i, x := range p {
		filters[i] = unix.SockFilter{Code: x.Code, Jt: x.Jt, Jf: x.Jf, K: x.K}
	}
	prog := unix.SockFprog{Len: uint16(len(p)), Filter: &filters[0]}
	_, _, errno := unix.RawSyscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, 0, uintptr(unsafe.Pointer(&prog)))
	runtime.KeepAlive(filters)
	if errno != 0 {
		t.Fatal("seccomp: ", errno)
	}
}
