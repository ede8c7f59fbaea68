//go:build linux && (amd64 || arm64)

package tracer

import (
	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/btf"
	"github.com/cilium/ebpf/link"
)

// births notes the processes that watched ones make, by a program at the
// kernel's tracepoint sched_process_fork: each is watched before it runs for
// the first time. So the threads of a process need not be traced for the sake
// of the processes that they may make, each of which would cost two stops.
type births struct {
	program *ebpf.Program
	hook    link.Link
}

// A birth's record is told from a call's by its size; the map says more.
const sizeofBirth = 8

// newBirths is nil where the kernel does not describe its structures, without
// which the program cannot tell a thread from a process.
func newBirths(processes, records *ebpf.Map) *births {
	pid, tgid, err := taskIDs()
	if err != nil {
		return nil
	}
	program, err := ebpf.NewProgram(&ebpf.ProgramSpec{Type: ebpf.RawTracepoint, License: "GPL", Instructions: birthProgram(processes, records, pid, tgid)})
	if err != nil {
		return nil
	}
	return &births{program: program}
}

// taskIDs is where struct task_struct has the ids of a thread and its process.
func taskIDs() (pid, tgid int32, err error) {
	spec, err := btf.LoadKernelSpec()
	if err != nil {
		return 0, 0, err
	}
	var task *btf.Struct
	if err := spec.TypeByName("task_struct", &task); err != nil {
		return 0, 0, err
	}
	pid, tgid = -1, -1
	for _, m := range task.Members {
		switch m.Name {
		case "pid":
			pid = int32(m.Offset.Bytes())
		case "tgid":
			tgid = int32(m.Offset.Bytes())
		}
	}
	if pid < 0 || tgid < 0 {
		return 0, 0, btf.ErrNotFound
	}
	return pid, tgid, nil
}

// birthProgram adds a process that a watched one makes to those that are
// watched. Its context is the two arguments of the tracepoint: the task that
// forks, and the new one.
func birthProgram(processes, records *ebpf.Map, pid, tgid int32) asm.Instructions {
	const maker, child, process = -4, -8, -12 // on the stack
	read := func(to int16, from int32) asm.Instructions {
		return asm.Instructions{
			asm.Mov.Reg(asm.R1, asm.RFP), asm.Add.Imm(asm.R1, int32(to)),
			asm.Mov.Imm(asm.R2, 4),
			asm.LoadMem(asm.R3, asm.R6, 8, asm.DWord), asm.Add.Imm(asm.R3, from),
			asm.FnProbeReadKernel.Call(),
			asm.JNE.Imm(asm.R0, 0, "out"),
		}
	}
	program := asm.Instructions{
		asm.Mov.Reg(asm.R6, asm.R1),

		asm.FnGetCurrentPidTgid.Call(),
		asm.RSh.Imm(asm.R0, 32),
		asm.StoreMem(asm.RFP, maker, asm.R0, asm.Word),
		asm.LoadMapPtr(asm.R1, processes.FD()),
		asm.Mov.Reg(asm.R2, asm.RFP), asm.Add.Imm(asm.R2, maker),
		asm.FnMapLookupElem.Call(),
		asm.JEq.Imm(asm.R0, 0, "out"),
	}
	program = append(program, read(child, pid)...)
	program = append(program, read(process, tgid)...)
	return append(program,
		asm.LoadMem(asm.R1, asm.RFP, child, asm.Word),
		asm.LoadMem(asm.R2, asm.RFP, process, asm.Word),
		asm.JNE.Reg(asm.R1, asm.R2, "out"), // a thread

		asm.LoadMapPtr(asm.R1, processes.FD()),
		asm.Mov.Reg(asm.R2, asm.RFP), asm.Add.Imm(asm.R2, child),
		asm.Mov.Reg(asm.R3, asm.RFP), asm.Add.Imm(asm.R3, maker),
		asm.Mov.Imm(asm.R4, 0),
		asm.FnMapUpdateElem.Call(),
		asm.Mov.Reg(asm.R7, asm.R0),

		asm.LoadMapPtr(asm.R1, records.FD()),
		asm.Mov.Imm(asm.R2, sizeofBirth), asm.Mov.Imm(asm.R3, 0),
		asm.FnRingbufReserve.Call(),
		asm.JEq.Imm(asm.R0, 0, "out"), // full: whoever reads the others looks at the map, too
		asm.StoreMem(asm.R0, 0, asm.R7, asm.DWord),
		asm.Mov.Reg(asm.R1, asm.R0), asm.Mov.Imm(asm.R2, 0),
		asm.FnRingbufSubmit.Call(),

		asm.Mov.Imm(asm.R0, 0).WithSymbol("out"),
		asm.Return(),
	)
}

// follows reports whether the processes that watched ones make are watched, too.
func (w *watch) follows() bool { return w != nil && w.births != nil }

// strays are the processes that watched ones have made and nobody has added
// yet, each with its maker.
func (w *watch) strays() map[int]int {
	if !w.follows() {
		return nil
	}
	found := map[int]int{}
	var pid, maker uint32
	for all := w.processes.Iterate(); all.Next(&pid, &maker); {
		if !w.watched[int(pid)] {
			found[int(pid)] = int(maker)
		}
	}
	return found
}

// attach and detach put the program at the tracepoint and take it away. A nil
// births has none.
func (b *births) attach() (err error) {
	if b != nil {
		b.hook, err = link.AttachRawTracepoint(link.RawTracepointOptions{Name: "sched_process_fork", Program: b.program})
	}
	return err
}

func (b *births) detach() {
	if b != nil && b.hook != nil {
		b.hook.Close()
		b.hook = nil
	}
}

func (b *births) close() {
	if b != nil {
		b.program.Close()
	}
}
