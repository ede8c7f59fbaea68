//go:build linux && (amd64 || arm64)

package tracer

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/link"
	"github.com/cilium/ebpf/ringbuf"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/policy"
)

// watch sees calls that may begin a phase by a program at the kernel's
// tracepoint sys_enter: no thread is stopped for it, so that it costs next to
// nothing, and what it sees is told some 100 µs late. It looks for numbers
// alone, of the machine's own ABI; whether a call fits is found out here.
type watch struct {
	processes *ebpf.Map // those that are watched, each with the one that made it, 0 where that is known
	program   *ebpf.Program
	hook      link.Link
	births    *births // nil if forks are followed by ptrace
	reader    *ringbuf.Reader
	seen      chan sighting
	watched   map[int]bool
}

// sighting is a thread at the entry of a call that may begin a phase, or a new
// process, of which strays tells more.
type sighting struct {
	pid, tid int
	name     string
	call     bpf.Data
	birth    bool
	lost     bool // of which nobody tells more: there are too many
}

// The record that the program writes: pid_tgid, the registers as the kernel
// saves them (struct pt_regs), the name.
const (
	recordRegs = 8
	recordName = recordRegs + sizeofRegs
	sizeofName = 16
	recordSize = recordName + sizeofName
)

// newWatch starts to watch for the plan's triggers; nil if it has none, or if
// threads are to be stopped at their calls instead.
func newWatch(plan *Plan) (*watch, error) {
	numbers := watched(plan)
	if !plan.Cheap || len(numbers) == 0 {
		return nil, nil
	}
	if runtime.GOARCH != "amd64" {
		// Open: in an emulated machine a program that was executed by another
		// thread than the first stayed in its phase in 3 starts of 100.
		return nil, errors.New("--trigger cheap is there on x86_64 only, as yet; leave it out")
	}
	w := &watch{seen: make(chan sighting), watched: map[int]bool{}}
	if err := w.load(numbers, !plan.Deaths && !plan.Audit); err != nil {
		w.close()
		return nil, fmt.Errorf("--trigger cheap needs eBPF, that is root (CAP_BPF, CAP_PERFMON), on the machine itself: %w", err)
	}
	go w.serve()
	return w, nil
}

// watched lists the numbers of the calls that begin phases.
func watched(plan *Plan) []uint32 {
	var numbers []uint32
	for _, phase := range plan.Policy.Phases[plan.First+1 : plan.Last+1] {
		if phase.Trigger == nil || phase.Trigger.Ready {
			continue
		}
		for _, arch := range phase.Trigger.Call.Arches {
			if arch.Arch == abi.Native() {
				numbers = append(numbers, numbersOf(arch.Match)...)
			}
		}
	}
	return numbers
}

func numbersOf(matches []policy.PatternMatch) []uint32 {
	var numbers []uint32
	for _, m := range matches {
		for _, r := range m.Numbers {
			for nr := r.Low; nr <= min(r.High, r.Low+uint64(abi.Native().Last())); nr++ {
				numbers = append(numbers, uint32(nr))
			}
		}
	}
	slices.Sort(numbers)
	return slices.Compact(numbers)
}

// load makes the maps and programs. loose says that the threads of a process
// need not all be traced.
func (w *watch) load(numbers []uint32, loose bool) error {
	if err := ownProcessIDs(); err != nil {
		return err
	}
	var err error
	if w.processes, err = ebpf.NewMap(&ebpf.MapSpec{Type: ebpf.Hash, KeySize: 4, ValueSize: 4, MaxEntries: 1 << 15}); err != nil {
		return err
	}
	records, err := ebpf.NewMap(&ebpf.MapSpec{Type: ebpf.RingBuf, MaxEntries: 1 << 20})
	if err != nil {
		return err
	}
	defer records.Close() // the program and the reader keep it
	w.program, err = ebpf.NewProgram(&ebpf.ProgramSpec{Type: ebpf.RawTracepoint, License: "GPL", Instructions: watchProgram(numbers, w.processes, records)})
	if err != nil {
		return err
	}
	if loose {
		w.births = newBirths(w.processes, records)
	}
	if w.reader, err = ringbuf.NewReader(records); err != nil {
		return err
	}
	return w.attach()
}

// ownProcessIDs makes sure that what this process calls its process ids is what
// an eBPF program calls them.
func ownProcessIDs() error {
	const first = "pid:[4026531836]" // PROC_PID_INIT_INO, include/linux/proc_ns.h
	if mine, err := os.Readlink("/proc/self/ns/pid"); err != nil || mine != first {
		return errors.New("this is a container's namespace of process ids")
	}
	return nil
}

// attach puts the programs at the tracepoints, where they cost every process of
// the machine a little at each call.
func (w *watch) attach() (err error) {
	if err := w.births.attach(); err != nil {
		return err
	}
	w.hook, err = link.AttachRawTracepoint(link.RawTracepointOptions{Name: "sys_enter", Program: w.program})
	return err
}

