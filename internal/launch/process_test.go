//go:build linux

package launch_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// noExec denies the program's own execve, as most policies do.
var noExec = draft{Rules: []draftRule{{eperm, []string{"execve", "execveat"}}}}

// The program is the process that was started: everything that a process has
// is as it would be without us. Each script prints what it sees; free and
// narrowed must print the same.
func TestProgramSeesWhatItWouldSeeFree(t *testing.T) {
	t.Run("untraced", func(t *testing.T) { testSeesWhatItWouldSeeFree(t, job{Draft: noExec}) })
	t.Run("traced", func(t *testing.T) { testSeesWhatItWouldSeeFree(t, job{Draft: noExec, Traced: true}) })
}

func testSeesWhatItWouldSeeFree(t *testing.T, j job) {
	scripts := map[string]string{
		"argv, argv0": `printf '<%s>' "$0" "$@"`,
		"environment": `export -p`,
		"directory":   `pwd`,
		"umask":       `umask`,
		"limits":      `ulimit -Sn; ulimit -Hn; ulimit -a`,
		"parent":      `echo $PPID`,
		"terminal and groups": `read -r a b c d pgrp session tty tpgid rest </proc/$$/stat; ` +
			`echo $pgrp $session $tty $tpgid`,
		"signals": `while read -r k v; do case $k in SigIgn:|SigBlk:|SigCgt:) echo $k $v;; esac; done </proc/$$/status`,
		"nice":    `read -r a b c d e f g h i j k l m n o p q prio nice rest </proc/$$/stat; echo $prio $nice`,
		"threads": `echo /proc/$$/task/* | wc -w 2>/dev/null || echo /proc/$$/task/*`,
	}
	for name, script := range scripts {
		t.Run(name, func(t *testing.T) {
			eachUser(t, func(t *testing.T, as func(*exec.Cmd)) {
				script := strings.ReplaceAll(script, "/proc/$$/task/* | wc -w 2>/dev/null || echo ", "") // no child to be had
				free := exec.Command("/bin/sh", "-c", script, "zero", "one", "")
				free.Args[0] = "sh"
				narrowed := j.command("sh", "-c", script, "zero", "one", "")
				var seen [2]string
				for i, c := range []*exec.Cmd{free, narrowed} {
					if c.Env == nil {
						c.Env = os.Environ()
					}
					c.Env = append(c.Env, "MARK=a b\nMARK2=c")
					c.Dir = "/usr"
					as(c)
					c.Dir = "/usr"
					o := runCommand(t, c)
					if o.status() != 0 || o.err != "" {
						t.Fatal(o)
					}
					seen[i] = o.out
					if name == "threads" {
						seen[i] = strings.ReplaceAll(o.out, fmt.Sprint(c.Process.Pid), "PID")
					}
				}
				if seen[0] != seen[1] || seen[0] == "" {
					t.Errorf("free:\n%s\nnarrowed:\n%s", seen[0], seen[1])
				}
			})
		})
	}
}

func TestPidStatusAndSignalAreTheProgramsOwn(t *testing.T) {
	t.Run("untraced", func(t *testing.T) { testPidStatusAndSignal(t, job{Draft: noExec}) })
	t.Run("traced", func(t *testing.T) { testPidStatusAndSignal(t, job{Draft: noExec, Traced: true}) })
}

func testPidStatusAndSignal(t *testing.T, j job) {
	eachUser(t, func(t *testing.T, as func(*exec.Cmd)) {
		c := j.command("sh", "-c", "echo $$")
		as(c)
		o := runCommand(t, c)
		if strings.TrimSpace(o.out) != fmt.Sprint(c.Process.Pid) {
			t.Errorf("started %d, the program is %s", c.Process.Pid, o.out)
		}
		for _, status := range []int{0, 1, 7, 125, 255} {
			c := j.command("sh", "-c", fmt.Sprint("exit ", status))
			as(c)
			if o := runCommand(t, c); o.status() != status {
				t.Errorf("want %d: %v", status, o)
			}
		}
		for _, sig := range []string{"TERM", "KILL", "PIPE", "USR1", "URG"} {
			c := j.command("sh", "-c", "kill -"+sig+" $$; exit 3")
			as(c)
			want := unix.SignalNum("SIG" + sig)
			if o := runCommand(t, c); o.signal() != want && !(sig == "URG" && o.status() == 3) {
				t.Errorf("want %v: %v", want, o)
			}
		}
	})
}

// A denial that kills shows as SIGSYS, as the kernel has it.
func TestKillIsSIGSYS(t *testing.T) {
	j := job{Draft: draft{Rules: []draftRule{{kill, []string{"getpid", "execve", "getppid"}}}}}
	if o := j.run(t, "sh", "-c", "exit 0"); o.signal() != syscall.SIGSYS && o.status() != 0 {
		t.Error(o)
	}
	j = job{Draft: draft{Rules: []draftRule{{kill, []string{"exit_group", "exit"}}}}}
	if o := j.run(t, "true"); o.signal() != syscall.SIGSYS {
		t.Error(o)
	}
}

