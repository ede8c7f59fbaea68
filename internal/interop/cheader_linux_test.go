package interop_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/narrow-sandbox/narrow/internal/freeport"
)

// puppet is testdata/cheader/puppet.c, built with a header and running.
type puppet struct {
	t   *testing.T
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

// build makes the puppet for a policy, its second file in C++.
func build(t *testing.T, policyText string) string {
	t.Helper()
	return buildOf(t, policyText, "puppet.c")
}

// buildOf makes a program of testdata, with a second file in C++.
func buildOf(t *testing.T, policyText, source string) string {
	t.Helper()
	needCompiler(t, "gcc")
	needCompiler(t, "g++")
	dir := t.TempDir()
	made := string(mustHeader(t, policyText))
	write(t, dir, map[string]string{"p.h": made, "functions.h": functions(made)})
	from, err := filepath.Abs("testdata/cheader")
	if err != nil {
		t.Fatal(err)
	}
	flags := []string{"-Wall", "-Wextra", "-Wpedantic", "-Werror", "-I", dir, "-O1", "-c"}
	compiler(t, dir, "gcc", append(flags, "-std=c99", "-o", "main.o", filepath.Join(from, source))...)
	compiler(t, dir, "g++", append(flags, "-x", "c++", filepath.Join(from, "other.c"))...)
	compiler(t, dir, "g++", "-pthread", "-o", "program", "main.o", "other.o")
	return filepath.Join(dir, "program")
}

// functions is a table of what a header declares.
func functions(header string) string {
	var b strings.Builder
	b.WriteString("#include \"p.h\"\nstruct function { const char *name; int (*function)(void); };\n" +
		"#ifdef __cplusplus\nextern \"C\" const struct function functions[];\n#endif\n" +
		"const struct function functions[] = {\n")
	for _, m := range regexp.MustCompile(`inline int (narrow_p_enter_(\w+))\(`).FindAllStringSubmatch(header, -1) {
		fmt.Fprintf(&b, "\t{ %q, %s },\n", m[2], m[1])
	}
	b.WriteString("\t{ 0, 0 }\n};\n")
	return b.String()
}

// start runs a puppet, with more files open than the standard ones.
func start(t *testing.T, program string, wrapper ...string) *puppet {
	t.Helper()
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	args := append(wrapper, program)
	p := &puppet{t: t, cmd: exec.Command(args[0], args[1:]...)}
	p.cmd.ExtraFiles = []*os.File{null, null, null, null} // 3, 4, 5, 6
	p.cmd.Stderr = os.Stderr
	p.in, err = p.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.out = bufio.NewReader(out)
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	watchdog := time.AfterFunc(2*time.Minute, func() { p.cmd.Process.Kill() })
	t.Cleanup(func() {
		p.in.Close()
		p.cmd.Process.Kill()
		p.cmd.Wait()
		watchdog.Stop()
	})
	return p
}

// does has a thread do something that is answered with an errno, 0 for none.
func (p *puppet) does(thread int, what string, want syscall.Errno) {
	p.t.Helper()
	fmt.Fprintf(p.in, "%d %s\n", thread, what)
	text, err := p.out.ReadString('\n')
	if err != nil {
		p.cmd.Wait()
		p.t.Fatalf("thread %d, %s: no answer: %v", thread, what, p.cmd.ProcessState)
	}
	if n, err := strconv.Atoi(strings.TrimSpace(text)); err != nil || syscall.Errno(n) != want {
		p.t.Errorf("thread %d, %s: got %d (%v), want %d (%v)", thread, what, n, syscall.Errno(n), want, want)
	}
}

// dies has a thread do what kills the process.
func (p *puppet) dies(thread int, what string) {
	p.t.Helper()
	fmt.Fprintf(p.in, "%d %s\n", thread, what)
	if text, err := p.out.ReadString('\n'); err == nil {
		p.t.Fatalf("thread %d, %s: answered %s; want it dead", thread, what, text)
	}
	p.cmd.Wait()
	if status, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGSYS {
		p.t.Errorf("thread %d, %s: ended with %v, want SIGSYS", thread, what, p.cmd.ProcessState)
	}
}

// filters are how many filters each thread has, main first, as /proc says.
func (p *puppet) filters(want ...int) {
	p.t.Helper()
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", p.cmd.Process.Pid))
	if err != nil || len(files) != len(want) {
		p.t.Fatalf("%d threads, want %d: %v", len(files), len(want), err)
	}
	for i, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			p.t.Fatal(err)
		}
		line := fmt.Sprintf("\nSeccomp_filters:\t%d\n", want[i])
		if !strings.Contains(string(text), line) {
			_, says, _ := strings.Cut(string(text), "\nSeccomp:")
			says, _, _ = strings.Cut(says, "\nSpec")
			p.t.Errorf("thread %d should have %d filters; /proc says Seccomp:%s", i, want[i], says)
		}
	}
}

