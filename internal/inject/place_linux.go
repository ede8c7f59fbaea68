package inject

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"strings"

	"github.com/narrow-sandbox/narrow/internal/kernel"
)

// place is where in a process calls are made from, and where their arguments
// can lie.
type place struct {
	tid         int    // a thread by which the memory is reached
	instruction uint64 // one that makes a call
	start, end  uint64 // memory to borrow
}

// valid reports whether the instruction is there.
func (p place) valid() bool {
	code, _ := kernel.SyscallInstruction()
	there := make([]byte, len(code))
	return p.instruction != 0 && kernel.ReadMemory(p.tid, p.instruction, there) == nil && bytes.Equal(there, code)
}

// mapping is a line of /proc/PID/maps.
type mapping struct {
	start, end uint64
	flags      string // rwxp
	name       string
}

// findPlace looks for both. The instruction is the vDSO's, or where there is
// none the first one in any code. The memory is the lowest part of the first
// thread's stack, which the kernel makes at least 128 KiB large at exec and of
// which the top is in use; else the largest private memory. Whatever is there
// is put back.
func findPlace(pid int) (place, error) {
	tid := alive(pid)
	all, err := mappings(pid, tid)
	if err != nil {
		return place{}, err
	}
	at, err := findInstruction(tid, all)
	if err != nil {
		return place{}, err
	}
	memory, ok := findMemory(all)
	if !ok {
		return place{}, ErrNoMemory
	}
	return place{tid, at, memory.start, memory.end}, nil
}

func mappings(pid, tid int) ([]mapping, error) {
	text, err := os.ReadFile(taskPath(pid, tid) + "/maps")
	if err != nil {
		return nil, err
	}
	var all []mapping
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		if m, ok := parseMapping(lines.Text()); ok {
			all = append(all, m)
		}
	}
	return all, nil
}

// parseMapping reads "start-end rwxp offset device inode name".
func parseMapping(line string) (m mapping, ok bool) {
	fields := strings.Fields(line)
	if len(fields) < 5 {
		return mapping{}, false
	}
	if _, err := fmt.Sscanf(fields[0], "%x-%x", &m.start, &m.end); err != nil {
		return mapping{}, false
	}
	m.flags = fields[1]
	if len(fields) > 5 {
		m.name = fields[5]
	}
	return m, m.end > m.start
}

func findInstruction(tid int, all []mapping) (uint64, error) {
	code, align := kernel.SyscallInstruction()
	if code == nil {
		return 0, kernel.ErrNotSupported
	}
	for _, vdso := range [...]bool{true, false} {
		for _, m := range all {
			if (m.name == "[vdso]") != vdso || !strings.HasPrefix(m.flags, "r-x") {
				continue
			}
			if at, ok := search(tid, m, code, align); ok {
				return at, nil
			}
		}
	}
	return 0, errNoCode
}

// search looks for the instruction in a mapping.
func search(tid int, m mapping, code []byte, align int) (uint64, bool) {
	const most = 1 << 20 // a mapping of code has one sooner or not at all
	text := make([]byte, min(m.end-m.start, most))
	if err := kernel.ReadMemory(tid, m.start, text); err != nil {
		return 0, false
	}
	for at := 0; ; at++ {
		i := bytes.Index(text[at:], code)
		if i < 0 {
			return 0, false
		}
		if at += i; at%align == 0 {
			return m.start + uint64(at), true
		}
	}
}

// findMemory is memory to borrow: private and writable.
func findMemory(all []mapping) (best mapping, ok bool) {
	for _, m := range all {
		if m.flags != "rw-p" {
			continue
		}
		if m.name == "[stack]" && m.end-m.start >= borrowed {
			return m, true
		}
		if m.name == "" && m.end-m.start >= borrowed && m.end-m.start > best.end-best.start {
			best, ok = m, true
		}
	}
	return best, ok
}

// borrowed is how much memory the arguments of a call can take: a program of
// 4096 instructions and the structure that points to it.
const borrowed = 4096*8 + 64