// A terminal stays the controlling terminal, and the program in its foreground.
func TestTerminalIsHandedOn(t *testing.T) {
	script := `read -r a b c d pgrp session tty tpgid rest </proc/$$/stat; test -t 0 && test $tty != 0 && test $pgrp = $tpgid && echo yes`
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skip("no /dev/ptmx: ", err)
	}
	defer master.Close()
	if err := unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	slave, err := os.OpenFile(fmt.Sprint("/dev/pts/", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer slave.Close()
	for _, traced := range []bool{false, true} {
		c := job{Draft: noExec, Traced: traced}.command("sh", "-c", script)
		c.Stdin = slave
		c.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
		if o := runCommand(t, c); o.out != "yes\n" {
			t.Errorf("traced %t: %v", traced, o)
		}
	}
}

// Descriptors are inherited as they are, and with the descriptors line only
// the listed ones. Nothing of narrow's own is among them.
func TestDescriptors(t *testing.T) {
	list := []string{"sh", "-c", `for f in /proc/$$/fd/*; do echo ${f##*/}; done`}
	for name, c := range map[string]struct {
		draft draft
		last  int
	}{
		"as they are": {noExec, 1 << 30},
		"0..2":        {withDescriptors(0, 2), 2},
		"0..3":        {withDescriptors(0, 3), 3},
	} {
		t.Run(name, func(t *testing.T) {
			eachUser(t, func(t *testing.T, as func(*exec.Cmd)) {
				free, narrowed := exec.Command(list[0], list[1:]...), job{Draft: c.draft}.command(list...)
				for _, cmd := range []*exec.Cmd{free, narrowed} {
					as(cmd)
					for range 3 {
						f, err := os.Open("/dev/null")
						if err != nil {
							t.Fatal(err)
						}
						defer f.Close()
						cmd.ExtraFiles = append(cmd.ExtraFiles, f)
					}
				}
				want := map[int]bool{}
				for _, fd := range numbers(runCommand(t, free).out) {
					want[fd] = true
				}
				if !want[5] {
					t.Fatalf("free, the program has only %v", want)
				}
				o := runCommand(t, narrowed)
				for _, fd := range numbers(o.out) {
					// sh reads the folder by one more, the lowest that is free.
					if fd > c.last+1 || !want[fd] {
						t.Errorf("descriptor %d is open: %v", fd, o)
					}
					delete(want, fd)
				}
				for fd := range want {
					if fd <= c.last {
						t.Errorf("descriptor %d is gone: %v", fd, o)
					}
				}
			})
		})
	}
}

func numbers(text string) []int {
	var all []int
	for _, f := range strings.Fields(text) {
		n, _ := strconv.Atoi(f)
		all = append(all, n)
	}
	return all
}

// Go's runtime raises the soft limit on descriptors in narrow itself; the
// program must not notice.
func TestSoftLimitIsHandedOn(t *testing.T) {
	runner := job{Draft: noExec}.command("sh", "-c", "ulimit -Sn")
	c := exec.Command("sh", append([]string{"-c", `ulimit -Sn 321; exec "$@"`, "-"}, runner.Args...)...)
	c.Env = runner.Env
	if o := runCommand(t, c); o.out != "321\n" {
		t.Error(o)
	}
}

func withDescriptors(low, high uint64) draft {
	d := noExec
	d.Process.SetDescriptors = true
	d.Process.Descriptors = ranges(low, high)
	return d
}

// The parent-death signal belongs to the main thread alone; so the main thread
// is the one that execs.
func TestParentDeathSignalIsKept(t *testing.T) {
	probe := buildProbe(t, `package main
import ("fmt"; "syscall"; "unsafe")
func main() { var sig int32; syscall.RawSyscall(157, 2, uintptr(unsafe.Pointer(&sig)), 0); fmt.Println(sig) }`)
	for _, traced := range []bool{false, true} {
		cmd := job{Draft: noExec, Traced: traced}.command(probe)
		cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGUSR2}
		if o := runCommand(t, cmd); strings.TrimSpace(o.out) != fmt.Sprint(int(syscall.SIGUSR2)) {
			t.Errorf("traced %t: %v", traced, o)
		}
	}
}

// Nothing of narrow lives beside the program, and the program has no child.
func TestNoProcessStaysBehind(t *testing.T) {
	await(t, "the end of the tracers of other tests", func() bool { return len(ofNarrow(t)) == 0 })
	report := filepath.Join(t.TempDir(), "report")
	c := job{Draft: noExec, Report: report}.command("sleep", "60")
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	defer c.Wait()
	defer c.Process.Kill()
	await(t, "the program", func() bool { return comm(c.Process.Pid) == "sleep" })
	for _, p := range processes(t) {
		if p.pgrp == c.Process.Pid && p.pid != c.Process.Pid {
			t.Errorf("process %d (%s) is beside the program", p.pid, comm(p.pid))
		}
		if p.ppid == c.Process.Pid {
			t.Errorf("process %d (%s) is a child of the program", p.pid, comm(p.pid))
		}
	}
	if left := ofNarrow(t); len(left) > 0 {
		t.Errorf("processes %v are left", left)
	}
}

// ofNarrow lists the processes that run this test's copy of narrow.
func ofNarrow(t *testing.T) (all []int) {
	t.Helper()
	for _, p := range processes(t) {
		if exe, _ := os.Readlink(fmt.Sprint("/proc/", p.pid, "/exe")); exe == self {
			all = append(all, p.pid)
		}
	}
	return all
}