// talk is what the puppet needs to obey.
const talk = "allow read write(fd in {1, 4..40}) futex exit exit_group rt_sigreturn rt_sigprocmask\n"

// starting is what a new thread takes.
const starting = "errno ENOSYS clone3 allow pipe pipe2 mmap munmap mprotect(prot lacks PROT_EXEC) clone set_robust_list rseq madvise\n"

const threePhases = `policy p arch x86_64, aarch64 else kill-process
default errno EPERM
phase init { allow getppid getuid ` + "\n" + talk + starting + `}
phase serving {
	thread main { allow getppid }
	thread worker-1 { errno EXDEV getuid allow getppid }
	thread worker_* { allow getuid }
	` + talk + `}
phase last {
	thread worker-1 { allow getppid }
	kill-process getuid
	` + talk + `}
`

// TestCHeaderOrder enters phases and classes in every order that is wrong, and
// then in the right one, from two files of a program.
func TestCHeaderOrder(t *testing.T) {
	p := start(t, build(t, threePhases))
	p.does(0, "enter serving", syscall.EPERM)
	p.does(0, "enter thread_main", syscall.EPERM)
	p.does(0, "spawn", 0)
	p.does(0, "spawn", 0)
	p.filters(0, 0, 0)
	p.does(1, "enter init", 0) // by any thread, for all
	p.filters(1, 1, 1)
	p.does(0, "enter-elsewhere init", syscall.EALREADY)
	p.does(0, "enter last", syscall.EPERM)
	p.does(0, "enter thread_main", syscall.EINVAL)
	p.does(0, "try getuid", 0)
	p.does(0, "try unshare", syscall.EPERM)
	p.does(0, "enter-elsewhere serving", 0)
	p.filters(2, 2, 2)
	p.does(0, "try getuid", 0)
	p.does(1, "enter thread_worker_1", 0)
	p.filters(2, 3, 2)
	p.does(1, "enter thread_worker_1", syscall.EALREADY)
	p.does(1, "enter thread", syscall.EALREADY)
	p.does(1, "enter last", syscall.EPERM)
	p.does(0, "enter last", syscall.EPERM) // a thread has its class
	p.does(1, "try getuid", syscall.EXDEV)
	p.does(1, "try getppid", 0)
	p.does(2, "try getuid", 0)
	p.does(2, "enter-elsewhere thread_worker__", 0)
	p.does(2, "try getppid", syscall.EPERM)
	p.does(2, "try getuid", 0)
	p.does(0, "enter thread", 0)
	p.does(0, "try getppid", syscall.EPERM)
	p.filters(3, 3, 3)
}

// TestCHeaderLastPhase: what entering took is gone, and a kill kills.
func TestCHeaderLastPhase(t *testing.T) {
	p := start(t, build(t, threePhases))
	p.does(0, "spawn", 0)
	p.does(0, "enter init", 0)
	p.does(0, "enter serving", 0)
	p.does(1, "enter last", 0)
	p.filters(3, 3)
	p.does(0, "enter thread_worker__", syscall.EINVAL) // the phase before has it
	p.does(0, "enter thread_main", syscall.EINVAL)
	p.does(1, "enter thread_worker_1", 0)
	p.does(1, "try filter", syscall.EPERM)
	p.filters(3, 4)
	p.does(1, "try getppid", 0)
	p.dies(0, "try getuid")
}

