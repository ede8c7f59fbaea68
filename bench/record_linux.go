package main

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/internal/freeport"
	"github.com/narrow-sandbox/narrow/policy"
	"github.com/narrow-sandbox/narrow/trace"
)

// record writes traces/: what memcached, nginx and a Go build do under strace
// while they are used as described there.
func record(b *bench) error {
	for _, r := range []struct {
		name string
		run  func(b *bench, dir string, traced func(args ...string) *exec.Cmd) error
	}{{"memcached", useMemcached}, {"nginx", useNginx}, {"go-build", useGo}} {
		dir := filepath.Join(b.dir, "record-"+r.name)
		if err := os.MkdirAll(dir, 0o777); err != nil {
			return err
		}
		lines := filepath.Join(dir, "strace")
		err := r.run(b, dir, func(args ...string) *exec.Cmd {
			cmd := exec.CommandContext(b.ctx, "strace", append([]string{"-f", "-qq", "-o", lines}, args...)...)
			cmd.Stderr = os.Stderr
			return cmd
		})
		if err != nil {
			return fmt.Errorf("%s: %w", r.name, err)
		}
		if err := shorten(lines, filepath.Join("traces", r.name+".txt")); err != nil {
			return err
		}
	}
	return nil
}

// longestTrace is how many calls are told apart in a trace; of the rarer ones
// only the names count.
const longestTrace = 250

// shorten makes counted calls of strace's lines.
func shorten(lines, to string) error {
	in, err := os.Open(lines)
	if err != nil {
		return err
	}
	defer in.Close()
	x86, _ := abi.ByName("x86_64")
	t := trace.New(x86)
	if err := t.Read(lines, in); err != nil {
		return err
	}
	calls := t.Calls()
	slices.SortStableFunc(calls, func(a, b trace.Counted) int { return cmp.Compare(b.Count, a.Count) })
	var out strings.Builder
	out.WriteString("# Recorded by `go run -C bench . -record`, see README.md.\n")
	rare := map[string]uint64{}
	for i, c := range calls {
		if i < longestTrace {
			fmt.Fprintf(&out, "%d %s\n", c.Count, policy.Describe(x86, c.Call))
		} else if call, ok := x86.Number(c.Call.Nr); ok {
			rare[call.Name] += c.Count
		}
	}
	for _, name := range slices.Sorted(maps.Keys(rare)) {
		fmt.Fprintf(&out, "%d %s\n", rare[name], name)
	}
	return os.WriteFile(to, []byte(out.String()), 0o644)
}

// dialSoon waits until somebody listens.
func dialSoon(address string) (net.Conn, error) {
	for begin := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		c, err := net.Dial("tcp", address)
		if err == nil || time.Since(begin) > 20*time.Second {
			return c, err
		}
	}
}

// useMemcached serves 200 connections with 50 sets and gets each.
func useMemcached(_ *bench, _ string, traced func(...string) *exec.Cmd) error {
	reserved, free, err := freeport.Reserve()
	if err != nil {
		return err
	}
	defer free()
	port := strconv.Itoa(reserved)
	cmd := traced("memcached", "-u", "memcache", "-l", "127.0.0.1", "-p", port)
	if err := cmd.Start(); err != nil {
		return err
	}
	defer end(cmd)
	for range 200 {
		c, err := dialSoon("127.0.0.1:" + port)
		if err != nil {
			return err
		}
		in := bufio.NewReader(c)
		for i := range 50 {
			fmt.Fprintf(c, "set k%d 0 0 5\r\nhello\r\nget k%d\r\n", i, i)
			for range 4 {
				if _, err := in.ReadString('\n'); err != nil {
					return err
				}
			}
		}
		c.Close()
	}
	return nil
}

const nginxConfig = `daemon off; master_process on; worker_processes 1; pid %[1]s/pid; error_log %[1]s/error;
user www-data;
events { worker_connections 256; }
http { access_log %[1]s/access; client_body_temp_path %[1]s/t1; proxy_temp_path %[1]s/t2; fastcgi_temp_path %[1]s/t3; uwsgi_temp_path %[1]s/t4; scgi_temp_path %[1]s/t5;
server { listen 127.0.0.1:%[2]s; root %[1]s/root; } }
`

// useNginx serves 2,000 requests of two files, one in ten on a connection of
// its own.
func useNginx(_ *bench, dir string, traced func(...string) *exec.Cmd) error {
	reserved, free, err := freeport.Reserve()
	if err != nil {
		return err
	}
	defer free()
	port := strconv.Itoa(reserved)
	root := filepath.Join(dir, "root")
	if err := os.MkdirAll(root, 0o755); err != nil {
		return err
	}
	config := filepath.Join(dir, "conf")
	for path, text := range map[string]string{
		config: fmt.Sprintf(nginxConfig, dir, port), filepath.Join(root, "small"): "hello\n", filepath.Join(root, "large"): string(make([]byte, 200_000)),
	} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			return err
		}
	}
	cmd := traced("nginx", "-p", dir, "-c", config)
	if err := cmd.Start(); err != nil {
		return err
	}
	defer end(cmd)
	c, err := dialSoon("127.0.0.1:" + port)
	if err != nil {
		return err
	}
	c.Close()
	for i := range 2000 {
		request, err := http.NewRequest("GET", "http://127.0.0.1:"+port+"/"+[]string{"small", "small", "large"}[i%3], nil)
		if err != nil {
			return err
		}
		request.Close = i%10 == 0
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, answer.Body)
		answer.Body.Close()
		if err != nil || answer.StatusCode != http.StatusOK {
			return fmt.Errorf("%s: %v", answer.Status, err)
		}
	}
	return nil
}

// useGo builds a package of the standard library and all that it needs, with
// an empty cache.
func useGo(_ *bench, dir string, traced func(...string) *exec.Cmd) error {
	cmd := traced("go", "build", "-p", "2", "strconv")
	cmd.Env = append(os.Environ(), "GOCACHE="+filepath.Join(dir, "cache"), "GOFLAGS=")
	return cmd.Run()
}

// end ends a traced program: strace passes the signal on and ends with it.
func end(cmd *exec.Cmd) {
	children, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", cmd.Process.Pid, cmd.Process.Pid))
	var first int
	if _, err := fmt.Sscan(string(children), &first); err == nil {
		syscall.Kill(first, syscall.SIGTERM)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		cmd.Process.Kill()
		<-done
	}
}
