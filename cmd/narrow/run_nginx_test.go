//go:build linux && amd64

package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/narrow-sandbox/narrow/internal/kernel"
)

const nginxPolicy = `language 1
policy nginx
arch x86_64
default allow
errno EPERM execve execveat ptrace
phase init { allow getppid }
phase serving after epoll_wait in main {
    kill-process socket bind listen clone clone3 fork vfork
}
`

const nginxConfig = `worker_processes 2;
daemon off;
pid DIR/pid;
error_log DIR/error.log;
events { worker_connections 64; }
http {
    access_log off;
    client_body_temp_path DIR/body; proxy_temp_path DIR/proxy; fastcgi_temp_path DIR/fastcgi;
    uwsgi_temp_path DIR/uwsgi; scgi_temp_path DIR/scgi;
    server { listen ADDR; location / { return 200 "hello"; } }
}
`

// A master never comes to the trigger that its workers come to: they are in the
// last phase, it is in the first, with the tracer beside it, so that the workers
// of a reload are walked, too.
func TestNginxMasterAndWorkers(t *testing.T) {
	needProgram(t, "nginx", "nginx-light")
	dir, addr := openDir(t), freeAddr(t)
	fill := strings.NewReplacer("DIR", dir, "ADDR", addr)
	policy, config := filepath.Join(dir, "nginx.narrow"), filepath.Join(dir, "nginx.conf")
	for path, text := range map[string]string{policy: nginxPolicy, config: fill.Replace(nginxConfig)} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	c := narrowCommand(t, "run", "--detach", policy, "--", "nginx", "-c", config)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	master := c.Process.Pid
	defer syscall.Kill(master, syscall.SIGKILL)
	before := workersServe(t, master, addr, nil)
	if err := c.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	workersServe(t, master, addr, before)
	if s := firstThread(t, master); s.SeccompFilters != 1 || s.TracerPID == 0 {
		t.Errorf("the master: %+v", s)
	}
	if err := c.Process.Signal(syscall.SIGQUIT); err != nil {
		t.Fatal(err)
	}
	if err := c.Wait(); err != nil {
		t.Error(err)
	}
	within(t, "the end of the tracer", func() bool { return len(left(master)) == 0 })
}

// workersServe waits until two workers that are not among the old ones have
// both filters and no tracer, and the server answers.
func workersServe(t *testing.T, master int, addr string, old map[int]bool) map[int]bool {
	t.Helper()
	workers := map[int]bool{}
	within(t, "two narrowed workers", func() bool {
		clear(workers)
		for _, pid := range childrenOf(master) {
			s, err := kernel.ThreadStatus(pid, pid)
			if err == nil && !old[pid] && s.SeccompFilters == 2 && s.TracerPID == 0 {
				workers[pid] = true
			}
		}
		return len(workers) == 2
	})
	if got := fetch(addr); got != "hello" {
		t.Errorf("the server says %q", got)
	}
	return workers
}

func firstThread(t *testing.T, pid int) *kernel.Status {
	t.Helper()
	s, err := kernel.ThreadStatus(pid, pid)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// childrenOf reads /proc/PID/task/PID/children.
func childrenOf(pid int) []int {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	var all []int
	for _, word := range strings.Fields(string(text)) {
		if n, err := strconv.Atoi(word); err == nil {
			all = append(all, n)
		}
	}
	return all
}

func fetch(addr string) string {
	client := http.Client{Transport: &http.Transport{DialContext: (&net.Dialer{}).DialContext, DisableKeepAlives: true}}
	r, err := client.Get("http://" + addr)
	if err != nil {
		return err.Error()
	}
	defer r.Body.Close()
	text, _ := io.ReadAll(r.Body)
	return string(text)
}
