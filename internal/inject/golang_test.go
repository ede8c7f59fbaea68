//go:build linux

package inject_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/narrow-sandbox/narrow/internal/victim"
)

// roleVar makes the test binary a Go program that is to be narrowed.
const roleVar = "NARROW_INJECT_TEST_ROLE"

// role is what a child of the test binary is; it does not return if it is any.
func role() {
	switch os.Getenv(roleVar) {
	case "echo":
		echo()
	case "attempts":
		fmt.Println("ready")
		bufio.NewReader(os.Stdin).ReadString('\n')
		json.NewEncoder(os.Stdout).Encode(victim.Attempts(os.Args[1], os.Args[2]))
	default:
		return
	}
	os.Exit(0)
}

// echo serves lines, makes garbage, starts threads and lets timers run.
func echo() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(l.Addr())
	go func() {
		for range time.Tick(time.Millisecond) {
			runtime.GC()
			go func() {
				runtime.LockOSThread() // the thread ends with it
				time.Sleep(time.Millisecond)
			}()
		}
	}()
	for {
		conn, err := l.Accept()
		if err != nil {
			panic(err)
		}
		go io.Copy(conn, conn)
	}
}

// asRole starts the test binary as a Go program.
func asRole(t *testing.T, name string, args ...string) *process {
	t.Helper()
	c := exec.Command("/proc/self/exe", args...)
	c.Env = append(os.Environ(), roleVar+"="+name, "GORACE=atexit_sleep_ms=0")
	c.Stderr = os.Stderr
	return startCommand(t, c)
}

// A Go program, whose runtime preempts threads by signals and starts and ends
// them all the time, notices nothing.
func TestGoProgram(t *testing.T) {
	v := asRole(t, "echo")
	address := v.line(t)
	stop := make(chan struct{})
	var load sync.WaitGroup
	for range 4 {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		load.Go(func() {
			defer conn.Close()
			if err := echoes(conn, stop); err != nil {
				t.Error(err)
			}
		})
	}
	l := layersOf(t, noGetppid)
	for i := range times(30, 1000) {
		if _, err := enter(v.pid(), l, daring()); err != nil {
			t.Error(err)
			break
		}
		narrowed(t, v.pid(), i+1)
	}
	close(stop)
	load.Wait()
}

func echoes(conn net.Conn, stop chan struct{}) error {
	answers := bufio.NewReader(conn)
	for i := 0; ; i++ {
		select {
		case <-stop:
			return nil
		default:
		}
		conn.SetDeadline(time.Now().Add(20 * time.Second))
		line := fmt.Sprintln("line", i)
		if _, err := conn.Write([]byte(line)); err != nil {
			return err
		}
		if got, err := answers.ReadString('\n'); err != nil || got != line {
			return fmt.Errorf("got %q, want %q: %w", got, line, err)
		}
	}
}

// What a break-in tries works in a free process, and in one that was narrowed
// while it ran none of it does.
func TestAttempts(t *testing.T) {
	for _, narrow := range []bool{false, true} {
		for _, a := range attempts(t, narrow) {
			if a.Worked == narrow {
				t.Errorf("narrowed %t: %s: worked %t (%s)", narrow, a.Name, a.Worked, a.Detail)
			}
		}
	}
}

func attempts(t *testing.T, narrow bool) []victim.Result {
	t.Helper()
	home := t.TempDir()
	if err := victim.Prepare(home); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	v := asRole(t, "attempts", home, port)
	v.line(t)
	if narrow {
		enterPolicy(t, v.pid(), `language 1
policy test
arch x86_64, aarch64 else kill-process
default errno EPERM
newer errno ENOSYS than linux 6.1
errno ENOSYS clone3
allow @startup @threading @memory write epoll_pwait epoll_create1 epoll_ctl eventfd2 pipe2 fcntl tgkill getpid nanosleep
errno EPERM mprotect(prot has PROT_EXEC) mmap(prot has PROT_EXEC)
files { read /proc }
network {}
`)
	}
	v.tell(t)
	var got []victim.Result
	if line := v.line(t); json.Unmarshal([]byte(line), &got) != nil || len(got) < 8 {
		t.Fatalf("got %q", line)
	}
	return got
}