// TestCHeaderStrangeFilter: a thread that has a filter of its own cannot be
// brought along, and nothing is installed.
func TestCHeaderStrangeFilter(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("a filter without no_new_privs takes root")
	}
	p := start(t, build(t, threePhases))
	p.does(0, "spawn", 0)
	p.does(1, "try filter", 0)
	p.does(0, "enter init", syscall.ESRCH)
	p.filters(0, 1)
	p.does(1, "enter init", 0) // which has more than the others may enter for them
	p.filters(2, 2)
}

const blocks = `policy p arch x86_64, aarch64
default errno EPERM
process { descriptors 0..2, 5  memory write-xor-execute  rlimit CORE 4096 }
files { read /etc  write $dir  read /nowhere? }
network { bind tcp 7001, 7002 }
param dir = /tmp
phase init { allow * }
phase serving {
	files { read /etc/passwd }
	network { bind tcp 7002 }
	allow openat fcntl prlimit64 socket bind close
	` + talk + "}\n"

// onPorts is a policy with these ports in place of its own.
func onPorts(policy string, one, two int) string {
	return strings.NewReplacer("7001", strconv.Itoa(one), "7002", strconv.Itoa(two)).Replace(policy)
}

// TestCHeaderBlocks has Landlock, the descriptors, memory and limits.
func TestCHeaderBlocks(t *testing.T) {
	if _, err := os.Stat("/nowhere"); err == nil {
		t.Skip("/nowhere exists")
	}
	one, two, other := freeport.For(t), freeport.For(t), freeport.For(t)
	p := start(t, build(t, onPorts(blocks, one, two)))
	for fd := 3; fd <= 6; fd++ {
		p.does(0, "try isopen "+strconv.Itoa(fd), 0)
	}
	p.does(0, "try code", 0)
	p.does(0, "enter init", 0)
	p.does(0, "try isopen 1", 0)
	p.does(0, "try isopen 5", 0)
	p.does(0, "try isopen 6", syscall.EBADF)
	p.does(0, "try isopen 9", syscall.EBADF)
	p.does(0, "try core", 4096)
	p.does(0, "try code", syscall.EACCES)
	p.does(0, "try read /etc/passwd", 0)
	p.does(0, "try read /etc/group", 0)
	p.does(0, "try read /usr/bin/env", syscall.EACCES)
	p.does(0, "try write /etc/narrow-must-not-exist", syscall.EACCES)
	p.does(0, fmt.Sprint("try bind ", one), 0)
	p.does(0, fmt.Sprint("try bind ", other), syscall.EACCES)
	p.does(0, "enter serving", 0)
	p.does(0, "try read /etc/passwd", 0)
	p.does(0, "try read /etc/group", syscall.EACCES)
	p.does(0, fmt.Sprint("try bind ", two), 0)
	p.does(0, fmt.Sprint("try bind ", one), syscall.EACCES)
	p.does(0, "try core", 4096)
	p.filters(2)
}

// TestCHeaderLandlockOnAllThreads enters two phases with domains while threads
// run: one that blocks all signals, and one that ends meanwhile.
//
// What that takes is let through even where all else is death.
func TestCHeaderLandlockOnAllThreads(t *testing.T) {
	policy := strings.NewReplacer("descriptors 0..2, 5", "", // which would close the threads' pipes
		"errno EPERM", "kill-process", "phase init { allow * }", "phase init { allow openat socket bind close mmap mprotect\n"+talk+"}").Replace(blocks)
	p := start(t, build(t, policy))
	for range 3 {
		p.does(0, "spawn", 0)
	}
	p.does(2, "try block-signals", 0)
	p.does(1, "enter init", 0)
	fmt.Fprintln(p.in, "3 end")
	for _, thread := range []int{0, 1, 2} {
		p.does(thread, "try read /etc/group", 0)
		p.does(thread, "try read /usr/bin/env", syscall.EACCES)
	}
	p.does(0, "enter serving", 0)
	for _, thread := range []int{0, 1, 2} {
		p.does(thread, "try read /etc/passwd", 0)
		p.does(thread, "try read /etc/group", syscall.EACCES)
		p.does(thread, "try bind 7001", syscall.EACCES)
	}
}

