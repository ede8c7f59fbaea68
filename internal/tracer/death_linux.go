package tracer

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/internal/explain"
	"github.com/narrow-sandbox/narrow/internal/kernel"
	"github.com/narrow-sandbox/narrow/policy"
)

// leaves is a thread that is about to end with the status: its memory and its
// registers can be looked at for the last time. Of a process that is killed as
// a whole, every thread comes here with the same status; the one that made the
// call is known by its registers.
func (t *tracer) leaves(th *thread, status unix.WaitStatus) {
	if !t.plan.Deaths || !status.Signaled() || status.Signal() != unix.SIGSYS || th.process.explained {
		return
	}
	regs, made, err := kernel.Killed(th.tid)
	if err != nil || !made {
		return
	}
	call := lastCall(th, &regs)
	d := &Death{
		PID: th.process.pid, TID: th.tid, Program: programOf(th.tid), Name: th.name(),
		Phase: t.phaseName(th.process), Class: th.class, Call: call, Sites: sitesOf(th.tid, &regs),
	}
	d.Decision = explain.Decide(th.stack, call)
	d.Ours = !d.Decision.Verdict.Kind.Runs()
	if !d.Ours && len(th.process.threads) > 1 {
		return // it may be a bystander; should nobody else be to blame, the last one tells
	}
	th.process.explained = d.Decision.Verdict.Kind != policy.KillThread // else others may die for calls of theirs
	t.observer.Died(d)
}

// lastCall is the call that a thread was killed for.
func lastCall(th *thread, regs *kernel.Regs) *bpf.Data {
	native := abi.Native().Audit
	nr, _ := regs.Nr()
	d := &bpf.Data{Nr: nr, Arch: native, IP: regs.PC()}
	if info, err := kernel.PtraceGetSyscallInfo(th.tid); err == nil {
		d.Arch = info.Arch
	}
	d.Args = regs.Args(d.Arch != native)
	return d
}

func (t *tracer) phaseName(p *process) string {
	if p.phase < 0 {
		return ""
	}
	return t.plan.Policy.Phases[p.phase].Name
}

// programOf is the base name of the file that a process runs, by a thread of it
// that has not ended, as the first one may have, of which /proc then says nothing.
func programOf(pid int) string {
	path, err := os.Readlink("/proc/" + strconv.Itoa(pid) + "/exe")
	if err != nil {
		return "?"
	}
	return filepath.Base(strings.TrimSuffix(path, " (deleted)"))
}

// sitesOf is where a call was made, and the first place outside of that file
// that the stack seems to return to: most calls are made by the C library, and
// who asked it is what one wants to know. It is told by the thread that made it.
func sitesOf(pid int, regs *kernel.Regs) []Site {
	m := mapsOf(pid)
	pc := regs.PC()
	sites := []Site{m.site(pc)}
	inner := m.at(pc)
	if inner == nil {
		return sites
	}
	if m.calls(regs.Link(), inner.path) {
		sites = append(sites, m.site(regs.Link()))
	} else if address, ok := m.caller(regs.SP(), inner.path); ok {
		sites = append(sites, m.site(address))
	}
	return sites
}

// caller looks through the top of the stack for a return address: one that
// points into the code of another file, behind a call instruction.
func (m *maps) caller(sp uint64, inner string) (uint64, bool) {
	const words, wide = 256, 8
	stack := make([]byte, words*wide)
	for len(stack) > 0 && kernel.ReadMemory(m.pid, sp, stack) != nil {
		stack = stack[:len(stack)/2/wide*wide] // the stack ends before
	}
	for ; len(stack) >= wide; stack = stack[wide:] {
		if address := unsigned(binary.NativeEndian.Uint64(stack)); m.calls(address, inner) {
			return address, true
		}
	}
	return 0, false
}

// calls reports whether an address is behind a call in another file.
func (m *maps) calls(address uint64, inner string) bool {
	to := m.at(address)
	return to != nil && to.executable && (to.path != inner || m.main(inner)) && m.behindCall(address)
}

// main reports whether the file is the program itself.
func (m *maps) main(path string) bool {
	exe, err := os.Readlink("/proc/" + strconv.Itoa(m.pid) + "/exe")
	return err == nil && strings.TrimSuffix(exe, " (deleted)") == path
}

// stackOf appends the rules of a class in a phase; "" is the unnamed class.
func stackOf(stack []*policy.Rules, phase *policy.PhaseRules, class string) []*policy.Rules {
	if phase.Unfiltered() {
		return stack
	}
	rules := phase.Own
	for _, c := range phase.Classes {
		if c.Name == class {
			rules = c.Rules
		}
	}
	return append(stack[:len(stack):len(stack)], rules)
}
