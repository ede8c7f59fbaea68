package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

const (
	startRounds = 150
	startLimit  = 10 * time.Millisecond // what must be reached
)

// tinyPolicy lets a static program start and end.
const tinyPolicy = `# tiny.narrow: a program that only ends.
language 1
policy tiny
default kill-process
allow brk arch_prctl set_tid_address set_robust_list rseq prlimit64 getrandom readlink readlinkat
allow mmap(prot lacks PROT_EXEC) mprotect(prot lacks PROT_EXEC) munmap newfstatat fstat
allow openat(flags & O_ACCMODE == O_RDONLY) read pread64 close exit_group
allow mmap(prot == PROT_READ|PROT_EXEC, flags has MAP_PRIVATE) access
`

// started is a program whose start is measured, free and narrowed.
type started struct {
	what   string
	run    []string // options of run, and the policy
	argv   []string
	pinned bool
	limit  time.Duration
}

func startRows(b *bench) ([]row, error) {
	programs, err := startPrograms(b)
	if err != nil {
		return nil, err
	}
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return nil, err
	}
	var rows []row
	for _, p := range programs {
		r, err := p.row(b)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.what, err)
		}
		rows = append(rows, r)
	}
	left, err := leftBehind(b)
	return append(rows, left), err
}

// startPrograms are a program that does nothing, and memcached with its
// profile, which has every layer.
func startPrograms(b *bench) ([]started, error) {
	policy := filepath.Join(b.dir, "tiny.narrow")
	if err := os.WriteFile(policy, []byte(tinyPolicy), 0o644); err != nil {
		return nil, err
	}
	name, tiny := tinyProgram(b)
	programs := []started{
		{name + ", seccomp alone", []string{policy}, []string{tiny}, false, startLimit},
		{name + ", seccomp alone, one processor", []string{policy}, []string{tiny}, true, 0},
	}
	if path, err := exec.LookPath("memcached"); err == nil {
		argv := []string{path, "-V"}
		programs = append(programs,
			started{"memcached -V, its first phase", []string{"--phase", "init", "memcached"}, argv, false, startLimit},
			started{"memcached -V, its first phase, one processor", []string{"--phase", "init", "memcached"}, argv, true, 0},
			started{"memcached -V, its profile, a tracer beside it", []string{"memcached"}, argv, false, 0})
	}
	return programs, nil
}

// tinyProgram builds a static program that does nothing; without a C compiler
// it is true(1).
func tinyProgram(b *bench) (name, path string) {
	source, path := filepath.Join(b.dir, "tiny.c"), filepath.Join(b.dir, "tiny")
	err := os.WriteFile(source, []byte("int main(void) { return 0; }\n"), 0o644)
	if err == nil {
		err = exec.CommandContext(b.ctx, "cc", "-O2", "-static", "-o", path, source).Run()
	}
	if err != nil {
		return "/bin/true", "/bin/true"
	}
	return "a static program that ends at once", path
}

// row measures the program in turns: free, free again, under narrow.
func (p *started) row(b *bench) (row, error) {
	narrow, err := b.narrow()
	if err != nil {
		return row{}, err
	}
	if p.pinned {
		_, cpu, err := processors()
		if err == nil {
			err = pin(0, cpu)
		}
		if err != nil {
			return row{}, err
		}
		defer unpin()
	}
	free := func() (float64, error) { return b.runTime(p.argv) }
	narrowed := func() (float64, error) {
		return b.runTime(slices.Concat([]string{narrow, "run"}, p.run, []string{"--"}, p.argv))
	}
	s, err := interleave(b.ctx, b.rounds(startRounds), free, free, narrowed)
	if err != nil {
		return row{}, err
	}
	r := limitRow(p.what, duration(s[0].median()), duration(s[2].median()), s[2].over(s[0]), p.limit)
	r.result = "+" + r.result
	r.noise = duration(s[1].over(s[0]))
	return r, nil
}

// runTime is how long a program takes from its start to its end, which must be
// a good one. No terminal is among its descriptors, as run does more for one.
func (b *bench) runTime(argv []string) (float64, error) {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return 0, err
	}
	defer null.Close()
	problems, err := os.Create(filepath.Join(b.dir, "problems"))
	if err != nil {
		return 0, err
	}
	defer problems.Close()
	start := time.Now()
	p, err := os.StartProcess(argv[0], argv, &os.ProcAttr{Files: []*os.File{null, null, problems}})
	if err != nil {
		return 0, err
	}
	defer context.AfterFunc(b.ctx, func() { p.Kill() })()
	state, err := p.Wait()
	took := time.Since(start)
	if err == nil && !state.Success() {
		text, _ := os.ReadFile(problems.Name())
		err = fmt.Errorf("%v: %v\n%s", argv, state, text)
	}
	return float64(took), err
}

// leftBehind counts the processes that narrow leaves: beside a memcached that
// it has started, and after the programs that have ended. This process adopts
// what they leave.
func leftBehind(b *bench) (row, error) {
	r := row{what: "processes of narrow beside a running memcached, and after it", without: "0", target: "0"}
	if _, err := exec.LookPath("memcached"); err != nil {
		return row{what: r.what, result: "memcached is missing"}, nil
	}
	s, err := startServer(b, "4", true)
	if err != nil {
		return row{}, err
	}
	// It listens before its last phase begins, until which the tracer is there.
	beside, err := processesOf(b.command)
	for deadline := time.Now().Add(2 * time.Second); err == nil && beside > 0 && time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		beside, err = processesOf(b.command)
	}
	children := childrenBut(s.pid)
	s.stop()
	after := childrenBut(0)
	r.with = strconv.Itoa(beside + children)
	r.result = strconv.Itoa(beside + children + after)
	r.exceeded = beside+children+after > 0
	return r, err
}

// processesOf counts the processes that run a program.
func processesOf(program string) (int, error) {
	entries, err := os.ReadDir("/proc")
	n := 0
	for _, e := range entries {
		if exe, err := os.Readlink(filepath.Join("/proc", e.Name(), "exe")); err == nil && exe == program {
			n++
		}
	}
	return n, err
}

// childrenBut counts this process's children other than one.
func childrenBut(pid int) int {
	tasks, _ := filepath.Glob("/proc/self/task/*/children")
	n := 0
	for _, task := range tasks {
		text, _ := os.ReadFile(task)
		var child int
		for rest := string(text); ; {
			var taken int
			if _, err := fmt.Sscanf(rest, "%d%n", &child, &taken); err != nil {
				break
			}
			rest = rest[taken:]
			if child != pid {
				n++
			}
		}
	}
	return n
}