func (w *watch) detach() {
	if w.hook != nil {
		w.hook.Close()
		w.hook = nil
	}
	w.births.detach()
}

// watchProgram writes a record of each call with one of the numbers by one of
// the processes. Its context is the two arguments of the tracepoint: the saved
// registers, and the number. Most calls of the machine have another one, and
// are to find that out at once.
func watchProgram(numbers []uint32, processes, records *ebpf.Map) asm.Instructions {
	program := asm.Instructions{
		asm.Mov.Reg(asm.R6, asm.R1),
		asm.LoadMem(asm.R2, asm.R6, 8, asm.DWord),
	}
	for _, nr := range numbers {
		program = append(program, asm.JEq.Imm(asm.R2, int32(nr), "fits"))
	}
	program = append(program, asm.Ja.Label("out"))

	const thread, process = -8, -12 // on the stack
	return append(program,
		asm.FnGetCurrentPidTgid.Call().WithSymbol("fits"),
		asm.StoreMem(asm.RFP, thread, asm.R0, asm.DWord),
		asm.RSh.Imm(asm.R0, 32),
		asm.StoreMem(asm.RFP, process, asm.R0, asm.Word),
		asm.LoadMapPtr(asm.R1, processes.FD()),
		asm.Mov.Reg(asm.R2, asm.RFP), asm.Add.Imm(asm.R2, process),
		asm.FnMapLookupElem.Call(),
		asm.JEq.Imm(asm.R0, 0, "out"),

		asm.LoadMapPtr(asm.R1, records.FD()),
		asm.Mov.Imm(asm.R2, recordSize), asm.Mov.Imm(asm.R3, 0),
		asm.FnRingbufReserve.Call(),
		asm.JEq.Imm(asm.R0, 0, "out"), // full: more than enough has been told, and a later call tells again
		asm.Mov.Reg(asm.R7, asm.R0),
		asm.LoadMem(asm.R1, asm.RFP, thread, asm.DWord),
		asm.StoreMem(asm.R7, 0, asm.R1, asm.DWord),
		asm.Mov.Reg(asm.R1, asm.R7), asm.Add.Imm(asm.R1, recordRegs),
		asm.Mov.Imm(asm.R2, sizeofRegs),
		asm.LoadMem(asm.R3, asm.R6, 0, asm.DWord),
		asm.FnProbeReadKernel.Call(),
		asm.Mov.Reg(asm.R1, asm.R7), asm.Add.Imm(asm.R1, recordName),
		asm.Mov.Imm(asm.R2, sizeofName),
		asm.FnGetCurrentComm.Call(),
		asm.Mov.Reg(asm.R1, asm.R7), asm.Mov.Imm(asm.R2, 0),
		asm.FnRingbufSubmit.Call(),

		asm.Mov.Imm(asm.R0, 0).WithSymbol("out"),
		asm.Return(),
	)
}

// serve reads records until the reader is closed.
func (w *watch) serve() {
	for {
		record, err := w.reader.Read()
		if errors.Is(err, os.ErrClosed) {
			return
		}
		switch {
		case err != nil:
		case len(record.RawSample) >= recordSize:
			w.seen <- readSighting(record.RawSample)
		default:
			w.seen <- sighting{birth: true, lost: binary.NativeEndian.Uint64(record.RawSample) != 0}
		}
	}
}

// readSighting reads a record.
func readSighting(b []byte) sighting {
	reg := func(i int) uint64 { return binary.NativeEndian.Uint64(b[recordRegs+8*i:]) }
	ids := binary.NativeEndian.Uint64(b)
	name, _, _ := strings.Cut(string(b[recordName:recordName+sizeofName]), "\x00")
	return sighting{pid: int(ids >> 32), tid: int(uint32(ids)), name: name, call: callOf(reg)}
}

// add and drop say which processes are watched. A nil watch watches none, and
// the program is at the tracepoint only while one is watched.
func (w *watch) add(pid int) error {
	if w == nil {
		return nil
	}
	if w.hook == nil {
		if err := w.attach(); err != nil {
			return err
		}
	}
	w.watched[pid] = true
	return w.processes.Put(uint32(pid), uint32(0))
}

func (w *watch) drop(pid int) {
	if w == nil {
		return
	}
	delete(w.watched, pid)
	_ = w.processes.Delete(uint32(pid)) // it may have been dropped before
	if len(w.watched) == 0 && len(w.strays()) == 0 {
		w.detach()
	}
}

// events is where sightings arrive.
func (w *watch) events() <-chan sighting {
	if w == nil {
		return nil
	}
	return w.seen
}

func (w *watch) close() {
	if w == nil {
		return
	}
	w.detach()
	if w.reader != nil {
		w.reader.Close()
	}
	w.births.close()
	w.program.Close()
	w.processes.Close()
}
