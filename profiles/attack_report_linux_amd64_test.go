package profiles_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"syscall"
	"testing"
	"time"
)

// hostile are the calls of testdata/hostile.c, and what the report of the
// death calls them.
var hostile = []struct{ name, call string }{
	{"exec", `execve\(.*\)`},
	{"socket", `socket\(family == AF_INET, type == SOCK_STREAM, protocol == (0|IPPROTO_IP)\)`},
	{"connect", `connect\(fd == 3, .*\)`},
	{"write", `openat\(dfd == AT_FDCWD, .*flags == O_WRONLY.*\)`},
	{"fork", `fork`},
	{"mprotect", `mprotect\(.*prot == PROT_READ\|PROT_EXEC\)`},
	{"io_uring", `io_uring_setup\(.*\)`},
	{"x32", `.*getpid.*`},
	{"int80", `.*getpid.*`},
}

// TestAttackReports makes hostile code inside a thread of each class attack,
// and demands that the death is told: the thread, its class, the phase, the
// call, and the place of the rule.
func TestAttackReports(t *testing.T) {
	need(t, "memcached")
	need(t, "gcc")
	for i, thread := range []string{"memcached", "mc-worker", "mc-log", "mc-itemcrawler", "mc-lrumaint"} {
		for j, h := range hostile {
			if !long && thread != "mc-worker" && i != j%5 {
				continue
			}
			t.Run(thread+"/"+h.name, func(t *testing.T) {
				t.Parallel()
				attackAndReport(t, thread, h.name, h.call)
			})
		}
	}
}

// attackAndReport starts a server in which that thread attacks.
func attackAndReport(t *testing.T, thread, name, call string) {
	t.Helper()
	who := nobodyOr(t)
	state, port := stateDir(t, who), freePort(t)
	library, report := filepath.Join(state, "hostile.so"), filepath.Join(state, "report.json")
	command(t, "gcc", "-shared", "-fPIC", "-o", library, "testdata/hostile.c")
	must(t, os.Chmod(library, 0o755))
	s := newServer(t, []string{narrowBinary, "run", "--report", report, "--set", "port=" + port, "--set", "state=" + state,
		"memcached", "--", "memcached", "-p", port, "-U", "0"})
	s.cmd.Env = append(os.Environ(), "LD_PRELOAD="+library, "HOSTILE="+name)
	s.launch(who)
	s.waitFor("tcp", "127.0.0.1:"+port)
	pid := s.cmd.Process.Pid
	eventually(t, "phase serving begins", func() bool { return narrowedNow(pid) })
	must(t, tgkill(pid, threadOf(t, pid, thread), syscall.SIGWINCH))
	s.mustHaveDied(t)
	var r struct {
		Deaths []struct{ Name, Phase, Class, Why, Place string }
	}
	eventually(t, "the report has a death", func() bool {
		text, err := os.ReadFile(report)
		return err == nil && json.Unmarshal(text, &r) == nil && len(r.Deaths) > 0
	})
	class := thread
	if thread == "memcached" {
		class = "main"
	}
	if d := r.Deaths[0]; len(r.Deaths) != 1 || d.Phase != "serving" || d.Class != class || d.Place+d.Why == "" {
		t.Errorf("the report says %+v", r)
	}
	want := regexp.MustCompile(`(?m)^memcached\[\d+\] ` + class + ` was killed in phase serving: ` + call + `$`)
	if text := s.stderr.String(); !want.MatchString(text) {
		t.Errorf("standard error says\n%swant %v", text, want)
	}
}

// eventually polls for what comes by itself.
func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !so(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not so within %v", what, patience)
		}
	}
}
