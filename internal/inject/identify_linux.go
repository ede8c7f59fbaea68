package inject

import (
	"debug/elf"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/narrow-sandbox/narrow/internal/kernel"
)

// Identify looks whether a process is one that can be narrowed, and says what
// it is if not. It traces nothing.
func Identify(pid int) error {
	p := &Process{PID: pid}
	status, err := kernel.ThreadStatus(pid, pid)
	switch {
	case err != nil && kindOf(err) == ErrGone:
		return p.wrong(nil, ErrGone, errors.New("there is no such process"), "")
	case err != nil:
		return p.wrong(nil, kindOf(err), err, "")
	case status.TGID != pid:
		return p.wrong(nil, ErrGone, fmt.Errorf("is a thread of process %d, and all threads are narrowed together", status.TGID), fmt.Sprintf("name process %d", status.TGID))
	case status.State == 'Z' && !p.others():
		return p.wrong(nil, ErrGone, errors.New("has ended, and its parent has not taken note of it yet (a zombie)"), "")
	case pid == os.Getpid():
		return p.wrong(nil, ErrMayNot, errors.New("is narrow itself, and nobody traces himself"), "")
	case status.TracerPID != 0:
		return p.traced(status.TracerPID)
	}
	return p.program()
}

// others reports whether the process lives although its first thread has ended.
func (p *Process) others() bool {
	tids, err := kernel.TaskIDs(p.PID)
	return err == nil && len(tids) > 1
}

// program looks at what the process runs.
func (p *Process) program() error {
	exe := taskPath(p.PID, alive(p.PID)) + "/exe"
	if _, err := os.Readlink(exe); err != nil {
		switch {
		case errors.Is(err, os.ErrPermission):
			return p.wrong(nil, ErrMayNot, fmt.Errorf("may not be looked at: %w", err), mayNotHint(p.PID))
		case kindOf(err) == ErrGone && kernelThread(p.PID):
			return p.wrong(nil, ErrMayNot, errors.New("is a thread of the kernel, which makes no system calls"), "")
		}
		return p.wrong(nil, kindOf(err), err, "")
	}
	f, err := elf.Open(exe)
	if err != nil {
		return nil // it may not be read; the registers will tell
	}
	defer f.Close()
	if f.Class == elf.ELFCLASS32 && f.Machine != elf.EM_X86_64 && wordSize == 8 {
		return p.wrong(nil, ErrABI, fmt.Errorf("runs 32-bit code (%v), and narrow enters 64-bit programs only", f.Machine), "start it by `narrow run`")
	}
	return nil
}

// alive is a thread of the process that has not ended, as the first one may
// while others live: then what /proc says of the process is nothing.
func alive(pid int) int {
	tids, err := kernel.TaskIDs(pid)
	if err != nil {
		return pid
	}
	for _, tid := range tids {
		if s, err := kernel.ThreadStatus(pid, tid); err == nil && !s.Ended() {
			return tid
		}
	}
	return pid
}

func taskPath(pid, tid int) string {
	return "/proc/" + strconv.Itoa(pid) + "/task/" + strconv.Itoa(tid)
}

// wordSize is that of this program in bytes.
const wordSize = strconv.IntSize / 8

// kernelThread reports whether a process has no memory of its own.
func kernelThread(pid int) bool {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	return err == nil && !strings.Contains(string(text), "\nVmSize:") && !strings.Contains(string(text), "\nState:\tZ")
}
