//go:build linux

package inject

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/narrow-sandbox/narrow/internal/kernel"
)

// A process that executes a program while some of its threads are in hand and
// others are not: its execve waits until the tracer has heard of the end of the
// ones, and to take the others waits for that execve. A listener holds it up, so
// that both are sure to meet.
func TestExecWhileThreadsAreTaken(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("not root: fanotify is root's")
	}
	dir := t.TempDir()
	becomes, interpreter, script := filepath.Join(dir, "becomes"), filepath.Join(dir, "interpreter"), filepath.Join(dir, "script")
	for _, line := range []string{"gcc -O1 -pthread -o " + becomes + " testdata/becomes.c", "cp /bin/echo " + interpreter} {
		words := strings.Fields(line)
		if out, err := exec.Command(words[0], words[1:]...).CombinedOutput(); err != nil {
			t.Skipf("%s: %v\n%s", line, err, out)
		}
	}
	if err := os.WriteFile(script, []byte("#!"+interpreter+" became\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	listener := holdUp(t, interpreter)

	c := exec.Command(becomes, script)
	stdin, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	defer c.Wait()
	defer c.Process.Kill()
	hangs := time.AfterFunc(3*time.Minute, func() { c.Process.Kill() })
	defer hangs.Stop()
	lines := bufio.NewScanner(stdout)
	if !lines.Scan() {
		t.Fatal("it did not start")
	}
	tids, err := kernel.TaskIDs(c.Process.Pid)
	if err != nil || len(tids) != 3 {
		t.Fatal(tids, err)
	}

	tracer := make(chan int, 1)
	taken := make(chan error, 1)
	seized := make(chan struct{})
	within := make(chan struct{})
	go func() {
		runtime.LockOSThread() // which ends with it, and lets go of what is left
		p := &Process{PID: c.Process.Pid, trace: traceOptions}
		if ok, err := p.take(tids[1]); !ok || err != nil {
			taken <- fmt.Errorf("the first thread was not taken: %v", err)
			return
		}
		close(seized)
		<-within
		tracer <- kernel.Gettid()
		_, err := p.take(tids[2])
		for end := time.Now().Add(time.Minute); err == nil && len(p.threads) > 0; { // as the engine goes on
			if _, err = p.poll(); err == nil && time.Now().After(end) {
				err = fmt.Errorf("%d threads have not ended", len(p.threads))
			}
			kernel.Nanosleep(time.Millisecond)
		}
		taken <- err
	}()
	select {
	case <-seized:
	case err := <-taken:
		t.Fatal(err)
	}
	fmt.Fprintln(stdin, "become it")
	event := listener.event(t)
	close(within)
	tid := <-tracer
	waits := fmt.Sprintf("/proc/self/task/%d/syscall", tid)
	for end := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		if text, _ := os.ReadFile(waits); strings.HasPrefix(string(text), fmt.Sprint(unix.SYS_PTRACE, " ")) {
			break
		}
		if time.Now().After(end) {
			t.Fatal("the tracer does not wait for the execve")
		}
	}
	listener.allow(t, event)
	select {
	case err := <-taken:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(2 * time.Minute):
		t.Fatal("the execve and the tracer wait for each other")
	}
	if lines.Scan(); lines.Text() != "became "+script {
		t.Errorf("it became %q", lines.Text())
	}
}

// holder is a fanotify group that is asked before a file is executed.
type holder struct{ *os.File }

func holdUp(t *testing.T, path string) holder {
	t.Helper()
	fd, err := unix.FanotifyInit(unix.FAN_CLASS_CONTENT|unix.FAN_CLOEXEC|unix.FAN_NONBLOCK, unix.O_RDONLY|unix.O_CLOEXEC)
	if err == nil {
		err = unix.FanotifyMark(fd, unix.FAN_MARK_ADD, unix.FAN_OPEN_EXEC_PERM, unix.AT_FDCWD, path)
	}
	if err != nil {
		t.Skipf("this kernel lets nobody hold up an execve: fanotify: %v", err)
	}
	h := holder{os.NewFile(uintptr(fd), "fanotify")}
	t.Cleanup(func() { h.Close() }) // which allows what is left
	return h
}

// event waits for an execve and returns the descriptor by which it is answered.
func (h holder) event(t *testing.T) []byte {
	t.Helper()
	var event [256]byte
	if err := h.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if n, err := h.Read(event[:]); err != nil || n < 24 {
		t.Fatalf("no execve within a minute: %d bytes, %v", n, err)
	}
	fd := int(binary.NativeEndian.Uint32(event[16:]))
	t.Cleanup(func() { unix.Close(fd) })
	return event[16:20]
}

func (h holder) allow(t *testing.T, event []byte) {
	t.Helper()
	if _, err := h.Write(binary.NativeEndian.AppendUint32(event[:4:4], unix.FAN_ALLOW)); err != nil {
		t.Fatal(err)
	}
}