// TestCHeaderStorm enters the phases while threads come and go.
func TestCHeaderStorm(t *testing.T) {
	program := buildOf(t, strings.NewReplacer("descriptors 0..2, 5", "", "allow openat", "errno ENOSYS clone3 allow @startup @threading openat").Replace(blocks), "storm.c")
	rounds := 10
	if os.Getenv("NARROW_LONG") != "" {
		rounds = 500
	}
	for range rounds {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		out, err := exec.CommandContext(ctx, program).CombinedOutput()
		cancel()
		if want := "2 phases, result 0, 0 wrong\n"; err != nil || string(out) != want {
			t.Fatalf("got %q, %v, want %q", out, err, want)
		}
	}
}

// TestCHeaderThreadsThatCannotBeListed: nothing is entered, and nothing changed.
func TestCHeaderThreadsThatCannotBeListed(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("a mount namespace without /proc takes root")
	}
	if landlockABI() >= 8 {
		t.Skip("this kernel brings all threads along by itself")
	}
	p := start(t, build(t, blocks), "unshare", "--mount", "sh", "-c", `umount -l /proc && exec "$0"`)
	p.does(0, "spawn", 0)
	p.does(0, "enter init", syscall.EBUSY)
	p.does(0, "try isopen 6", 0)
	p.does(0, "try read /usr/bin/env", 0)
	p.does(1, "try read /usr/bin/env", 0)
	p.does(0, "try code", 0)
}

// TestCHeaderMissingPath: nothing is entered, and it can be tried again.
func TestCHeaderMissingPath(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	p := start(t, build(t, strings.Replace(blocks, "param dir = /tmp", "param dir = "+dir, 1)))
	p.does(0, "enter init", syscall.ENOENT)
	p.does(0, "try isopen 6", 0)
	p.does(0, "try read /usr/bin/env", 0)
	p.filters(0)
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	p.does(0, "enter init", 0)
	p.does(0, "try write "+dir+"/x", 0)
	p.does(0, "try read /usr/bin/env", syscall.EACCES)
}

// TestCHeaderOtherABIs tries i386 and x32 from a 64-bit program.
func TestCHeaderOtherABIs(t *testing.T) {
	for _, how := range []string{"int80", "x32"} {
		p := start(t, build(t, threePhases))
		p.does(0, "enter init", 0)
		p.dies(0, "try "+how)
	}
	p := start(t, build(t, strings.Replace(threePhases, "arch x86_64, aarch64 else kill-process", "arch x86_64, i386, s390x", 1)))
	p.does(0, "enter init", 0)
	p.does(0, "try int80", syscall.EPERM)
}

// TestCHeaderStrict is the kernel's mode 1, for a thread and for a process.
func TestCHeaderStrict(t *testing.T) {
	program := build(t, "policy p arch x86_64, aarch64 default kill-process\nphase a { allow *\nthread x { strict } }\n")
	p := start(t, program)
	p.does(0, "spawn", 0)
	p.does(0, "enter a", 0)
	p.does(1, "enter thread", 0)
	p.filters(0, 0)
	p.does(0, "enter thread_x", 0)
	p.does(1, "try getppid", 0)
	fmt.Fprintln(p.in, "0 try getppid") // kills that thread, and no more
	p.in.Close()
	program = build(t, "policy p arch x86_64, aarch64 default kill-process\nphase a { strict }\n")
	p = start(t, program)
	p.does(0, "spawn", 0)
	p.does(0, "enter a", syscall.EBUSY)
	p = start(t, program)
	p.does(0, "enter a", 0)
	fmt.Fprintln(p.in, "0 try getppid")
	p.cmd.Wait()
	if status, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGKILL {
		t.Errorf("a call in mode 1: ended with %v, want SIGKILL", p.cmd.ProcessState)
	}
}

func landlockABI() int {
	r, _, errno := syscall.Syscall(444, 0, 0, 1)
	if errno != 0 {
		return 0
	}
	return int(r)
}
