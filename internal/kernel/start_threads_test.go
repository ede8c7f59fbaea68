//go:build linux

package kernel

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func init() { trials["start beside new threads"] = tryStartBesideThreads }

// scriptVar tells the trial what to execute.
const scriptVar = "NARROW_KERNEL_TEST_SCRIPT"

// newThreads are more than Go's runtime has at hand.
const newThreads = 20

// A thread that is created while another one is within execve: the kernel
// refuses it with EAGAIN where the two share their fs (kernel/fork.c:copy_fs),
// and Go's runtime aborts the program after a fifth of a second of that. An execve
// takes that long on a busy machine; here, a listener holds it up.
func TestStartBesideNewThreads(t *testing.T) {
	needRoot(t)
	dir := t.TempDir()
	interpreter, script := filepath.Join(dir, "interpreter"), filepath.Join(dir, "script")
	copyFile(t, "/bin/echo", interpreter)
	if err := os.WriteFile(script, []byte("#!"+interpreter+" became\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	listener := holdExec(t, interpreter)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	c := exec.CommandContext(ctx, "/proc/self/exe")
	c.Env = append(os.Environ(), trialVar+"=start beside new threads", scriptVar+"="+script)
	stdin, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.Stderr = os.Stderr
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	defer c.Wait()
	defer c.Process.Kill()
	event := listener.wait(t)
	fmt.Fprintln(stdin, "it is within execve")
	lines := bufio.NewScanner(stdout)
	for i := range newThreads {
		if !lines.Scan() {
			t.Fatalf("the program ended after %d new threads", i)
		}
	}
	listener.allow(t, event)
	if lines.Scan(); lines.Text() != "became "+script {
		t.Errorf("it became %q", lines.Text())
	}
}

func tryStartBesideThreads() error {
	image, err := NewImage(os.Getenv(scriptVar), []string{"script"}, nil)
	if err != nil {
		return err
	}
	start, err := NewStart(image, nil)
	if err != nil {
		return err
	}
	go func() {
		bufio.NewReader(os.Stdin).ReadString('\n')
		for range newThreads {
			go func() {
				runtime.LockOSThread()
				os.Stdout.WriteString("thread\n")
				select {}
			}()
		}
	}()
	start.Release()
	return start.Run()
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	text, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, text, 0o755); err != nil {
		t.Fatal(err)
	}
}

// execHold is a fanotify group that is asked before a file is executed.
type execHold int

// holdExec makes each execve of a file, as a program or for one, wait.
func holdExec(t *testing.T, path string) execHold {
	t.Helper()
	fd, err := unix.FanotifyInit(unix.FAN_CLASS_CONTENT|unix.FAN_CLOEXEC|unix.FAN_NONBLOCK, unix.O_RDONLY|unix.O_CLOEXEC)
	if err == nil {
		t.Cleanup(func() { unix.Close(fd) })
		err = unix.FanotifyMark(fd, unix.FAN_MARK_ADD, unix.FAN_OPEN_EXEC_PERM, unix.AT_FDCWD, path)
	}
	if errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EINVAL) || errors.Is(err, unix.EPERM) {
		t.Skipf("this kernel lets nobody hold up an execve: fanotify: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return execHold(fd)
}

// wait returns the event's descriptor, by which it is answered.
func (h execHold) wait(t *testing.T) int32 {
	t.Helper()
	ready := []unix.PollFd{{Fd: int32(h), Events: unix.POLLIN}}
	for end := time.Now().Add(patience); ; {
		n, err := unix.Poll(ready, 1000)
		if n > 0 {
			break
		}
		if err != nil && err != unix.EINTR || time.Now().After(end) {
			t.Fatalf("no execve within %v: %v", patience, err)
		}
	}
	var event [256]byte
	if n, err := unix.Read(int(h), event[:]); err != nil || n < 24 {
		t.Fatalf("fanotify: %d bytes, %v", n, err)
	}
	fd := int32(binary.NativeEndian.Uint32(event[16:]))
	t.Cleanup(func() { unix.Close(int(fd)) })
	return fd
}

func (h execHold) allow(t *testing.T, event int32) {
	t.Helper()
	answer := binary.NativeEndian.AppendUint32(binary.NativeEndian.AppendUint32(nil, uint32(event)), unix.FAN_ALLOW)
	if _, err := unix.Write(int(h), answer); err != nil {
		t.Fatal(err)
	}
}
