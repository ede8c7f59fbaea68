package profiles_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// eachUserOf runs a test of a program started as root and as an ordinary user.
func eachUserOf(t *testing.T, program string, f func(t *testing.T, who user)) {
	need(t, program)
	if os.Geteuid() == 0 {
		t.Run("root", func(t *testing.T) { f(t, root) })
	}
	t.Run("ordinary", func(t *testing.T) { f(t, nobodyOr(t)) })
}

// waitEnd demands that the server ends by itself.
func (s *server) waitEnd() {
	s.t.Helper()
	select {
	case <-s.exited:
	case <-time.After(patience):
		s.t.Fatalf("%v does not end\n%s", s.cmd.Args, s.stderr)
	}
}

// patience bounds every wait for what comes by itself. It is for a machine that
// is busy with many other tests, and for nothing else: nobody waits that long.
const patience = 60 * time.Second

// stateOf is what each thread of a process does, and its signals: for the
// failure of a test.
func stateOf(pid int) string {
	var all strings.Builder
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*", pid))
	for _, task := range tasks {
		status, _ := os.ReadFile(task + "/status")
		call, _ := os.ReadFile(task + "/syscall")
		fmt.Fprint(&all, filepath.Base(task))
		for line := range strings.Lines(string(status)) {
			switch key, value, _ := strings.Cut(strings.TrimSpace(line), ":\t"); key {
			case "Name", "State", "TracerPid", "SigPnd", "ShdPnd", "SigBlk", "Seccomp_filters":
				fmt.Fprintf(&all, " %s=%s", key, value)
			}
		}
		fmt.Fprintf(&all, " in %s", call)
	}
	return all.String()
}

// children lists the processes whose parent is pid.
func children(t *testing.T, pid int) []int {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	var list []int
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended
		}
		// PID (NAME) STATE PPID: the name may hold blanks.
		fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
		if len(fields) > 1 && fields[1] == strconv.Itoa(pid) && fields[0] != "Z" {
			child, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
			list = append(list, child)
		}
	}
	return list
}

// ended reports whether a process is no more, or is only waited for.
func ended(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err != nil || bytes.Contains(text, []byte(") Z "))
}

// waitGone demands that a process that is nobody's child here ends.
func waitGone(t *testing.T, pid int) {
	t.Helper()
	for deadline := time.Now().Add(patience); !ended(pid); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("process %d does not end", pid)
		}
	}
}

// emptyBut demands that a folder holds these files and nothing else.
func emptyBut(t *testing.T, dir string, names ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	allowed := " " + strings.Join(names, " ") + " "
	for _, e := range entries {
		if !strings.Contains(allowed, " "+e.Name()+" ") {
			t.Errorf("left behind: %s", e.Name())
		}
	}
}

// wantVerdict runs a call of the first thread through a profile with a param set.
func wantVerdict(t *testing.T, profile, phase, set, call, verdict string) {
	t.Helper()
	args := []string{"sim", "--phase", phase, "--thread", "main"}
	if set != "" {
		args = append(args, "--set", set)
	}
	out, _ := exec.Command(narrowBinary, append(args, profile, call)...).Output()
	_, got, _ := strings.Cut(string(out), "): ")
	if !strings.HasPrefix(got, verdict+",") && !strings.HasPrefix(got, verdict+" ") {
		t.Errorf("%s with %q: %swant %s", profile, set, out, verdict)
	}
}

// write makes a file that belongs to who.
func write(t *testing.T, who user, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() == 0 {
		if err := os.Chown(path, int(who.uid), int(who.gid)); err != nil {
			t.Fatal(err)
		}
	}
}

// certificate makes a key and a certificate in a folder.
func certificate(t *testing.T, dir string) (key, cert string) {
	t.Helper()
	need(t, "openssl")
	key, cert = filepath.Join(dir, "key.pem"), filepath.Join(dir, "cert.pem")
	out, err := exec.Command("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
		"-nodes", "-keyout", key, "-out", cert, "-days", "2", "-subj", "/CN=localhost").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	os.Chmod(key, 0o644)
	return key, cert
}
